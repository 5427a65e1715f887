"""Upgrades of a host that is at work: what the tests of them have in common."""
import re
import signal
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
OF_FIRST = ["s0", "s3", "s4"]  # the first worker's
OF_SECOND = ["s1", "s2", "s5"]

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


class UpgradeCase(unittest.TestCase):
    def start(self, main="", more="", rate=1000, **options):
        sim = Sim(rate=rate, broadcast=True, **options)
        self.addCleanup(sim.close)
        host = Installed(config(sim.url, main, more), workers=2)
        self.addCleanup(host.__exit__)
        host.install()
        host.start()
        host.wait_all_ready(SESSIONS, 60)
        self.flow(host)
        return sim, host

    def flow(self, host, count=100):
        """Each session brings more."""
        for name in NAMES:
            seen = host.ask("session.state", {"session": name})["sequence"]
            wait_until(lambda n=name, s=seen: host.ask("session.state", {"session": n})["sequence"] > s + count, f"more records of {name}")

    def more_records(self, host, count):
        """The first session brings more, without a question to the master."""
        seen = len(host.records(f"data/{NAMES[0]}.jsonl"))
        host.wait_records(f"data/{NAMES[0]}.jsonl", lambda records: len(records) > seen + count, "more records")

    def wait_asked_for(self, host, old, names):
        """A successor has them, and an old worker gives them away once the calls that wait are answered."""
        for name in names:
            wait_until(lambda n=name: f"{old} worker0: HW-HOST-129 session={n} " in host.log(), f"{name} to be asked for", 60)

    def upgrade(self, host):
        """Begin. Gives back the inode of the new program, and what tells whether its processes have followed."""
        count = host.log().count("has taken over")
        inode = host.install()
        host.process.send_signal(signal.SIGUSR2)
        return inode, lambda: host.log().count("has taken over") > count

    def finish(self, host, inode, done):
        wait_until(done, "the processes to have followed", 120)
        wait_until(lambda: host.programs() == {inode}, "all processes to run the new program", 30)
        host.wait_all_ready(SESSIONS, 60)
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

    def find_successors(self, host):
        """[pid of an old worker, pid of its successor], in the order of their start."""
        found = re.findall(r"worker \d \(pid (\d+)\) gets a successor \(pid (\d+)\)", host.log())
        return [(int(old), int(new)) for old, new in found]
