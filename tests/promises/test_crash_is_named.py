"""A worker that dies says where: the signal, the module, the session and the function of the module that it was in. What it ran is back
soon, and the other worker's sessions notice nothing."""
import os
import signal
import unittest

from lib.host import Host
from lib.process import build_dir
from lib.sim import Sim
from lib.wait import wait_until

FAULTY = os.path.join(build_dir(), "tests/modules/hawser_faulty.so")
CRASH = "signal 6"


def config(url, fault):
    """A faulty session, and healthy ones enough for both workers."""
    healthy = "".join(f"session s{i} {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; }}\n" for i in range(6))
    return (f"load_module hawser_deribit.so;\nload_module {FAULTY};\n{healthy}"
            f"session bad {{ adapter faulty; url {url}; fault {fault}; fault_file run/fault; reconnect delay=50ms; }}\n")


class CrashIsNamed(unittest.TestCase):
    def crash(self, fault, slot):
        with Sim(rate=100) as sim, Host(config(sim.url, fault), workers=2) as host:
            host.start()
            host.wait_all_ready(7)
            before = [worker["pid"] for worker in host.workers()]
            host.write_file("run/fault", "")
            if slot == "connected":
                host.ask("session.reconnect", {"session": "bad"})
            host.wait_log(CRASH)
            os.unlink(host.path("run/fault"))
            host.wait_all_ready(7)
            line = next(text for text in host.log().splitlines() if CRASH in text and "master" in text)
            self.assertIn(f"in module faulty, session=bad, in its `{slot}`", line)
            self.assertRegex(host.log(), r"signal 6 ends process \d+; it was here:\n(.*\n)*.*/faulty\.\d+\.\d+\.so\(\+0x")  # the module's copy
            after = [worker["pid"] for worker in host.workers()]
            self.assertEqual(sum(a != b for a, b in zip(before, after)), 1)

    def test_a_crash_in_message(self):
        self.crash("crash", "message")

    def test_a_crash_in_connected(self):
        self.crash("crash_connected", "connected")

    def test_a_worker_that_was_in_no_module_blames_none(self):
        with Host() as host:
            host.start()
            victim = host.workers()[0]["pid"]
            os.kill(victim, signal.SIGABRT)
            wait_until(lambda: host.workers()[0]["pid"] not in (0, victim), "a new worker")
            line = next(text for text in host.log().splitlines() if f"(pid {victim})" in text)
            self.assertIn(CRASH, line)
            self.assertNotIn("in module", line)



if __name__ == "__main__":
    unittest.main()
