"""What the control socket tells of sessions, outputs and modules; and sessions that a person closes."""
import os
import shutil
import signal
import unittest

from lib.control import Peer
from lib.host import Host
from lib.process import build_dir
from lib.sim import Sim
from lib.wait import wait_until

TICKER = "ticker.BTC-PERPETUAL.100ms"
CONFIG = """
load_module hawser_deribit.so;
load_module hawser_jsonl.so;
load_module hawser_statsd.so;
telemetry statsd {{ server 127.0.0.1:9; }}
output jsonl all {{ path data/all.jsonl; }}
session btc {{ adapter deribit; url {url}; subscribe {channels}; reconnect delay=50ms; output all; }}
session eth {{ adapter deribit; url {url}; reconnect delay=50ms; output {output}; }}
"""


class Lists(unittest.TestCase):
    def start(self, output="all", head="", workers=2):
        self.sim = self.enterContext(Sim(rate=100))
        self.url = self.sim.url
        self.host = Host(head + CONFIG.format(url=self.url, channels=TICKER, output=output), workers=workers)
        self.addCleanup(self.host.__exit__)
        if workers == 2:
            self.host.start()
            self.host.wait_all_ready(2)

    def outputs(self):
        return {(one["output"], one["worker"]): one for one in self.host.ask("output.list")}

    def test_a_session_tells_its_rate_and_everything_that_operations_want(self):
        self.start()
        wait_until(lambda: 60 < self.host.sessions()["btc"]["messages_per_s"] < 140, "the simulator's hundred messages a second")
        state = self.host.ask("session.state", {"session": "btc"})
        self.assertGreater(state["bytes_per_s"], 60 * 200)
        for member in ("state_since", "epoch", "last_message", "messages", "bytes", "sequence"):
            self.assertGreater(state[member], 0, member)
        self.assertEqual((state["gaps"], state["reconnects"], state["streams"], state["last_error"]), (0, 0, 0, None))
        self.assertEqual([(c["channel"], c["confirmed"], c["dynamic"]) for c in state["channels"]], [(TICKER, True, False)])
        wait_until(lambda: self.host.sessions()["eth"]["messages_per_s"] < 5, "a session without channels to be quiet")

    def test_outputs_are_told_worker_by_worker(self):
        self.start()
        def look():
            found = [one for one in self.outputs().values() if one["written"] > 50 and one["written_bytes"] > 5000]
            return found
        one = wait_until(look, "records in the file")[0]
        self.assertEqual((one["output"], one["module"], one["state"], one["dropped"], one["errors"]), ("all", "jsonl", "ok", 0, 0))
        self.assertEqual((one["max_records"], one["max_bytes"]), (65536, 64 << 20))
        self.assertNotIn("last_error", one)

    def test_an_output_that_fails_and_one_that_never_opened_say_why(self):
        self.start(output="full gone", workers=1)
        with open(self.host.path("hawser.conf"), encoding="utf-8") as file:
            config = file.read()
        os.mkfifo(self.host.path("data/pipe"))
        extra = "output jsonl full { path /dev/full; }\noutput jsonl gone { path data/pipe; }\n"
        self.host.write_file("hawser.conf", config + extra)
        self.host.start()
        self.host.wait_all_ready(2)
        full = wait_until(lambda: [one for one in self.outputs().values() if one["state"] == "failing"], "the full disk to be told")[0]
        self.assertEqual(full["output"], "full")
        self.assertIn("No space left", full["last_error"])
        self.assertGreater(full["errors"], 0)
        gone = wait_until(lambda: [one for one in self.outputs().values() if one.get("state") == "missing" and "last_error" in one],
                          "the pipe without a reader to be told")[0]
        self.assertEqual(gone["output"], "gone")

    def test_modules_have_their_users_and_tell_when_their_file_is_another_one(self):
        self.start(head="", workers=1)
        folder = self.host.path("modules")
        shutil.copytree(os.path.join(build_dir(), "modules"), folder)
        with open(self.host.path("hawser.conf"), encoding="utf-8") as file:
            config = file.read()
        self.host.write_file("hawser.conf", config.replace(os.path.join(build_dir(), "modules"), folder))
        self.host.start()
        self.host.wait_all_ready(2)
        modules = {one["name"]: one for one in self.host.ask("module.list")}
        self.assertEqual({name: (one["kind"], one["users"], one["replaced"], sorted(one["processes"])) for name, one in modules.items()},
                         {"deribit": ("adapter", 2, False, ["worker 0"]), "jsonl": ("output", 1, False, ["worker 0"]),
                          "statsd": ("telemetry", 1, False, ["observer", "worker 0"])})
        for one in modules.values():
            self.assertEqual(one["file"], os.path.join(folder, f"hawser_{one['name']}.so"))
            self.assertRegex(one["build_id"], "^[0-9a-f]{8,}$|^$")
            self.assertRegex(one["abi"], r"^1\.[0-9]+$")
        path = modules["deribit"]["file"]
        shutil.copy(path, path + ".new")
        os.rename(path + ".new", path)
        self.assertEqual([one["name"] for one in self.host.ask("module.list") if one["replaced"]], ["deribit"])
        self.host.reload()
        old, new = [one for one in self.host.ask("module.list") if one["name"] == "deribit"]
        self.assertEqual((old["replaced"], new["replaced"]), (True, False))

        def moved():
            return [one["users"] for one in self.host.ask("module.list") if one["name"] == "deribit"] == [0, 2]
        wait_until(moved, "the sessions to run on the new code")


class Closed(unittest.TestCase):
    def setUp(self):
        self.sim = self.enterContext(Sim(rate=100))
        self.host = Host(CONFIG.format(url=self.sim.url, channels=TICKER, output="all"))
        self.addCleanup(self.host.__exit__)
        self.host.start()
        self.host.wait_all_ready(2)

    def close(self):
        self.assertEqual(self.host.ask("session.close", {"session": "btc"}), "ok")
        session = self.host.wait_state("btc", "CLOSED")
        self.assertTrue(session["closed_by_hand"])

    def test_a_closed_session_stays_so_until_it_is_asked_for(self):
        connections = self.sim.stats()["accepted"]
        self.close()
        self.assertEqual(self.host.ask("session.close", {"session": "btc"}), "ok")
        answer = self.host.ask_raw("session.call", {"session": "btc", "method": "public/get_time"})
        self.assertIn("CLOSED", answer["error"]["message"])
        self.assertEqual(self.sim.stats()["accepted"], connections)
        self.host.ask("session.reconnect", {"session": "btc"})
        self.assertFalse(self.host.wait_state("btc")["closed_by_hand"])
        records = self.host.wait_records("data/all.jsonl", lambda records: sum("event" in r and r["session"] == "btc" for r in records) >= 4, "its return")
        events = [r["event"] for r in records if "event" in r and r["session"] == "btc"]
        self.assertEqual((events[:2], sorted(events[2:4])), (["ready", "closed"], ["gap", "ready"]))  # what was missed is announced

    def test_a_new_worker_keeps_it_closed_and_a_reload_opens_it(self):
        self.close()
        connections = self.sim.stats()["accepted"]
        worker = self.host.workers()[0]["pid"]
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: self.host.workers()[0]["pid"] not in (0, worker), "a new worker")
        self.host.wait_state("eth")
        self.host.wait_state("btc", "CLOSED")
        self.assertEqual(self.sim.stats()["accepted"], connections + 1)  # eth alone came back
        plan = {change["name"]: change for change in self.host.ask("host.plan")["changes"]}
        self.assertIn("closed by hand", plan["btc"]["reason"])
        self.assertTrue(self.host.reload()["ok"])
        self.host.wait_all_ready(2)

    def test_the_host_does_not_wait_for_it_at_its_end(self):
        self.close()
        self.assertEqual(self.host.process.stop(signal.SIGQUIT), 0)
        self.assertNotIn("did not close in time", self.host.log())

    def test_a_session_of_two_lines_closes_and_returns_with_both(self):
        with Host(CONFIG.format(url=self.sim.url, channels=TICKER, output="all").replace("reconnect delay=50ms; output all; }", "lines 2; output all; }", 1)) as host:
            host.start()

            def states():
                return sorted(line["state"] for line in host.sessions().get("btc", {"lines": []})["lines"])
            wait_until(lambda: states() == ["READY", "READY"], "both lines")
            host.ask("session.close", {"session": "btc"})
            wait_until(lambda: set(states()) == {"CLOSED"}, "the end of both")
            host.ask("session.reconnect", {"session": "btc"})
            wait_until(lambda: states() == ["READY", "READY"], "both lines again")

    def test_a_stream_sees_the_end_and_the_return(self):
        with Peer(self.host) as peer:
            peer.ask("stream.attach", {"session": "btc"})
            self.close()
            peer.until(lambda record: record.get("event") == "closed")
            self.host.ask("session.reconnect", {"session": "btc"})
            peer.until(lambda record: record.get("event") == "ready")


if __name__ == "__main__":
    unittest.main()
