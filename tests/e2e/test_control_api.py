"""docs/control-api.md against a live host: it has the host's methods and no others, its examples are what the host answers, its clients work."""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

from lib.control import Peer
from lib.host import Host
from lib.process import Process
from lib.sim import Sim
from lib.wait import DEADLINE_S

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
CONFIG = """
load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl ticks {{ path data/ticks.jsonl; }}
session btc {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; output ticks; }}
"""


def sections():
    """The text of each method's section."""
    with open(os.path.join(ROOT, "docs/control-api.md"), encoding="utf-8") as file:
        text = file.read()
    return dict(re.findall(r"^### ([a-z]+\.[a-z]+)\n(.*?)(?=^##|\Z)", text, re.M | re.S))


def examples(section):
    """[(request, [answers])] of a section."""
    found = []
    joined = re.sub(r"\n        ", "", section)
    for arrow, text in re.findall(r"^    (-->|<--) (.*)$", joined, re.M):
        value = json.loads(text.replace("{...}", "{}"))
        if arrow == "-->":
            found.append((value, []))
        else:
            found[-1][1].append(value)
    return found


def shape(value):
    """Names and types, without what differs from host to host."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def differences(said, is_so, path=""):
    """Where a document's example is not of the shape of a real answer. An empty list says nothing of its elements."""
    if isinstance(said, dict) and isinstance(is_so, dict):
        found = [f"{path}.{key} is {'not ' if key in said else ''}there" for key in sorted(said.keys() ^ is_so.keys())]
        for key in said.keys() & is_so.keys():
            found += differences(said[key], is_so[key], f"{path}.{key}")
        return found
    if isinstance(said, list) and isinstance(is_so, list):
        return differences(said[0], is_so[0], path + "[]") if said and is_so else []
    return [] if said == is_so else [f"{path} is {is_so}, not {said}"]


class Api(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = cls.enterClassContext(Sim(rate=50))
        cls.host = Host(CONFIG.format(url=cls.sim.url))
        cls.addClassCleanup(cls.host.__exit__)
        cls.host.start()
        cls.host.wait_state("btc")

    def test_the_document_has_the_methods_of_the_host_and_no_others(self):
        with Peer(self.host) as peer:
            methods = peer.ask("nosuch")["error"]["data"]["methods"]
        self.assertEqual(sorted(sections()), sorted(methods))

    def test_each_method_has_an_example_that_is_what_the_host_answers(self):
        for method, section in sections().items():
            pairs = examples(section)
            self.assertTrue(pairs, f"{method} has no example")
            for request, answers in pairs:
                self.assertEqual(request["method"], method)
                self.host.wait_state("btc", "CLOSED" if self.host.sessions()["btc"]["closed_by_hand"] else "READY")
                if method == "stream.attach":
                    self.host.ask("session.reconnect", {"session": "btc"})
                    self.host.wait_state("btc")
                with Peer(self.host) as peer:
                    peer.write(json.dumps(request) + "\n")
                    real = [peer.read() for _ in answers]
                if method == "stream.attach":
                    real[1]["data"] = {}
                for said, is_so in zip(answers, real):
                    self.assertEqual(differences(shape(said), shape(is_so)), [], method)
                    self.assertEqual((said.get("id"), said.get("error", {}).get("code")), (is_so.get("id"), is_so.get("error", {}).get("code")))

    def test_the_codes_of_the_document_are_those_of_the_table_of_errors(self):
        with open(os.path.join(ROOT, "include/hawser/error_table.h"), encoding="utf-8") as file:
            table = dict(re.findall(r"HAWSER_ERROR_ROW\((\d+), (\w+),", file.read()))
        with open(os.path.join(ROOT, "docs/control-api.md"), encoding="utf-8") as file:
            rows = re.findall(r"^\| (\d{3}(?:, \d{3})?) \| (.*?) \|$", file.read(), re.M)
        self.assertGreater(len(rows), 4)
        for codes, text in rows:
            for code in codes.split(", "):
                self.assertIn(table[code], text)


class Clients(Api):
    PYTHON = [sys.executable, "-I", os.path.join(ROOT, "examples/control-client.py")]
    SHELL = [os.path.join(ROOT, "examples/control-client.sh")]
    test_the_document_has_the_methods_of_the_host_and_no_others = None
    test_each_method_has_an_example_that_is_what_the_host_answers = None
    test_the_codes_of_the_document_are_those_of_the_table_of_errors = None

    def run_client(self, client, *words, status=0):
        done = subprocess.run([*client, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE_S, check=False, text=True)
        self.assertEqual(done.returncode, status, done)
        return done.stdout

    def check_client(self, client):
        path = self.host.path("run/control.sock")
        asked = json.loads(self.run_client(client, path, "session.call", '{"session":"btc","method":"public/get_time"}'))
        self.assertGreater(asked["result"] if isinstance(asked, dict) else asked, 1600000000000)
        self.assertIn("btc", self.run_client(client, path, "host.status"))
        self.run_client(client, path, "session.state", '{"session":"nosuch"}', status=1)
        self.run_client(client, path, "follow", "nosuch", status=1)
        self.run_client(client, path, status=2)
        self.run_client(client, self.host.path("nosuch.sock"), "host.status", status=3)
        with Process([*client, path, "follow", "btc", "ticker.*"]) as follower:
            record = json.loads(follower.wait_line(lambda line: '"seq"' in line, "a record"))
            self.assertEqual(record["channel"], "ticker.BTC-PERPETUAL.100ms")

    def test_the_client_in_python_asks_and_follows(self):
        self.check_client(self.PYTHON)
        self.run_client(self.PYTHON, self.host.path("run/control.sock"), "host.status", "{bad", status=2)

    @unittest.skipUnless(shutil.which("socat") or shutil.which("nc"), "neither socat nor nc is here (scripts/setup tests)")
    def test_the_client_in_shell_asks_and_follows(self):
        self.check_client(self.SHELL)


if __name__ == "__main__":
    unittest.main()
