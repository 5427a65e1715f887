"""SIGUSR2 under load: each worker's successor comes up beside it and takes its sessions over one by one. Nothing is lost, nothing comes
twice, the order stays, and where that cannot be, a gap event says so.

HAWSER_TEST_RATE=5000 is for a machine with nothing else to do: a host that cannot keep up is cut by the simulator."""
import json
import os
import unittest

from lib.upgrade import NAMES, SESSIONS, TICKER, UpgradeCase, events
from lib.wait import wait_until


def texts(records, channel):
    return [json.dumps(r["data"]) for r in records if r.get("channel") == channel and "data" in r]


class UpgradeWithoutAGap(UpgradeCase):
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
        sim, host = self.start(rate=int(os.environ.get("HAWSER_TEST_RATE", "300")))
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
        _, host = self.start(more="lines 2;", rate=200)
        self.finish(host, *self.upgrade(host))
        wait_until(lambda: all([line["state"] for line in s["lines"]] == ["READY"] * 2 for s in host.sessions().values()), "all lines")
        self.flow(host)
        for records in self.stop(host).values():
            self.check_told(records)

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
        self.assertIn("does not go on where the old one's ended: nothing came yet that could tell", host.log())
        for records in self.stop(host).values():
            self.assertIn(TICKER, [r["channel"] for r in records if r.get("event") == "gap"])  # numbers may show that nothing is missing
            self.check_told(records)

    def test_channels_of_run_time_go_over(self):
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


if __name__ == "__main__":
    unittest.main()
