"""A thousand sessions that lose their links in the same moment come back spread within the connect budget, and none is forgotten."""
import unittest

from lib.host import Host
from lib.sim import Sim
from lib.wait import wait_until

SESSIONS = 1000
RATE, BURST = 200, 100
LATE = 1 + RATE  # the simulator's clock stands at the accept, which a busy machine delays: up to a second's worth
HEAD = "connect_budget rate={rate} burst={burst};\nload_module hawser_deribit.so;\n".format(rate=RATE, burst=BURST)
SESSION = "session s{i} {{ adapter deribit; url {url}; heartbeat 1m; subscribe {channel}; connect_timeout 30s; reconnect delay=10ms max_delay=20ms; }}\n"


def most_in_a_second(times_ms):
    most, first = 0, 0
    for last, time in enumerate(times_ms):
        while times_ms[first] <= time - 1000:
            first += 1
        most = max(most, last - first + 1)
    return most


class Thousand(unittest.TestCase):
    def test_a_thousand_sessions_dropped_at_once_come_back_spread(self):
        with Sim(max_connections=2000, idle=0, quiet=True) as sim:
            config = HEAD + "".join(SESSION.format(i=i, url=sim.url, channel="announcements") for i in range(SESSIONS))
            with Host(config, workers=2) as host:
                host.start()
                host.wait_all_ready(SESSIONS, deadline_s=90)
                before = sim.stats()["accepted"]
                sim.command("cut all")
                wait_until(lambda: sim.stats()["accepted"] >= before + SESSIONS, "an attempt of each session", 90)
                host.wait_all_ready(SESSIONS, deadline_s=90)
                stats = sim.stats()
                times = stats["connects_ms"][before:]
                self.assertEqual((stats["accepted"], stats["open"]), (before + SESSIONS, SESSIONS))
                self.assertLessEqual(most_in_a_second(times), RATE + BURST + LATE)
                sessions = host.sessions()
                self.assertEqual({s["reconnects"] for s in sessions.values()}, {1})
                self.assertEqual({s["channels_confirmed"] for s in sessions.values()}, {1})


if __name__ == "__main__":
    unittest.main()
