"""Channels at run time: what was given up never comes back, not by its data, a reconnect or a crash; what was added survives all of
these; whoever changes one channel disturbs no other."""
import os
import signal
import unittest

from lib.control import Peer
from lib.host import Host, book_faults
from lib.sim import Sim
from lib.wait import wait_until

BOOK = "book.BTC-PERPETUAL.100ms"
TICKER = "ticker.BTC-PERPETUAL.100ms"
QUOTE = "quote.BTC-PERPETUAL"
CONFIG = """load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl out {{ path data/out.jsonl; }}
session btc {{ adapter deribit; url {url}; subscribe {channels}; reconnect delay=50ms max_delay=100ms; output out; }}
"""


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return {int(word) for word in file.read().split()}


class GivenUp(unittest.TestCase):
    def start(self, *channels):
        sim = Sim(rate=200)
        self.addCleanup(sim.close)
        host = Host(CONFIG.format(url=sim.url, channels=" ".join(channels)))
        self.addCleanup(host.__exit__)
        host.start()
        host.wait_state("btc")
        return sim, host

    def subscribed(self, sim):
        return {row["channel"] for conn in sim.connections() if conn["state"] == "open" for row in conn["channels"]}

    def wanted(self, host):
        return {row["channel"] for row in host.ask("session.state", {"session": "btc"})["channels"]}

    def change(self, host, verb, *channels):
        host.ask("session." + verb, {"session": "btc", "channels": list(channels)})

    def wait_more(self, host, count=100):
        have = len(host.records("data/out.jsonl"))
        return host.wait_records("data/out.jsonl", lambda r: len(r) > have + count, "more records")

    def test_data_that_still_comes_does_not_bring_a_channel_back(self):
        sim, host = self.start(BOOK, TICKER)
        host.wait_records("data/out.jsonl", lambda r: any(x.get("channel") == TICKER for x in r), "data")
        sim.command("error 11050 public/unsubscribe 1")  # the exchange keeps sending what nobody wants
        self.change(host, "unsubscribe", TICKER)
        wait_until(lambda: TICKER not in self.wanted(host), "the channel to be struck off")
        end = self.wait_more(host)[-1]["seq"]
        self.assertNotIn(TICKER, {r.get("channel") for r in self.wait_more(host) if r["seq"] > end})
        sim.command("cut all")
        wait_until(lambda: host.sessions()["btc"]["epoch"] == 2, "the second connection")
        host.wait_state("btc")
        self.assertEqual((self.subscribed(sim), self.wanted(host)), ({BOOK}, {BOOK}))

    def test_given_up_and_wanted_again_in_a_hurry_it_ends_as_it_was_last_wished_and_no_other_channel_notices(self):
        sim, host = self.start(BOOK, TICKER)
        host.wait_records("data/out.jsonl", lambda r: any(x.get("channel") == BOOK for x in r), "data")
        sim.command("late 30")  # so that answers and wishes cross
        for _ in range(10):
            self.change(host, "unsubscribe", TICKER)
            self.change(host, "subscribe", TICKER)
        sim.command("late 0")
        host.wait_state("btc")
        wait_until(lambda: self.subscribed(sim) == {BOOK, TICKER}, "both channels")
        end = self.wait_more(host)[-1]["seq"]
        records = self.wait_more(host)
        self.assertIn(TICKER, {r.get("channel") for r in records if r["seq"] > end})
        self.change(host, "unsubscribe", TICKER)
        wait_until(lambda: self.subscribed(sim) == {BOOK}, "one channel")
        records = self.wait_more(host)
        self.assertEqual(book_faults(records, BOOK), [])
        self.assertEqual([r for r in records if r.get("channel") == BOOK and "event" in r], [])
        self.assertEqual(sim.stats()["accepted"], 1)

    def test_a_crash_and_a_break_change_no_wish(self):
        sim, host = self.start(BOOK, TICKER)
        self.change(host, "subscribe", QUOTE, "trades.BTC-PERPETUAL.100ms")
        self.change(host, "unsubscribe", "trades.BTC-PERPETUAL.100ms")
        wait_until(lambda: self.subscribed(sim) == {BOOK, TICKER, QUOTE}, "the channel of run time")
        sim.command("cut all")
        wait_until(lambda: host.sessions()["btc"]["epoch"] == 2, "the second connection")
        host.wait_state("btc")
        self.assertEqual(self.subscribed(sim), {BOOK, TICKER, QUOTE})
        victim = host.workers()[0]["pid"]
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: host.workers()[0]["pid"] not in (0, victim), "a new worker")
        host.wait_state("btc")
        wait_until(lambda: self.subscribed(sim) == {BOOK, TICKER, QUOTE}, "the same channels")
        self.assertEqual(self.wanted(host), {BOOK, TICKER, QUOTE})
        self.assertEqual(book_faults(host.records("data/out.jsonl"), BOOK), [])

    def test_a_wish_that_crosses_a_crash_and_a_reload_holds(self):
        _, host = self.start(BOOK)
        self.change(host, "subscribe", QUOTE)
        self.change(host, "unsubscribe", QUOTE)  # of which a successor is told
        before = children_of(host.process.pid)
        os.kill(host.workers()[0]["pid"], signal.SIGKILL)
        heir = wait_until(lambda: children_of(host.process.pid) - before, "a successor").pop()
        os.kill(heir, signal.SIGSTOP)  # before it has read its first config
        try:
            with Peer(host) as wish, Peer(host) as reload:
                generation = host.ask("host.status")["generation"]
                wish.send("session.subscribe", {"session": "btc", "channels": [QUOTE]})
                reload.send("host.reload")
                wait_until(lambda: host.ask("host.status")["generation"] > generation, "the reload to be under way")
                os.kill(heir, signal.SIGCONT)
                told = wish.read()
                self.assertIn("result", reload.read())
        finally:
            os.kill(heir, signal.SIGCONT)
        self.assertEqual(QUOTE in self.wanted(host), "result" in told, told)

    def test_a_session_that_failed_has_its_channels_of_run_time_again_when_a_reload_starts_it_anew(self):
        sim, host = self.start(BOOK)
        self.change(host, "subscribe", QUOTE)
        sim.command("upgrade 401")
        sim.command("cut all")
        host.wait_state("btc", "FAILED")
        sim.command("upgrade ok")
        self.assertTrue(host.reload()["ok"])
        host.wait_state("btc")
        self.assertEqual(self.wanted(host), {BOOK, QUOTE})
        wait_until(lambda: self.subscribed(sim) == {BOOK, QUOTE}, "both to be subscribed")

    def test_one_channel_that_is_not_allowed_keeps_no_other_from_delivering(self):
        sim, host = self.start_unready(BOOK, TICKER, "book.ETH-PERPETUAL.raw", QUOTE)  # raw ones need a login
        wait_until(lambda: host.sessions()["btc"]["channels_confirmed"] == 3, "the others")
        for channel in (BOOK, TICKER, QUOTE):
            host.wait_records("data/out.jsonl", lambda r, channel=channel: any(x.get("channel") == channel and "data" in x for x in r), channel)
        refused = [r for r in host.records("data/out.jsonl") if r.get("reason") == "refused"]
        self.assertEqual([r["channel"] for r in refused], ["book.ETH-PERPETUAL.raw"])
        self.assertIn("13778", refused[0]["message"])
        self.assertEqual(sim.stats()["accepted"], 1)

    def start_unready(self, *channels):
        sim = Sim(rate=200)
        self.addCleanup(sim.close)
        host = Host(CONFIG.format(url=sim.url, channels=" ".join(channels)))
        self.addCleanup(host.__exit__)
        host.start()
        return sim, host


if __name__ == "__main__":
    unittest.main()
