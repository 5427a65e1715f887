"""An exchange that is none of ours.

/ops    speaks {"op": ...} messages (examples/minimal-adapter says which); a channel named "no..." is refused
/ids    many channels in one message, answered by its id; data under {"stream", "data"}
/stream sends {"n": 1}, {"n": 2} ... to whoever connects, and asks nothing
"""
import asyncio
import itertools
import json

import websockets

from lib.served import Served

TICK_S = 0.01


class OpsServer(Served):
    """Use as a context manager. `connections` lists the paths that were connected to, in order."""

    def __init__(self):
        super().__init__()
        self.connections = []
        self.pings = 0

    def url(self, path):
        return f"ws://127.0.0.1:{self.port}{path}"

    async def talk(self, peer, path):
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
