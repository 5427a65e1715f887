"""Silence is never taken for life, and life never for silence: a dead channel on a living link, a stopped peer, a cable that was cut
are noticed and told; what delivers, and what is quiet by nature, is left alone."""
import os
import shutil
import signal
import subprocess
import sys
import unittest

from lib.host import Host, book_faults
from lib.process import program
from lib.sim import Sim
from lib.wait import wait_until

BOOK = "book.BTC-PERPETUAL.100ms"
TICKER = "ticker.BTC-PERPETUAL.100ms"
CONFIG = """load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl out {{ path data/out.jsonl; }}
session btc {{ adapter deribit; url {url}; {channels} reconnect delay=50ms max_delay=100ms; output out; {more} }}
"""
IN_NAMESPACE = "HAWSER_TEST_IN_NAMESPACE"  # set in the process that runs the test of the cable


class Silence(unittest.TestCase):
    def start(self, channels, more="", **options):
        sim = Sim(**{"rate": 100, **options})
        self.addCleanup(sim.close)
        host = Host(CONFIG.format(url=sim.url, channels=f"subscribe {' '.join(channels)};" if channels else "", more=more))
        self.addCleanup(host.__exit__)
        host.start()
        host.wait_state("btc")
        for channel in channels:
            host.wait_records("data/out.jsonl", lambda r, channel=channel: any("data" in x and x["channel"] == channel for x in r), channel)
        return sim, host

    def test_a_channel_that_stops_is_told_asked_for_alone_and_then_the_link_is_replaced(self):
        sim, host = self.start([BOOK, TICKER], "stale_after ticker.* 400ms;")
        subscribes = sim.stats()["subscribes"]
        sim.command(f"stall {TICKER} for-good")
        records = host.wait_records("data/out.jsonl", lambda r: any(x.get("event") == "stale" for x in r), "the event")
        stale = next(r for r in records if r.get("event") == "stale")
        self.assertEqual((stale["channel"], stale["reason"]), (TICKER, "silent"))
        wait_until(lambda: sim.stats()["subscribes"] > subscribes, "the channel to be asked for again")
        self.assertEqual(sim.stats()["accepted"], 1)
        records = host.wait_records("data/out.jsonl", lambda r: any(x.get("event") == "closed" for x in r), "the end of the link")
        closed = next(r for r in records if r.get("event") == "closed")
        self.assertIn(f"{TICKER} delivered nothing", closed["message"])
        sim.command(f"resume {TICKER}")
        host.wait_records("data/out.jsonl", lambda r: any("data" in x and x["channel"] == TICKER and x["epoch"] > 1 for x in r), "data again")
        records = host.records("data/out.jsonl")
        self.assertEqual([r for r in records if r.get("event") == "stale" and r["channel"] != TICKER], [])
        self.assertEqual(book_faults(records, BOOK), [])

    def test_what_delivers_and_what_is_quiet_by_nature_is_left_alone(self):
        sim, host = self.start([BOOK, TICKER], "subscribe announcements; stale_after book.* 2s; stale_after ticker.* 2s;", rate=200)
        records = host.wait_records("data/out.jsonl", lambda r: len(r) > 1200, "records of more than two patiences")
        self.assertEqual([r for r in records if r.get("event") not in (None, "ready")], [])
        self.assertEqual((sim.stats()["accepted"], sim.stats()["unsubscribes"]), (1, 0))

    def test_a_session_that_wants_no_channel_is_kept(self):
        sim, host = self.start([], "heartbeat 1s;", idle=3)
        wait_until(lambda: sim.stats()["uptime_ms"] > 4500, "longer than the exchange keeps who is idle")
        self.assertEqual((sim.stats()["idle_closes"], sim.stats()["accepted"]), (0, 1))
        self.assertEqual(host.sessions()["btc"]["state"], "READY")

    def check_found(self, host):
        """A link on which nothing comes is given up in two intervals of one second."""
        error = wait_until(lambda: host.sessions()["btc"]["last_error"], "the silence to be noticed")
        self.assertEqual((error["category"], error["name"]), ("connection", "SESSION_SILENT"))
        self.assertLess(int(error["message"].split(" for ")[1].split(" ms")[0]), 4000)

    def test_a_stopped_peer_is_noticed_within_two_heartbeats_and_met_again(self):
        sim, host = self.start([BOOK], "heartbeat 1s; connect_timeout 1s;")
        sim.send_signal(signal.SIGSTOP)
        try:
            self.check_found(host)
        finally:
            sim.send_signal(signal.SIGCONT)
        epoch = host.sessions()["btc"]["epoch"]
        records = host.wait_records("data/out.jsonl", lambda r: any("data" in x and x["epoch"] > max(1, epoch - 1) for x in r), "data again")
        self.assertEqual(book_faults(records, BOOK), [])
        host.wait_state("btc")

    # the cable: simulator and host in network namespaces of their own, joined by a pair of virtual interfaces

    def test_a_cut_cable_is_noticed_within_two_heartbeats(self):
        if IN_NAMESPACE in os.environ:
            self.cut_the_cable()
            return
        inside = ["unshare", "--user", "--map-root-user", "--net"]
        if shutil.which("unshare") is None or shutil.which("ip") is None or subprocess.run(
                [*inside, "ip", "link", "add", "hw0", "type", "veth", "peer", "name", "hw1"], check=False, capture_output=True).returncode:
            self.skipTest("no network namespaces with virtual interfaces on this machine")
        done = subprocess.run([*inside, sys.executable, "-B", __file__, f"Silence.{self._testMethodName}"], text=True, capture_output=True,
                              env={**os.environ, IN_NAMESPACE: "1"}, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def cut_the_cable(self):
        def ip(*words, of=None):
            subprocess.run([*(["nsenter", "-t", str(of), "-n"] if of else []), "ip", *words], check=True)
        ip("link", "set", "lo", "up")
        ip("link", "add", "hw0", "type", "veth", "peer", "name", "hw1")
        far = subprocess.Popen(["unshare", "--net", "sleep", "600"])  # holds the other namespace
        self.addCleanup(far.wait)
        self.addCleanup(far.kill)
        here = os.readlink("/proc/self/ns/net")
        wait_until(lambda: os.readlink(f"/proc/{far.pid}/ns/net") != here, "the other namespace")
        ip("link", "set", "hw1", "netns", str(far.pid))
        ip("addr", "add", "10.77.0.1/24", "dev", "hw0")
        ip("link", "set", "hw0", "up")
        ip("addr", "add", "10.77.0.2/24", "dev", "hw1", of=far.pid)
        ip("link", "set", "hw1", "up", of=far.pid)
        sim = subprocess.Popen(["nsenter", "-t", str(far.pid), "-n", program("hawser-sim"), "--listen", "10.77.0.2:7777", "--any-address",
                                "--rate", "100"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(sim.wait)
        self.addCleanup(sim.terminate)
        self.addCleanup(sim.stdout.close)
        self.assertTrue(sim.stdout.readline().startswith("listening"))
        host = Host(CONFIG.format(url="ws://10.77.0.2:7777/ws/api/v2", channels=f"subscribe {BOOK};",
                                  more="heartbeat 1s; connect_timeout 1s;"))
        self.addCleanup(host.__exit__)
        host.start()
        host.wait_state("btc")
        ip("link", "set", "hw1", "down", of=far.pid)
        self.check_found(host)
        ip("link", "set", "hw1", "up", of=far.pid)
        host.wait_state("btc", deadline_s=60)
        host.wait_records("data/out.jsonl", lambda r: any("data" in x and x["epoch"] == 2 for x in r), "data again")


if __name__ == "__main__":
    unittest.main()
