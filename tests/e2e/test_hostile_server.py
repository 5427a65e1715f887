"""echo-client against servers that mean it harm, or are merely odd: what comes in other pieces than one thinks, lengths that lie,
floods, and ends of every kind."""
import asyncio
import socket
import struct
import unittest

from lib.fuzzing import Peer
from lib.process import program
from lib.wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Deflate, close_frame, fragments, frame, response

CLIENT = program("echo-client")
PATIENCE_S = 60
BYE = close_frame(1000)
HELLO = frame(TEXT, b"Hello")


async def meet(serve):
    """One run of the program against `serve(peer)`. Gives (what serve returned, exit code, standard error) back."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        client = await asyncio.create_subprocess_exec(CLIENT, f"ws://127.0.0.1:{port}/?a=b", stderr=asyncio.subprocess.PIPE)
        try:
            sock, _ = await asyncio.wait_for(loop.sock_accept(listener), PATIENCE_S)
            result = await asyncio.wait_for(serve(Peer(sock)), PATIENCE_S)
            _, said = await asyncio.wait_for(client.communicate(), PATIENCE_S)
            sock.close()
        finally:
            if client.returncode is None:
                client.kill()
                await client.wait()
    return result, client.returncode, said.decode()


class HostileServer(unittest.TestCase):
    def run_with(self, serve, code):
        result, returncode, said = asyncio.run(meet(serve))
        self.assertEqual(returncode, code, said)
        return result, said

    def expect_fault(self, wire, code, says, deflate=None):
        """After these bytes the client closes with this code and says why."""
        async def serve(peer):
            _, headers = await peer.read_head()
            await peer.accept(headers, deflate)
            await peer.send(wire)
            await peer.wait(lambda: peer.closed)
            await peer.finish()
            self.assertIsNone(peer.violation)
            self.assertIsNotNone(peer.closed)
            return peer.closed[0]

        closed, said = self.run_with(serve, 1)
        self.assertEqual((closed, says in said), (code, True), said)

    def expect_events(self, serve_open, events, code=0):
        async def serve(peer):
            _, headers = await peer.read_head()
            await serve_open(peer, headers)
            await peer.wait(lambda: peer.closed)
            await peer.finish()
            self.assertIsNone(peer.violation)
            return peer.events

        result, said = self.run_with(serve, code)
        self.assertEqual(result, events, said)

    def test_frames_behind_the_101_in_one_piece_are_read(self):
        async def serve(peer, headers):
            peer.note_close()
            await peer.send(response(headers) + HELLO + frame(PING, b"p") + frame(BINARY, b"\x00") + BYE)
            peer.listen()

        self.expect_events(serve, [("text", b"Hello"), ("pong", b"p"), ("binary", b"\x00")])

    def test_everything_comes_byte_by_byte(self):
        async def serve(peer, headers):
            peer.deflate = Deflate()
            packed = peer.deflate.compress(b"compressed " * 30)
            wire = response(headers, peer.deflate.header()) + HELLO + frame(PING, b"p") + fragments(TEXT, "äöü".encode(), 1) + \
                frame(TEXT, packed[:9], fin=False, rsv=4) + frame(PING, b"q") + frame(CONTINUATION, packed[9:]) + \
                frame(BINARY, bytes(300)) + BYE
            peer.listen()
            peer.note_close()
            await peer.send(wire, 1)

        self.expect_events(serve, [("text", b"Hello"), ("pong", b"p"), ("text", "äöü".encode()), ("pong", b"q"),
                                   ("text", b"compressed " * 30), ("binary", bytes(300))])

    def test_every_frame_of_the_client_has_a_mask_of_its_own(self):
        count = 500

        async def serve(peer):
            _, headers = await peer.read_head()
            await peer.accept(headers)
            await peer.send(HELLO * count)
            await peer.wait(lambda: len(peer.events) == count)
            await peer.send_close(1000)
            await peer.wait(lambda: peer.closed)
            await peer.finish()
            return peer.reader.masks

        masks, _ = self.run_with(serve, 0)
        self.assertGreater(len(masks), count - 3)  # two of 32 bits may be the same once in 30,000 runs
        for place in range(4):
            self.assertGreater(len({mask[place] for mask in masks}), 100)

    def test_interim_responses_before_the_101_are_passed_over(self):
        async def serve(peer, headers):
            peer.note_close()
            await peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </style>\r\n\r\n" + response(headers) + HELLO + BYE)
            peer.listen()

        self.expect_events(serve, [("text", b"Hello")])

    def test_a_masked_frame_is_a_fault(self):
        self.expect_fault(frame(TEXT, b"Hello", mask=b"mask"), 1002, "masked")

    def test_lengths_that_lie_cost_nothing(self):
        for length, code, says in (((1 << 24) + 1, 1009, "16777216"), ((1 << 31) - 1, 1009, ""), (1 << 32, 1009, ""),
                                   ((1 << 63) - 1, 1009, ""), (1 << 63, 1002, "length"), ((1 << 64) - 1, 1002, "length")):
            for opcode in (TEXT, BINARY):
                with self.subTest(length=length):
                    self.expect_fault(frame(opcode, b"x", length=length), code, says)

    def test_lengths_in_a_form_that_is_too_long_are_a_fault(self):
        for head in (b"\x82\x7e\x00\x7d", b"\x82\x7e\x00\x00", b"\x82\x7f" + struct.pack("!Q", 65535), b"\x82\x7f" + bytes(8)):
            with self.subTest(head=head):
                self.expect_fault(head + bytes(200), 1002, "length")

    def test_fragments_that_never_end_have_a_bound(self):
        wire = frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * 10 ** 6
        self.expect_fault(wire, 1009, "fragments")

    def test_fragments_of_a_compressed_message_have_the_same_bound(self):
        wire = frame(TEXT, fin=False, rsv=4) + frame(CONTINUATION, fin=False) * 10 ** 6
        self.expect_fault(wire, 1009, "fragments", Deflate())

    def test_only_a_messages_first_frame_may_be_compressed(self):
        for name, wire in (("continuation", frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"b", rsv=4)),
                           ("ping", frame(PING, b"p", rsv=4)), ("close", frame(CLOSE, rsv=4)),
                           ("another bit", frame(TEXT, b"a", rsv=6))):
            with self.subTest(name):
                self.expect_fault(wire, 1002, "reserved", Deflate())

    def test_what_does_not_inflate_is_a_fault(self):
        self.expect_fault(frame(BINARY, b"\xff\xff\xff", rsv=4), 1002, "", Deflate())
        self.expect_fault(frame(TEXT, Deflate().compress(b"\xff\xfe"), rsv=4), 1007, "UTF-8", Deflate())

    def test_of_a_flood_of_pings_the_newest_is_answered(self):
        count = 80000

        async def serve(peer):
            _, headers = await peer.read_head()
            peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            await peer.send(response(headers))
            for start in range(0, count, 1000):
                await peer.send(b"".join(frame(PING, b"%125d" % i) for i in range(start, start + 1000)))
            peer.listen()  # not a byte was read before
            await peer.wait(lambda: peer.events and peer.events[-1] == ("pong", b"%125d" % (count - 1)))
            await peer.send_close(1000)
            await peer.wait(lambda: peer.closed)
            await peer.finish()
            self.assertIsNone(peer.violation)
            return [int(payload) for _, payload in peer.events]

        answered, _ = self.run_with(serve, 0)
        self.assertEqual(answered[-1], count - 1)
        self.assertEqual(answered, sorted(set(answered)))
        self.assertLess(len(answered), count)

    def test_an_echo_to_a_server_that_reads_late_comes_whole(self):
        data = bytes(range(256)) * 32768

        async def serve(peer):
            _, headers = await peer.read_head()
            await peer.send(response(headers) + frame(BINARY, data))
            await peer.send(frame(PING, b"after"))
            peer.listen()
            await peer.wait(lambda: len(peer.events) == 2)
            await peer.send_close(1000)
            await peer.wait(lambda: peer.closed)
            await peer.finish()
            return sorted(peer.events) == [("binary", data), ("pong", b"after")]

        self.assertTrue(self.run_with(serve, 0)[0])

    def test_a_half_close_without_a_close_frame_is_not_clean_and_what_came_is_echoed(self):
        async def serve(peer, headers):
            await peer.send(response(headers) + HELLO)
            peer.sock.shutdown(socket.SHUT_WR)
            peer.listen()

        self.expect_events(serve, [("text", b"Hello")], code=1)

    def test_a_cut_within_a_frame_is_not_clean(self):
        async def serve(peer, headers):
            await peer.send(response(headers) + frame(TEXT, b"Hel", length=5))
            peer.sock.shutdown(socket.SHUT_WR)
            peer.listen()

        self.expect_events(serve, [], code=1)

    def test_a_half_close_behind_the_close_frame_still_gets_its_answer(self):
        async def serve(peer, headers):
            peer.note_close()
            await peer.send(response(headers) + HELLO + BYE)
            peer.sock.shutdown(socket.SHUT_WR)
            peer.listen()

        self.expect_events(serve, [("text", b"Hello")], code=0)

    def test_a_reset_is_told_as_one(self):
        async def serve(peer):
            _, headers = await peer.read_head()
            await peer.accept(headers)
            await peer.send(HELLO)
            await peer.wait(lambda: peer.events)
            peer.task.cancel()
            peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.sock.close()

        self.assertIn("reset", self.run_with(serve, 1)[1])

    def test_nothing_counts_after_a_fault_or_a_close_frame(self):
        for wire, code in ((frame(3) + HELLO * 3 + frame(PING) + BYE, 1), (BYE + HELLO + frame(PING) + frame(3) + b"\xff" * 99, 0)):
            async def serve(peer, headers, wire=wire, code=code):
                await peer.accept(headers)
                if code == 0:
                    peer.note_close()
                await peer.send(wire)

            self.expect_events(serve, [], code)

    def test_a_page_behind_the_101_is_no_websocket(self):
        self.expect_fault(b"<!DOCTYPE html><html>" * 10, 1002, "")

    def test_a_header_without_end_is_refused(self):
        async def serve(peer):
            await peer.read_head()
            await peer.send(b"HTTP/1.1 101 Switching Protocols\r\nX-Filler: " + b"x" * (10 << 20))

        self.assertIn("over 16384 bytes", self.run_with(serve, 1)[1])

    def test_a_handshake_that_trickles_ends_at_its_deadline(self):
        async def serve(peer):
            _, headers = await peer.read_head()
            peer.listen()
            for byte in response(headers)[:-1]:
                await peer.send(bytes([byte]))
                if await peer.wait(lambda: peer.ended, 0.2):
                    return True
            return False

        result, said = self.run_with(serve, 1)
        self.assertTrue(result, "it waited for more bytes than its deadline allows")
        self.assertIn("5000 ms", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
