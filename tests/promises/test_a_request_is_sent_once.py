"""A request may be an order: it goes out once or never, ends once, and whoever asked learns which of these it was. The exchange's
journal of requests is the witness."""
import collections
import json
import tempfile
import threading
import unittest

from lib.host import Host
from lib.sim import CLIENT, Sim
from lib.wait import wait_until

CONFIG = """load_module hawser_deribit.so;
session btc {{ adapter deribit; url {url}; credentials file:deribit.cred; subscribe ticker.BTC-PERPETUAL.100ms;
    reconnect delay=50ms max_delay=100ms; {more} }}
"""
CRED = {"deribit.cred": (f"client_id {CLIENT[0]};\nclient_secret {CLIENT[1]};\n", 0o600)}


class SentOnce(unittest.TestCase):
    def start(self, more=""):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.journal = folder.name + "/requests"
        sim = Sim(rate=100, requests=self.journal)
        self.addCleanup(sim.close)
        host = Host(CONFIG.format(url=sim.url, more=more), files=CRED)
        self.addCleanup(host.__exit__)
        host.start()
        host.wait_state("btc")
        return sim, host

    def arrived(self):
        """How often each order came to the exchange."""
        with open(self.journal, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        per_link = collections.Counter((row["conn"], row["id"]) for row in rows if "id" in row)
        self.assertEqual([key for key, count in per_link.items() if count > 1], [])  # no id twice on a link
        return collections.Counter(row["label"] for row in rows if "label" in row)

    def buy(self, host, label, timeout_ms=10000):
        params = {"instrument_name": "BTC-PERPETUAL", "amount": 10, "type": "market", "label": label}
        return host.ask_raw("session.call", {"session": "btc", "method": "private/buy", "params": params, "timeout_ms": timeout_ms})

    def in_background(self, host, *labels):
        replies = {}

        def run(label):
            replies[label] = self.buy(host, label)
        threads = [threading.Thread(target=run, args=(label,)) for label in labels]
        for thread in threads:
            thread.start()
        return replies, threads

    def test_a_break_ends_what_waits_with_outcome_unknown_and_nothing_is_sent_again(self):
        sim, host = self.start()
        sim.command("late 60000")
        replies, threads = self.in_background(host, "a", "b", "c")
        wait_until(lambda: sum(self.arrived().values()) == 3, "three orders at the exchange")
        sim.command("late 0")
        sim.command("cut all")
        for thread in threads:
            thread.join()
        for reply in replies.values():
            self.assertEqual(reply["error"]["data"]["name"], "REQUEST_UNKNOWN")
            self.assertIn("may have acted on it", reply["error"]["message"])
        wait_until(lambda: host.sessions()["btc"]["epoch"] == 2, "the second connection")
        host.wait_state("btc")
        self.assertIn("result", self.buy(host, "d"))
        self.assertEqual(self.arrived(), {"a": 1, "b": 1, "c": 1, "d": 1})

    def test_an_answer_that_comes_too_late_or_twice_is_counted_and_ends_nothing_else(self):
        sim, host = self.start()
        sim.command("late 400")
        reply = self.buy(host, "slow", timeout_ms=100)
        self.assertEqual(reply["error"]["data"]["name"], "REQUEST_TIMEOUT")
        wait_until(lambda: host.sessions()["btc"]["late_answers"] == 1, "the late answer")
        sim.command("late 0")
        sim.command("twice 1")
        self.assertIn("result", self.buy(host, "twice"))
        wait_until(lambda: host.sessions()["btc"]["late_answers"] == 2, "the second answer")
        self.assertIn("result", self.buy(host, "next"))
        self.assertEqual(self.arrived(), {"slow": 1, "twice": 1, "next": 1})
        self.assertEqual((host.sessions()["btc"]["epoch"], host.sessions()["btc"]["requests_waiting"]), (1, 0))

    def test_without_a_link_a_call_is_refused_and_never_arrives(self):
        sim, host = self.start()
        sim.command("accept off")
        sim.command("cut all")
        host.wait_state("btc", "BACKOFF")
        self.assertIn("was not sent", self.buy(host, "early")["error"]["message"])
        sim.command("accept on")
        host.wait_state("btc")
        self.assertIn("result", self.buy(host, "ready"))
        self.assertEqual(self.arrived(), {"ready": 1})

    def test_calls_that_may_wait_go_out_when_the_session_is_ready_and_once(self):
        sim, host = self.start("calls_before_ready wait;")
        sim.command("accept off")
        sim.command("cut all")
        host.wait_state("btc", "BACKOFF")
        self.assertIn("was not sent", self.buy(host, "vain", timeout_ms=100)["error"]["message"])
        replies, threads = self.in_background(host, "x", "y")
        sim.command("accept on")
        for thread in threads:
            thread.join()
        self.assertEqual([label for label in ("x", "y") if "result" in replies[label]], ["x", "y"], replies)
        sim.command("cut all")
        wait_until(lambda: host.sessions()["btc"]["epoch"] == 3, "the third connection")
        host.wait_state("btc")
        self.assertEqual(self.arrived(), {"x": 1, "y": 1})


if __name__ == "__main__":
    unittest.main()
