"""A WebSocket server that is none of ours: python3-websockets, on a thread with a loop of its own."""
import asyncio
import threading

import websockets

from lib.wait import DEADLINE_S


class Served:
    """Serves each connection with its talk(peer, path), and closes it then. Use as a context manager, or call start() and close().
    What __init__ gets goes to websockets.serve."""

    def __init__(self, **options):
        self.port = None
        self._options = {"close_timeout": 1, **options}
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = None
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    async def talk(self, peer, path):
        raise NotImplementedError

    def start(self):
        self._thread.start()
        if not self._ready.wait(DEADLINE_S):
            raise AssertionError("the server did not start")
        return self

    def close(self):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(DEADLINE_S)
        self._loop.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    async def _serve(self):
        self._stop = asyncio.Event()
        async with websockets.serve(self.talk, "127.0.0.1", 0, **self._options) as server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()
