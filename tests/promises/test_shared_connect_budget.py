"""A broken uplink must not become a ban: whatever number of sessions and workers there is, attempts towards one exchange keep to
`connect_budget`, every session comes back, and one that waits for its turn says so."""
import unittest

from lib.host import Host
from lib.sim import Sim
from lib.wait import wait_until

SESSIONS = 28
RATE, BURST = 10, 5
LATE = 1 + RATE // 10  # a turn may be used up to 100 ms late
HEAD = "connect_budget rate={rate} burst={burst};\nload_module hawser_deribit.so;\n"
SESSION = "session s{i} {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; reconnect delay=10ms max_delay=20ms; }}\n"


def most_in_a_second(times_ms):
    return max(sum(1 for t in times_ms if first <= t < first + 1000) for first in times_ms)


class SharedConnectBudget(unittest.TestCase):
    def config(self, sim, rate, burst):
        return HEAD.format(rate=rate, burst=burst) + "".join(SESSION.format(i=i, url=sim.url) for i in range(SESSIONS))

    def start(self, rate, burst):
        sim = Sim(rate=10)
        self.addCleanup(sim.close)
        host = Host(self.config(sim, rate, burst), workers=2)
        self.addCleanup(host.__exit__)
        host.start()
        return sim, host

    def test_sessions_of_two_workers_come_back_spread_and_none_is_forgotten(self):
        sim, host = self.start(RATE, BURST)
        waiting = wait_until(lambda: [s for s in host.sessions().values() if s["held"]], "a session that waits for its turn")
        self.assertTrue(all(s["state"] == "BACKOFF" for s in waiting), waiting)
        host.wait_all_ready(SESSIONS)
        sim.command("cut all")
        wait_until(lambda: sim.stats()["accepted"] >= 2 * SESSIONS, "one attempt of each session")
        host.wait_all_ready(SESSIONS)
        times = sim.stats()["connects_ms"]
        self.assertEqual(len(times), 2 * SESSIONS)
        self.assertLessEqual(most_in_a_second(times), RATE + BURST + LATE)
        self.assertEqual({s["reconnects"] for s in host.sessions().values()}, {1})

    def test_a_reload_lifts_the_limit_for_those_that_wait(self):
        sim, host = self.start(1, 1)
        wait_until(lambda: sum(s["held"] for s in host.sessions().values()) >= SESSIONS - 5, "sessions that wait")
        host.write_config(self.config(sim, 0, 1))
        self.assertTrue(host.reload()["ok"])
        host.wait_all_ready(SESSIONS)


if __name__ == "__main__":
    unittest.main()
