"""An exchange that repeats what it was sent and gave out itself, credentials and tokens too, wherever it can: in errors, results, close reasons. JSON-RPC on
a server that is none of ours. And a proxy that does the same with logins."""
import base64
import json
import socketserver
import threading
import urllib.parse

from lib.served import Served
from lib.wait import DEADLINE_S


def echo(*secrets):
    """A text with secrets in the forms in which one may come back."""
    said = []
    for secret in secrets:
        raw = secret.encode()
        said += [secret, raw.hex(), base64.b64encode(raw).decode(), base64.b64encode(b"me:" + raw).decode(), urllib.parse.quote(secret, safe="")]
    return " ".join(said)


class EchoExchange(Served):
    """Use as a context manager. `refuse` may be set while it runs: whether logins fail."""

    def __init__(self, refuse, tokens=("access", "refresh")):
        super().__init__()
        self.refuse = refuse
        self.tokens = tokens  # that a login gets
        self.secret = ""  # as the last login named it
        self.header = ""  # Authorization, as the last connection had it

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}/ws/api/v2"

    async def talk(self, peer, _path):
        self.header = peer.request_headers.get("Authorization", "")
        async for text in peer:
            request = json.loads(text)
            if "id" not in request:
                continue
            if request["method"] == "public/goodbye":
                what = (request.get("params") or {}).get("what", "secret")
                await peer.close(4000, f"bye {self.tokens[0] if what == 'token' else getattr(self, what)}")
                return
            answer = self._answer(request["method"], request.get("params") or {})
            await peer.send(json.dumps({"jsonrpc": "2.0", "id": request["id"], **answer}))

    def _answer(self, method, params):
        if method == "public/auth":
            self.secret = params.get("client_secret", self.secret)
            if self.refuse:
                return {"error": {"code": 13004, "message": f"invalid_credentials: {echo(self.secret)}",
                                  "data": {"reason": echo(self.secret), "param": "client_secret"}}}
            return {"result": {"access_token": self.tokens[0], "refresh_token": self.tokens[1], "expires_in": 900, "token_type": "bearer", "scope": "x"}}
        if method.endswith("subscribe") and "private" not in method:
            return {"result": [name for name in params.get("channels", []) if "refused" not in name]}
        said = echo(*(text for text in (self.secret, self.header, *self.tokens) if text))
        if method == "public/fails":
            return {"error": {"code": 10009, "message": said, "data": {said: [said]}}}
        if not method.endswith("/echo"):
            return {"result": "ok"}
        return {"result": {"said": said, said: [{"deep": said}]}}


class EchoProxy:
    """An HTTP proxy that lets nobody through, and says whom, with which login. Use as a context manager."""

    def __init__(self):
        self.logins = []  # as they came
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                login = ""
                while (line := self.rfile.readline().strip()) != b"":
                    name, _, value = line.decode().partition(": ")
                    login = value if name.lower() == "proxy-authorization" else login
                plain = base64.b64decode(login.partition(" ")[2]).decode()
                proxy.logins.append(plain)
                self.wfile.write(f"HTTP/1.1 502 no way for {login} which is {plain} or {plain.partition(':')[2]}\r\nContent-Length: 0\r\n\r\n".encode())

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(DEADLINE_S)
