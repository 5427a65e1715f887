"""A session whose config says `compression on`, against the simulator that compresses."""
import unittest

from lib.host import Host, book_faults
from lib.sim import Sim
from lib.wait import wait_until

CONFIG = """
load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl ticks {{ path data/ticks.jsonl; }}
session btc {{
    adapter deribit;
    url {url};
    subscribe ticker.BTC-PERPETUAL.100ms book.BTC-PERPETUAL.100ms;
    output ticks;
    {compression}
}}
"""
BOOK = "book.BTC-PERPETUAL.100ms"


class HostCompression(unittest.TestCase):
    def start(self, sim, compression):
        host = Host(CONFIG.format(url=sim.url, compression=compression))
        self.addCleanup(host.__exit__)
        host.start()
        host.wait_state("btc")
        return host

    def compressed(self, sim):
        return [c["compressed"] for c in sim.connections() if c["state"] == "open"]

    def test_records_of_a_compressed_session_are_whole(self):
        with Sim(compression=True) as sim:
            host = self.start(sim, "compression on;")
            records = host.wait_records(
                "data/ticks.jsonl", lambda r: sum("data" in x and x["channel"] == BOOK for x in r) > 10, "ten books")
            self.assertEqual(book_faults(records, BOOK), [])
            self.assertEqual(self.compressed(sim), [True])

    def test_a_reload_switches_it_by_a_new_session(self):
        with Sim(compression=True) as sim:
            host = self.start(sim, "")
            self.assertEqual(self.compressed(sim), [False])
            host.write_config(CONFIG.format(url=sim.url, compression="compression on;"))
            host.reload()
            wait_until(lambda: self.compressed(sim) == [True], "the new session alone")

    def test_an_exchange_that_declines_is_served_without(self):
        with Sim() as sim:
            self.start(sim, "compression on;")
            self.assertEqual(self.compressed(sim), [False])


if __name__ == "__main__":
    unittest.main()
