"""What needs a login waits for it, on every link: the exchange's journal shows the order. A login that ends is renewed in time; one
that is not answered is not taken for granted; private channels have their gap events like all others. No secret is ever printed."""
import json
import tempfile
import unittest

from lib.host import Host
from lib.sim import CLIENT, Sim
from lib.wait import wait_until

BOOK = "book.BTC-PERPETUAL.100ms"
ORDERS = "user.orders.BTC-PERPETUAL.raw"
CONFIG = """load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl out {{ path data/out.jsonl; }}
session btc {{ adapter deribit; url {url}; credentials file:deribit.cred; subscribe {channels}; reconnect delay=50ms max_delay=100ms;
    output out; {more} }}
"""
CRED = {"deribit.cred": (f"client_id {CLIENT[0]};\nclient_secret {CLIENT[1]};\n", 0o600)}
RESTORE = ["public/auth", "private/enable_cancel_on_disconnect", "public/set_heartbeat", "private/subscribe", "public/subscribe"]


class LoginFirst(unittest.TestCase):
    def start(self, more="", before=None, ready=True, **options):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.journal = folder.name + "/requests"
        sim = Sim(rate=100, requests=self.journal, **options)
        self.addCleanup(sim.close)
        if before:
            sim.command(before)
        host = Host(CONFIG.format(url=sim.url, channels=f"{BOOK} {ORDERS}", more=more), files=CRED)
        self.addCleanup(host.__exit__)
        host.start()
        self.addCleanup(self.check_secrets, host)
        if ready:
            host.wait_state("btc")
        return sim, host

    def check_secrets(self, host):
        printed = host.log() + json.dumps(host.records("data/out.jsonl")) + json.dumps(host.ask("session.list"))
        self.assertNotIn(CLIENT[1], printed)
        self.assertNotIn("access_token", printed)

    def asked(self, conn):
        with open(self.journal, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        return [row["method"] for row in rows if row["conn"] == conn]

    def call(self, host, method="private/get_positions", **params):
        return host.ask_raw("session.call", {"session": "btc", "method": method, "params": params or {"currency": "BTC"}})

    def test_each_link_is_restored_in_the_same_order_and_each_reply_is_waited_for(self):
        sim, host = self.start("cancel_on_disconnect connection;")
        self.assertTrue(sim.connections()[0]["cancel_on_disconnect"])
        for conn in (1, 2):
            self.assertEqual([m for m in self.asked(conn) if m != "public/test"][:5], RESTORE)
            sim.command("cut all")
            wait_until(lambda conn=conn: host.sessions()["btc"]["epoch"] == conn + 1, "the next connection")
            host.wait_state("btc")
        self.assertTrue(sim.connections()[-1]["cancel_on_disconnect"])

    def test_a_session_that_cannot_have_its_cancel_on_disconnect_is_not_ready(self):
        sim, host = self.start("cancel_on_disconnect connection;", "error 11050 private/enable_cancel_on_disconnect 1", ready=False)
        wait_until(lambda: sim.stats()["accepted"] == 2, "a second link")
        self.assertEqual([m for m in self.asked(1) if m != "public/test"], RESTORE[:2])
        self.assertIn("enable_cancel_on_disconnect", host.sessions()["btc"]["last_error"]["message"])
        host.wait_state("btc")

    def test_while_a_login_is_not_answered_nothing_private_goes_out_and_calls_are_told(self):
        sim, host = self.start("auth_timeout 300ms;")
        sim.command("auth silent")
        sim.command("cut all")
        wait_until(lambda: sim.stats()["auths_silent"] >= 2, "two logins without an answer")
        reply = self.call(host)
        self.assertIn("was not sent", reply["error"]["message"])
        self.assertNotEqual(host.sessions()["btc"]["state"], "READY")
        self.assertEqual(set(self.asked(2)), {"public/auth"})
        sim.command("auth ok")
        host.wait_state("btc")
        self.assertIn("result", self.call(host))
        gaps = [r for r in host.records("data/out.jsonl") if r.get("event") == "gap"]
        self.assertEqual({r["channel"] for r in gaps}, {BOOK, ORDERS})  # the private channel too, which has sent nothing yet

    def test_a_login_is_renewed_before_it_ends_and_after_a_cut_private_channels_are_there_again(self):
        sim, host = self.start(token_life=1)
        wait_until(lambda: sim.stats()["auths_ok"] >= 4, "three renewals")
        self.assertIn("result", self.call(host))
        self.assertEqual((sim.stats()["accepted"], sim.stats()["auths_failed"]), (1, 0))
        sim.command("expire refresh")
        sim.command("cut all")
        wait_until(lambda: host.sessions()["btc"]["epoch"] == 2, "the second connection")
        host.wait_state("btc")
        self.assertIn("result", self.call(host, "private/buy", instrument_name="BTC-PERPETUAL", amount=10, type="market"))
        host.wait_records("data/out.jsonl", lambda r: any(x.get("channel") == ORDERS and "data" in x for x in r), "the order's event")


if __name__ == "__main__":
    unittest.main()
