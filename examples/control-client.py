#!/usr/bin/python3
"""A client of Hawser's control socket in plain Python: calls, and the records of a session as they come.

usage: control-client.py SOCKET METHOD [PARAMS]        ask, and print the result as JSON
       control-client.py SOCKET follow NAME [PATTERN]  print a session's records, a line each

docs/control-api.md has the methods. Exit status: 0 done, 1 the host refused, 2 usage, 3 no host answers.
"""
import itertools
import json
import socket
import sys


class HawserError(Exception):
    """The host answered with an error: code, message, and data where there is some."""

    def __init__(self, error):
        super().__init__(f"{error['message']} ({error['code']})")
        self.code = error["code"]
        self.data = error.get("data")


class Hawser:
    """One connection to a host. Use as a context manager."""

    def __init__(self, path, timeout_s=30):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        self._socket.connect(path)
        self._lines = self._socket.makefile("rb")
        self._ids = itertools.count(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._lines.close()
        self._socket.close()

    def call(self, method, params=None):
        """Ask and wait for the answer. Raises HawserError where the host refuses."""
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params or {}}
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        line = self._lines.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("the host closed the connection")
        answer = json.loads(line)
        if "error" in answer:
            raise HawserError(answer["error"])
        return answer["result"]

    def follow(self, session, pattern="*"):
        """The session's records, one after the other. The connection is the stream's from then on; when it ends (a worker
        was restarted, the session moved or went), a new one may be had: what came between is missing."""
        self.call("stream.attach", {"session": session, "pattern": pattern})
        self._socket.settimeout(None)
        for line in self._lines:
            yield json.loads(line)


def main(words):
    if len(words) < 2 or (words[1] == "follow" and len(words) < 3):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        params = json.loads(words[2]) if len(words) > 2 and words[1] != "follow" else {}
    except ValueError as error:
        print(f"PARAMS is not JSON: {error}", file=sys.stderr)
        return 2
    try:
        with Hawser(words[0]) as host:
            if words[1] == "follow":
                for record in host.follow(*words[2:4]):
                    print(json.dumps(record), flush=True)
            else:
                print(json.dumps(host.call(words[1], params), indent=2))
    except HawserError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{words[0]}: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
