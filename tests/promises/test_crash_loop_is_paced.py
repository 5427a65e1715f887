"""A worker that dies at once each time is tried with growing pauses, then once a minute; the log says so, the others go on, and it is
never given up: a reload that takes the cause away does not have to wait."""
import os
import unittest

from lib.host import Host
from lib.process import build_dir
from lib.sim import Sim
from lib.wait import wait_until

FAULTY = os.path.join(build_dir(), "tests/modules/hawser_faulty.so")


def config(url):
    healthy = "".join(f"session s{i} {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; }}\n" for i in range(6))
    return (f"worker_restarts most=4 within=10s;\nquarantine most=0;\nload_module hawser_deribit.so;\nload_module {FAULTY};\n{healthy}"
            f"session bad {{ adapter faulty; url {url}; fault crash_connected; fault_file run/fault; }}\n")


class CrashLoopIsPaced(unittest.TestCase):
    def test_four_deaths_within_ten_seconds_make_the_pauses_a_minute(self):
        with Sim(rate=100) as sim, Host(config(sim.url), workers=2) as host:
            host.start()
            host.wait_all_ready(7)
            before = host.workers()
            host.write_file("run/fault", "")
            host.ask("session.reconnect", {"session": "bad"})
            host.wait_log("died 4 times within 10 s; it is started again in 60 s")
            text = host.log()
            self.assertEqual(text.count("was ended by signal 6"), 4)
            self.assertIn("died 2 times in a row, soon after its start; next try in 100 ms", text)
            self.assertIn("died 3 times in a row, soon after its start; next try in 200 ms", text)
            after = host.workers()
            other = [a for a, b in zip(after, before) if a["pid"] == b["pid"]]
            self.assertEqual([(w["running"], w["restarts"]) for w in other], [(True, 0)])
            self.assertEqual([w["running"] for w in after].count(False), 1)
            # A person does not have to wait for the minute.
            os.unlink(host.path("run/fault"))
            host.reload()
            host.wait_all_ready(7)


if __name__ == "__main__":
    unittest.main()
