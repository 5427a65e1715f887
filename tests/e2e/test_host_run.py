"""One host, one session, from the config file to the records: start, READY, data, files, signals, stop."""
import os
import signal
import unittest

from lib.host import Host, book_faults
from lib.sim import CLIENT, Sim
from lib.wait import wait_until

CONFIG = """
load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl ticks {{ path data/ticks.jsonl; }}
session btc {{
    adapter deribit;
    url {url};
    credentials file:deribit.cred;
    subscribe ticker.BTC-PERPETUAL.100ms book.BTC-PERPETUAL.100ms;
    subscribe user.orders.BTC-PERPETUAL.raw;
    reconnect delay=50ms max_delay=1s;
    output ticks;
}}
"""
CRED = {"deribit.cred": (f"client_id {CLIENT[0]};\nclient_secret {CLIENT[1]};\n", 0o600)}
BOOK = "book.BTC-PERPETUAL.100ms"


class HostRun(unittest.TestCase):
    def host(self, sim, **options):
        host = Host(CONFIG.format(url=sim.url), files=CRED, **options)
        self.addCleanup(host.__exit__)
        return host.start()

    def test_a_session_becomes_ready_and_its_records_reach_the_file(self):
        with Sim() as sim:
            host = self.host(sim)
            host.wait_state("btc")
            records = host.wait_records("data/ticks.jsonl", lambda r: sum("data" in x for x in r) > 10, "ten data records")
            data = [r for r in records if "data" in r]
            self.assertEqual({r["session"] for r in records}, {"btc"})
            self.assertEqual([r["seq"] for r in records], list(range(records[0]["seq"], records[0]["seq"] + len(records))))
            self.assertIn(BOOK, {r["channel"] for r in data})
            self.assertEqual(book_faults(records, BOOK), [])
            self.assertTrue(all(r["time"] > 1_700_000_000_000_000_000 for r in records))

    def test_a_cut_link_gives_one_reconnect_a_gap_event_for_each_channel_and_data_again(self):
        with Sim() as sim:
            host = self.host(sim)
            host.wait_state("btc")
            host.wait_records("data/ticks.jsonl", lambda r: any(x.get("channel") == BOOK and "data" in x for x in r), "a book")
            sim.command("cut all")
            records = host.wait_records(
                "data/ticks.jsonl",
                lambda r: any(x["epoch"] == 2 and x.get("channel") == BOOK and "data" in x for x in r), "a book after the cut")
            gaps = [r for r in records if r.get("event") == "gap"]
            self.assertIn(BOOK, {g["channel"] for g in gaps})
            self.assertEqual({g["reason"] for g in gaps}, {"connection"})
            self.assertTrue(all(g["since"] > 0 for g in gaps if g["channel"] == BOOK))
            first_new = next(i for i, r in enumerate(records) if r["epoch"] == 2 and r.get("channel") == BOOK and "data" in r)
            self.assertTrue(any(r.get("event") == "gap" and r["channel"] == BOOK for r in records[:first_new]))
            self.assertEqual(host.sessions()["btc"]["epoch"], 2)
            self.assertEqual(sim.stats()["accepted"], 2)

    def test_quit_closes_with_a_handshake_and_every_record_is_in_the_file(self):
        with Sim(rate=500) as sim:
            host = self.host(sim)
            host.wait_state("btc")
            host.wait_records("data/ticks.jsonl", lambda r: len(r) > 200, "records")
            self.assertEqual(host.process.stop(signal.SIGQUIT), 0)
            records = host.records("data/ticks.jsonl")
            self.assertEqual([r["seq"] for r in records], list(range(records[0]["seq"], records[0]["seq"] + len(records))))
            self.assertEqual(records[-1].get("event"), "closed")
            self.assertFalse(os.path.exists(host.path("run/hawser.pid")))
            self.assertFalse(os.path.exists(host.path("run/control.sock")))

    def test_term_is_quick_and_leaves_no_process(self):
        with Sim() as sim:
            host = self.host(sim, workers=2)
            host.wait_state("btc")
            pids = [worker["pid"] for worker in host.workers()]
            self.assertEqual(host.process.stop(signal.SIGTERM), 0)
            for pid in pids:
                self.assertFalse(os.path.exists(f"/proc/{pid}"))

    def test_usr1_reopens_outputs_and_the_log(self):
        with Sim() as sim:
            host = self.host(sim)
            host.wait_state("btc")
            host.wait_records("data/ticks.jsonl", lambda r: len(r) > 3, "records")
            os.rename(host.path("data/ticks.jsonl"), host.path("data/old.jsonl"))
            os.rename(host.path("logs/error.log"), host.path("logs/old.log"))
            host.process.send_signal(signal.SIGUSR1)
            host.wait_log("reopening files")
            new = host.wait_records("data/ticks.jsonl", lambda r: len(r) > 3, "records in the new file")
            old = host.records("data/old.jsonl")
            self.assertEqual(new[0]["seq"], old[-1]["seq"] + 1)

    def test_a_call_is_answered_by_the_exchange_and_its_errors_are_told(self):
        with Sim() as sim:
            host = self.host(sim)
            host.wait_state("btc")
            time_ms = host.ask("session.call", {"session": "btc", "method": "public/get_time"})
            self.assertGreater(time_ms, 1_700_000_000_000)
            answer = host.ask_raw("session.call", {"session": "btc", "method": "public/no_such_method"})
            self.assertEqual(answer["error"]["data"]["cause"], -32601)

    def test_a_call_may_wait_as_long_as_a_number_can_say_and_no_other_time_is_taken(self):
        with Sim() as sim:
            host = self.host(sim)
            host.wait_state("btc")
            call = {"session": "btc", "method": "public/test", "params": {}}
            for timeout_ms in (None, 0, 60000, 2 ** 63 - 1):
                self.assertIn("version", host.ask("session.call", {**call, "timeout_ms": timeout_ms}), timeout_ms)
            for timeout_ms in (-1, 1.5, "1000", True, [1]):
                error = host.ask_raw("session.call", {**call, "timeout_ms": timeout_ms})["error"]
                self.assertEqual(error["code"], 314)
                self.assertIn("timeout_ms", error["message"])
            self.assertEqual(host.ask_raw("session.call", {**call, "method": ""})["error"]["code"], 314)

    def test_channels_come_and_go_at_run_time_and_survive_a_break(self):
        with Sim() as sim:
            host = self.host(sim)
            host.wait_state("btc")
            channel = "quote.BTC-PERPETUAL"
            host.ask("session.subscribe", {"session": "btc", "channels": [channel]})
            host.ask("session.unsubscribe", {"session": "btc", "channels": ["ticker.BTC-PERPETUAL.100ms"]})
            host.wait_records("data/ticks.jsonl", lambda r: any(x.get("channel") == channel and "data" in x for x in r), "quotes")
            sim.command("cut all")
            wait_until(lambda: host.sessions()["btc"]["epoch"] == 2, "the second connection")
            host.wait_state("btc")
            state = host.ask("session.state", {"session": "btc"})
            channels = {c["channel"]: c for c in state["channels"]}
            self.assertTrue(channels[channel]["confirmed"])
            self.assertTrue(channels[channel]["dynamic"])
            self.assertNotIn("ticker.BTC-PERPETUAL.100ms", channels)

    def test_an_output_that_cannot_open_is_opened_when_it_can(self):
        with Sim() as sim:
            host = Host(CONFIG.format(url=sim.url), files=CRED)
            self.addCleanup(host.__exit__)
            os.mkfifo(host.path("data/ticks.jsonl"))  # without a reader it cannot be opened
            host.start()
            host.wait_state("btc")
            host.wait_log("lost until it opens")
            reader = os.open(host.path("data/ticks.jsonl"), os.O_RDONLY | os.O_NONBLOCK)
            self.addCleanup(os.close, reader)
            host.wait_log("is open now")

            def data():
                try:
                    return b'"data":' in os.read(reader, 1 << 16)
                except BlockingIOError:
                    return False
            wait_until(data, "records in the fifo")

    def test_winch_closes_the_workers_and_a_reload_starts_them_again(self):
        with Sim() as sim:
            host = self.host(sim, workers=2)
            host.wait_state("btc")
            host.process.send_signal(signal.SIGUSR2)  # the same binary takes over meanwhile: that changes nothing
            host.process.send_signal(signal.SIGWINCH)
            wait_until(lambda: not any(worker["running"] for worker in host.workers()), "the workers to close")
            self.assertEqual(host.records("data/ticks.jsonl")[-1].get("event"), "closed")
            self.assertTrue(host.reload()["ok"])
            host.wait_state("btc")
            host.process.send_signal(signal.SIGWINCH)
            self.assertTrue(host.reload()["ok"])  # while they may still be closing
            wait_until(lambda: all(worker["running"] for worker in host.workers()), "the workers to run")
            host.wait_state("btc")

    def test_everything_works_in_one_process_too(self):
        with Sim() as sim:
            host = Host("master_process off;\n" + CONFIG.format(url=sim.url), files=CRED)
            self.addCleanup(host.__exit__)
            host.start()
            host.wait_state("btc")
            host.wait_records("data/ticks.jsonl", lambda r: len(r) > 5, "records")
            self.assertTrue(host.reload()["ok"])
            self.assertEqual(host.process.stop(signal.SIGQUIT), 0)


if __name__ == "__main__":
    unittest.main()
