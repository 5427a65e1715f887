"""echo-client, and so libhawser.so, against a WebSocket server that is not ours: python3-websockets."""

import asyncio
import random
import unittest

import websockets

from lib.echo_client import PATIENCE_S, run_client, run_served


class EchoClient(unittest.TestCase):
    def run_with(self, serve, code=0):
        returncode, said = run_served(serve)
        self.assertEqual(returncode, code, said)
        return said

    def test_texts_and_binaries_of_all_frame_sizes_come_back_as_they_went(self):
        async def serve(websocket):
            for size in (0, 1, 125, 126, 127, 65535, 65536, 1 << 20):
                data = random.randbytes(size)
                await websocket.send(data)
                self.assertEqual(await websocket.recv(), data)
                text = "\u00e4\u20ac\U0001f680"[: size % 4] + "x" * (size // 2)
                await websocket.send(text)
                self.assertEqual(await websocket.recv(), text)

        self.run_with(serve)

    def test_the_largest_message_comes_back_and_one_byte_more_is_too_big(self):
        async def serve(websocket):
            data = random.randbytes(16 << 20)
            await websocket.send(data)
            self.assertEqual(await websocket.recv(), data)
            await websocket.send(data + b"1")
            with self.assertRaises(websockets.ConnectionClosed):
                await websocket.recv()
            self.assertEqual(websocket.close_code, 1009)

        self.run_with(serve, code=1)

    def test_a_message_in_65536_fragments_comes_back_whole(self):
        async def serve(websocket):
            async def pieces():
                for i in range(65535):  # the library adds an empty last one
                    yield bytes([i & 255])

            await websocket.send(pieces())
            self.assertEqual(await websocket.recv(), bytes(i & 255 for i in range(65535)))

        self.run_with(serve)

    def test_many_messages_at_once_come_back_in_order(self):
        async def serve(websocket):
            messages = [f"message {i} " + "y" * (i % 300) for i in range(3000)]
            for message in messages:
                await websocket.send(message)
            self.assertEqual([await websocket.recv() for _ in messages], messages)

        self.run_with(serve)

    def test_pings_are_answered(self):
        async def serve(websocket):
            for _ in range(10):
                await asyncio.wait_for(await websocket.ping(), PATIENCE_S)

        self.run_with(serve)

    def test_any_clean_close_is_success(self):
        for code in (1000, 1001, 1011, 3000, 4999):
            async def serve(websocket, code=code):
                await websocket.close(code, "that is all")

            self.run_with(serve)

    def test_a_cut_connection_is_a_failure_that_is_explained(self):
        async def serve(websocket):
            websocket.transport.abort()

        self.assertNotEqual(self.run_with(serve, code=1), "")

    def test_a_server_that_is_not_there_is_a_failure_that_is_explained(self):
        returncode, said = asyncio.run(run_client("ws://127.0.0.1:1/"))
        self.assertEqual(returncode, 1)
        self.assertIn("127.0.0.1", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
