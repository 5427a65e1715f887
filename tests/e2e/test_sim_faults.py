"""hawser-sim: every fault that can be ordered does what it says, and the counters prove it."""
import asyncio
import json
import os
import tempfile
import unittest

import websockets

from lib.client import Client, RpcError
from lib.sim import CLIENT, Sim
from lib.wait import wait_until_async

BOOK = "book.BTC-PERPETUAL.100ms"
TICKER = "ticker.BTC-PERPETUAL.100ms"


class Faults(unittest.IsolatedAsyncioTestCase):
    def start(self, **options):
        sim = Sim(**options)
        self.addCleanup(sim.close)
        return sim

    async def raw_http(self, sim, path="/ws/api/v2", timeout=10):
        """Send an upgrade by hand; gives the whole answer back."""
        reader, writer = await asyncio.open_connection("127.0.0.1", sim.port)
        writer.write((f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode())
        try:
            return (await asyncio.wait_for(reader.read(), timeout)).decode()
        finally:
            writer.close()

    async def test_cut_ends_without_a_close_frame_and_one_takes_turns(self):
        sim = self.start()
        async with Client(sim.url) as one, Client(sim.url) as two, Client(sim.url) as three:
            self.assertEqual(sim.command("cut one"), "1")
            self.assertEqual((await one.closed())[0], 1006)
            self.assertEqual(sim.command("cut one"), "1")
            self.assertEqual((await two.closed())[0], 1006)
            self.assertIn("version", await three.call("public/test"))
            self.assertEqual(sim.command("cut all"), "1")
            self.assertEqual((await three.closed())[0], 1006)
        self.assertEqual(sim.command("cut one"), "0")
        self.assertEqual(sim.stats()["closed_by_fault"], 3)

    async def test_reset_is_a_reset(self):
        sim = self.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", sim.port)
        await wait_until_async(lambda: len(sim.connections()) == 1)
        sim.command("reset all")
        with self.assertRaises(ConnectionResetError):
            await reader.read()
        writer.close()

    async def test_selectors(self):
        sim = self.start()
        async with Client(sim.url) as one, Client(sim.url) as two:
            await two.login(CLIENT)
            self.assertEqual(sim.command("close 4001 client=nobody"), "0")
            self.assertEqual(sim.command("close 4001 over and out client=tester"), "1")
            self.assertEqual(await two.closed(), (4001, "over and out"))
            self.assertEqual(sim.command("close 1012 conn=1"), "1")
            self.assertEqual(await one.closed(), (1012, ""))

    async def test_halfopen_keeps_the_socket_and_answers_nothing(self):
        sim = self.start(rate=100)
        async with Client(sim.url) as c:
            await c.subscribe(TICKER)
            await c.note(TICKER)
            sim.command("halfopen all")
            while True:  # what was on its way
                try:
                    await c.receive(timeout=0.3)
                except asyncio.TimeoutError:
                    break
            await c.ws.send('{"jsonrpc":"2.0","id":1,"method":"public/test"}')
            with self.assertRaises(asyncio.TimeoutError):
                await c.receive(timeout=0.3)
            self.assertEqual(sim.connections()[0]["state"], "halfopen")
            c.ws.transport.abort()
        await wait_until_async(lambda: sim.connections() == [])

    async def test_upgrade_modes(self):
        sim = self.start()
        for mode, first, header in (("401", "HTTP/1.1 401 Unauthorized", ""),
                                    ("403", "HTTP/1.1 403 Refused", ""),
                                    ("429 7", "HTTP/1.1 429 Too Many Requests", "Retry-After: 7"),
                                    ("503", "HTTP/1.1 503 Service Unavailable", ""),
                                    ("302", "HTTP/1.1 302 Found", "Location: http://")):
            sim.command(f"upgrade {mode}")
            answer = await self.raw_http(sim)
            self.assertTrue(answer.startswith(first), answer)
            self.assertIn(header, answer)
        sim.command("upgrade none")
        with self.assertRaises(asyncio.TimeoutError):
            await self.raw_http(sim, timeout=0.3)
        sim.command("upgrade ok")
        async with Client(sim.url) as c:
            self.assertIn("version", await c.call("public/test"))
        stats = sim.stats()
        self.assertEqual((stats["upgrades_refused"], stats["upgrades_silent"],
                          stats["upgrades_ok"], stats["accepted"]), (5, 1, 1, 7))
        self.assertEqual(len(stats["connects_ms"]), 7)

    async def test_other_paths_are_not_found(self):
        sim = self.start()
        self.assertIn(" 404 ", await self.raw_http(sim, "/ws/api/v1"))
        self.assertIn(" 404 ", await self.raw_http(sim, "/ws/api/v22"))
        async with Client(sim.url + "?x=1"):
            pass

    async def test_accept_off_refuses_connections_and_on_takes_them_again(self):
        sim = self.start()
        sim.command("accept off")
        with self.assertRaises(OSError):
            await asyncio.open_connection("127.0.0.1", sim.port)
        sim.command("accept on")
        async with Client(sim.url) as c:
            self.assertIn("version", await c.call("public/test"))

    async def test_answers_off_ignores_requests_and_counts_them(self):
        sim = self.start()
        async with Client(sim.url) as c:
            sim.command("answers off")
            await c.ws.send('{"jsonrpc":"2.0","id":1,"method":"public/test"}')
            await wait_until_async(lambda: sim.stats()["requests_ignored"] == 1)
            sim.command("answers on")
            await c.call("public/get_time")
            self.assertEqual(c.last_id, 1)  # the first answer that came was that one

    async def test_auth_modes(self):
        sim = self.start()
        async with Client(sim.url) as c:
            sim.command("auth fail")
            with self.assertRaises(RpcError) as raised:
                await c.login(CLIENT)
            self.assertEqual(raised.exception.code, 13004)
            sim.command("auth silent")
            await c.ws.send('{"jsonrpc":"2.0","id":5,"method":"public/auth","params":{}}')
            await wait_until_async(lambda: sim.stats()["auths_silent"] == 1)
            sim.command("auth ok")
            await c.login(CLIENT)
            stats = sim.stats()
            self.assertEqual((stats["auths_ok"], stats["auths_failed"]), (1, 1))

    async def test_partial_leaves_channels_out_of_the_next_reply(self):
        sim = self.start()
        async with Client(sim.url) as c:
            sim.command("partial 1")
            self.assertEqual(await c.subscribe(BOOK, TICKER), [TICKER])
            self.assertEqual(await c.subscribe(BOOK), [BOOK])

    async def test_subscribe_silent(self):
        sim = self.start()
        async with Client(sim.url) as c:
            sim.command("subscribe silent")
            await c.ws.send(json.dumps({"jsonrpc": "2.0", "id": 99, "method": "public/subscribe",
                                        "params": {"channels": [BOOK]}}))
            await c.call("public/test")
            self.assertEqual(sim.connections()[0]["channels"], [])
            sim.command("subscribe ok")
            self.assertEqual(await c.subscribe(BOOK), [BOOK])
            self.assertEqual(sim.stats()["subscribes"], 2)

    async def test_skip_breaks_the_chain_of_a_book(self):
        sim = self.start(rate=200)
        async with Client(sim.url) as c:
            await c.subscribe(BOOK, TICKER)
            last = (await c.note(BOOK))["data"]["change_id"]
            sim.command(f"skip 2 {BOOK}")
            gaps = 0
            for _ in range(60):
                data = (await c.note(BOOK))["data"]
                gaps += data["prev_change_id"] != last
                last = data["change_id"]
            self.assertEqual(gaps, 1)

    async def test_stall_and_resume(self):
        sim = self.start(rate=200)
        async with Client(sim.url) as c:
            await c.subscribe(BOOK, TICKER)
            await c.note(BOOK)
            self.assertEqual(sim.command(f"stall {BOOK}"), "1")
            before = sim.json(f"sent {BOOK}")[0]
            while sim.connections()[0]["sent"] < before["sent"] * 2 + 50:
                await c.note(TICKER)
            self.assertEqual(sim.json(f"sent {BOOK}")[0], before)
            sim.command(f"resume {BOOK}")
            while (await c.note(BOOK))["data"]["change_id"] <= before["last"]:
                pass
            sim.command(f"stall {BOOK} for-good")
            await c.call("public/unsubscribe", channels=[BOOK])
            await c.subscribe(BOOK)
            self.assertTrue(next(row for row in sim.connections()[0]["channels"]
                                 if row["channel"] == BOOK)["stalled"])

    async def test_repeated_and_swapped_messages_break_the_chain(self):
        sim = self.start()
        async with Client(sim.url) as c:
            await c.subscribe(BOOK)
            await c.note(BOOK)
            sim.command(f"repeat 1 {BOOK}")
            first, second, third = await c.collect(BOOK, 3)
            while second != first:
                first, second, third = second, third, (await c.note(BOOK))["data"]
            self.assertEqual(third["prev_change_id"], first["change_id"])
            sim.command(f"swap 1 {BOOK}")
            last, late = third, (await c.note(BOOK))["data"]
            while late["prev_change_id"] == last["change_id"]:
                last, late = late, (await c.note(BOOK))["data"]
            early = (await c.note(BOOK))["data"]
            self.assertEqual((early["prev_change_id"], late["prev_change_id"]), (last["change_id"], early["change_id"]))
            self.assertEqual((await c.note(BOOK))["data"]["prev_change_id"], late["change_id"])

    async def test_answers_can_be_late_and_come_twice_and_keep_their_order(self):
        sim = self.start()
        async with Client(sim.url) as c:
            sim.command("twice 1")
            await c.call("public/test")
            self.assertEqual((await c.receive())["id"], c.last_id)
            sim.command("late 100")
            began = asyncio.get_running_loop().time()
            for number in (801, 802):
                await c.ws.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": "public/test"}))
            self.assertEqual([(await c.receive())["id"] for _ in range(2)], [801, 802])
            self.assertGreaterEqual(asyncio.get_running_loop().time() - began, 0.099)
            sim.command("late 600000")
            await c.ws.send(json.dumps({"jsonrpc": "2.0", "id": 803, "method": "public/test"}))
            await wait_until_async(lambda: sim.stats()["methods"]["public/test"] == 4)

    async def test_the_journal_has_a_line_for_each_request_and_no_secret(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "requests")
            sim = self.start(requests=path)
            async with Client(sim.url) as c:
                await c.login(CLIENT)
                await c.ask("private/buy", {"instrument_name": "BTC-PERPETUAL", "amount": 10, "type": "market", "label": "mine"})
            with open(path, encoding="utf-8") as file:
                text = file.read()
            rows = [json.loads(line) for line in text.splitlines()]
            self.assertEqual([(row["conn"], row["id"], row["method"], row.get("label")) for row in rows],
                             [(1, 1, "public/auth", None), (1, 2, "private/buy", "mine")])
            self.assertNotIn(CLIENT[1], text)

    async def test_garbage_is_no_json(self):
        sim = self.start()
        async with Client(sim.url) as c:
            sim.command("garbage")
            with self.assertRaises(ValueError):
                await c.receive()
            self.assertIn("version", await c.call("public/test"))

    async def test_bad_frames_and_bad_utf8_are_refused_by_a_peer(self):
        sim = self.start()
        kinds = {f"badframe {kind}": 1002 for kind in
                 ("opcode", "rsv", "masked", "continuation", "ping", "length", "close")}
        kinds["badframe length"] = None  # this peer takes lengths in any form
        for command, code in {**kinds, "badframe": 1002, "badutf8": 1007}.items():
            client = Client(sim.url)
            await client.__aenter__()
            sim.command(command)
            if code is not None:
                with self.assertRaises(websockets.ConnectionClosed) as raised:
                    await client.receive()
                self.assertEqual(raised.exception.sent.code, code, command)
            client.ws.transport.abort()

    async def test_big_is_as_big_as_ordered(self):
        sim = self.start(max_queue=5000)
        async with Client(sim.url) as c:
            sim.command("big 3000000")
            text = await c.ws.recv()
            self.assertEqual(len(text), 3000000)
            self.assertEqual(json.loads(text)["params"]["channel"], "announcements")

    async def test_slow_limits_the_bytes_a_second(self):
        sim = self.start()
        async with Client(sim.url) as c:
            sim.command("slow 1000")
            sim.command("big 100000")
            await wait_until_async(lambda: sim.connections()[0]["bytes_sent"] > 300)
            self.assertGreater(sim.connections()[0]["queued"], 50000)
            sim.command("slow 0")
            self.assertEqual(len(await c.ws.recv()), 100000)

    async def test_maintenance(self):
        sim = self.start()
        async with Client(sim.url) as c:
            await c.subscribe("platform_state")
            sim.command("maintenance on")
            while "maintenance" not in (note := await c.note("platform_state"))["data"]:
                pass
            self.assertEqual(note["data"], {"maintenance": True})
            with self.assertRaises(RpcError) as raised:
                await c.call("public/test")
            self.assertEqual(raised.exception.error, {"code": 11051, "message": "system_maintenance"})
            self.assertIn(" 503 ", await self.raw_http(sim))
            sim.command("maintenance off")
            await c.call("public/test")

    async def test_errors_to_order(self):
        sim = self.start()
        async with Client(sim.url) as c:
            sim.command("error 10028 public/ticker 2")
            await c.call("public/test")
            for _ in range(2):
                with self.assertRaises(RpcError) as raised:
                    await c.call("public/ticker", instrument_name="BTC-PERPETUAL")
                self.assertEqual(raised.exception.error,
                                 {"code": 10028, "message": "too_many_requests"})
            await c.call("public/ticker", instrument_name="BTC-PERPETUAL")

    async def test_expired_refresh_tokens_are_refused(self):
        sim = self.start()
        async with Client(sim.url) as c:
            grant = await c.login(CLIENT)
            sim.command("expire refresh client=tester")
            with self.assertRaises(RpcError) as raised:
                await c.call("public/auth", grant_type="refresh_token",
                             refresh_token=grant["refresh_token"])
            self.assertEqual(raised.exception.code, 13009)

    async def test_wrong_commands_are_answered_with_what_is_right(self):
        sim = self.start()
        for line, words in (("nope", "unknown command"), ("cut", "which?"), ("cut x", "number"),
                            ("upgrade 500", "usage: upgrade"), ("close", "usage: close"),
                            ("", "no command"), ("expire now", "expire refresh"),
                            ("badframe nice", "opcode"), ("cut conn=x", "number")):
            with self.assertRaisesRegex(AssertionError, words):
                sim.command(line)
        self.assertIn("commands", sim.command("help"))


if __name__ == "__main__":
    unittest.main()
