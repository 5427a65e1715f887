"""A WebSocket server, python3-websockets, that notes what it was asked with and closes each connection at once."""
import asyncio
import threading

import websockets


class Witness:
    """Use as a context manager. `seen`: the request's headers of each connection; `paths`, `chosen` likewise."""

    def __init__(self, subprotocols=None):
        self.seen, self.paths, self.chosen = [], [], []
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(self._serve(subprotocols))
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    async def _serve(self, subprotocols):
        return await websockets.serve(self._note, "127.0.0.1", 0, subprotocols=subprotocols, ping_interval=None)

    async def _note(self, websocket, path):
        self.paths.append(path)
        self.chosen.append(websocket.subprotocol)
        self.seen.append(websocket.request_headers)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        async def close():
            self._server.close()
            await self._server.wait_closed()
        asyncio.run_coroutine_threadsafe(close(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()
