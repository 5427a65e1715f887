"""The original StatsD daemon (npm statsd on node) as a test's monitoring system, and what it forwards, byte for byte."""
import os
import re
import shutil
import socket
import tempfile

from lib.peers import node_modules
from lib import canary
from lib.process import Process
from lib.wait import DEADLINE_S, wait_until

# The daemon counts until its flush, and zeroes what it counted: an interval that no test reaches leaves the sums to be read.
CONFIG = """{{
  address: "127.0.0.1", port: {port}, mgmt_address: "127.0.0.1", mgmt_port: {mgmt_port}, flushInterval: 3600000,
  backends: ["{backends}/console", "{backends}/repeater"], repeater: [{{host: "127.0.0.1", port: {tap_port}}}],
  repeaterProtocol: "udp4"
}}
"""
ATTEMPTS = 5  # somebody else may take a port between the look for a free one and the daemon's start


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Statsd:
    """A running daemon. `port` None: any free one. Use as a context manager."""

    def __init__(self, port=None):
        self._dir = tempfile.mkdtemp(prefix="hawser-statsd-")
        self._tap = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._tap.bind(("127.0.0.1", 0))
        self._tap.setblocking(False)
        self.process = None
        for _ in range(ATTEMPTS):
            self.port = port or free_port(socket.SOCK_DGRAM)
            if self._start():
                return
        raise AssertionError(f"statsd does not start: {self.process.stderr()}")

    def _start(self):
        root = os.path.join(node_modules(), "statsd")
        self.mgmt_port = free_port(socket.SOCK_STREAM)
        config = os.path.join(self._dir, "config.js")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(port=self.port, mgmt_port=self.mgmt_port, tap_port=self._tap.getsockname()[1],
                                     backends=os.path.join(root, "backends")))
        self.process = Process(["node", os.path.join(root, "stats.js"), config])

        def is_up():
            if not self.process.is_running():
                return "ended"
            try:
                return "health: up" in self.ask("health", "up")
            except OSError:
                return None
        if wait_until(is_up, "statsd to answer") is True:
            return True
        self.process.close()
        return False

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def ask(self, command, end):
        """One word to the management port; its answer up to `end`."""
        with socket.create_connection(("127.0.0.1", self.mgmt_port), DEADLINE_S) as peer:
            peer.settimeout(DEADLINE_S)
            peer.sendall(command.encode() + b"\n")
            text = ""
            while end not in text:
                part = peer.recv(1 << 20)
                if not part:
                    raise ConnectionError("statsd closed its management port")
                text += part.decode()
            return text

    def numbers(self, group):
        """`counters` or `gauges`, by name."""
        return {name: float(value) for name, value in re.findall(r"'?([\w.;=-]+)'?: (-?[\d.e+-]+)[,\s}]", self.ask(group, "END"))}

    def timers(self):
        """Lists of values, by name."""
        found = re.findall(r"'?([\w.;=-]+)'?: \[([^\]]*)\]", self.ask("timers", "END"))
        return {name: [float(value) for value in re.findall(r"-?\d[\d.e+-]*", values)] for name, values in found}

    def wait_counter(self, name, accept=lambda value: value > 0):
        """Wait until a counter is there and as wanted. Gives its value back."""
        def look():
            value = self.numbers("counters").get(name)
            return value if value is not None and accept(value) else None
        return wait_until(look, f"the counter {name}")

    def packets(self):
        """Datagrams as they came, since the last call."""
        found = []
        while True:
            try:
                found.append(self._tap.recv(65536))
                leaks = canary.find(found[-1], {canary.SECRET})
                if leaks:
                    raise AssertionError(f"a secret came out in telemetry: {leaks}")
            except BlockingIOError:
                return found

    def close(self):
        if self.process is not None:
            self.process.close()
        self.packets()  # the last ones are looked through, too
        self._tap.close()
        shutil.rmtree(self._dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
