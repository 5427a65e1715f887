"""python3-websockets. usage: python3 websockets.py URL [--parse] [--tls-ca FILE]"""

import asyncio
import json
import resource
import ssl
import sys

# This file is named for what it measures; its own folder must not come first.
sys.path.pop(0)
import websockets  # noqa: E402


async def receive(url, parses, tls):
    messages = size = 0
    async with websockets.connect(url, ssl=tls, max_size=None, compression=None, ping_interval=None) as socket:
        start = resource.getrusage(resource.RUSAGE_SELF)
        try:
            while True:
                message = await socket.recv()
                messages += 1
                size += len(message)
                if parses:
                    json.loads(message)["params"]["channel"]
        except websockets.ConnectionClosed:
            pass
        end = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "messages": messages,
                "bytes": size,
                "user_s": end.ru_utime - start.ru_utime,
                "sys_s": end.ru_stime - start.ru_stime,
                "maxrss_kb": end.ru_maxrss,
            }
        )
    )


def main():
    flags = sys.argv[2:]
    tls = ssl.create_default_context(cafile=flags[flags.index("--tls-ca") + 1]) if "--tls-ca" in flags else None
    asyncio.run(receive(sys.argv[1], "--parse" in flags, tls))


main()
