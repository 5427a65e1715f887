"""SIGUSR2: the binary that now lies at the host's path takes over in the same process, with the control socket and the pid file; its
workers follow one by one. One that cannot leaves all as it was. What becomes of the data is promise.upgrade_without_a_gap."""
import os
import shutil
import signal
import time
import unittest

from lib.control import Peer
from lib.host import book_faults
from lib.installed import Installed
from lib.process import program
from lib.sim import Sim
from lib.wait import DEADLINE_S, wait_until

SESSIONS = 6
UPGRADES = 5
BOOK = "book.BTC-PERPETUAL.100ms"


def config(url):
    blocks = ["load_module hawser_deribit.so;", "load_module hawser_jsonl.so;", "load_module mods/hawser_generic.so;"]
    for i in range(SESSIONS):
        blocks.append(f"output jsonl out{i} {{ path data/s{i}.jsonl; }}")
        blocks.append(f"session s{i} {{ adapter deribit; url {url}; subscribe {BOOK}; reconnect delay=50ms max_delay=500ms; output out{i}; }}")
    return "\n".join(blocks) + "\n"


class Upgrade(unittest.TestCase):
    def start(self, rate=100):
        sim = Sim(rate=rate, broadcast=True)
        self.addCleanup(sim.close)
        host = Installed(config(sim.url), workers=2)
        self.addCleanup(host.__exit__)
        os.mkdir(host.path("mods"), 0o755)
        shutil.copyfile(os.path.join(os.path.dirname(program("hawser")), "../modules/hawser_generic.so"), host.path("mods/hawser_generic.so"))
        os.chmod(host.path("mods/hawser_generic.so"), 0o644)
        host.install()
        host.start()
        host.wait_all_ready(SESSIONS)
        for i in range(SESSIONS):
            host.wait_records(f"data/s{i}.jsonl", lambda r: len(r) > 20, f"records of s{i}")
        return sim, host

    def upgrade(self, host):
        count = host.log().count("has taken over")
        host.process.send_signal(signal.SIGUSR2)
        wait_until(lambda: host.log().count("has taken over") > count, "the new binary to have taken over", 120)

    def reloads(self, host):
        """A client is cut off when another of those signals has the next binary take over."""
        try:
            return host.reload()["ok"]
        except OSError:
            return False

    def check_untouched(self, sim, host, processes):
        self.assertEqual(host.processes(), processes)
        counts = [len(host.records(f"data/s{i}.jsonl")) for i in range(SESSIONS)]
        for i in range(SESSIONS):
            records = host.wait_records(f"data/s{i}.jsonl", lambda r, i=i: len(r) > counts[i] + 10, f"more records of s{i}")
            self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)))
            self.assertEqual({r["epoch"] for r in records}, {1})
        self.assertEqual(sim.stats()["accepted"], SESSIONS)

    def test_a_new_binary_takes_over_in_the_same_process_and_its_workers_follow_one_by_one(self):
        sim, host = self.start()
        host.ask("session.subscribe", {"session": "s0", "channels": ["quote.BTC-PERPETUAL"]})
        before = host.processes()
        pid = host.process.pid
        inode = host.install()
        self.assertNotIn(inode, host.programs())
        self.upgrade(host)
        self.assertEqual(host.programs(), {inode})
        after = host.processes()
        self.assertEqual(set(after), set(before))
        self.assertFalse(set(after.values()) & set(before.values()))
        status = host.ask("host.status")
        self.assertEqual((status["pid"], status["generation"]), (pid, 1))
        with open(host.path("run/hawser.pid"), encoding="ascii") as file:
            self.assertEqual(int(file.read()), pid)
        host.wait_all_ready(SESSIONS)
        for i in range(SESSIONS):
            records = host.records(f"data/s{i}.jsonl")
            self.assertEqual([r["event"] for r in records if "event" in r], ["ready"])
            self.assertEqual(book_faults(records, BOOK), [])
        self.assertEqual(sim.stats()["accepted"], 2 * SESSIONS)
        channels = {c["channel"]: c["confirmed"] for c in host.ask("session.state", {"session": "s0"})["channels"]}
        self.assertEqual(channels.get("quote.BTC-PERPETUAL"), True)
        # It is a host like any other: it reloads, restarts what dies, is upgraded again, and stops.
        self.assertTrue(host.reload()["ok"])
        os.kill(after[("worker", 0)], signal.SIGKILL)
        wait_until(lambda: host.processes()[("worker", 0)] not in (0, after[("worker", 0)]), "a new worker")
        host.wait_all_ready(SESSIONS)
        inode = host.install()
        self.upgrade(host)
        self.assertEqual(host.programs(), {inode})
        pids = host.processes().values()
        self.assertEqual(host.process.stop(signal.SIGQUIT), 0)
        self.assertFalse([pid for pid in pids if os.path.exists(f"/proc/{pid}")])
        self.assertFalse(os.path.exists(host.path("run/hawser.pid")))
        self.assertFalse(os.path.exists(host.path("run/control.sock")))

    def test_a_binary_that_cannot_take_over_is_refused_with_its_reason(self):
        sim, host = self.start()
        before = host.processes()
        refused = [("#!/bin/sh\necho no luck today >&2\nexit 1\n", 0o755, "no luck today"),
                   ("#!/bin/sh\nexit 0\n", 0o755, "it does not say that it can"),
                   ("#!/bin/sh\nkill -SEGV $$\n", 0o755, "it was ended by signal 11"),
                   ("#!/nonexistent\n", 0o755, "cannot execute it: No such file or directory"),
                   ("not a program", 0o755, "cannot execute it: Exec format error"),
                   ("#!/bin/sh\nexit 0\n", 0o644, "cannot execute it: Permission denied")]
        for text, mode, reason in refused:
            with self.subTest(text=text, mode=mode):
                host.install(text, mode)
                host.process.send_signal(signal.SIGUSR2)
                host.wait_log(f"{host.path('hawser')} does not take over, this binary goes on: {reason}")
        os.remove(host.path("mods/hawser_generic.so"))
        host.install()
        host.process.send_signal(signal.SIGUSR2)
        host.wait_log(f"this binary goes on: {host.path('hawser.conf')}:{len(host.head.splitlines()) + 3}: ")
        self.check_untouched(sim, host, before)
        self.assertNotIn("handing over", host.log())

    def test_a_binary_that_breaks_while_it_takes_over_gives_back_and_no_session_notices(self):
        sim, host = self.start()
        before = host.processes()
        host.install(f"#!/bin/sh\ncase $HAWSER_HANDOVER in\ncheck*) exec {program('hawser')} \"$@\";;\n"
                     f"*) exec {program('hawser')} \"$@\" --nonsense;;\nesac\n")
        host.process.send_signal(signal.SIGUSR2)
        host.wait_log('could not take over, this binary goes on: unknown option "--nonsense"')
        self.check_untouched(sim, host, before)
        os.kill(before[("worker", 0)], signal.SIGKILL)  # its program's file is gone, and its successor still runs from it
        wait_until(lambda: host.processes()[("worker", 0)] not in (0, before[("worker", 0)]), "a new worker")
        host.wait_all_ready(SESSIONS)
        inode = host.install()
        self.upgrade(host)
        self.assertEqual(host.programs(), {inode})

    def test_control_clients_go_on_with_the_new_binary_and_every_request_is_answered(self):
        sim, host = self.start()
        idle, reloads, call, batch, half = (self.enterContext(Peer(host)) for _ in range(5))
        self.assertIn("result", idle.ask("host.status"))
        sim.command("answers off")
        call.send("session.call", {"session": "s0", "method": "public/get_time"}, id="order")
        batch.write('[{"jsonrpc":"2.0","id":1,"method":"host.status"},{"jsonrpc":"2.0","id":2,"method":"session.call",'
                    '"params":{"session":"s1","method":"public/get_time"}}]\n')
        half.write('{"jsonrpc":"2.0",')
        host.install()
        host.process.send_signal(signal.SIGUSR2)
        asked = 0
        while "handing over" not in host.log():  # the last of them waits while the calls hold the new binary back
            answer = reloads.ask("host.reload", id=asked)
            self.assertEqual((answer["id"], answer["result"]["ok"]), (asked, True), answer)
            asked += 1
        answer = call.read()
        self.assertEqual((answer["id"], answer["error"]["code"]), ("order", 311), answer)
        self.assertIn("look before you ask again", answer["error"]["message"])
        answers = {one["id"]: one for one in batch.read()}
        self.assertIn("result", answers[1])
        self.assertEqual(answers[2]["error"]["code"], 311)
        self.assertIn("connect again", half.read()["error"]["message"])
        self.assertIsNone(half.line())
        sim.command("answers on")
        for peer in (idle, reloads, call, batch):
            self.assertEqual(peer.ask("host.status")["result"]["pid"], host.process.pid)
        wait_until(lambda: "has taken over" in host.log(), "the new binary to have taken over", 120)  # each worker waits for its call
        self.assertIn("result", idle.ask("host.status"))

    def test_workers_that_a_signal_closed_stay_closed_across_an_upgrade_until_a_reload(self):
        _, host = self.start()
        host.process.send_signal(signal.SIGWINCH)
        self.upgrade(host)
        wait_until(lambda: not any(worker["running"] for worker in host.workers()), "the workers to close")
        self.assertTrue(host.reload()["ok"])
        host.wait_all_ready(SESSIONS)

    def test_signals_during_an_upgrade_are_harmless(self):
        _, host = self.start()
        inode = host.install()
        host.process.send_signal(signal.SIGUSR2)

        def done():
            for number in (signal.SIGHUP, signal.SIGUSR2, signal.SIGUSR1, signal.SIGCHLD, signal.SIGPIPE):
                host.process.send_signal(number)
            return "has taken over" in host.log()
        wait_until(done, "the new binary to have taken over", 120)
        wait_until(lambda: self.reloads(host), "a reload")
        host.wait_all_ready(SESSIONS)
        wait_until(lambda: host.log().count("handing over") == host.log().count("has taken over"), "the last of them", 120)
        self.assertEqual(host.programs(), {inode})
        self.assertLess(host.ask("host.status")["generation"], 1000)
        self.assertEqual(host.process.stop(signal.SIGTERM), 0)

    def test_no_signal_is_lost_whatever_the_moment_of_an_upgrade(self):
        """Each follows at once on the one before it: so one is on its way whenever the old binary ends."""
        with Installed() as host:
            host.install()
            host.start()
            with open(host.path("logs/error.log"), encoding="utf-8") as log:
                for _ in range(UPGRADES):
                    host.process.send_signal(signal.SIGUSR2)
                    said = ""
                    while "has taken over" not in said:
                        host.process.send_signal(signal.SIGUSR1)
                        end, said = time.monotonic() + DEADLINE_S, ""
                        while "reopening files" not in said:
                            self.assertLess(time.monotonic(), end, "a signal was lost")
                            said += log.read()
            self.assertEqual(host.process.stop(signal.SIGTERM), 0)

    def test_one_process_alone_cannot_be_upgraded_and_says_so(self):
        with Installed("master_process off;\n") as host:
            host.install()
            host.start()
            host.process.send_signal(signal.SIGUSR2)
            host.wait_log("that needs `master_process on`")
            self.assertTrue(host.reload()["ok"])


if __name__ == "__main__":
    unittest.main()
