"""Kill -9 of a worker under load: its sessions are READY and subscribed again without help, those of the other worker miss nothing."""
import os
import signal
import unittest

from lib.host import Host, book_faults
from lib.sim import Sim
from lib.wait import wait_until

SESSIONS = 8
BOOK = "book.BTC-PERPETUAL.100ms"


def config(url):
    blocks = ["load_module hawser_deribit.so;", "load_module hawser_jsonl.so;"]
    for i in range(SESSIONS):
        blocks.append(f"output jsonl out{i} {{ path data/s{i}.jsonl; }}")
        blocks.append(f"session s{i} {{ adapter deribit; url {url}; subscribe {BOOK} trades.BTC-PERPETUAL.100ms;"
                      f" reconnect delay=50ms max_delay=500ms; output out{i}; }}")
    return "\n".join(blocks)


class WorkerCrash(unittest.TestCase):
    def test_only_the_sessions_of_the_killed_worker_notice(self):
        with Sim(rate=200) as sim, Host(config(sim.url), workers=2) as host:
            host.start()
            host.wait_all_ready(SESSIONS)
            host.ask("session.subscribe", {"session": "s0", "channels": ["quote.BTC-PERPETUAL"]})
            for i in range(SESSIONS):
                host.wait_records(f"data/s{i}.jsonl", lambda r: len(r) > 50, f"records of s{i}")
            victim = host.workers()[0]["pid"]
            connections = sim.stats()["accepted"]
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda: host.workers()[0]["pid"] not in (0, victim), "a new worker")
            host.wait_all_ready(SESSIONS)
            moved = sim.stats()["accepted"] - connections
            self.assertTrue(0 < moved < SESSIONS, f"{moved} of {SESSIONS} sessions connected again")
            counts = [len(host.records(f"data/s{i}.jsonl")) for i in range(SESSIONS)]
            for i in range(SESSIONS):
                host.wait_records(f"data/s{i}.jsonl", lambda r, i=i: len(r) > counts[i] + 50, f"more records of s{i}")
            untouched = 0
            for i in range(SESSIONS):
                records = host.records(f"data/s{i}.jsonl")
                restarted = sum(r["seq"] == 1 for r in records) > 1
                if not restarted:
                    untouched += 1
                    self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)))
                    self.assertEqual({r["epoch"] for r in records if "data" in r}, {1})
                    self.assertEqual([r for r in records if r.get("event") == "gap"], [])
                    self.assertEqual(book_faults(records, BOOK), [])
                else:
                    self.check_announced(records)
            self.assertEqual(untouched, SESSIONS - moved)
            channels = {c["channel"]: c["confirmed"] for c in host.ask("session.state", {"session": "s0"})["channels"]}
            self.assertEqual(channels.get("quote.BTC-PERPETUAL"), True)  # wanted at run time, wanted after the crash
            self.assertIn("signal 9", host.log())

    def check_announced(self, records):
        """What the killed worker's session missed is announced for each channel, before its first new message."""
        begin = max(i for i, record in enumerate(records) if record["seq"] == 1)
        new = records[begin:]
        for channel in {r["channel"] for r in new if "data" in r}:
            first = next(r for r in new if r.get("channel") == channel)
            self.assertEqual((first.get("event"), first.get("reason")), ("gap", "connection"), first)
            self.assertIn("worker", first["message"])
            self.assertNotIn("since", first)
        self.assertNotIn("gap", [r.get("event") for r in records[:begin]])


if __name__ == "__main__":
    unittest.main()
