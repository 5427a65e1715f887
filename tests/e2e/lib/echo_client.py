"""echo-client, and so libhawser.so: run to its end against a server of the test's."""
import asyncio

import websockets

from lib.process import program

PATIENCE_S = 100


async def run_client(*words, patience_s=PATIENCE_S):
    """(exit code, what it said on standard error)."""
    client = await asyncio.create_subprocess_exec(program("echo-client"), *words, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE)
    try:
        _, said = await asyncio.wait_for(client.communicate(), patience_s)
    finally:
        if client.returncode is None:
            client.kill()
            await client.wait()
    return client.returncode, said.decode()


async def _run_served(serve, options):
    served = asyncio.get_running_loop().create_future()

    async def handler(websocket, _path):
        try:
            result = await serve(websocket)
            if not served.done():
                served.set_result(result)
        except Exception as error:
            if not served.done():
                served.set_exception(error)

    async with websockets.serve(handler, "127.0.0.1", 0, max_size=1 << 26, compression=None, ping_interval=None, **options) as server:
        outcome = await run_client(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        await asyncio.wait_for(served, PATIENCE_S)
    return outcome


def run_served(serve, **options):
    """Serve its connection with `serve(websocket)`; python3-websockets gets the options. Gives the same back, or raises what `serve` did."""
    return asyncio.run(_run_served(serve, options))
