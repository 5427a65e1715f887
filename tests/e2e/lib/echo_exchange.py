"""An exchange that repeats what it was sent, credentials too, wherever it can: in errors, results, close reasons. JSON-RPC over python3-websockets."""
import asyncio
import base64
import json
import threading
import urllib.parse

import websockets

from lib.wait import DEADLINE_S


def echo(secret):
    """A text with a secret in the forms in which one may come back."""
    raw = secret.encode()
    return " ".join([secret, raw.hex(), base64.b64encode(raw).decode(), base64.b64encode(b"me:" + raw).decode(),
                     urllib.parse.quote(secret, safe="")])


class EchoExchange:
    """Use as a context manager. `refuse` may be set while it runs: whether logins fail."""

    def __init__(self, refuse):
        self.refuse = refuse
        self.secret = ""  # as the last login named it
        self.port = None
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = None
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}/ws/api/v2"

    def __enter__(self):
        self._thread.start()
        if not self._ready.wait(DEADLINE_S):
            raise AssertionError("the server did not start")
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(DEADLINE_S)

    async def _serve(self):
        self._stop = asyncio.Event()
        async with websockets.serve(self._talk, "127.0.0.1", 0, close_timeout=1) as server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    async def _talk(self, peer, _path):
        async for text in peer:
            request = json.loads(text)
            if "id" not in request:
                continue
            if request["method"] == "public/goodbye":
                await peer.close(4000, f"bye {self.secret}")
                return
            answer = self._answer(request["method"], request.get("params") or {})
            await peer.send(json.dumps({"jsonrpc": "2.0", "id": request["id"], **answer}))

    def _answer(self, method, params):
        if method == "public/auth":
            self.secret = params.get("client_secret", self.secret)
            if self.refuse:
                return {"error": {"code": 13004, "message": f"invalid_credentials: {echo(self.secret)}",
                                  "data": {"reason": echo(self.secret), "param": "client_secret"}}}
            return {"result": {"access_token": "access", "refresh_token": "refresh", "expires_in": 900, "token_type": "bearer", "scope": "x"}}
        if method.endswith("subscribe") and "private" not in method:
            return {"result": [name for name in params.get("channels", []) if "refused" not in name]}
        if method == "public/fails":
            return {"error": {"code": 10009, "message": echo(self.secret), "data": {echo(self.secret): [echo(self.secret)]}}}
        if not method.endswith("/echo"):
            return {"result": "ok"}
        return {"result": {"said": echo(self.secret), echo(self.secret): [{"deep": echo(self.secret)}]}}
