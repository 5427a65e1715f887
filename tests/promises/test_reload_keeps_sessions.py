"""SIGHUP that adds a session, with 20 others running at 1,000 messages a second each: the others keep their sockets and lose nothing."""
import json
import os
import signal
import unittest

from lib.host import Host, book_faults
from lib.sim import Sim
from lib.wait import wait_until

SESSIONS = 20
BOOK = "book.BTC-PERPETUAL.raw"


def session(i, url, channels=BOOK.replace("raw", "100ms") + " trades.BTC-PERPETUAL.100ms"):
    return (f"output jsonl out{i} {{ path data/s{i}.jsonl; queue_bytes 256m; }}\n"
            f"session s{i} {{ adapter deribit; url {url}; subscribe {channels}; output out{i}; }}\n")


def config(url, numbers):
    return ("load_module hawser_deribit.so;\nload_module hawser_jsonl.so;\n" + "".join(session(i, url) for i in numbers))


class ReloadKeepsSessions(unittest.TestCase):
    def check_untouched(self, host, i):
        records = host.records(f"data/s{i}.jsonl")
        self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)), f"s{i}")
        self.assertEqual({r["epoch"] for r in records}, {1}, f"s{i}")
        self.assertEqual([r for r in records if "event" in r and r["event"] != "ready"], [], f"s{i}")
        self.assertEqual(book_faults(records, BOOK.replace("raw", "100ms")), [], f"s{i}")

    def wait_flow(self, host, count):
        """Each session passes so many more records on, and they get into its file."""
        names = [f"s{i}" for i in range(SESSIONS)]

        def sequences(least):
            """Of all; None: one has not come so far, or its worker is too busy to answer."""
            found = {name: session["sequence"] for name, session in host.sessions().items()}
            return found if all(found.get(name, -1) >= least.get(name, 0) for name in names) else None
        before = wait_until(lambda: sequences({}), "all sessions to be listed")
        after = wait_until(lambda: sequences({name: before[name] + count for name in names}), "more records")
        for i in range(SESSIONS):
            wait_until(lambda i=i: self.last_sequence(host, i) >= after[f"s{i}"], f"records of s{i}")

    def last_sequence(self, host, i):
        with open(host.path(f"data/s{i}.jsonl"), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 65536))
            lines = file.read().splitlines(keepends=True)[1:]
        whole = [line for line in lines if line.endswith(b"\n")]
        return json.loads(whole[-1])["seq"] if whole else 0

    def test_twenty_busy_sessions_do_not_notice_an_added_one(self):
        rate = int(os.environ.get("HAWSER_TEST_RATE", "1000"))
        with Sim(rate=rate) as sim, Host(config(sim.url, range(SESSIONS)), workers=2) as host:
            host.start()
            host.wait_all_ready(SESSIONS)
            self.wait_flow(host, 100)
            host.write_config(config(sim.url, range(SESSIONS + 1)))
            host.process.send_signal(signal.SIGHUP)
            host.wait_log("20 sessions kept, 0 changed in place, 0 replaced, 1 added, 0 removed")
            host.wait_state(f"s{SESSIONS}")
            self.wait_flow(host, 200)
            self.assertEqual(sim.stats()["accepted"], SESSIONS + 1)
            sim.send_signal(signal.SIGSTOP)  # a busy machine must not read files that grow faster
            for i in range(SESSIONS):
                self.check_untouched(host, i)
            sim.send_signal(signal.SIGCONT)

    def test_a_removed_session_leaves_alone_and_a_changed_list_of_channels_is_changed_in_place(self):
        with Sim(rate=100) as sim, Host(config(sim.url, range(3))) as host:
            host.start()
            host.wait_all_ready(3)
            text = config(sim.url, [0]) + session(1, sim.url, "book.BTC-PERPETUAL.100ms quote.BTC-PERPETUAL")
            host.write_config(text)
            outcome = host.reload()
            self.assertTrue(outcome["ok"], outcome)
            self.assertIn("1 sessions kept, 1 changed in place, 0 replaced, 0 added, 1 removed", outcome["text"])
            host.wait_records("data/s1.jsonl", lambda r: any(x.get("channel") == "quote.BTC-PERPETUAL" for x in r), "quotes")
            wait_until(lambda: len(sim.connections()) == 2, "the removed session's connection to end")
            self.assertEqual(sim.stats()["accepted"], 3)
            self.assertEqual(host.records("data/s2.jsonl")[-1].get("event"), "closed")
            self.check_untouched(host, 0)

    def test_hangups_while_a_reload_runs_end_on_the_last_config(self):
        with Sim(rate=50) as sim, Host(config(sim.url, range(2))) as host:
            host.start()
            host.wait_all_ready(2)
            for count in (3, 4, 5):
                host.write_config(config(sim.url, range(count)))
                for _ in range(20):
                    host.process.send_signal(signal.SIGHUP)
            host.wait_all_ready(5)
            self.assertLess(host.ask("host.status")["generation"], 20)
            self.assertEqual(sim.stats()["accepted"], 5)


if __name__ == "__main__":
    unittest.main()
