"""A reload that changes what a connection is made of, its url or its adapter's file: the new one is there before the old one leaves."""
import os
import shutil
import signal
import unittest

from lib.host import Host, book_faults
from lib.process import build_dir
from lib.sim import Sim
from lib.wait import wait_until

BOOK = "book.BTC-PERPETUAL.100ms"
TRADES = "trades.BTC-PERPETUAL.100ms"

CONFIG = """load_module modules/hawser_deribit.so;
load_module hawser_jsonl.so;
connect_budget rate=0;
max_overlap {overlap};
"""
SESSION = """output jsonl {name} {{ path data/{name}.jsonl; queue_bytes 256m; }}
session {name} {{ adapter deribit; url {url}; lines {lines}; move_timeout {timeout}; subscribe {channels}; output {name};
                  reconnect delay=20ms max_delay=50ms; {more} }}
"""
NOWHERE = "ws://127.0.0.1:1/ws/api/v2"


def config(urls, overlap=4, timeout="10s", lines=1, more=""):
    return CONFIG.format(overlap=overlap) + "".join(
        SESSION.format(name=name, url=url, lines=lines, timeout=timeout, channels=f"{BOOK} {TRADES}", more=more)
        for name, url in urls.items())


class ReloadMovesWithoutAGap(unittest.TestCase):
    def host(self, text):
        host = Host("")
        os.mkdir(host.path("modules"))
        self.install(host)
        host.write_config(text)
        return host

    def install(self, host, extra=b"", changed=None):
        """The adapter's file, in one step over the one that is there. Bytes at its end make it another file, and so do other texts in it,
        as long as the ones they stand for."""
        new = host.path("modules/new")
        with open(os.path.join(build_dir(), "modules/hawser_deribit.so"), "rb") as file:
            code = file.read()
        for old, text in (changed or {}).items():
            self.assertIn(old, code)
            self.assertEqual(len(old), len(text))
            code = code.replace(old, text)
        with open(new, "wb") as file:
            file.write(code + extra)
        os.rename(new, host.path("modules/hawser_deribit.so"))

    def state(self, host, name="a"):
        return host.ask("session.state", {"session": name})

    def flow(self, host, name="a", count=100):
        seen = len(host.records(f"data/{name}.jsonl"))
        host.wait_records(f"data/{name}.jsonl", lambda r: len(r) > seen + count, f"more records of {name}")

    def stop(self, host):
        host.process.send_signal(signal.SIGTERM)
        self.assertEqual(host.process.wait(30), 0)

    def check_whole(self, records, same_feed=True):
        self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)))
        self.assertEqual([r["event"] for r in records if "event" in r], ["ready", "closed"])
        if same_feed:
            found = [t["trade_seq"] for r in records if r.get("channel") == TRADES for t in r["data"]]
            self.assertEqual(found, list(range(found[0], found[0] + len(found))), "trades: lost, twice, or in another order")
            self.assertEqual(book_faults(records, BOOK), [])

    def test_another_url_of_the_same_exchange(self):
        with Sim(rate=1000, broadcast=True) as sim, self.host(config({"a": sim.url, "b": sim.url})) as host:
            host.start()
            host.wait_all_ready(2)
            self.flow(host)
            host.write_config(config({"a": sim.url.replace("127.0.0.1", "localhost"), "b": sim.url}))
            outcome = host.reload()
            self.assertTrue(outcome["ok"], outcome)
            self.assertIn("1 sessions kept, 0 changed in place, 1 replaced", outcome["text"])
            self.assertIn("localhost", self.state(host)["address"])
            self.flow(host)
            self.stop(host)
            self.assertEqual(sim.stats()["accepted"], 3)
            for name in "ab":
                self.check_whole(host.records(f"data/{name}.jsonl"))

    def move_and_back(self, host, there, back, lines):
        """Nothing can be matched with what came before, neither by numbers nor by content, and that is said in each channel."""
        host.start()
        wait_until(lambda: [x["state"] for x in self.state(host)["lines"]] == ["READY"] * lines, "all lines to be READY")
        self.flow(host, count=1500)
        for number, sim in enumerate((there, back), 1):
            host.write_config(config({"a": sim.url}, lines=lines, timeout="60s"))
            outcome = host.reload()
            self.assertTrue(outcome["ok"], outcome)
            for channel in (BOOK, TRADES):
                host.wait_records("data/a.jsonl", lambda r: sum(x.get("event") == "gap" and x["channel"] == channel for x in r) >= number,
                                  f"gap {number} of {channel}")
            wait_until(lambda: [x["state"] for x in self.state(host)["lines"]] == ["READY"] * lines and
                       all(str(sim.port) in x["address"] for x in self.state(host)["lines"]), "all lines to have moved")
            self.flow(host)
        self.stop(host)
        records = host.records("data/a.jsonl")
        self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)))
        self.assertEqual(book_faults(records, BOOK), [])

    def test_an_exchange_that_counts_from_higher_and_one_from_lower_are_told_as_gaps(self):
        with Sim(rate=1000, broadcast=True) as low, Sim(rate=1000) as high, self.host(config({"a": low.url})) as host:
            self.move_and_back(host, high, low, lines=1)

    def test_two_lines_move_to_an_exchange_that_counts_from_lower_and_back(self):
        with Sim(rate=1000, broadcast=True) as high, Sim(rate=50, broadcast=True) as low:
            with self.host(config({"a": high.url}, lines=2)) as host:
                self.move_and_back(host, low, high, lines=2)

    def test_two_lines_move_one_by_one(self):
        with Sim(rate=1000, broadcast=True) as sim, self.host(config({"a": sim.url}, lines=2)) as host:
            host.start()
            wait_until(lambda: [x["state"] for x in self.state(host)["lines"]] == ["READY"] * 2, "both lines to be READY")
            self.flow(host, count=500)
            host.write_config(config({"a": sim.url.replace("127.0.0.1", "localhost")}, lines=2))
            self.assertTrue(host.reload()["ok"])
            wait_until(lambda: [x["address"].find("localhost") > 0 and x["state"] == "READY" for x in self.state(host)["lines"]] ==
                       [True] * 2, "both lines to have moved", 30)
            self.flow(host)
            self.stop(host)
            self.check_whole(host.records("data/a.jsonl"))

    def test_a_replaced_module_moves_its_sessions(self):
        with Sim(rate=1000, broadcast=True) as sim, self.host(config({"a": sim.url})) as host:
            host.start()
            host.wait_all_ready(1)
            self.flow(host)
            self.install(host, b"another build")
            outcome = host.reload()
            self.assertTrue(outcome["ok"], outcome)
            self.assertIn("1 replaced", outcome["text"])
            self.flow(host)
            self.stop(host)
            self.assertEqual(sim.stats()["accepted"], 2)
            self.check_whole(host.records("data/a.jsonl"))

    def test_a_directive_that_the_new_file_brings_is_taken_in_the_same_reload(self):
        with Sim(rate=200, broadcast=True) as sim, self.host(config({"a": sim.url})) as host:
            host.start()
            host.wait_all_ready(1)
            host.write_config(config({"a": sim.url}, more="cancel_on_disruption off;"))
            outcome = host.reload()
            self.assertFalse(outcome["ok"], outcome)
            self.assertIn("cancel_on_disruption", outcome["text"])
            self.install(host, changed={b"cancel_on_disconnect\0": b"cancel_on_disruption\0"})
            outcome = host.reload()
            self.assertTrue(outcome["ok"], outcome)
            self.assertIn("1 replaced", outcome["text"])
            self.flow(host)
            self.stop(host)
            self.check_whole(host.records("data/a.jsonl"))

    def test_new_code_that_does_not_become_ready_leaves_the_old_one_serving(self):
        with Sim(rate=200, broadcast=True) as sim, self.host(config({"a": sim.url}, timeout="1s")) as host:
            host.start()
            host.wait_all_ready(1)
            self.install(host, changed={b"public/set_heartbeat\0": b"public/set_heartbeet\0"})
            outcome = host.reload()
            self.assertFalse(outcome["ok"], outcome)
            self.assertIn("session a goes on with its old connection", outcome["text"])
            self.assertEqual((self.state(host)["state"], self.state(host)["behind"]), ("READY", True))
            self.flow(host)
            self.install(host, b"mended")
            self.assertTrue(host.reload()["ok"])
            self.assertFalse(self.state(host)["behind"])
            self.flow(host)
            self.stop(host)
            self.check_whole(host.records("data/a.jsonl"))

    def test_what_cannot_become_ready_leaves_the_old_one_serving(self):
        with Sim(rate=200, broadcast=True) as sim, self.host(config({"a": sim.url}, timeout="1s")) as host:
            host.start()
            host.wait_all_ready(1)
            host.write_config(config({"a": NOWHERE}, timeout="1s"))
            outcome = host.reload()
            self.assertFalse(outcome["ok"], outcome)
            self.assertIn("session a goes on with its old connection", outcome["text"])
            self.assertEqual((self.state(host)["state"], self.state(host)["behind"]), ("READY", True))
            self.flow(host)
            again = host.reload()  # the same config: it is tried again
            self.assertFalse(again["ok"], again)
            host.write_config(config({"a": sim.url.replace("127.0.0.1", "localhost")}))
            self.assertTrue(host.reload()["ok"])
            self.assertFalse(self.state(host)["behind"])
            self.flow(host)
            self.stop(host)
            self.check_whole(host.records("data/a.jsonl"))

    def test_a_broken_module_leaves_the_old_one_serving(self):
        with Sim(rate=200, broadcast=True) as sim, self.host(config({"a": sim.url})) as host:
            host.start()
            host.wait_all_ready(1)
            with open(host.path("modules/new"), "wb") as file:
                file.write(b"no module")
            os.rename(host.path("modules/new"), host.path("modules/hawser_deribit.so"))
            self.assertFalse(host.reload()["ok"])
            self.flow(host)
            self.stop(host)
            self.assertEqual(sim.stats()["accepted"], 1)
            self.check_whole(host.records("data/a.jsonl"))

    def test_changes_of_mind_during_a_move(self):
        """A channel more, another url, an end of the worker, a removal: each while the one before is under way."""
        slow = {"timeout": "20s", "more": "connect_timeout 20s;"}
        with Sim(rate=200, broadcast=True) as sim, Sim(rate=10) as deaf:
            deaf.command("upgrade none")
            with self.host(config({"a": sim.url}, **slow)) as host:
                host.start()
                host.wait_all_ready(1)
                host.write_config("reload_timeout 3s;\n" + config({"a": deaf.url}, **slow))
                host.reload()
                self.assertTrue(self.state(host)["moving"])
                more = config({"a": deaf.url}, **slow).replace(f"subscribe {BOOK}", f"subscribe quote.BTC-PERPETUAL {BOOK}")
                host.write_config("reload_timeout 3s;\n" + more)
                host.reload()
                host.wait_records("data/a.jsonl", lambda r: any(x.get("channel") == "quote.BTC-PERPETUAL" for x in r),
                                  "the new channel on the old connection")
                self.assertTrue(self.state(host)["moving"])
                host.write_config("reload_timeout 10s;\n" + more.replace(deaf.url, sim.url.replace("127.0.0.1", "localhost")))
                self.assertTrue(host.reload()["ok"])
                self.assertFalse(self.state(host)["moving"])
                host.write_config("reload_timeout 3s;\n" + more)
                host.reload()
                os.kill(host.workers()[0]["pid"], signal.SIGKILL)
                deaf.command("upgrade ok")
                wait_until(lambda: host.workers()[0]["pid"] and "a" in host.sessions(), "the new worker")
                host.wait_state("a")
                deaf.command("upgrade none")
                host.write_config("reload_timeout 3s;\n" + more.replace(deaf.url, deaf.url.replace("127.0.0.1", "localhost")))
                host.reload()
                self.assertTrue(self.state(host)["moving"])
                host.write_config("reload_timeout 5s;\n" + config({}))
                self.assertTrue(host.reload()["ok"])
                self.stop(host)

    def test_quit_during_a_move_is_a_clean_end(self):
        with Sim(rate=200, broadcast=True) as sim, Sim() as deaf:
            deaf.command("upgrade none")
            with self.host(config({"a": sim.url})) as host:
                host.start()
                host.wait_all_ready(1)
                host.write_config("reload_timeout 3s;\n" + config({"a": deaf.url}))
                host.reload()
                self.assertTrue(self.state(host)["moving"])
                host.process.send_signal(signal.SIGQUIT)
                self.assertEqual(host.process.wait(30), 0)
                self.check_whole(host.records("data/a.jsonl"))

    def test_many_sessions_move_a_few_at_a_time(self):
        names = [f"s{i}" for i in range(6)]
        with Sim(rate=100, broadcast=True) as sim, self.host(config({n: sim.url for n in names}, overlap=2)) as host:
            host.start()
            host.wait_all_ready(len(names))
            most = 0

            def look():
                nonlocal most
                most = max(most, len(sim.connections()))
                return not any(s["moving"] or len(s["lines"]) > 1 for s in host.sessions().values()) and \
                    host.log().count("takes over from line") == len(names)
            host.write_config(config({n: sim.url.replace("127.0.0.1", "localhost") for n in names}, overlap=2))
            host.process.send_signal(signal.SIGHUP)
            wait_until(look, "all of them to have moved", 60)
            self.assertLessEqual(most, len(names) + 2)
            self.stop(host)
            for name in names:
                self.check_whole(host.records(f"data/{name}.jsonl"))

    def test_without_an_overlap_the_old_one_leaves_first(self):
        with Sim(rate=200, broadcast=True) as sim, self.host(config({"a": sim.url}, overlap=0)) as host:
            host.start()
            host.wait_all_ready(1)
            self.flow(host)
            host.write_config(config({"a": sim.url.replace("127.0.0.1", "localhost")}, overlap=0))
            self.assertTrue(host.reload()["ok"])
            host.wait_records("data/a.jsonl", lambda r: sum(x.get("event") == "gap" for x in r) == 2, "the gaps")
            self.flow(host)
            self.stop(host)
            records = host.records("data/a.jsonl")
            self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)))
            self.assertEqual([r["event"] for r in records if "event" in r].count("gap"), 2)


if __name__ == "__main__":
    unittest.main()
