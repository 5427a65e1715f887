"""A module of any wrong sort is refused, with what to do, by a host that runs on unharmed: same socket, same connection, no lost data.
And `hawser -m` tells what a module is without running any of it."""
import os
import shutil
import signal
import unittest

from lib.host import Host, book_faults
from lib.process import build_dir
from lib.sim import Sim
from lib.wait import wait_until

BOOK = "book.BTC-PERPETUAL.100ms"
GOOD = """load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl ticks {{ path data/ticks.jsonl; }}
session btc {{ adapter deribit; url {url}; subscribe {channel} trades.BTC-PERPETUAL.100ms; output ticks; }}
"""
USES = {
    "adapter": "session other {{ adapter {name}; url ws://127.0.0.1:1/; }}",
    "output": "output {name} other {{ }}",
    "telemetry": "telemetry {name} {{ }}",
}
# fixture, how it is used (None: load_module alone), what the refusal says: the reason, and what to do
REFUSED = [
    ("other_major", None, "built for ABI 2.0, this host offers 1.2: rebuild the module against this host's hawser/module.h, or upgrade hawser"),
    ("newer_minor", None, "built for ABI 1.7, this host offers 1.2"),
    ("wrong_magic", None, "magic number is 12345678"),
    ("small_struct", None, "its descriptor has 24 bytes"),
    ("no_note", None, "no Hawser note"),
    ("no_symbol", None, "exports no symbol hawser_module"),
    ("no_message", None, "in the slot `message`"),
    ("no_write", None, "in the slot `write`"),
    ("undefined_symbol", None, "hawser_fixture_that_nobody_defines"),
    ("crashes_at_load", None, "while it was loaded (signal 6, Aborted); fix the module or remove its load_module"),
    ("crashes_in_create", "adapter", "while it checked this session (signal 6, Aborted); fix the module"),
    ("crashes_in_check", "adapter", "while it checked this session (signal 6, Aborted); fix the module"),
    ("output_crashes_in_create", "output", "while it checked this block (signal 6, Aborted); fix the module"),
    ("sink_crashes_in_create", "telemetry", "while it checked this block (signal 6, Aborted); fix the module"),
    ("output_crashes_in_check", "output", "while it checked this block (signal 6, Aborted); fix the module"),
]


def fixture(name):
    return os.path.join(build_dir(), "tests/abi/fixtures", name + ".so")


class BadModule(unittest.TestCase):
    def start(self):
        sim = Sim(rate=200)
        self.addCleanup(sim.close)
        host = Host(GOOD.format(url=sim.url, channel=BOOK))
        self.addCleanup(host.__exit__)
        os.mkdir(host.path("mods"), 0o755)
        host.start()
        host.wait_state("btc")
        return sim, host

    def place(self, host, name):
        path = host.path(f"mods/{name}.so")
        shutil.copyfile(fixture(name), path)
        os.chmod(path, 0o644)
        return path

    def configure(self, sim, host, file, use=None):
        line = USES[use].format(name=file) if use else ""
        host.write_config(GOOD.format(url=sim.url, channel=BOOK) + f"load_module mods/{file}.so;\n{line}\n")

    def check_refused(self, host, file, reason):
        status, _, stderr = host.run("-s", "reload")
        self.assertEqual(status, 1, stderr)
        self.assertIn(reason, stderr)
        self.assertIn(f"mods/{file}.so", stderr)
        self.assertRegex(stderr, r"hawser\.conf:\d+")
        self.assertIn("generation 1 goes on", stderr)
        self.assertIn(reason, host.log())
        status, _, stderr = host.run("-t")
        self.assertEqual(status, 1)
        self.assertIn(reason, stderr)

    def check_unharmed(self, sim, host, processes):
        count = len(host.records("data/ticks.jsonl"))
        records = host.wait_records("data/ticks.jsonl", lambda r: len(r) > count + 50, "more records")
        self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)))
        self.assertEqual({r["epoch"] for r in records}, {1})
        self.assertEqual(book_faults(records, BOOK), [])
        self.assertEqual([r for r in records if r.get("event") in ("gap", "dropped", "closed")], [])
        self.assertEqual(sim.stats()["accepted"], 1)
        self.assertEqual(self.processes(host), processes)

    def processes(self, host):
        return [(p["role"], p["pid"], p["restarts"]) for p in host.ask("host.status")["processes"]]

    def test_each_wrong_module_is_refused_and_the_host_runs_on(self):
        sim, host = self.start()
        before = self.processes(host)
        for name, use, reason in REFUSED:
            with self.subTest(name):
                self.place(host, name)
                self.configure(sim, host, name, use)
                self.check_refused(host, name, reason)
        self.check_unharmed(sim, host, before)
        self.place(host, "adapter")
        self.configure(sim, host, "adapter")
        self.assertEqual(host.run("-s", "reload")[0], 0)  # and a good one is still taken
        self.check_unharmed(sim, host, before)

    def test_files_that_are_no_module_are_told_apart(self):
        sim, host = self.start()
        before = self.processes(host)

        def text(path):
            with open(path, "w", encoding="ascii") as file:
                file.write("#!/bin/sh\necho I am not a module\n")

        def cut(path):
            os.truncate(path, os.path.getsize(path) // 2)

        def folder(path):
            os.remove(path)
            os.mkdir(path)
        for name, spoil, reason in (("text", text, "not an ELF object"), ("cut", cut, "cut"), ("missing", os.remove, "check load_module's path"),
                                    ("writable", lambda path: os.chmod(path, 0o666), "can be written by others"),
                                    ("unreadable", folder, "not a regular file")):
            with self.subTest(name):
                path = self.place(host, "adapter")
                os.rename(path, host.path(f"mods/{name}.so"))
                spoil(host.path(f"mods/{name}.so"))
                self.configure(sim, host, name)
                self.check_refused(host, name, reason)
        with self.subTest("a folder that others may write"):
            self.place(host, "adapter")
            os.chmod(host.path("mods"), 0o777)
            self.configure(sim, host, "adapter")
            self.check_refused(host, "adapter", "can be written by others")
        self.check_unharmed(sim, host, before)

    def test_a_hangup_with_a_module_that_crashes_is_refused_in_the_log(self):
        sim, host = self.start()
        before = self.processes(host)
        self.place(host, "crashes_at_load")
        self.configure(sim, host, "crashes_at_load")
        for count in (1, 2, 3):
            host.process.send_signal(signal.SIGHUP)
            wait_until(lambda count=count: host.log().count("reload refused") == count, f"refusal number {count}")
        self.check_unharmed(sim, host, before)

    def checker_of(self, host):
        for name in os.listdir("/proc"):
            try:
                with open(f"/proc/{name}/status", encoding="ascii", errors="replace") as status, \
                        open(f"/proc/{name}/cmdline", "rb") as words:
                    if f"PPid:\t{host.process.pid}\n" in status.read() and words.read().startswith(b"hawser: checker"):
                        return int(name)
            except OSError:
                continue
        return None

    def test_data_flows_while_a_module_hangs_in_the_checker_and_its_end_is_explained(self):
        sim, host = self.start()
        before = self.processes(host)
        self.place(host, "hangs_in_create")
        self.configure(sim, host, "hangs_in_create", "adapter")
        host.process.send_signal(signal.SIGHUP)
        checker = wait_until(lambda: self.checker_of(host), "the checker")
        self.check_unharmed(sim, host, before)
        # Its deadline is an alarm of its own, which rings early here, once the module is in it.
        wait_until(lambda: "hangs_in_create" in self.maps(checker), "the module in the checker")

        def told():
            if self.checker_of(host) == checker:
                os.kill(checker, signal.SIGALRM)
            return "the module hangs: fix or remove it" in host.log()
        wait_until(told, "the refusal")
        self.assertIn("while it checked this session (it took more than", host.log())
        self.check_unharmed(sim, host, before)

    def maps(self, pid):
        with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as file:
            return file.read()

    def test_describing_a_module_runs_none_of_it(self):
        with Host() as host:
            os.mkdir(host.path("mods"), 0o755)
            # All but `adapter` would end a process that ran their constructor; -t, which runs it, proves that.
            for name, usable in (("adapter", "usable    yes"), ("crashes_at_load", "usable    yes"),
                                 ("other_major", "usable    no: built for ABI 2.0"), ("newer_minor", "usable    no: built for ABI 1.7")):
                with self.subTest(name):
                    status, stdout, stderr = host.run("-m", self.place(host, name))
                    self.assertIn(usable, stdout, stderr)
                    self.assertIn("version   1.2.3", stdout)
                    self.assertEqual(status, 0 if "yes" in usable else 1)
            host.write_config("load_module mods/crashes_at_load.so;")
            self.assertIn("signal 6", host.run("-t")[2])
            host.write_file("mods/text.so", "not a module")
            for name, reason in (("text", "not an ELF object"), ("missing", "No such file")):
                status, stdout, stderr = host.run("-m", host.path(f"mods/{name}.so"))
                self.assertEqual((status, stdout), (1, ""))
                self.assertIn(reason, stderr)


if __name__ == "__main__":
    unittest.main()
