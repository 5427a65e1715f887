"""hawserctl as people use it: every command against a live host, its exit codes, and what it says when no host is there."""
import json
import os
import re
import signal
import socket
import subprocess
import unittest

from lib.host import Host
from lib.process import Process, program
from lib.sim import Sim
from lib.two_sessions import TICKER, two_sessions
from lib.wait import DEADLINE_S, wait_until


class Ctl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = cls.enterClassContext(Sim(rate=100))
        cls.host = Host(two_sessions(cls.sim))
        cls.addClassCleanup(cls.host.__exit__)
        cls.host.start()
        cls.host.wait_all_ready(2)

    def argv(self, *words):
        return [program("hawserctl"), "-p", self.host.prefix, "-c", "hawser.conf", *words]

    def ctl(self, *words, status=0, argv=None):
        done = subprocess.run(argv or self.argv(*words), stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE_S * 2, check=False, text=True)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        self.assertNotIn("Sanitizer", done.stderr)
        self.host.said += [done.stdout, done.stderr]  # which are searched for secrets
        return done.stdout if status == 0 else done.stderr


class Commands(Ctl):
    def test_every_command_of_the_help_answers_people_and_programs(self):
        words = {"NAME": ["btc"], "NAME METHOD [PARAMS]": ["btc", "public/get_time"], "NAME CHANNEL ...": ["btc", "quote.BTC-PERPETUAL"],
                 "NAME [PATTERN]": ["btc", "tick*"], "": []}
        wants = {"status": "2 of 2 sessions ready", "sessions": "MSG/S", "session": TICKER, "call": r"^\d{13}$", "top": "of 2 ready", "tail": '"seq":',
                 "outputs": "jsonl .* ok ", "modules": "adapter +deribit", "reload": "reload done", "plan": "would keep 3 and change 0"}
        seen = 0
        for verb, usage in re.findall(r"^  ([a-z]+) ((?:NAME[^a-z]*)?) +[a-z].*$", self.ctl("--help"), re.M):
            seen += 1
            argument = words[usage.strip()]
            extra = {"tail": ["-n", "2"], "top": ["-b", "-n", "1"]}.get(verb, [])
            status = 1 if verb == "release" else 0
            said = self.ctl(verb, *argument, *extra, status=status)
            self.assertRegex(said, re.compile(wants.get(verb, "ok" if status == 0 else "no session or adapter"), re.M), verb)
            if verb == "unsubscribe":  # what is not wanted cannot be given up a second time
                self.host.ask("session.subscribe", {"session": "btc", "channels": ["quote.BTC-PERPETUAL"]})
            if verb == "close":
                self.host.wait_state("btc", "CLOSED")
            if status == 0:
                for line in self.ctl("--json", verb, *argument, *extra).splitlines():
                    self.assertIsInstance(json.loads(line), dict, verb)
            if verb == "close":
                self.ctl("reconnect", "btc")
                self.host.wait_state("btc")
        self.assertEqual(seen, 15)
        self.host.wait_all_ready(2)

    def test_a_refusal_is_one_and_a_wrong_command_line_is_two(self):
        for words, status, text in (
                (("session", "nosuch"), 1, 'no session "nosuch"'), (("tail", "nosuch"), 1, 'no session "nosuch"'),
                (("call", "btc", "public/nosuch"), 1, "Method not found"), (("call", "btc", "public/get_time", "{"), 2, "not JSON"),
                (("nosuch",), 2, "unknown command"), ((), 2, "no command"), (("session",), 2, "usage: hawserctl session NAME"),
                (("status", "more"), 2, "usage"), (("--nosuch",), 2, "--help"), (("-n", "0", "tail", "btc"), 2, "--count"),
                (("-o", "size", "top"), 2, "none of name"), (("-t", "1x", "status"), 2, "--timeout"), (("top",), 2, "top -b"),
                (("-i", "1ms", "top"), 2, "--interval")):
            self.assertIn(text, self.ctl(*words, status=status), words)

    def test_a_reload_and_a_plan_that_are_refused_say_why(self):
        path = self.host.path("hawser.conf")
        with open(path, encoding="utf-8") as file:
            good = file.read()
        self.addCleanup(self.host.write_file, "hawser.conf", good)
        self.host.write_file("hawser.conf", good + "nosuch on;\n")
        line = f"hawser.conf:{good.count(chr(10)) + 1}"
        # The socket is named: the config that would say where it is, is broken.
        named = [program("hawserctl"), "-s", self.host.path("run/control.sock")]
        self.assertIn(line, self.ctl(argv=[*named, "plan"], status=1))
        done = subprocess.run([*named, "reload"], capture_output=True, text=True, check=False, timeout=DEADLINE_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn(line, done.stdout)

    def test_top_prints_tables_in_the_order_asked_for(self):
        for key, first in (("name", "btc"), ("rate", "btc"), ("last", "btc")):
            wait_until(lambda: self.host.sessions()["btc"]["messages_per_s"] > 10, "the rate")
            lines = self.ctl("top", "-b", "-n", "2", "-i", "20ms", "-o", key).splitlines()
            self.assertEqual(len([line for line in lines if re.match(r"\d of 2 ready ", line)]), 2)
            self.assertEqual(lines[1].split()[:2], ["SESSION", "STATE"])
            self.assertTrue(lines[2].startswith(first + " "), lines[2])
        self.assertEqual(len(self.ctl("top", "--json", "-n", "3", "-i", "10ms").splitlines()), 3)

    def test_what_could_steer_a_terminal_is_taken_out_of_tables(self):
        name = "evil\x1b]0;title\x07"
        self.ctl("subscribe", "eth", name)
        wait_until(lambda: self.host.sessions()["eth"]["channels_wanted"] == 1, "the channel")
        self.assertIn("evil?]0;title?", self.ctl("session", "eth"))
        self.ctl("unsubscribe", "eth", name)


class Tail(Ctl):
    def test_it_attaches_again_when_the_worker_dies_and_says_so_in_both_streams(self):
        with Process(self.argv("tail", "btc")) as tail:
            tail.wait_line(lambda line: '"seq":' in line, "a record")
            os.kill(self.host.workers()[0]["pid"], signal.SIGKILL)
            gap = json.loads(tail.wait_line(lambda line: '"reason": "stream"' in line or '"reason":"stream"' in line, "the gap"))
            self.assertEqual((gap["session"], gap["event"]), ("btc", "gap"))
            self.assertGreater(gap["since"], 0)
            count = len(tail.lines)
            wait_until(lambda: len(tail.lines) > count + 20, "records of the new worker")
            self.assertIn("attaching again", tail.stderr())
            self.assertIn("attached again", tail.stderr())
        self.host.wait_all_ready(2)

    def test_it_ends_when_its_reader_does(self):
        done = subprocess.run(f"{' '.join(self.argv('tail', 'btc'))} | head -n 3", shell=True, capture_output=True, text=True,
                              check=False, timeout=DEADLINE_S)
        self.assertEqual(len(done.stdout.splitlines()), 3)

    def test_what_cannot_be_written_is_no_success(self):
        for words in (("tail", "btc", "-n", "1"), ("tail", "btc", "-n", "200"), ("top", "-b", "-n", "1"), ("status",), ("--json", "status"), ("modules",)):
            with self.subTest(words), open("/dev/full", "wb") as full:
                done = subprocess.run(self.argv(*words), stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, timeout=DEADLINE_S, check=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"cannot write the ", done.stderr)

    def test_a_session_that_is_gone_ends_it_with_the_reason(self):
        with Process(self.argv("tail", "eth")) as tail:
            wait_until(lambda: self.host.sessions()["eth"]["streams"] == 1, "the stream")
            self.addCleanup(self.host.wait_all_ready, 2)
            self.addCleanup(self.host.reload)
            self.addCleanup(self.host.write_config, two_sessions(self.sim))
            self.host.write_config(two_sessions(self.sim).split("session eth")[0])
            self.host.reload()
            tail.wait(DEADLINE_S)
            self.assertIn('no session "eth"', tail.stderr())

    def test_a_host_that_is_gone_is_waited_for_as_long_as_it_was_told(self):
        with Sim() as sim, Host(two_sessions(sim)) as host:
            host.start()
            host.wait_all_ready(2)
            with Process([program("hawserctl"), "-s", host.path("run/control.sock"), "-t", "2s", "tail", "btc"]) as tail:
                tail.wait_line(lambda line: '"seq":' in line, "a record")
                host.process.send_signal(signal.SIGTERM)
                tail.wait(DEADLINE_S)
                self.assertIn("no host answers", tail.stderr())


class NoHost(unittest.TestCase):
    """When nobody answers it says which socket, why, and what to do."""

    def ask(self, *words, user=None):
        done = subprocess.run([program("hawserctl"), *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE_S, check=False, text=True,
                              user=user, group=user, extra_groups=None if user is None else [])
        self.assertEqual(done.returncode, 3, done)
        return done.stderr

    def setUp(self):
        self.host = Host("")
        self.addCleanup(self.host.__exit__)
        self.socket = self.host.path("run/control.sock")

    def test_no_such_socket(self):
        said = self.ask("-p", self.host.prefix, "-c", "hawser.conf", "status")
        self.assertIn(f'no host answers on the control socket "{self.socket}"', said)
        self.assertIn("Start it", said)
        self.assertIn(self.socket, self.ask("-s", self.socket, "top", "-b"))
        self.assertIn(self.socket, self.ask("-s", self.socket, "tail", "btc"))

    def test_a_socket_that_a_killed_host_left(self):
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(self.socket)
        self.assertIn("was killed", self.ask("-s", self.socket, "status"))
        self.assertIn("start it again", self.ask("-s", self.socket, "status"))

    def test_what_is_no_socket_and_no_configuration(self):
        self.host.write_file("plain", "")
        self.assertIn(f'"{self.host.path("plain")}" is no socket', self.ask("-s", self.host.path("plain"), "status"))
        self.assertIn("cannot read the configuration", self.ask("-p", self.host.prefix, "-c", "nosuch.conf", "status"))
        self.host.write_config("control off;")
        self.assertIn("`control off`", self.ask("-p", self.host.prefix, "-c", "hawser.conf", "status"))

    def test_something_that_is_no_host_and_something_that_says_nothing(self):
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(self.socket)
            other.listen()
            self.assertIn("did not answer in time", self.ask("-s", self.socket, "-t", "100ms", "status"))

    @unittest.skipIf(os.geteuid() != 0, "only root can become somebody else")
    def test_a_socket_for_others(self):
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(self.socket)
            os.chmod(self.socket, 0o600)
            said = self.ask("-s", self.socket, "status", user=65534)
            self.assertIn("user root and group root, mode 0600", said)
            self.assertIn("sudo -u root", said)


if __name__ == "__main__":
    unittest.main()
