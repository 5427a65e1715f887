"""rotate: a link is replaced before the exchange does it, the new one first, and the data shows nothing of it."""
import signal
import unittest

from lib.host import Host, book_faults
from lib.sim import Sim
from lib.wait import wait_until

BOOK = "book.BTC-PERPETUAL.100ms"
TRADES = "trades.BTC-PERPETUAL.100ms"
ROTATIONS = 3

CONFIG = """load_module hawser_deribit.so;
load_module hawser_jsonl.so;
max_overlap {overlap};
output jsonl out {{ path data/out.jsonl; queue_bytes 256m; }}
session btc {{ adapter deribit; url {url}; rotate {rotate}; move_timeout {timeout}; subscribe {channels}; output out;
               reconnect delay=20ms max_delay=50ms; }}
"""


def config(sim, overlap=4, timeout="10s", rotate="1s"):
    return CONFIG.format(url=sim.url, overlap=overlap, timeout=timeout, rotate=rotate, channels=f"{BOOK} {TRADES}")


class RotationWithoutAGap(unittest.TestCase):
    def state(self, host):
        return host.ask("session.state", {"session": "btc"})

    def stop(self, host):
        host.process.send_signal(signal.SIGTERM)
        self.assertEqual(host.process.wait(30), 0)
        return host.records("data/out.jsonl")

    def test_the_data_shows_nothing_of_a_rotation(self):
        with Sim(rate=1000, broadcast=True) as sim, Host(config(sim)) as host:
            host.start()
            wait_until(lambda: host.log().count("takes over from line") >= ROTATIONS, f"{ROTATIONS} rotations", 30)
            wait_until(lambda: self.state(host)["state"] == "READY", "the session to be READY")
            records = self.stop(host)
            self.assertGreater(sim.stats()["accepted"], ROTATIONS)
            self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)))
            found = [t["trade_seq"] for r in records if r.get("channel") == TRADES for t in r["data"]]
            self.assertEqual(found, list(range(found[0], found[0] + len(found))), "trades: lost, twice, or in another order")
            self.assertEqual(book_faults(records, BOOK), [])
            self.assertEqual([r["event"] for r in records if "event" in r], ["ready", "closed"])
            self.assertGreater(records[-1]["epoch"], ROTATIONS)
            self.assertEqual([r["epoch"] for r in records], sorted(r["epoch"] for r in records))

    def test_a_link_that_no_other_can_take_over_from_goes_on(self):
        with Sim(rate=100, broadcast=True) as sim, Host(config(sim, timeout="500ms")) as host:
            host.start()
            host.wait_state("btc")
            sim.command("subscribe silent")
            host.wait_log("cannot take over from line 1, which goes on")
            sim.command("subscribe ok")
            self.assertEqual(self.state(host)["state"], "READY")
            wait_until(lambda: len(sim.connections()) == 1, "the new link to be gone")
            events = [r["event"] for r in self.stop(host) if "event" in r]
            self.assertEqual(events, ["ready", "closed"])

    def test_without_an_overlap_the_link_comes_back_and_says_so(self):
        with Sim(rate=100, broadcast=True) as sim, Host(config(sim, overlap=0)) as host:
            host.start()
            host.wait_records("data/out.jsonl", lambda r: any(x.get("event") == "gap" for x in r), "a gap")
            self.assertNotIn("takes over", host.log())
            self.assertEqual(len(sim.connections()), 1)


if __name__ == "__main__":
    unittest.main()
