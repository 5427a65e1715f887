"""lines 2, one line cut at random again and again: each message comes out once, none is lost, none comes twice.

HAWSER_TEST_RATE=5000 is for a machine with nothing else to do: a host that cannot keep up is cut by the simulator, on both lines."""
import os
import random
import re
import signal
import unittest

from lib.host import Host, book_faults
from lib.sim import Sim
from lib.wait import wait_until

BOOK = "book.BTC-PERPETUAL.100ms"
TRADES = "trades.BTC-PERPETUAL.100ms"
CUTS = 8

CONFIG = """load_module hawser_deribit.so;
load_module hawser_jsonl.so;
connect_budget rate=0;
output jsonl out {{ path data/out.jsonl; queue_bytes 256m; }}
session btc {{ adapter deribit; url {urls}; lines {lines}; subscribe {channels}; output out; reconnect delay=20ms max_delay=50ms; }}
"""


def numbers(records):
    """The numbers that the exchange gave each trade, in the order of the output."""
    return [trade["trade_seq"] for r in records if r.get("channel") == TRADES for trade in r.get("data", [])]


def events(records):
    return [(r["event"], r.get("channel")) for r in records if "event" in r]


class LinesLoseNothing(unittest.TestCase):
    def state(self, host):
        return host.ask("session.state", {"session": "btc"})

    def lines(self, host):
        return self.state(host)["lines"]

    def wait_lines(self, host, count):
        wait_until(lambda: [x["state"] for x in self.lines(host)] == ["READY"] * count, f"{count} lines to be READY", 20)

    def cut_one_of_two(self, sim, host):
        """Both lines bring what comes in both channels, so that either may go."""
        self.wait_lines(host, 2)
        self.wait_more(host, 300)
        wait_until(lambda: [x["covers"] for x in self.lines(host)] == [2, 2], "both lines to cover both channels", 30)
        sim.command(f"cut {random.choice(sim.connections())['conn']}")

    def wait_more(self, host, count):
        seen = self.state(host)["messages"]
        wait_until(lambda: self.state(host)["messages"] > seen + 2 * count, "more messages", 20)

    def check_whole(self, records, least=100):
        self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)))
        found = numbers(records)
        self.assertGreater(len(found), least)
        self.assertEqual(found, list(range(found[0], found[0] + len(found))), "trades: lost, twice, or in another order")
        self.assertEqual(book_faults(records, BOOK), [])

    def test_a_line_is_cut_again_and_again_and_every_message_comes_once(self):
        with Sim(rate=int(os.environ.get("HAWSER_TEST_RATE", "1000")), broadcast=True) as sim:
            with Host(CONFIG.format(urls=sim.url, lines=2, channels=f"{BOOK} {TRADES}")) as host:
                host.start()
                for _ in range(CUTS):
                    self.cut_one_of_two(sim, host)
                self.wait_lines(host, 2)
                self.wait_more(host, 300)
                lines = self.lines(host)
                self.assertGreater(self.state(host)["covered"], 0)
                host.process.send_signal(signal.SIGTERM)
                self.assertEqual(host.process.wait(30), 0)
                records = host.records("data/out.jsonl")
                self.assertEqual(events(records), [("ready", None), ("closed", None)])
                self.check_whole(records, least=1000)
                self.assertGreater(sum(x["reconnects"] for x in lines), CUTS - 1)
                self.assertTrue(all(x["won"] > 0 for x in lines), lines)
                self.assertRegex(host.log(), re.compile(r"session=btc line=\d "))

    def test_when_all_lines_are_down_each_channel_has_one_gap(self):
        with Sim(rate=500, broadcast=True) as sim:
            with Host(CONFIG.format(urls=sim.url, lines=2, channels=f"{BOOK} {TRADES}")) as host:
                host.start()
                self.wait_lines(host, 2)
                self.wait_more(host, 300)
                sim.command("cut all")
                host.wait_records("data/out.jsonl", lambda r: len(events(r)) >= 5, "closed, ready and two gaps")
                self.wait_lines(host, 2)
                self.wait_more(host, 300)
                host.process.send_signal(signal.SIGQUIT)
                self.assertEqual(host.process.wait(30), 0)
                records = host.records("data/out.jsonl")
                told = events(records)
                self.assertEqual([e for e in told if e[0] != "gap"], [("ready", None), ("closed", None), ("ready", None), ("closed", None)])
                self.assertEqual(sorted(e for e in told if e[0] == "gap"), [("gap", BOOK), ("gap", TRADES)])
                self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)))
                self.assertEqual(book_faults(records, BOOK), [])

    def test_a_line_that_has_not_joined_covers_nothing_so_a_cut_of_the_other_is_told(self):
        with Sim(rate=200) as sim:  # each connection has numbers of its own: the two never meet
            with Host(CONFIG.format(urls=sim.url, lines=1, channels=f"{BOOK} {TRADES}")) as host:
                host.start()
                self.wait_lines(host, 1)
                self.wait_more(host, 50)
                first = sim.connections()[0]["conn"]
                host.write_config(CONFIG.format(urls=sim.url, lines=2, channels=f"{BOOK} {TRADES}"))
                self.assertIn("1 changed in place", host.reload()["text"])
                self.wait_lines(host, 2)
                self.assertEqual([x["covers"] for x in self.lines(host)], [2, 0])
                sim.command(f"cut {first}")
                host.wait_records("data/out.jsonl", lambda r: sum(e[0] == "gap" for e in events(r)) >= 2, "both gaps")
                host.process.send_signal(signal.SIGQUIT)
                self.assertEqual(host.process.wait(30), 0)
                records = host.records("data/out.jsonl")
                self.assertEqual(sorted(events(records)[1:3]), [("gap", BOOK), ("gap", TRADES)], events(records))
                self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)))
                self.assertEqual(book_faults(records, BOOK), [])

    def test_a_second_line_comes_and_goes_with_a_reload(self):
        with Sim(rate=500, broadcast=True) as sim:
            urls = f"{sim.url} {sim.url.replace('127.0.0.1', 'localhost')}"
            with Host(CONFIG.format(urls=urls, lines=1, channels=f"{BOOK} {TRADES}")) as host:
                host.start()
                self.wait_lines(host, 1)
                for lines in (2, 1):
                    host.write_config(CONFIG.format(urls=urls, lines=lines, channels=f"{BOOK} {TRADES}"))
                    self.assertIn("1 changed in place", host.reload()["text"])
                    self.wait_lines(host, lines)
                    self.wait_more(host, 300)
                    if lines == 2:
                        self.assertEqual(["localhost" in x["address"] for x in self.lines(host)], [False, True])
                answer = host.ask("session.call", {"session": "btc", "method": "public/get_time"})
                self.assertGreater(answer, 0)
                host.process.send_signal(signal.SIGQUIT)
                self.assertEqual(host.process.wait(30), 0)
                self.assertEqual(sim.stats()["methods"].get("public/get_time"), 1, sim.stats()["methods"])
                records = host.records("data/out.jsonl")
                self.check_whole(records)
                self.assertEqual(events(records), [("ready", None), ("closed", None)])


if __name__ == "__main__":
    unittest.main()
