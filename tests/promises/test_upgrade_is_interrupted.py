"""SIGUSR2, and while the workers' successors take over one of the two dies, a reload is asked for, or the host is to end: what is missing is
told, nothing comes twice, and a worker always runs."""
import os
import random
import signal
import threading
import time
import unittest

from lib.upgrade import NAMES, OF_FIRST, SESSIONS, UpgradeCase, config, events
from lib.wait import wait_until


class UpgradeIsInterrupted(UpgradeCase):
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

    def test_what_a_worker_missed_that_was_down_before_is_told(self):
        _, host = self.start("worker_restarts most=1 within=1h;\n", rate=200)
        os.kill(host.processes()[("worker", 0)], signal.SIGABRT)
        host.wait_log("it is started again in 60 s")
        self.finish(host, *self.upgrade(host))
        all_records = self.stop(host)
        for name in NAMES:
            self.check_told(all_records[name])
            self.assertEqual("gap" in events(all_records[name]), name in OF_FIRST)

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
