"""No step of a reload takes longer than `reload_timeout`, whatever hangs: the caller is told the truth, and the sessions do not notice."""
import os
import shutil
import signal
import unittest

from lib.host import Host
from lib.process import build_dir
from lib.sim import Sim
from lib.wait import wait_until

GOOD = """reload_timeout 1s;
worker_timeout off;
load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl ticks {{ path data/ticks.jsonl; }}
session btc {{ adapter deribit; url {url}; subscribe trades.BTC-PERPETUAL.100ms; output ticks; }}
"""


def child_of(host, title):
    """The pid of the host's child of that name; None: there is none."""
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/status", encoding="ascii", errors="replace") as status, \
                    open(f"/proc/{name}/cmdline", "rb") as words:
                if f"PPid:\t{host.process.pid}\n" in status.read() and words.read().startswith(title.encode()):
                    return int(name)
        except OSError:
            continue
    return None


class Deadlines(unittest.TestCase):
    def start(self):
        sim = Sim(rate=100)
        self.addCleanup(sim.close)
        host = Host(GOOD.format(url=sim.url))
        self.addCleanup(host.__exit__)
        host.start()
        host.wait_state("btc")
        return sim, host

    def check_unharmed(self, sim, host):
        count = len(host.records("data/ticks.jsonl"))
        records = host.wait_records("data/ticks.jsonl", lambda r: len(r) > count + 20, "more records")
        self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)))
        self.assertEqual({r["epoch"] for r in records}, {1})
        self.assertEqual(sim.stats()["accepted"], 1)

    def configure_hanging_module(self, sim, host):
        os.mkdir(host.path("mods"), 0o755)
        shutil.copyfile(os.path.join(build_dir(), "tests/abi/fixtures/hangs_in_create.so"), host.path("mods/hangs.so"))
        os.chmod(host.path("mods/hangs.so"), 0o644)
        host.write_config(GOOD.format(url=sim.url)
                          + "load_module mods/hangs.so;\nsession other { adapter hangs_in_create; url ws://127.0.0.1:1/; }\n")

    def test_a_module_that_hangs_in_the_check_is_named_in_time(self):
        sim, host = self.start()
        self.configure_hanging_module(sim, host)
        line = len((host.head + GOOD).splitlines()) + 2
        for words in (("-s", "reload"), ("-t",)):
            status, _, stderr = host.run(*words)
            self.assertEqual(status, 1)
            self.assertIn(f"hawser.conf:{line}: the checker process ended in module {host.path('mods/hangs.so')} while it checked "
                          "this session (it took more than 1 s); the module hangs: fix or remove it", stderr)
        self.assertEqual(host.ask("host.status")["generation"], 1)
        self.check_unharmed(sim, host)

    def test_a_checker_that_does_not_even_end_is_killed(self):
        sim, host = self.start()
        self.configure_hanging_module(sim, host)
        host.process.send_signal(signal.SIGHUP)
        os.kill(wait_until(lambda: child_of(host, "hawser: checker"), "the checker"), signal.SIGSTOP)  # its alarm does not wake it
        host.wait_log("the module hangs: fix or remove it")
        self.assertIn("reload refused, generation 1 goes on", host.log())
        wait_until(lambda: child_of(host, "hawser: checker") is None, "the checker to be gone")
        self.check_unharmed(sim, host)

    def test_a_worker_that_does_not_answer_is_named_and_applies_it_when_it_comes_back(self):
        sim, host = self.start()
        worker = host.workers()[0]["pid"]
        os.kill(worker, signal.SIGSTOP)
        host.write_config(GOOD.format(url=sim.url) + "session other { adapter deribit; url " + sim.url + "; }\n")
        status, _, stderr = host.run("-s", "reload")
        self.assertEqual(status, 1)
        self.assertIn("reload done in part, generation 2: 0 sessions kept", stderr)
        self.assertIn("error: worker 0 did not apply it within 1 s (it hangs, or has too much to do) and does so when it comes back",
                      stderr)
        last = host.ask("host.status")["last_reload"]
        self.assertEqual((last["ok"], last["generation"]), (False, 2))
        os.kill(worker, signal.SIGCONT)
        host.wait_all_ready(2)
        self.assertTrue(host.reload()["ok"])
        self.assertEqual(sim.stats()["accepted"], 2)
        self.assertEqual({r["epoch"] for r in host.records("data/ticks.jsonl")}, {1})

    def test_an_observer_that_does_not_answer_is_named(self):
        sim, host = self.start()
        observer = child_of(host, "hawser: observer")
        os.kill(observer, signal.SIGSTOP)
        self.addCleanup(os.kill, observer, signal.SIGCONT)
        outcome = host.reload()
        self.assertFalse(outcome["ok"])
        self.assertIn("1 sessions kept", outcome["text"])
        self.assertIn("error: observer did not apply it within 1 s", outcome["text"])
        self.check_unharmed(sim, host)

    def test_who_waits_less_than_the_reload_takes_is_told_that_it_goes_on(self):
        sim, host = self.start()
        self.configure_hanging_module(sim, host)
        status, _, stderr = host.run("-s", "reload", "--wait=50ms")
        self.assertEqual(status, 1)
        self.assertIn("the host did not answer in time; it may still be at it", stderr)
        host.wait_log("reload refused")


if __name__ == "__main__":
    unittest.main()
