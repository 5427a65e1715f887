"""An exchange that is none of ours: python3-websockets, in a thread with a loop of its own.

/ops    speaks {"op": ...} messages (examples/minimal-adapter says which); a channel named "no..." is refused
/ids    many channels in one message, answered by its id; data under {"stream", "data"}
/stream sends {"n": 1}, {"n": 2} ... to whoever connects, and asks nothing
"""
import asyncio
import itertools
import json
import threading

import websockets

from lib.wait import DEADLINE_S

TICK_S = 0.01


class OpsServer:
    """Use as a context manager. `connections` lists the paths that were connected to, in order."""

    def __init__(self):
        self.connections = []
        self.pings = 0
        self.port = None
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = None
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    def url(self, path):
        return f"ws://127.0.0.1:{self.port}{path}"

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

    async def _talk(self, peer, path):
        self.connections.append(path)
        channels = {}
        feeder = asyncio.ensure_future(self._feed(peer, path, channels))
        try:
            async for text in peer:
                if path == "/ops":
                    await self._ops(peer, json.loads(text), channels)
                elif path == "/ids":
                    await self._ids(peer, json.loads(text), channels)
        except websockets.ConnectionClosed:
            pass
        finally:
            feeder.cancel()

    async def _feed(self, peer, path, channels):
        try:
            for n in itertools.count(1):
                if path == "/stream":
                    await peer.send(json.dumps({"n": n}))
                for name in list(channels):
                    channels[name] += 1
                    if path == "/ops":
                        message = {"op": "data", "channel": name, "seq": channels[name], "data": {"n": n}}
                    else:
                        message = {"stream": name, "data": {"n": channels[name]}}
                    await peer.send(json.dumps(message))
                await asyncio.sleep(TICK_S)
        except websockets.ConnectionClosed:
            pass

    async def _ops(self, peer, message, channels):
        name = message.get("channel")
        if message["op"] == "ping":
            self.pings += 1
            await peer.send('{"op": "pong"}')
        elif message["op"] == "subscribe" and name.startswith("no"):
            await peer.send(json.dumps({"op": "error", "channel": name, "text": "no such channel"}))
        elif message["op"] == "subscribe":
            await peer.send(json.dumps({"op": "subscribed", "channel": name}))
            channels[name] = 0
        elif message["op"] == "unsubscribe":
            channels.pop(name, None)
            await peer.send(json.dumps({"op": "unsubscribed", "channel": name}))

    async def _ids(self, peer, message, channels):
        if any(name.startswith("no") for name in message["params"]):
            await peer.send(json.dumps({"error": {"code": 2, "msg": "unknown stream"}, "id": message["id"]}))
            return
        for name in message["params"]:
            if message["method"] == "SUBSCRIBE":
                channels[name] = 0
            else:
                channels.pop(name, None)
        await peer.send(json.dumps({"result": None, "id": message["id"]}))
