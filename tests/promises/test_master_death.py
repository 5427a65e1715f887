"""Processes may die at any time: kill -9 of the master leaves no orphan and whole lines; a worker or the observer comes back, however
often it is killed, and the others do not notice."""
import os
import signal
import unittest

from lib.host import Host, book_faults
from lib.sim import Sim
from lib.wait import wait_until

SESSIONS = 4
BOOK = "book.BTC-PERPETUAL.100ms"


def config(url, sink=""):
    blocks = ["load_module hawser_deribit.so;", "load_module hawser_jsonl.so;", sink]
    for i in range(SESSIONS):
        blocks.append(f"output jsonl out{i} {{ path data/s{i}.jsonl; }}")
        blocks.append(f"session s{i} {{ adapter deribit; url {url}; subscribe {BOOK}; reconnect delay=50ms max_delay=200ms;"
                      f" output out{i}; }}")
    return "\n".join(blocks)


def is_alive(pid):
    """Zombies count as gone: the one who waits for them may be us."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class MasterDeath(unittest.TestCase):
    def start(self, workers=2, rate=200):
        sim = Sim(rate=rate)
        self.addCleanup(sim.close)
        host = Host(config(sim.url), workers=workers)
        self.addCleanup(host.__exit__)
        host.start()
        host.wait_all_ready(SESSIONS)
        for i in range(SESSIONS):
            host.wait_records(f"data/s{i}.jsonl", lambda r: len(r) > 20, f"records of s{i}")
        return sim, host

    def check_file(self, host, i, first_seq=1):
        records = host.records(f"data/s{i}.jsonl")
        self.assertEqual([r["seq"] for r in records], list(range(first_seq, first_seq + len(records))), f"s{i}")
        self.assertEqual(book_faults(records, BOOK), [], f"s{i}")
        return records

    def test_a_killed_master_takes_its_processes_along_and_every_line_is_whole(self):
        sim, host = self.start()
        pids = host.processes()
        os.kill(host.process.pid, signal.SIGKILL)
        self.assertEqual(host.process.wait(), -signal.SIGKILL)
        for name, pid in pids.items():
            wait_until(lambda pid=pid: not is_alive(pid), f"{name} to end")
        wait_until(lambda: sim.connections() == [], "every connection to end")
        for i in range(SESSIONS):
            with open(host.path(f"data/s{i}.jsonl"), "rb") as file:
                self.assertTrue(file.read().endswith(b"}\n"))
            self.check_file(host, i)
        before = [len(host.records(f"data/s{i}.jsonl")) for i in range(SESSIONS)]
        host.process.close()
        host.start()  # the old pid file and socket are no obstacle
        host.wait_all_ready(SESSIONS)
        for i in range(SESSIONS):
            host.wait_records(f"data/s{i}.jsonl", lambda r, i=i: len(r) > before[i] + 20, f"records of s{i}")

    def test_a_second_host_does_not_start_on_the_files_of_a_living_one(self):
        _, host = self.start()
        status, _, stderr = host.run()
        self.assertEqual(status, 1)
        self.assertIn(str(host.process.pid), stderr + host.log())
        self.assertEqual(len(host.workers()), 2)
        self.assertEqual(host.ask("host.status")["pid"], host.process.pid)

    def test_a_worker_killed_again_and_again_comes_back_at_once_each_time(self):
        sim, host = self.start()
        victim = 0
        other = host.processes()[("worker", 1)]
        for round_number in range(6):
            pid = wait_until(lambda: host.processes()[("worker", victim)], "the worker")
            wait_until(lambda: host.workers()[victim]["generation"] > 0, "the worker to have its sessions")
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda pid=pid: host.processes()[("worker", victim)] not in (0, pid), f"worker after death {round_number + 1}")
        host.wait_all_ready(SESSIONS)
        self.assertNotIn("next try in", host.log())  # who kills it from outside shows no fault of its own
        self.assertEqual(host.processes()[("worker", 1)], other)
        untouched = [i for i in range(SESSIONS) if sum(r["seq"] == 1 for r in host.records(f"data/s{i}.jsonl")) == 1]
        self.assertTrue(0 < len(untouched) < SESSIONS, untouched)
        for i in untouched:
            records = self.check_file(host, i)
            self.assertEqual({r["epoch"] for r in records}, {1})
            self.assertEqual([r for r in records if r.get("event") == "gap"], [])
        for i in set(range(SESSIONS)) - set(untouched):
            count = len(host.records(f"data/s{i}.jsonl"))
            host.wait_records(f"data/s{i}.jsonl", lambda r, count=count: len(r) > count + 20, f"more records of s{i}")
        restarts = [p["restarts"] for p in host.ask("host.status")["processes"] if (p["role"], p["index"]) == ("worker", 0)]
        self.assertEqual(restarts, [6])
        self.assertGreater(sim.stats()["accepted"], SESSIONS)

    def test_a_killed_observer_comes_back_and_no_session_notices(self):
        sim, host = self.start()
        for _ in range(3):
            pid = wait_until(lambda: host.processes()[("observer", 0)], "the observer")
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda pid=pid: host.processes()[("observer", 0)] not in (0, pid), "a new observer")
        counts = [len(host.records(f"data/s{i}.jsonl")) for i in range(SESSIONS)]
        for i in range(SESSIONS):
            host.wait_records(f"data/s{i}.jsonl", lambda r, i=i: len(r) > counts[i] + 20, f"more records of s{i}")
            records = self.check_file(host, i)
            self.assertEqual({r["epoch"] for r in records}, {1})
        self.assertEqual(sim.stats()["accepted"], SESSIONS)
        self.assertTrue(host.reload()["ok"])
        self.assertEqual(host.process.stop(signal.SIGQUIT), 0)

    def test_a_worker_that_hangs_does_not_stop_the_others_nor_the_end(self):
        _, host = self.start()
        pids = host.processes()
        os.kill(pids[("worker", 0)], signal.SIGSTOP)
        status = host.ask("host.status")  # what the other worker has, and that one is silent
        self.assertEqual((status["silent_workers"], status["ready"]), (1, False))
        self.assertTrue(0 < len(status["sessions"]) < SESSIONS)
        counts = [len(host.records(f"data/s{i}.jsonl")) for i in range(SESSIONS)]
        wait_until(lambda: any(len(host.records(f"data/s{i}.jsonl")) > counts[i] + 50 for i in range(SESSIONS)), "data of the other worker")
        self.assertEqual(host.process.stop(signal.SIGTERM), 1)  # it says that it had to use force
        self.assertIn("did not stop in time", host.log())
        for name, pid in pids.items():
            self.assertFalse(is_alive(pid), name)


if __name__ == "__main__":
    unittest.main()
