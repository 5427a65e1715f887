"""With `seccomp on` the code of an intruder in a worker cannot start a program, or trace: the worker ends, the log names the call, the module and
the session, and the sessions of the other worker notice nothing."""
import errno
import os
import signal
import unittest

from lib import canary
from lib.host import Host
from lib.process import build_dir
from lib.sim import Sim
from lib.wait import wait_until

FAULTY = os.path.join(build_dir(), "tests/modules/hawser_faulty.so")
FILTERED = "2"  # SECCOMP_MODE_FILTER


def config(url, fault, seccomp="on"):
    healthy = "".join(f"session s{i} {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; }}\n" for i in range(6))
    return (f"seccomp {seccomp};\nload_module hawser_deribit.so;\nload_module {FAULTY};\n{healthy}"
            f"session bad {{ adapter faulty; url {url}; fault {fault}; fault_file run/fault; reconnect delay=50ms; }}\n")


def modes(host):
    """Of the children: is a filter in force?"""
    found = []
    for pid in canary.processes(host.process.pid)[1:]:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            found += [line.split()[1] for line in file if line.startswith("Seccomp:")]
    return found


def can_filter():
    with Host("seccomp on;\n") as host:
        return "without libseccomp" not in host.run("-t")[2]


@unittest.skipUnless(can_filter(), "SKIPPED: this build is without libseccomp")
class IntruderIsStopped(unittest.TestCase):
    def stopped(self, fault, call):
        with Sim(rate=100) as sim, Host(config(sim.url, fault), workers=2) as host:
            host.start()
            host.wait_all_ready(7)
            self.assertEqual(modes(host), [FILTERED] * 3)  # the observer and two workers
            before = [worker["pid"] for worker in host.workers()]
            connections = sim.stats()["accepted"]
            host.write_file("run/fault", "")
            host.wait_log(f"a system call that `seccomp on` has no place for: {call} (")
            host.wait_log("ended by signal 31")
            os.unlink(host.path("run/fault"))
            wait_until(lambda: all(worker["pid"] > 0 for worker in host.workers()), "a new worker")
            host.wait_all_ready(7)
            line = next(text for text in host.log().splitlines() if "signal 31" in text and "master" in text)
            self.assertIn("in module faulty, session=bad, in its `message`", line)
            after = [worker["pid"] for worker in host.workers()]
            self.assertEqual(sum(a == b for a, b in zip(before, after)), 1)
            self.assertEqual(modes(host), [FILTERED] * 3)  # in the new one, too
            moved = sim.stats()["accepted"] - connections
            self.assertTrue(0 < moved < 7, f"{moved} of 7 sessions connected again")

    def test_another_program_is_not_started(self):
        self.stopped("exec", "execve")

    def test_tracing_is_refused(self):
        self.stopped("trace", "ptrace")

    def test_packets_the_kernels_ciphers_and_the_master_are_out_of_reach(self):
        with Sim(rate=100) as sim, Host(config(sim.url, "reach")) as host:
            host.start()
            host.wait_all_ready(7)
            host.write_file("run/fault", "")
            no_family, no_call, not_permitted = errno.EAFNOSUPPORT, errno.ENOSYS, errno.EPERM
            host.wait_log(f"reached: {no_family} {no_family} {no_call} {not_permitted} {no_call}")
            self.assertNotIn("signal", host.log())

    def test_off_by_default_and_a_change_needs_a_restart(self):
        with Sim(rate=100) as sim, Host(config(sim.url, "none", "off")) as host:
            host.start()
            host.wait_all_ready(7)
            self.assertEqual(modes(host), ["0", "0"])
            host.write_config(config(sim.url, "none", "on"))
            self.assertTrue(host.reload()["ok"])
            self.assertIn("seccomp need a restart", host.log())
            victim = host.workers()[0]["pid"]
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda: host.workers()[0]["pid"] not in (0, victim), "a new worker")
            host.wait_all_ready(7)
            self.assertEqual(modes(host), ["0", "0"])

    def test_without_other_processes_there_is_nothing_to_guard(self):
        with Host("seccomp on;\nmaster_process off;\n") as host:
            status, _, said = host.run("-t")
            self.assertEqual(status, 1)
            self.assertIn('"seccomp on" guards processes that "master_process off" does without', said)


if __name__ == "__main__":
    unittest.main()
