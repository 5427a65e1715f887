"""A broken config never stops a running host: it goes on, the log says why, and `-s reload` ends with 1 and the reason."""
import unittest

from lib.host import Host
from lib.sim import Sim

GOOD = """load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl ticks {{ path data/ticks.jsonl; }}
session btc {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; output ticks; }}
"""

BROKEN = [
    ("lisen 1;", 'unknown directive "lisen"'),
    ("session x { adapter deribit; }", "url"),
    ("session x { adapter nobody; url ws://127.0.0.1:1/; }", 'no adapter module "nobody" is loaded'),
    ("session btc { adapter deribit; url ws://127.0.0.1:1/; }", "btc"),
    ("session x { adapter deribit; url http://127.0.0.1/; }", "wss://"),
    ("session x { adapter deribit; url ws://127.0.0.1:1/; output nowhere; }", "nowhere"),
    ("session x { adapter deribit; url ws://127.0.0.1:1/; subscribe user.orders.BTC-PERPETUAL.raw; }", "needs a login"),
    ("session x { adapter deribit; url ws://127.0.0.1:1/; credentials file:missing.cred; }", "missing.cred"),
    ("session x { adapter deribit; url ws://127.0.0.1:1/; heartbeat 5 s; }", "heartbeat"),
    ("output jsonl two { }", "path"),
    ("worker_processes many;", "worker_processes"),
    ("load_module missing.so;", "missing.so"),
    ("session x {", "}"),
]


class BadConfig(unittest.TestCase):
    def test_each_is_refused_with_file_and_line_and_the_session_goes_on(self):
        with Sim() as sim, Host(GOOD.format(url=sim.url)) as host:
            host.start()
            host.wait_state("btc")
            for text, reason in BROKEN:
                with self.subTest(text):
                    host.write_config(GOOD.format(url=sim.url) + text + "\n")
                    status, _, stderr = host.run("-s", "reload")
                    self.assertEqual(status, 1, stderr)
                    self.assertIn("reload refused, generation 1 goes on", stderr)
                    self.assertIn(reason, stderr)
                    self.assertRegex(stderr, r"hawser\.conf:\d+")
                    self.assertIn(reason, host.log())
                    status, _, stderr = host.run("-t")
                    self.assertEqual(status, 1)
                    self.assertIn(reason, stderr)
            self.assertEqual(host.sessions()["btc"]["epoch"], 1)
            self.assertEqual(sim.stats()["accepted"], 1)
            host.write_config(GOOD.format(url=sim.url))
            self.assertEqual(host.run("-s", "reload")[0], 0)

    def test_all_errors_of_a_file_are_told_at_once(self):
        with Host("lisen 1;\nworker_processes 0;\nsession a { adapter x; hartbeat 5s; url ftp://x; }\n") as host:
            status, _, stderr = host.run("-t")
            self.assertEqual(status, 1)
            for word in ("lisen", "worker_processes", "hartbeat", "heartbeat", "ftp"):
                self.assertIn(word, stderr)

    def test_a_host_does_not_start_with_a_broken_config(self):
        with Host("nonsense") as host:
            status, _, stderr = host.run()
            self.assertEqual(status, 1)
            self.assertIn("not starting", stderr)


if __name__ == "__main__":
    unittest.main()
