"""SIGUSR2 under load: each worker's successor comes up beside it and takes its sessions over one by one. Nothing is lost, nothing comes
twice, the order stays, and where that cannot be, a gap event says so.

HAWSER_TEST_RATE=5000 is for a machine with nothing else to do: a host that cannot keep up is cut by the simulator."""
import json
import os
import random
import re
import signal
import threading
import time
import unittest

from lib.host import book_faults
from lib.installed import Installed
from lib.sim import Sim
from lib.wait import wait_until

SESSIONS = 6
BOOK = "book.BTC-PERPETUAL.100ms"
TRADES = "trades.BTC-PERPETUAL.100ms"
TICKER = "ticker.BTC-PERPETUAL.100ms"  # without sequence numbers
NAMES = [f"s{i}" for i in range(SESSIONS)]

HEAD = """load_module hawser_deribit.so;
load_module hawser_jsonl.so;
connect_budget rate=0;
"""
SESSION = """output jsonl {name} {{ path data/{name}.jsonl; queue_bytes 256m; }}
session {name} {{ adapter deribit; url {url}; subscribe {channels}; output {name}; reconnect delay=20ms max_delay=200ms; {more} }}
"""


def config(url, main="", more=""):
    channels = f"{BOOK} {TRADES} {TICKER}"
    return HEAD + main + "".join(SESSION.format(name=name, url=url, channels=channels, more=more) for name in NAMES)


def events(records):
    return [r["event"] for r in records if "event" in r]


def texts(records, channel):
    return [json.dumps(r["data"]) for r in records if r.get("channel") == channel and "data" in r]


class UpgradeWithoutAGap(unittest.TestCase):
    def start(self, main="", more="", rate=1000, **options):
        sim = Sim(rate=rate, broadcast=True, **options)
        self.addCleanup(sim.close)
        host = Installed(config(sim.url, main, more), workers=2)
        self.addCleanup(host.__exit__)
        host.install()
        host.start()
        host.wait_all_ready(SESSIONS)
        self.flow(host)
        return sim, host

    def flow(self, host, count=100):
        """Each session brings more."""
        for name in NAMES:
            seen = host.ask("session.state", {"session": name})["sequence"]
            wait_until(lambda n=name, s=seen: host.ask("session.state", {"session": n})["sequence"] > s + count, f"more records of {name}")

    def upgrade(self, host):
        """Begin. Gives back the inode of the new program, and what tells whether its processes have followed."""
        count = host.log().count("has taken over")
        inode = host.install()
        host.process.send_signal(signal.SIGUSR2)
        return inode, lambda: host.log().count("has taken over") > count

    def finish(self, host, inode, done):
        wait_until(done, "the processes to have followed", 120)
        wait_until(lambda: host.programs() == {inode}, "all processes to run the new program", 30)
        host.wait_all_ready(SESSIONS)
        self.flow(host)

    def stop(self, host):
        host.process.send_signal(signal.SIGQUIT)
        self.assertEqual(host.process.wait(60), 0, host.log())
        self.log = host.log()
        return {name: host.records(f"data/{name}.jsonl") for name in NAMES}

    def check_whole(self, records):
        self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)))
        self.assertEqual(events(records), ["ready", "closed"], self.log)
        self.check_told(records)

    def check_told(self, records):
        """Nothing comes twice or out of order, and what is missing was told."""
        self.assertEqual(book_faults(records, BOOK), [])
        last = None
        for record in records:
            if record.get("channel") != TRADES:
                continue
            if record.get("event") == "gap":
                last = -last if last and last > 0 else last
            for trade in record.get("data", []):
                if last is not None:
                    self.assertGreater(trade["trade_seq"], abs(last))
                if last is not None and last > 0:
                    self.assertEqual(trade["trade_seq"], last + 1, "trades: lost without a gap event")
                last = trade["trade_seq"]

    def check_same(self, all_records, channel):
        """All sessions have the same messages, where each of them listened: those of the two workers did not move at once."""
        streams = [texts(records, channel) for records in all_records.values()]
        first = max((s[0] for s in streams), key=lambda text: json.loads(text)["timestamp"])
        streams = [s[s.index(first):] for s in streams if first in s]
        self.assertEqual(len(streams), SESSIONS)
        shortest = min(len(s) for s in streams)
        self.assertGreater(shortest, 50)
        for stream in streams[1:]:
            self.assertEqual(stream[:shortest], streams[0][:shortest])

    def test_every_session_goes_over_and_nothing_is_lost_or_comes_twice(self):
        sim, host = self.start(rate=int(os.environ.get("HAWSER_TEST_RATE", "1000")))
        for _ in range(2):
            self.finish(host, *self.upgrade(host))
        self.assertEqual(sim.stats()["accepted"], 3 * SESSIONS)
        records = self.stop(host)
        for name in NAMES:
            self.check_whole(records[name])
        self.check_same(records, TICKER)

    def test_no_more_connections_than_max_overlap_allows(self):
        sim, host = self.start("max_overlap 1;\n", rate=200)
        inode, done = self.upgrade(host)
        most = 0

        def look():
            nonlocal most
            most = max(most, len(sim.connections()))
            return done()
        wait_until(look, "the processes to have followed", 120)
        self.finish(host, inode, done)
        self.assertLessEqual(most, SESSIONS + 1)
        for records in self.stop(host).values():
            self.check_whole(records)

    def test_sessions_of_several_lines_go_over_with_one_and_get_the_others_later(self):
        _, host = self.start(more="lines 2;", rate=500)
        self.finish(host, *self.upgrade(host))
        wait_until(lambda: all([line["state"] for line in s["lines"]] == ["READY"] * 2 for s in host.sessions().values()), "all lines")
        self.flow(host)
        for records in self.stop(host).values():
            self.check_whole(records)

    def check_gaps(self, records):
        self.assertEqual(events(records).count("gap"), 3)  # one for each channel
        self.check_told(records)

    def test_without_an_overlap_the_old_worker_leaves_first_with_a_gap(self):
        _, host = self.start("max_overlap 0;\n", rate=200)
        self.finish(host, *self.upgrade(host))
        self.assertIn("max_overlap 0 allows no connections beside the ones there are", host.log())
        for records in self.stop(host).values():
            self.check_gaps(records)

    def test_an_exchange_that_takes_no_more_connections_gets_the_old_one_s_place(self):
        _, host = self.start(more="move_timeout 1s;", rate=200, max_connections=SESSIONS)
        self.finish(host, *self.upgrade(host))
        self.assertIn("no connection beside the old one comes up; that one leaves first, with a gap", host.log())
        for records in self.stop(host).values():
            self.assertIn(TICKER, [r["channel"] for r in records if r.get("event") == "gap"])  # numbers may show that nothing is missing
            self.check_told(records)

    def test_orders_and_channels_of_run_time_go_over(self):
        _, host = self.start(rate=200)
        extra = "quote.BTC-PERPETUAL"
        inode, done = self.upgrade(host)
        wait_until(lambda: "gets a successor" in host.log(), "a successor")
        for name in NAMES:  # wherever each of them is by now
            wait_until(lambda n=name: "result" in host.ask_raw("session.subscribe", {"session": n, "channels": [extra]}), f"{name} to take it")
        self.finish(host, inode, done)
        for name in NAMES:
            wait_until(lambda n=name: {"channel": extra, "confirmed": True, "dynamic": True} in
                       host.ask("session.state", {"session": n})["channels"], f"the channel of {name}")
        self.assertEqual(len(host.sessions()), SESSIONS)
        self.assertEqual(len(host.ask("session.list")), SESSIONS)
        for records in self.stop(host).values():
            self.check_told(records)
            self.assertNotIn("gap", events(records))

    def find_successors(self, host):
        """[pid of an old worker, pid of its successor], in the order of their start."""
        found = re.findall(r"worker \d \(pid (\d+)\) gets a successor \(pid (\d+)\)", host.log())
        return [(int(old), int(new)) for old, new in found]

    def kill_in_the_middle(self, which, delay_s):
        _, host = self.start(rate=500)
        inode, done = self.upgrade(host)
        pair = wait_until(lambda: self.find_successors(host), "a successor")[0]
        timer = threading.Timer(delay_s, lambda: os.path.exists(f"/proc/{pair[which]}") and os.kill(pair[which], signal.SIGKILL))
        timer.start()
        timer.join()
        self.finish(host, inode, done)
        for records in self.stop(host).values():
            self.check_told(records)

    def test_a_successor_that_is_killed_gets_a_successor(self):
        self.kill_in_the_middle(1, random.uniform(0, 0.9))

    def test_after_three_successors_that_end_the_old_worker_leaves_first(self):
        _, host = self.start(rate=200)
        inode, done = self.upgrade(host)
        killed = set()

        def kill():
            for _, pid in self.find_successors(host)[:3]:
                if pid not in killed:
                    killed.add(pid)
                    os.kill(pid, signal.SIGKILL)
            return "its successor ended too often" in host.log()
        wait_until(kill, "it to be given up", 60)
        self.assertEqual(len(killed), 3)
        self.finish(host, inode, done)
        for records in self.stop(host).values():
            self.check_told(records)

    def test_an_old_worker_that_is_killed_has_its_sessions_go_on_with_a_gap_at_most(self):
        self.kill_in_the_middle(0, random.uniform(0, 0.9))

    def test_a_reload_in_the_middle_comes_after(self):
        sim, host = self.start(rate=500)
        inode, done = self.upgrade(host)
        wait_until(lambda: "gets a successor" in host.log(), "a successor")
        host.write_config(config(sim.url, more="stale_after * 60s;"))
        outcome = host.reload()
        self.assertTrue(outcome["ok"], outcome)
        self.assertIn(f"0 sessions kept, {SESSIONS} changed in place", outcome["text"])
        self.finish(host, inode, done)
        for records in self.stop(host).values():
            self.check_whole(records)

    def test_the_end_in_the_middle_is_a_clean_one(self):
        for number in (signal.SIGTERM, signal.SIGQUIT):
            with self.subTest(signal=number):
                _, host = self.start(rate=200)
                self.upgrade(host)
                pair = wait_until(lambda h=host: self.find_successors(h), "a successor")[0]
                time.sleep(random.uniform(0, 0.8))
                host.process.send_signal(number)
                status = host.process.wait(60)
                if number == signal.SIGQUIT:  # the other one gives five seconds, whatever the machine is busy with
                    self.assertEqual(status, 0, host.log())
                self.assertFalse([pid for pid in pair if os.path.exists(f"/proc/{pid}")])
                for name in NAMES:
                    self.check_told(host.records(f"data/{name}.jsonl"))
                self.doCleanups()


if __name__ == "__main__":
    unittest.main()
