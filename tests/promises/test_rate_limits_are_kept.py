"""The host keeps to the exchange's rate limits by itself: calls beyond them wait for no longer than their own deadline, what waited in
vain says that it was never sent, and orders do not stand behind other calls."""
import threading
import unittest

from lib.host import Host
from lib.sim import CLIENT, Sim
from lib.wait import wait_until

CONFIG = """load_module hawser_deribit.so;
session btc {{ adapter deribit; url {url}; credentials file:deribit.cred; {more} }}
"""
CRED = {"deribit.cred": (f"client_id {CLIENT[0]};\nclient_secret {CLIENT[1]};\n", 0o600)}


class RateLimits(unittest.TestCase):
    def start(self, more):
        sim = Sim(rate=10)
        self.addCleanup(sim.close)
        host = Host(CONFIG.format(url=sim.url, more=more), files=CRED)
        self.addCleanup(host.__exit__)
        host.start()
        host.wait_state("btc")
        return sim, host

    def call(self, host, method, timeout_ms=10000, **params):
        return host.ask_raw("session.call", {"session": "btc", "method": method, "params": params, "timeout_ms": timeout_ms})

    def test_calls_beyond_the_limit_wait_and_are_answered(self):
        _, host = self.start("rate_limit requests rate=2500 burst=500;")  # one at once, and five a second
        replies = []
        threads = [threading.Thread(target=lambda: replies.append(self.call(host, "public/get_time"))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len([r for r in replies if "result" in r]), 4, replies)
        self.assertEqual(host.sessions()["btc"]["epoch"], 1)

    def test_a_call_that_waited_in_vain_was_not_sent_and_orders_pass_it(self):
        _, host = self.start("rate_limit requests rate=1 burst=500;")  # none comes back while this test runs
        reply = self.call(host, "public/get_time", timeout_ms=300)
        self.assertIn("was not sent", reply["error"]["message"])
        waiting = threading.Thread(target=self.call, args=(host, "public/get_time", 3000))
        waiting.start()
        wait_until(lambda: host.sessions()["btc"]["requests_waiting"] == 1, "a call that waits")
        self.assertIn("result", self.call(host, "private/cancel_all"))
        waiting.join()

    def test_a_pool_that_the_adapter_does_not_have_is_refused_with_those_it_has(self):
        host = Host(CONFIG.format(url="ws://127.0.0.1:1/", more="rate_limit orders rate=1;"), files=CRED)
        self.addCleanup(host.__exit__)
        status, _, stderr = host.run("-t")
        self.assertNotEqual(status, 0)
        self.assertIn('the adapter has no pool "orders": expected matching, requests, subscribe', stderr)


if __name__ == "__main__":
    unittest.main()
