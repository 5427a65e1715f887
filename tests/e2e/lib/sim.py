"""hawser-sim as a test's exchange."""
import json
import os
import socket
import tempfile

from lib.canary import SECRET
from lib.process import Process, program
from lib.wait import DEADLINE_S

CLIENT = ("tester", SECRET)


class Sim(Process):
    """A running simulator: url, tls_url, and its control socket. Options as its command line has them,
    with _ for -: Sim(rate=100, heartbeat_min=0.2, broadcast=True)."""

    def __init__(self, cert=None, key=None, clients=(CLIENT,), **options):
        self._dir = tempfile.TemporaryDirectory(prefix="hawser-sim-")
        self.control_path = os.path.join(self._dir.name, "control.sock")
        argv = [program("hawser-sim"), "--listen", options.pop("listen", "127.0.0.1:0"),
                "--control", f"unix:{self.control_path}"]
        if cert:
            argv += ["--tls-listen", "127.0.0.1:0", "--cert", cert, "--key", key]
        for name, secret in clients:
            argv += ["--client", f"{name}:{secret}"]
        for name, value in options.items():
            argv.append("--" + name.replace("_", "-"))
            if value is not True:
                argv.append(value)
        super().__init__(argv)
        self._socket = None
        self.url = self._url("ws://")
        self.tls_url = self._url("wss://") if cert else None

    def _url(self, scheme):
        prefix = "listening " + scheme
        line = self.wait_line(lambda text: text.startswith(prefix), f"the line {prefix}...")
        return line.split(" ", 1)[1]

    @property
    def port(self):
        return int(self.url.split(":")[2].split("/")[0])

    def command(self, line):
        """Send one command; gives back what stands behind ok. An error raises AssertionError."""
        if self._socket is None:
            raw = socket.socket(socket.AF_UNIX)
            raw.settimeout(DEADLINE_S)
            raw.connect(self.control_path)
            self._socket = raw.makefile("rw")
            raw.close()
        self._socket.write(line + "\n")
        self._socket.flush()
        while True:
            answer = self._socket.readline()
            if answer.startswith("error") or answer == "":
                raise AssertionError(f"{line}: {answer!r}")
            if answer.startswith("ok"):
                return answer[2:].strip()

    def json(self, line):
        return json.loads(self.command(line))

    def stats(self):
        return self.json("stats")

    def connections(self):
        return self.json("list")

    def close(self):
        """End it by SIGTERM. Raises AssertionError when it does not end with 0, as with a sanitizer's
        finding."""
        if self._socket is not None:
            self._socket.close()
        status = self.stop() if self.is_running() else self.wait()
        said = self.stderr()
        super().close()
        self._dir.cleanup()
        if status != 0:
            raise AssertionError(f"hawser-sim ended with {status}: {said}")
