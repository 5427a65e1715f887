"""Signals in storms, before the host is ready, and while it stops: it ends where the last of them asks it to, and no session notices."""
import os
import signal
import time
import unittest

from lib.host import Host
from lib.process import Process
from lib.sim import Sim
from lib.wait import wait_until

STORM_S = 5
STORM_RATE = 1000
OTHERS = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGCHLD, signal.SIGPIPE)


def config(url, sessions=1):
    blocks = ["load_module hawser_deribit.so;", "load_module hawser_jsonl.so;", "output jsonl ticks { path data/ticks.jsonl; }"]
    for i in range(sessions):
        output = " output ticks;" if i == 0 else ""
        blocks.append(f"session s{i} {{ adapter deribit; url {url}; subscribe book.BTC-PERPETUAL.100ms;{output} }}")
    return "\n".join(blocks) + "\n"


def holds_signals(pid):
    """Does the process keep SIGHUP waiting?"""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            blocked = next(line for line in file if line.startswith("SigBlk:"))
    except (FileNotFoundError, StopIteration):
        return False
    return bool(int(blocked.split()[1], 16) >> (signal.SIGHUP - 1) & 1)


class Signals(unittest.TestCase):
    def test_a_storm_of_hangups_ends_on_the_last_config_with_few_generations(self):
        with Sim(rate=100) as sim, Host(config(sim.url)) as host:
            host.start()
            host.wait_all_ready(1)
            sent = 0
            begin = time.monotonic()
            for i in range(STORM_S * STORM_RATE):
                if i % 500 == 0:
                    host.write_config(config(sim.url, 1 + i // 500 % 3))
                host.process.send_signal(signal.SIGHUP)
                sent += 1
                time.sleep(max(0.0, begin + sent / STORM_RATE - time.monotonic()))
            host.write_config(config(sim.url, 4))
            host.process.send_signal(signal.SIGHUP)
            host.wait_all_ready(4)
            wait_until(lambda: host.ask("host.status")["last_reload"]["ok"], "the last reload")
            generations = host.ask("host.status")["generation"]
            self.assertTrue(2 < generations < sent / 10, generations)
            records = host.records("data/ticks.jsonl")
            self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)))
            self.assertEqual({r["epoch"] for r in records}, {1})

    def test_signals_before_the_host_is_ready_wait_until_it_is(self):
        with Sim() as sim, Host(config(sim.url)) as host:
            host.process = Process(host.argv())
            wait_until(lambda: holds_signals(host.process.pid), "the host to hold signals")
            while holds_signals(host.process.pid) and host.process.is_running():
                for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD, signal.SIGPIPE):
                    host.process.send_signal(number)
            host.wait_log("reload done, generation 2")
            host.wait_all_ready(1)
            self.assertIn("reopening files", host.log())
            self.assertEqual(sim.stats()["accepted"], 1)

    def test_a_quit_before_the_host_is_ready_ends_it_orderly(self):
        with Sim() as sim, Host(config(sim.url)) as host:
            host.process = Process(host.argv())
            wait_until(lambda: holds_signals(host.process.pid), "the host to hold signals")
            host.process.send_signal(signal.SIGQUIT)
            self.assertEqual(host.process.wait(), 0)
            self.assertIn("stopped", host.log())
            self.assertFalse(os.path.exists(host.path("run/hawser.pid")))

    def test_signals_during_a_stop_are_harmless(self):
        with Sim(rate=100) as sim, Host(config(sim.url, 3)) as host:
            host.start()
            host.wait_all_ready(3)
            host.wait_records("data/ticks.jsonl", lambda r: len(r) > 20, "records")
            host.process.send_signal(signal.SIGQUIT)

            def ended():
                for number in (*OTHERS, signal.SIGQUIT):
                    if host.process.is_running():
                        host.process.send_signal(number)
                return not host.process.is_running()
            wait_until(ended, "the end")
            self.assertEqual(host.process.wait(), 0)
            self.assertEqual(host.records("data/ticks.jsonl")[-1]["event"], "closed")
            self.assertFalse(os.path.exists(host.path("run/control.sock")))
            self.assertNotIn("does not take over", host.log())

    def test_all_of_them_at_random_leave_a_host_that_answers(self):
        with Sim(rate=100) as sim, Host(config(sim.url, 2), workers=2) as host:
            host.start()
            host.wait_all_ready(2)
            for i in range(300):
                host.process.send_signal(OTHERS[i * 7 % len(OTHERS)])
                if i % 50 == 0:
                    host.ask("host.status")
            wait_until(lambda: host.ask("host.status")["last_reload"]["generation"] > 1, "a reload")
            host.process.send_signal(signal.SIGHUP)  # after the last WINCH: the workers come back
            host.wait_all_ready(2, 60)
            self.assertEqual(host.process.stop(signal.SIGTERM), 0)


if __name__ == "__main__":
    unittest.main()
