"""Whatever the link or the exchange does wrong: data flows again without help, a gap event stands before the first new data, and
nobody is hammered. Every fault is the simulator's, on a whole host."""
import unittest

from lib.host import Host, book_faults
from lib.sim import CLIENT, Sim
from lib.wait import wait_until

BOOK = "book.BTC-PERPETUAL.100ms"
TRADES = "trades.BTC-PERPETUAL.100ms"
CONFIG = """load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl out {{ path data/out.jsonl; }}
session btc {{ adapter deribit; url {url}; subscribe {channels}; reconnect {reconnect}; output out; {more} }}
"""
CRED = {"deribit.cred": (f"client_id {CLIENT[0]};\nclient_secret {CLIENT[1]};\n", 0o600)}
QUICK = "delay=50ms max_delay=100ms"


class LinkFaults(unittest.TestCase):
    def start(self, channels=f"{BOOK} {TRADES}", reconnect=QUICK, more="", before=None, ready=True, **options):
        sim = Sim(**{"rate": 100, **options})
        self.addCleanup(sim.close)
        if before:
            sim.command(before)
        host = Host(CONFIG.format(url=sim.url, channels=channels, reconnect=reconnect, more=more), files=CRED)
        self.addCleanup(host.__exit__)
        host.start()
        if ready:
            host.wait_state("btc")
            self.wait_data(host, 1)
        return sim, host

    def wait_data(self, host, epoch, channels=(BOOK, TRADES)):
        """Wait for data of each channel on connection number `epoch` or a later one. Gives the records back."""
        def all_there(records):
            return set(channels) <= {r["channel"] for r in records if "data" in r and r["epoch"] >= epoch}
        return host.wait_records("data/out.jsonl", all_there, f"data of {channels} on connection {epoch}")

    def check_breaks(self, records, channels=(BOOK, TRADES)):
        """In each channel a gap event stands between the data of two connections; no hole is unannounced; no record is lost."""
        self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)))
        for channel in channels:
            epoch, announced = 1, True
            for record in records:
                if record.get("channel") == channel and record.get("event") == "gap":
                    announced = True
                elif record.get("channel") == channel and "data" in record:
                    if record["epoch"] != epoch:
                        self.assertTrue(announced, f"{channel}: data of connection {record['epoch']} without a gap event")
                    epoch, announced = record["epoch"], False
        self.assertEqual(book_faults(records, BOOK), [])

    def recover(self, sim, host, command, reason):
        """Give the command, wait until data comes on the next connection. Gives the records since back."""
        epoch = host.sessions()["btc"]["epoch"]
        sim.command(command)
        records = self.wait_data(host, epoch + 1)
        host.wait_state("btc")
        self.check_breaks(records)
        closed = [r for r in records if r.get("event") == "closed" and r["epoch"] == epoch]
        self.assertEqual(len(closed), 1)
        self.assertIn(reason, closed[0]["message"])
        return records

    # breaks

    def test_every_way_to_end_a_link_leads_to_one_new_link_and_data(self):
        sim, host = self.start()
        ways = [("cut all", ""), ("reset all", "reset")]
        ways += [(f"close {code} over", f"{code}") for code in (1000, 1001, 1002, 1008, 1011, 1012, 4000)]
        for i, (command, reason) in enumerate(ways):
            with self.subTest(command):
                self.recover(sim, host, command, reason)
                self.assertEqual(sim.stats()["accepted"], i + 2)

    def test_frames_and_text_that_break_the_rules_end_the_link(self):
        sim, host = self.start()
        for command, reason in (("badutf8", "UTF-8"), ("badframe opcode", "opcode"), ("badframe rsv", "reserved"),
                                ("badframe masked", "masked"), ("badframe continuation", "continu"),
                                ("badframe ping", "fragmented"), ("badframe length", ""), ("badframe close", "")):
            with self.subTest(command):
                self.recover(sim, host, command, reason)
                self.assertEqual(host.sessions()["btc"]["last_error"]["category"], "protocol")

    def test_garbage_is_told_and_the_session_goes_on(self):
        sim, host = self.start()
        sim.command("garbage")
        host.wait_log("not understood")
        count = len(host.records("data/out.jsonl"))
        records = host.wait_records("data/out.jsonl", lambda r: len(r) > count + 50, "more records")
        self.check_breaks(records)
        self.assertEqual(sim.stats()["accepted"], 1)

    # attempts

    def check_spaced(self, sim, count, least_ms):
        """`count` connects, each at least least_ms after the one before, seen over all of them."""
        times = wait_until(lambda: (lambda t: t if len(t) >= count else None)(sim.stats()["connects_ms"]), f"{count} connects")
        self.assertGreaterEqual(times[count - 1] - times[0], (count - 1) * least_ms)
        return times

    def test_an_upgrade_that_is_never_answered_ends_at_its_deadline_and_attempts_are_spaced(self):
        sim, host = self.start(before="upgrade none", more="connect_timeout 200ms;", reconnect="delay=200ms max_delay=200ms jitter=0",
                               ready=False)
        self.check_spaced(sim, 4, 350)
        error = host.sessions()["btc"]["last_error"]
        self.assertEqual(error["category"], "connection")
        self.assertIn("UPGRADING", error["message"])
        sim.command("upgrade ok")
        host.wait_state("btc")
        self.wait_data(host, 1)

    def test_refused_connects_are_spaced_and_grow(self):
        sim, host = self.start(reconnect="delay=100ms max_delay=400ms jitter=0")
        sim.command("accept off")
        sim.command("cut all")
        wait_until(lambda: host.sessions()["btc"]["attempt"] >= 4, "four attempts")
        self.assertEqual(host.sessions()["btc"]["last_error"]["category"], "connection")
        sim.command("accept on")
        self.check_breaks(self.wait_data(host, 2))

    def test_server_that_asks_for_time_gets_it(self):
        for mode in ("429 1", "503 1"):
            with self.subTest(mode):
                sim, host = self.start(before=f"upgrade {mode}", reconnect="delay=10ms max_delay=20ms", ready=False)
                self.check_spaced(sim, 3, 950)
                self.assertIn(mode[:3], host.sessions()["btc"]["last_error"]["message"])
                sim.command("upgrade ok")
                host.wait_state("btc")
                self.wait_data(host, 1)

    def test_busy_server_without_a_time_is_asked_at_the_slowest_pace(self):
        for mode in ("429", "503"):
            with self.subTest(mode):
                sim, host = self.start(before=f"upgrade {mode}", reconnect="delay=10ms max_delay=400ms jitter=0", ready=False)
                self.check_spaced(sim, 3, 390)
                sim.command("upgrade ok")
                host.wait_state("btc")

    def test_access_denied_or_a_redirect_is_one_attempt_and_waits_for_a_person(self):
        for mode, category in (("401", "authentication"), ("403", "authentication"), ("302", "protocol")):
            with self.subTest(mode):
                sim, host = self.start(before=f"upgrade {mode}", reconnect="delay=10ms max_delay=20ms", ready=False)
                error = host.wait_state("btc", "FAILED")["last_error"]
                self.assertEqual(error["category"], category)
                self.assertIn(mode, error["message"])
                self.assertEqual(sim.stats()["accepted"], 1)
                sim.command("upgrade ok")
                host.ask("session.reconnect", {"session": "btc"})
                host.wait_state("btc")
                self.wait_data(host, 1)

    # liveness

    def silence(self, host, what):
        error = host.sessions()["btc"]["last_error"]
        self.assertEqual(error["category"], "connection")
        self.assertIn(what, error["message"])
        return int(error["message"].split(" for ")[1].split(" ms")[0])

    def test_a_half_open_link_is_found_within_two_heartbeats(self):
        sim, host = self.start(more="heartbeat 1s;")
        sim.command("halfopen all")
        records = self.wait_data(host, 2)
        self.check_breaks(records)
        self.assertLess(self.silence(host, "not one byte came"), 2500)
        self.assertEqual(sim.stats()["accepted"], 2)

    def test_an_exchange_that_answers_no_heartbeat_is_left_though_data_comes(self):
        sim, host = self.start(more="heartbeat 1s;")
        sim.command("answers off conn=1")
        self.check_breaks(self.wait_data(host, 2))
        self.assertLess(self.silence(host, "answered no heartbeat"), 3500)

    def test_an_exchange_that_sends_no_heartbeats_is_asked_and_kept(self):
        sim, host = self.start(more="heartbeat 1s;")
        sim.command("heartbeats ignore")
        asked = sim.stats()["requests"]
        wait_until(lambda: sim.stats()["requests"] >= asked + 3, "three heartbeats of ours")
        self.assertEqual(sim.stats()["accepted"], 1)
        self.assertEqual(host.sessions()["btc"]["epoch"], 1)

    # logins and channels

    def test_an_expired_token_is_renewed_and_the_link_stays(self):
        orders = "user.orders.BTC-PERPETUAL.raw"
        sim, host = self.start(channels=f"{BOOK} {TRADES} {orders}", more="credentials file:deribit.cred;")
        before = sim.stats()["auths_ok"]
        sim.command("expire")
        host.ask_raw("session.call", {"session": "btc", "method": "private/get_positions", "params": {"currency": "BTC"}})

        def works():
            return "result" in host.ask_raw("session.call", {"session": "btc", "method": "private/get_positions",
                                                             "params": {"currency": "BTC"}})
        wait_until(works, "private calls to work again")
        self.assertGreater(sim.stats()["auths_ok"], before)
        self.assertEqual(sim.stats()["accepted"], 1)
        host.wait_state("btc")
        count = len(host.records("data/out.jsonl"))
        records = host.wait_records("data/out.jsonl", lambda r: len(r) > count + 50, "more records")
        self.check_breaks(records)

    def test_a_login_that_fails_later_and_an_expired_token_after_a_cut_come_back(self):
        sim, host = self.start(more="credentials file:deribit.cred;")
        sim.command("expire refresh")
        sim.command("cut all")
        self.check_breaks(self.wait_data(host, 2))
        host.wait_state("btc")

    def test_a_channel_left_out_of_the_reply_is_reported_and_asked_for_again_while_others_deliver(self):
        sim, host = self.start(before="partial 1", ready=False)
        gaps = host.wait_records("data/out.jsonl", lambda r: any(x.get("reason") == "refused" for x in r), "the refusal")
        gap = next(r for r in gaps if r.get("reason") == "refused")
        self.assertIn("left", gap["message"])
        self.wait_data(host, 1, [c for c in (BOOK, TRADES) if c != gap["channel"]])
        self.assertIn(gap["channel"], host.log())
        host.wait_state("btc")
        self.wait_data(host, 1)
        self.assertEqual(sim.stats()["accepted"], 1)

    def test_a_skipped_change_id_is_told_and_the_channel_alone_is_healed(self):
        sim, host = self.start()
        sim.command(f"skip 1 {BOOK}")
        records = host.wait_records("data/out.jsonl", lambda r: any(x.get("reason") == "sequence" for x in r), "the gap event")
        gap = next(i for i, r in enumerate(records) if r.get("reason") == "sequence")
        self.assertEqual((records[gap]["event"], records[gap]["channel"]), ("gap", BOOK))
        records = host.wait_records(
            "data/out.jsonl", lambda r: any(x.get("channel") == BOOK and x.get("data", {}).get("type") == "snapshot" for x in r[gap:]),
            "a new snapshot")
        self.check_breaks(records)
        host.wait_state("btc")
        self.assertEqual(sim.stats()["accepted"], 1)
        self.assertEqual({r["channel"] for r in records if r.get("event") == "gap"}, {BOOK})
        self.assertEqual({r["epoch"] for r in records}, {1})

    def test_a_subscribe_call_that_is_never_answered_is_not_waited_for_for_ever(self):
        sim, host = self.start(before="subscribe silent", more="subscribe_timeout 300ms;", ready=False)
        wait_until(lambda: sim.stats()["accepted"] >= 2, "a second link")
        self.assertIn("not one channel was answered", host.sessions()["btc"]["last_error"]["message"])
        sim.command("subscribe ok")
        host.wait_state("btc")
        self.wait_data(host, 1)

    def test_maintenance_is_waited_out(self):
        sim, host = self.start(reconnect="delay=50ms max_delay=200ms")
        sim.command("maintenance on")
        sim.command("cut all")
        wait_until(lambda: sim.stats()["accepted"] >= 3, "attempts during maintenance")
        sim.command("maintenance off")
        self.check_breaks(self.wait_data(host, 2))
        host.wait_state("btc")


if __name__ == "__main__":
    unittest.main()
