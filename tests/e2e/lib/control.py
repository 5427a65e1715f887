"""One connection to a host's control socket, line by line: for tests that look closer than Host.ask."""
import json
import socket

from lib.wait import DEADLINE_S


class Peer:
    """Use as a context manager. Every read has a deadline."""

    def __init__(self, host, name="run/control.sock"):
        self._said = host.said  # which is searched for secrets when the test ends
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE_S)
        self.socket.connect(host.path(name))
        self._bytes = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def write(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())

    def send(self, method, params=None, **members):
        request = {"jsonrpc": "2.0", "id": 1, "method": method, **members}
        if params is not None:
            request["params"] = params
        self.write(json.dumps(request) + "\n")

    def line(self):
        """The next line as text; None: the host has closed the connection."""
        while b"\n" not in self._bytes:
            try:
                part = self.socket.recv(1 << 20)
            except ConnectionResetError:
                return None
            if not part:
                return None
            self._bytes += part
        line, self._bytes = self._bytes.split(b"\n", 1)
        self._said.append(line.decode())
        return self._said[-1]

    def read(self):
        """The next line as a value."""
        line = self.line()
        if line is None:
            raise AssertionError("the host closed the connection")
        return json.loads(line)

    def ask(self, method, params=None, **members):
        self.send(method, params, **members)
        return self.read()

    def until(self, accept):
        """The first line that accept(value) likes."""
        while True:
            value = self.read()
            if accept(value):
                return value
