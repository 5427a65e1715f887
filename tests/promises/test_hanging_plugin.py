"""A module that never comes back is named, its worker is ended and started again; one that takes its time is named and counted, and
nothing else happens to it."""
import os
import signal
import unittest

from lib.host import Host
from lib.process import build_dir
from lib.sim import Sim
from lib.wait import wait_until

FAULTY = os.path.join(build_dir(), "tests/modules/hawser_faulty.so")
HEAD = "worker_timeout {timeout};\ncallback_budget {budget};\nload_module hawser_deribit.so;\nload_module " + FAULTY + ";\n"


def sessions(url, fault):
    healthy = "".join(f"session s{i} {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; }}\n" for i in range(6))
    return healthy + f"session bad {{ adapter faulty; url {url}; fault {fault}; fault_file run/fault; }}\n"


def pids(host):
    return [worker["pid"] for worker in host.workers()]


class HangingPlugin(unittest.TestCase):
    def test_a_hang_in_message_is_named_and_ended(self):
        with Sim(rate=100) as sim, Host(HEAD.format(timeout="1s", budget="off") + sessions(sim.url, "hang"), workers=2) as host:
            host.start()
            host.wait_all_ready(7)
            before = pids(host)
            host.write_file("run/fault", "")
            host.wait_log("hangs: its loop did not turn for")
            os.unlink(host.path("run/fault"))
            host.wait_all_ready(7)
            text = host.log()
            self.assertRegex(text, r"worker \d \(pid \d+\) hangs: .*in module faulty, session=bad, in its `message`; ending it")
            self.assertRegex(text, r"was ended by signal 6 .* in module faulty, session=bad, in its `message`; starting it again")
            self.assertEqual(sum(a != b for a, b in zip(before, pids(host))), 1)

    def test_a_worker_that_was_stopped_by_hand_is_ended_too(self):
        with Host(HEAD.format(timeout="1s", budget="off")) as host:
            host.start()
            victim = pids(host)[0]
            os.kill(victim, signal.SIGSTOP)
            wait_until(lambda: pids(host)[0] not in (0, victim), "a new worker")
            self.assertRegex(host.log(), rf"worker 0 \(pid {victim}\) hangs: .*it is in no module; ending it")
            self.assertIn(f"worker 0 (pid {victim}) was ended by signal 9", host.log())  # a stopped process takes nothing else

    def test_with_the_timeout_off_it_waits(self):
        with Host(HEAD.format(timeout="off", budget="off")) as host:
            host.start()
            victim = pids(host)[0]
            os.kill(victim, signal.SIGSTOP)
            self.assertNotEqual(host.ask("host.status")["silent_workers"], 0)  # asked for 2 s, the double of the timeout above
            os.kill(victim, signal.SIGCONT)
            wait_until(lambda: host.ask("host.status")["silent_workers"] == 0, "the worker to answer again")
            self.assertEqual(pids(host)[0], victim)

    def test_a_function_that_blocks_is_named_once_and_counted(self):
        with Sim(rate=100) as sim, Host(HEAD.format(timeout="10s", budget="100ms") + sessions(sim.url, "block"), workers=2) as host:
            host.start()
            host.wait_all_ready(7)
            before = pids(host)
            self.assertNotIn("held up", host.log())
            host.write_file("run/fault", "")
            wait_until(lambda: sum(worker["slow_calls"] for worker in host.workers()) >= 3, "three slow calls")
            os.unlink(host.path("run/fault"))
            told = [line for line in host.log().splitlines() if "held up" in line]
            self.assertEqual(len(told), 1)  # the next time after 10 s
            self.assertRegex(told[0], r"worker \d is held up by module faulty, session=bad, in its `message`: for more than 100 ms")
            self.assertEqual(pids(host), before)


if __name__ == "__main__":
    unittest.main()
