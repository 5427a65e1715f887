"""What follows from an error is the user's to say: `on_error` is obeyed by a running host, a reload changes it without a new
connection, and the error's text names what happened, what comes next and which directive changes that."""
import subprocess
import unittest

from lib.host import Host
from lib.process import program
from lib.sim import Sim
from lib.wait import wait_until

CONFIG = """load_module hawser_deribit.so;
session btc {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; reconnect delay=10ms max_delay=20ms; {more} }}
"""


class OnError(unittest.TestCase):
    def start(self, more, before=None):
        sim = Sim(rate=10)
        self.addCleanup(sim.close)
        if before:
            sim.command(before)
        host = Host(CONFIG.format(url=sim.url, more=more))
        self.addCleanup(host.__exit__)
        host.start()
        return sim, host

    def test_a_refusal_that_stops_by_default_is_tried_again_where_the_config_says_so(self):
        sim, host = self.start("on_error http:403 wait 50ms;", before="upgrade 403")
        wait_until(lambda: sim.stats()["accepted"] >= 3, "three attempts")
        sim.command("upgrade ok")
        host.wait_state("btc")

    def test_a_reload_changes_the_rules_and_keeps_the_link(self):
        sim, host = self.start("")
        host.wait_state("btc")
        host.write_config(CONFIG.format(url=sim.url, more="on_error connection stop;"))
        self.assertTrue(host.reload()["ok"])
        self.assertEqual(host.sessions()["btc"]["epoch"], 1)
        sim.command("cut all")
        error = host.wait_state("btc", "FAILED")["last_error"]
        self.assertIn("stays down until a person acts", error["explanation"])
        host.wait_log("FAILED, " + error["explanation"])
        shown = subprocess.run([program("hawserctl"), "-s", host.path("run/control.sock"), "session", "btc"], capture_output=True,
                               text=True, check=True).stdout
        self.assertIn("last error: " + error["explanation"], shown)


if __name__ == "__main__":
    unittest.main()
