"""permessage-deflate of echo-client against servers that are not ours: python3-websockets and npm's ws."""

import json
import os
import random
import shutil
import subprocess
import unittest

import websockets
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from lib.echo_client import PATIENCE_S, run_served
from lib.process import program

CLIENT = program("echo-client")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODULES = os.path.join(ROOT, "build", "npm", "node_modules")
SIZES = (16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072)

# What a server may ask for: each a way of its own to set the two windows up.
PARAMETERS = [
    {},
    {"server_no_context_takeover": True},
    {"client_no_context_takeover": True},
    {"server_no_context_takeover": True, "client_no_context_takeover": True},
    {"server_max_window_bits": 9, "client_max_window_bits": 9},
    {"server_max_window_bits": 15, "client_max_window_bits": 15},
    {"server_max_window_bits": 12, "client_max_window_bits": 10},
    {"client_max_window_bits": 8},
    {"client_max_window_bits": 8, "client_no_context_takeover": True},
    {"server_max_window_bits": 9, "client_max_window_bits": 9,
     "server_no_context_takeover": True, "client_no_context_takeover": True},
]


def as_text(size):
    """JSON that repeats itself, with characters of two to four bytes."""
    unit = '{"price":%d,"name":"\u00e4\u20ac\U0001f680"},'
    text = "".join(unit % random.randrange(10 ** 6) for _ in range(size // 32 + 1)).encode()[:size]
    return text.decode(errors="ignore")


def messages(sizes, count):
    for size in sizes:
        for turn in range(count):
            yield as_text(size) if turn % 3 == 0 else random.randbytes(size) if turn % 3 == 1 else bytes(size)


class Counter:
    """Counts the messages that come in compressed."""

    def __init__(self, extension):
        self.count = 0
        decode = extension.decode

        def counting(frame, **options):
            self.count += frame.rsv1
            return decode(frame, **options)

        extension.decode = counting


class PythonServer(unittest.TestCase):
    def run_with(self, serve, parameters=None, code=0):
        options = {} if parameters is None else {"extensions": [ServerPerMessageDeflateFactory(**parameters)]}
        returncode, said = run_served(serve, **options)
        self.assertEqual(returncode, code, said)
        return said

    def echo(self, parameters, sizes, count):
        async def serve(websocket):
            self.assertEqual([x.name for x in websocket.extensions], ["permessage-deflate"])
            counter = Counter(websocket.extensions[0])
            for message in messages(sizes, count):
                await websocket.send(message)
                self.assertEqual(await websocket.recv(), message)
            self.assertGreater(counter.count, 0)

        self.run_with(serve, parameters)

    def test_the_offer_is_what_it_should_be(self):
        async def serve(websocket):
            self.assertEqual(websocket.request_headers["Sec-WebSocket-Extensions"],
                             "permessage-deflate; client_max_window_bits")

        self.run_with(serve)

    def test_all_sizes_come_back_with_all_parameters(self):
        for parameters in PARAMETERS:
            with self.subTest(**parameters):
                self.echo(parameters, SIZES, 6)

    def test_a_thousand_small_messages_come_back(self):
        for size in (16, 1024):
            with self.subTest(size=size):
                self.echo({}, (size if size > 256 else 257, size), 500)

    def test_many_at_once_come_back_in_order(self):
        async def serve(websocket):
            sent = [as_text(500 + i % 700) for i in range(1000)]
            for message in sent:
                await websocket.send(message)
            self.assertEqual([await websocket.recv() for _ in sent], sent)

        self.run_with(serve, {})

    def test_fragments_come_back_whole(self):
        async def serve(websocket):
            whole = as_text(100000)

            async def pieces():
                for at in range(0, len(whole), 700):
                    yield whole[at:at + 700]

            for _ in range(3):
                await websocket.send(pieces())
                self.assertEqual(await websocket.recv(), whole)

        self.run_with(serve, {})

    def test_a_bomb_is_too_big(self):
        async def serve(websocket):
            await websocket.send(bytes((16 << 20) + 1))
            with self.assertRaises(websockets.ConnectionClosed):
                await websocket.recv()
            self.assertEqual(websocket.close_code, 1009)

        self.run_with(serve, {}, code=1)

    def test_the_largest_message_comes_back(self):
        async def serve(websocket):
            message = bytes(16 << 20)
            await websocket.send(message)
            self.assertEqual(await websocket.recv(), message)

        self.run_with(serve, {})


@unittest.skipUnless(shutil.which("node") and os.path.isdir(os.path.join(MODULES, "ws")), "no node, or no npm ws (scripts/setup)")
class NodeServer(unittest.TestCase):
    def echo(self, options, sizes, count):
        plan = json.dumps({"options": options, "sizes": sizes, "count": count})
        server = subprocess.Popen(["node", os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib/deflate_server.js"), plan],
                                  stdout=subprocess.PIPE, text=True, env=dict(os.environ, NODE_PATH=MODULES))
        try:
            port = int(server.stdout.readline())
            client = subprocess.run([CLIENT, f"ws://127.0.0.1:{port}/"], stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S)
            said, _ = server.communicate(timeout=PATIENCE_S)
        finally:
            server.kill()
            server.wait()
            server.stdout.close()
        words = said.split()
        self.assertEqual((words[:2], client.returncode), (["ok", str(len(sizes) * count)], 0), said + client.stderr)
        return int(words[2])

    def test_all_sizes_come_back_with_all_parameters(self):
        for options in ({}, {"serverNoContextTakeover": True}, {"clientNoContextTakeover": True},
                        {"serverNoContextTakeover": True, "clientNoContextTakeover": True},
                        {"serverMaxWindowBits": 9, "clientMaxWindowBits": 9}, {"clientMaxWindowBits": 8},
                        {"threshold": 0}, {"threshold": 0, "zlibDeflateOptions": {"level": 9, "memLevel": 1}}):
            with self.subTest(**options):
                self.assertGreater(self.echo(options, SIZES, 6), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
