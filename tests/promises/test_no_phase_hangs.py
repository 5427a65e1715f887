"""Whatever does not answer on the way to READY has a deadline: the attempt ends and says in which phase, the next one follows after a
pause, and what an attempt left behind (its timers) touches no later one. (The 101 that never comes, and a subscribe call that is never
answered: link_faults; a login that is never answered: login_comes_first.)"""
import socket
import threading
import unittest

from lib.host import Host
from lib.sim import Sim
from lib.wait import wait_until

CONFIG = """load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl out {{ path data/out.jsonl; }}
session btc {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; output out; {more} }}
"""


class Mute:
    """Accepts connections and says nothing."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.peers = []
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while True:
            try:
                self.peers.append(self.listener.accept()[0])
            except OSError:
                return

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        for peer in self.peers:
            peer.close()


class Phases(unittest.TestCase):
    def start(self, url, more):
        host = Host(CONFIG.format(url=url, more=more))
        self.addCleanup(host.__exit__)
        return host.start()

    def test_tls_that_never_finishes_ends_at_its_deadline_and_attempts_are_spaced(self):
        mute = Mute()
        self.addCleanup(mute.close)
        host = self.start(f"wss://127.0.0.1:{mute.port}/", "connect_timeout 200ms; reconnect delay=300ms max_delay=300ms jitter=0;")
        wait_until(lambda: len(mute.peers) >= 3, "three attempts")
        session = host.sessions()["btc"]
        self.assertEqual((session["last_error"]["name"], session["last_error"]["category"]), ("SESSION_PHASE_TIMEOUT", "connection"))
        self.assertIn("TLS did not end within 200 ms", session["last_error"]["message"])
        self.assertGreaterEqual(session["attempt"], 2)

    def test_a_heartbeat_that_cannot_be_set_up_is_not_waited_for_for_ever(self):
        sim = Sim(rate=100)
        self.addCleanup(sim.close)
        sim.command("late 600000")
        host = self.start(sim.url, "subscribe_timeout 300ms; reconnect delay=100ms max_delay=100ms;")
        wait_until(lambda: sim.stats()["accepted"] >= 2, "a second link")
        self.assertIn("restore was not done", host.sessions()["btc"]["last_error"]["message"])
        sim.command("late 0")
        host.wait_state("btc")

    def test_timers_of_an_attempt_that_is_over_touch_no_later_one(self):
        sim = Sim(rate=200)
        self.addCleanup(sim.close)
        sim.command("upgrade none")
        host = self.start(sim.url, "connect_timeout 1s; auth_timeout 1s; subscribe_timeout 1s; heartbeat 1s;"
                                   " reconnect delay=10ms max_delay=20ms;")
        wait_until(lambda: sim.stats()["upgrades_silent"] == 1, "an attempt that waits for its 101")
        sim.command("upgrade ok")
        sim.command("cut all")  # long before its deadline
        host.wait_state("btc")
        accepted = sim.stats()["accepted"]
        records = host.wait_records("data/out.jsonl", lambda r: len(r) > 500, "data of more than twice that deadline")
        self.assertEqual({r["epoch"] for r in records}, {1})
        self.assertEqual(sim.stats()["accepted"], accepted)

    def test_a_message_beyond_the_bound_ends_the_link_and_says_so(self):
        sim = Sim(rate=100)
        self.addCleanup(sim.close)
        host = self.start(sim.url, "max_message 64k; reconnect delay=10ms max_delay=20ms;")
        host.wait_state("btc")
        sim.command("big 70000")
        records = host.wait_records("data/out.jsonl", lambda r: any("data" in x and x["epoch"] == 2 for x in r), "data again")
        closed = [r for r in records if r.get("event") == "closed"]
        self.assertEqual(len(closed), 1)
        self.assertIn("65536", closed[0]["message"])


if __name__ == "__main__":
    unittest.main()
