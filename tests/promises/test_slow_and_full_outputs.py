"""A slow, full or dead output harms nobody else: sessions go on, what is dropped is counted and announced, and data flows again when
there is room."""
import json
import os
import resource
import signal
import unittest

from lib.host import Host
from lib.sim import Sim
from lib.wait import wait_until

BOOK = "book.BTC-PERPETUAL.100ms"
TRADES = "trades.BTC-PERPETUAL.100ms"
CONFIG = """load_module hawser_deribit.so;
load_module hawser_jsonl.so;
shutdown_timeout 1s;
output jsonl good {{ path data/good.jsonl; }}
output jsonl bad {{ path {path}; queue_records 64; {more} }}
session btc {{ adapter deribit; url {url}; subscribe {channels}; output good bad; }}
"""


class SlowAndFullOutputs(unittest.TestCase):
    def start(self, path, more="", prepare=None):
        sim = Sim(rate=500)
        self.addCleanup(sim.close)
        host = Host(CONFIG.format(url=sim.url, channels=f"{BOOK} {TRADES}", path=path, more=more))
        self.addCleanup(host.__exit__)
        if prepare:
            prepare(host)
        host.start()
        host.wait_state("btc")
        return sim, host

    def check_good(self, sim, host, more=300):
        """The other output of the same session misses nothing, and the session is on its first connection."""
        count = len(host.records("data/good.jsonl"))
        records = host.wait_records("data/good.jsonl", lambda r: len(r) > count + more, "records in the good output")
        self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)))
        self.assertEqual([r for r in records if r.get("event") in ("gap", "dropped")], [])
        self.assertEqual(sim.stats()["accepted"], 1)

    def check_holes_are_announced(self, records):
        """Each hole in the numbers has a record behind it that tells of exactly so many. Gives the number of dropped records back."""
        last, told, total = 0, 0, 0
        for record in records:
            if record.get("event") == "dropped":
                told += record["count"]
                continue
            self.assertEqual(record["seq"] - last - 1, told, f"between {last} and {record['seq']}")
            last, total, told = record["seq"], total + told, 0
        return total

    def test_a_fifo_that_nobody_reads_drops_and_tells_then_flows_again(self):
        fifo = {}

        def make(host):
            os.mkfifo(host.path("data/fifo"))
            fifo["fd"] = os.open(host.path("data/fifo"), os.O_RDONLY | os.O_NONBLOCK)  # open, but not read
            self.addCleanup(os.close, fifo["fd"])
        sim, host = self.start("data/fifo", prepare=make)
        self.check_good(sim, host, 2000)
        host.wait_log("output=bad")
        text = b""

        def read_more():
            nonlocal text
            try:
                text += os.read(fifo["fd"], 1 << 20)
            except BlockingIOError:
                pass
            lines = text[:text.rfind(b"\n") + 1].splitlines()
            records = [json.loads(line) for line in lines]
            dropped = [i for i, r in enumerate(records) if r.get("event") == "dropped"]
            return records if dropped and len(records) > dropped[-1] + 100 else None
        records = wait_until(read_more, "a dropped record and data behind it")
        self.assertGreater(self.check_holes_are_announced(records), 0)
        self.check_good(sim, host)

    def test_a_fifo_that_nobody_reads_does_not_hold_up_the_end_nor_a_reload(self):
        def make(host):
            os.mkfifo(host.path("data/fifo"))
            self.addCleanup(os.close, os.open(host.path("data/fifo"), os.O_RDONLY | os.O_NONBLOCK))
        sim, host = self.start("data/fifo", prepare=make)
        self.check_good(sim, host, 1000)
        self.assertTrue(host.reload()["ok"])
        self.assertEqual(host.process.stop(signal.SIGQUIT), 0)
        records = host.records("data/good.jsonl")
        self.assertEqual(records[-1].get("event"), "closed")

    def test_a_full_device_is_told_and_a_new_file_takes_what_comes(self):
        def make(host):
            os.symlink("/dev/full", host.path("data/bad.jsonl"))
        sim, host = self.start("data/bad.jsonl", prepare=make)
        host.wait_log("No space left on device")
        self.check_good(sim, host, 1000)
        os.remove(host.path("data/bad.jsonl"))
        host.process.send_signal(signal.SIGUSR1)
        records = host.wait_records("data/bad.jsonl", lambda r: len(r) > 200, "records in the new file")
        self.assertGreater(self.check_holes_are_announced(records), 0)
        host.wait_log("output=bad writes again")

    def test_a_disk_that_is_full_in_the_middle_of_a_line_gets_the_rest_when_there_is_room(self):
        sim, host = self.start("data/bad.jsonl")
        host.wait_records("data/bad.jsonl", lambda r: len(r) > 50, "records")
        worker = host.workers()[0]["pid"]
        soft, hard = resource.prlimit(worker, resource.RLIMIT_FSIZE)
        size = os.path.getsize(host.path("data/bad.jsonl")) + 10_001
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (size, hard))
        host.wait_log("File too large")
        self.assertEqual(host.sessions()["btc"]["state"], "READY")
        self.assertEqual(host.workers()[0]["pid"], worker)
        messages = host.sessions()["btc"]["messages"]
        wait_until(lambda: host.sessions()["btc"]["messages"] > messages + 500, "more messages")
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (soft, hard))
        host.wait_log("output=bad writes again")
        count = len(host.records("data/bad.jsonl"))
        records = host.wait_records("data/bad.jsonl", lambda r: len(r) > count + 200, "records after that")
        self.assertGreater(self.check_holes_are_announced(records), 0)
        self.assertEqual(sim.stats()["accepted"], 1)

    def test_a_log_that_can_grow_no_more_ends_no_process(self):
        sim, host = self.start("data/bad.jsonl")
        host.wait_records("data/bad.jsonl", lambda r: len(r) > 50, "records")
        pids = [p["pid"] for p in host.ask("host.status")["processes"]] + [host.process.pid]
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        sim.command("cut all")  # which wants lines in the log
        self.assertFalse(host.reload()["ok"])  # so does this; the checker inherits the limit and can copy no module
        wait_until(lambda: host.sessions()["btc"]["epoch"] == 2, "the second connection")
        host.wait_state("btc")
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        host.wait_records("data/bad.jsonl", lambda r: any(x["epoch"] == 2 and "data" in x for x in r if "epoch" in x), "data again")
        self.assertEqual([p["pid"] for p in host.ask("host.status")["processes"]] + [host.process.pid], pids)

    def test_drop_newest_keeps_the_old_ones_and_tells_too(self):
        def make(host):
            os.symlink("/dev/full", host.path("data/bad.jsonl"))
        sim, host = self.start("data/bad.jsonl", more="when_full drop_newest;", prepare=make)
        self.check_good(sim, host, 500)
        os.remove(host.path("data/bad.jsonl"))
        host.process.send_signal(signal.SIGUSR1)
        records = host.wait_records("data/bad.jsonl", lambda r: len(r) > 200, "records in the new file")
        self.assertEqual(records[0]["seq"], 1)
        self.assertGreater(self.check_holes_are_announced(records), 0)


if __name__ == "__main__":
    unittest.main()
