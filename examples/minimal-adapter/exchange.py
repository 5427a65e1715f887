#!/usr/bin/python3
"""An exchange to try minimal.c on: speaks the messages that its first lines describe. usage: exchange.py PORT"""
import asyncio
import json
import sys

import websockets  # Debian: python3-websockets


async def feed(peer, channels):
    """Ten messages a second for each channel, numbered from 1."""
    while True:
        for name in list(channels):
            channels[name] += 1
            await peer.send(json.dumps({"op": "data", "channel": name, "seq": channels[name], "data": {"price": 100 + channels[name] % 7}}))
        await asyncio.sleep(0.1)


async def talk(peer, _path):
    channels = {}
    feeder = asyncio.ensure_future(feed(peer, channels))
    try:
        async for text in peer:
            message = json.loads(text)
            name = message.get("channel")
            if message["op"] == "ping":
                await peer.send('{"op":"pong"}')
            elif name is None or name.startswith("no"):
                await peer.send(json.dumps({"op": "error", "channel": name, "text": "no such channel"}))
            elif message["op"] == "subscribe":
                await peer.send(json.dumps({"op": "subscribed", "channel": name}))
                channels[name] = 0
            elif message["op"] == "unsubscribe":
                channels.pop(name, None)
                await peer.send(json.dumps({"op": "unsubscribed", "channel": name}))
    except websockets.ConnectionClosed:
        pass
    finally:
        feeder.cancel()


async def main():
    async with websockets.serve(talk, "127.0.0.1", int(sys.argv[1])):
        await asyncio.Future()


if len(sys.argv) != 2 or not sys.argv[1].isdigit():
    sys.exit(__doc__)
asyncio.run(main())
