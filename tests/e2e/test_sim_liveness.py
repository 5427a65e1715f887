"""hawser-sim: heartbeats, idle connections, the limit of connections."""
import asyncio
import unittest

import websockets

from lib.client import Client
from lib.sim import CLIENT, Sim
from lib.wait import wait_until_async


class Liveness(unittest.IsolatedAsyncioTestCase):
    def start(self, **options):
        sim = Sim(**options)
        self.addCleanup(sim.close)
        return sim

    async def test_heartbeats_have_the_exchanges_shape(self):
        sim = self.start(heartbeat_min=0.1)
        async with Client(sim.url) as c:
            self.assertEqual(await c.call("public/set_heartbeat", interval=0.1), "ok")
            self.assertEqual(await c.ws.recv(), '{"params":{"type":"heartbeat"},'
                                                '"method":"heartbeat","jsonrpc":"2.0"}')
            self.assertEqual(await c.ws.recv(), '{"params":{"type":"test_request"},'
                                                '"method":"heartbeat","jsonrpc":"2.0"}')

    async def test_unanswered_test_request_closes_with_4000(self):
        sim = self.start(heartbeat_min=0.1)
        async with Client(sim.url) as c:
            await c.call("public/set_heartbeat", interval=0.1)
            await c.receive()
            await c.call("public/get_time")  # only public/test answers a test_request
            self.assertEqual(await c.closed(), (4000, "heartbeat close"))
        self.assertEqual(sim.stats()["heartbeat_closes"], 1)

    async def test_answered_test_requests_keep_the_connection(self):
        sim = self.start(heartbeat_min=0.1)
        async with Client(sim.url) as c:
            await c.call("public/set_heartbeat", interval=0.2)
            answered = 0
            while answered < 6:
                message = await c.receive()
                if message.get("params", {}).get("type") == "test_request":
                    await c.ws.send('{"jsonrpc":"2.0","id":1,"method":"public/test","params":{}}')
                    answered += 1
            await c.call("public/disable_heartbeat")
            self.assertEqual(sim.connections()[0]["heartbeat_ms"], 0)

    async def test_busy_connection_gets_test_requests_and_no_heartbeats(self):
        sim = self.start(heartbeat_min=0.1, rate=200)
        async with Client(sim.url) as c:
            await c.subscribe("ticker.BTC-PERPETUAL.100ms")
            await c.call("public/set_heartbeat", interval=0.2)
            while len(c.beats) < 3:
                c.keep(await c.receive())
                if c.beats:
                    await c.ws.send('{"jsonrpc":"2.0","id":1,"method":"public/test","params":{}}')
            self.assertEqual({beat["params"]["type"] for beat in c.beats}, {"test_request"})

    async def test_heartbeats_ignore_sends_none_and_forgives(self):
        sim = self.start(heartbeat_min=0.1)
        async with Client(sim.url) as c:
            sim.command("heartbeats ignore")
            await c.call("public/set_heartbeat", interval=0.1)
            with self.assertRaises(asyncio.TimeoutError):
                await c.receive(timeout=0.5)
            sim.command("heartbeats ok")
            c.keep(await c.receive())
            self.assertEqual(len(c.beats), 1)

    async def test_shorter_interval_than_allowed_is_refused(self):
        sim = self.start()
        async with Client(sim.url) as c:
            self.assertEqual((await c.ask("public/set_heartbeat", {"interval": 9.9}))["error"]["code"],
                             -32602)
            self.assertEqual(await c.call("public/set_heartbeat", interval=10), "ok")

    async def test_idle_connection_is_dropped_without_a_close_frame(self):
        sim = self.start(idle=0.4)
        async with Client(sim.url) as idle, Client(sim.url) as busy, Client(sim.url) as beating:
            await busy.subscribe("announcements")
            await beating.call("public/set_heartbeat", interval=10)
            self.assertEqual((await idle.closed())[0], 1006)
            self.assertEqual(sim.stats()["idle_closes"], 1)
            self.assertIn("version", await busy.call("public/test"))
            self.assertIn("version", await beating.call("public/test"))

    async def test_websocket_pings_are_answered(self):
        sim = self.start()
        async with Client(sim.url) as c:
            await asyncio.wait_for(await c.ws.ping(b"payload"), 10)

    async def test_offered_compression_is_declined(self):
        sim = self.start()
        async with Client(sim.url, compression="deflate") as c:
            self.assertEqual(c.ws.extensions, [])
            self.assertIn("version", await c.call("public/test"))

    async def test_with_compression_messages_are_compressed_both_ways(self):
        sim = self.start(compression=True)
        async with Client(sim.url, compression="deflate") as c:
            self.assertEqual([x.name for x in c.ws.extensions], ["permessage-deflate"])
            await c.subscribe("ticker.BTC-PERPETUAL.100ms", "book.BTC-PERPETUAL.100ms")
            await c.collect("ticker.BTC-PERPETUAL.100ms", 5)
            self.assertIn("version", await c.call("public/test"))
        async with Client(sim.url) as plain:
            self.assertEqual(plain.ws.extensions, [])
            self.assertIn("version", await plain.call("public/test"))

    async def test_connections_over_the_limit_get_429(self):
        sim = self.start(max_connections=2)
        async with Client(sim.url), Client(sim.url) as two:
            with self.assertRaises(websockets.InvalidStatusCode) as raised:
                await websockets.connect(sim.url)
            self.assertEqual(raised.exception.status_code, 429)
            await two.ws.close()
            await wait_until_async(lambda: sim.stats()["open"] == 1)
            async with Client(sim.url) as three:
                self.assertIn("version", await three.call("public/test"))
        self.assertEqual(sim.stats()["refused_limit"], 1)

    async def test_short_tokens_expire_by_themselves(self):
        sim = self.start(token_life=0.3)
        async with Client(sim.url) as c:
            grant = await c.login(CLIENT)
            self.assertEqual(grant["expires_in"], 1)
            await wait_until_async(lambda: not sim.connections()[0]["authenticated"])
            answer = await c.ask("private/get_positions", {})
            self.assertEqual(answer["error"]["code"], 13009)
            await c.call("public/auth", grant_type="refresh_token",
                         refresh_token=grant["refresh_token"])


if __name__ == "__main__":
    unittest.main()
