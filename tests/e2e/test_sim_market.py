"""hawser-sim: streams whose losses show, the same for the same seed, at the rate asked for."""
import asyncio
import re
import time
import unittest

from lib.client import Client
from lib.sim import CLIENT, Sim
from lib.wait import wait_until_async

BOOK = "book.BTC-PERPETUAL.100ms"
TRADES = "trades.BTC-PERPETUAL.100ms"
TICKER = "ticker.BTC-PERPETUAL.100ms"


def apply_entries(side, entries):
    """Book entries by the documented rules; raises when one does not fit."""
    for word, price, amount in entries:
        if word == "delete":
            assert amount == 0.0 and price in side, (word, price, amount)
            del side[price]
        else:
            assert (word == "change") == (price in side), (word, price, amount)
            assert amount > 0
            side[price] = amount


def without_times(text):
    return re.sub(r'"timestamp":\d+', '"timestamp":0', text)


class Market(unittest.IsolatedAsyncioTestCase):
    def start(self, **options):
        sim = Sim(**options)
        self.addCleanup(sim.close)
        return sim

    async def test_book_begins_with_a_snapshot_and_its_changes_chain(self):
        sim = self.start(rate=500)
        async with Client(sim.url) as c:
            await c.subscribe(BOOK)
            first, *changes = await c.collect(BOOK, 300)
            self.assertEqual(first["type"], "snapshot")
            self.assertNotIn("prev_change_id", first)
            self.assertTrue(all(entry[0] == "new" for entry in first["bids"] + first["asks"]))
            bids, asks, last = {}, {}, first["change_id"]
            apply_entries(bids, first["bids"])
            apply_entries(asks, first["asks"])
            jumps = set()
            for change in changes:
                self.assertEqual(change["type"], "change")
                self.assertEqual(change["prev_change_id"], last)
                self.assertTrue(change["bids"] or change["asks"])
                apply_entries(bids, change["bids"])
                apply_entries(asks, change["asks"])
                self.assertLess(max(bids), min(asks))
                self.assertEqual((len(bids), len(asks)), (25, 25))
                jumps.add(change["change_id"] - last)
                last = change["change_id"]
            self.assertGreater(len(jumps), 3)  # ids jump, they do not count

    async def test_snapshot_comes_once_per_subscription(self):
        sim = self.start(rate=500)
        async with Client(sim.url) as c:
            await c.subscribe(BOOK)
            await c.subscribe(BOOK)
            kinds = [data["type"] for data in await c.collect(BOOK, 50)]
            self.assertEqual(kinds, ["snapshot"] + ["change"] * 49)
            await c.call("public/unsubscribe", channels=[BOOK])
            c.notes.clear()
            await c.subscribe(BOOK)
            self.assertEqual((await c.note(BOOK))["data"]["type"], "snapshot")

    async def test_late_subscriber_of_a_shared_book_continues_from_its_snapshot(self):
        sim = self.start(rate=300, broadcast=True)
        async with Client(sim.url) as one, Client(sim.url) as two:
            await one.subscribe(BOOK)
            await one.collect(BOOK, 20)
            await two.subscribe(BOOK)
            first, second = await two.collect(BOOK, 2)
            self.assertEqual(first["type"], "snapshot")
            self.assertEqual(second["prev_change_id"], first["change_id"])

    async def test_trade_seq_is_contiguous_on_every_trades_channel(self):
        sim = self.start(rate=900)
        channels = [TRADES, "trades.BTC-PERPETUAL.agg2", "trades.future.BTC.100ms"]
        async with Client(sim.url) as c:
            await c.subscribe(*channels, TICKER)
            last, ids = {}, {}
            for _ in range(400):
                note = await c.note()
                if note["channel"] == TICKER:
                    continue
                for trade in note["data"]:
                    key = (note["channel"], trade["instrument_name"])
                    self.assertEqual(trade["trade_seq"], last.get(key, trade["trade_seq"] - 1) + 1)
                    last[key] = trade["trade_seq"]
                    ids.setdefault((trade["instrument_name"], trade["trade_seq"]),
                                   set()).add(trade["trade_id"])
            self.assertGreaterEqual(len(last), 4)
            self.assertTrue(all(len(group) == 1 for group in ids.values()))

    async def test_numbers_do_not_go_on_where_they_were_after_a_break(self):
        for options in ({"rate": 200}, {}):
            sim = self.start(**options)
            async with Client(sim.url) as c:
                await c.subscribe(BOOK, TRADES)
                await c.collect(BOOK, 1)
                trade = (await c.collect(TRADES, 1))[0][-1]
            last = sim.stats()["messages_sent"]
            async with Client(sim.url) as c:
                await c.subscribe(BOOK, TRADES)
                after = (await c.collect(TRADES, 1))[0][0]
                self.assertGreater(after["trade_seq"], trade["trade_seq"] + 1)
            self.assertGreater(sim.stats()["messages_sent"], last)

    async def raw_messages(self, options, channels, count):
        sim = Sim(**options)
        try:
            async with Client(sim.url) as c:
                await c.subscribe(*channels)
                texts = [str(note["data"]) for note in c.notes]
                while len(texts) < count:
                    texts.append(await asyncio.wait_for(c.ws.recv(), 20))
                return [without_times(text) for text in texts]
        finally:
            sim.close()

    async def test_same_seed_and_subscriptions_give_the_same_messages(self):
        channels = [BOOK, TICKER, TRADES, "quote.ETH-PERPETUAL", "book.ETH-PERPETUAL.none.10.100ms"]
        for options in ({"rate": 400}, {"rate": 400, "broadcast": True}, {}):
            count = 80 if options else 20
            one = await self.raw_messages({**options, "seed": 5}, channels, count)
            two = await self.raw_messages({**options, "seed": 5}, channels, count)
            other = await self.raw_messages({**options, "seed": 6}, channels, count)
            self.assertEqual(one, two)
            self.assertNotEqual(one, other)

    async def test_broadcast_sends_all_connections_the_same_bytes(self):
        sim = self.start(rate=300, broadcast=True)
        async with Client(sim.url) as one, Client(sim.url) as two:
            await one.subscribe(TRADES, TICKER)
            await two.subscribe(TICKER, TRADES)
            a = [(await one.ws.recv()) for _ in range(100)]
            b = [(await two.ws.recv()) for _ in range(60)]
            start = a.index(b[0])
            shared = min(len(a) - start, len(b))
            self.assertGreater(shared, 20)
            self.assertEqual(a[start:start + shared], b[:shared])

    async def test_rate_is_kept_and_spread_evenly(self):
        sim = self.start(rate=1000)
        async with Client(sim.url) as c:
            await c.subscribe(TICKER, TRADES, "quote.BTC-PERPETUAL", "quote.ETH-PERPETUAL")
            begin, counts = time.monotonic(), {}
            for _ in range(2000):
                channel = (await c.note())["channel"]
                counts[channel] = counts.get(channel, 0) + 1
            self.assertGreater(time.monotonic() - begin, 1.0)  # never faster; slower is the machine
            self.assertEqual(set(counts.values()), {500})

    async def test_natural_intervals_differ_by_channel(self):
        sim = self.start()
        async with Client(sim.url) as c:
            await c.login(CLIENT)
            await c.subscribe("ticker.BTC-PERPETUAL.raw", TICKER, "ticker.BTC-PERPETUAL.agg2")
            counts = {}
            while counts.get("ticker.BTC-PERPETUAL.agg2", 0) < 2:
                channel = (await c.note())["channel"]
                counts[channel] = counts.get(channel, 0) + 1
            self.assertIn(counts[TICKER], range(19, 22))
            self.assertIn(counts["ticker.BTC-PERPETUAL.raw"], range(48, 53))

    async def test_every_kind_of_channel_delivers_what_it_should(self):
        sim = self.start(rate=400)
        wanted = {
            TICKER: {"mark_price", "stats", "current_funding", "best_bid_price"},
            "ticker.BTC-31DEC27-60000-C.100ms": {"greeks", "mark_iv", "underlying_index"},
            "incremental_ticker.ETH-PERPETUAL": {"type", "instrument_name"},
            "quote.XRP_USDC-PERPETUAL": {"best_bid_price", "best_ask_amount"},
            "perpetual.SOL_USDC-PERPETUAL.agg2": {"interest", "index_price"},
            "deribit_price_index.eth_usdc": {"index_name", "price", "timestamp"},
            "platform_state": {"price_index", "locked"},
            "book.BTC-PERPETUAL.10.10.agg2": {"bids", "asks", "change_id"},
        }
        async with Client(sim.url) as c:
            self.assertEqual(sorted(await c.subscribe(*wanted)), sorted(wanted))
            missing = set(wanted)
            while missing:
                note = await c.note()
                self.assertLessEqual(wanted[note["channel"]], set(note["data"]))
                missing.discard(note["channel"])
            grouped = (await c.collect("book.BTC-PERPETUAL.10.10.agg2", 1))[0]
            self.assertTrue(all(price % 10 == 0 for price, _ in grouped["bids"] + grouped["asks"]))
            self.assertNotIn("type", grouped)

    async def test_numbers_come_in_both_notations(self):
        sim = self.start(rate=500)
        async with Client(sim.url) as c:
            await c.subscribe(BOOK, TICKER)
            text = "".join([await c.ws.recv() for _ in range(100)])
            self.assertRegex(text, r"\d\.0[,\]]")
            self.assertRegex(text, r"\d\.\de3")
            self.assertRegex(text, r"\de-05")

    async def test_sent_tells_the_last_number(self):
        sim = self.start(rate=200)
        async with Client(sim.url) as c:
            await c.subscribe(BOOK)
            seen = [data["change_id"] for data in await c.collect(BOOK, 10)]
            sent = sim.json("sent " + BOOK)[0]
            self.assertGreaterEqual(sent["sent"], 10)
            while len(seen) < sent["sent"]:
                seen += [data["change_id"] for data in await c.collect(BOOK, 1)]
            self.assertEqual(seen[-1], sent["last"])

    async def test_slow_reader_is_cut_at_the_queue_bound(self):
        sim = self.start(rate=20000, max_queue=100000)
        async with Client(sim.url) as c:
            await c.subscribe(TICKER)
            c.ws.transport.pause_reading()
            await wait_until_async(lambda: sim.stats()["queue_cuts"] == 1)
            c.ws.transport.abort()


if __name__ == "__main__":
    unittest.main()
