"""An adapter from outside: built against the installed headers alone and loaded into a running host; the server is not ours."""
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

from lib.host import Host
from lib.ops_server import OpsServer
from lib.process import build_dir
from lib.wait import wait_until

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../examples/minimal-adapter"))
FIRST = """
load_module hawser_generic.so;
load_module hawser_jsonl.so;
output jsonl first {{ path data/first.jsonl; }}
session first {{ adapter generic; url {url}; default_channel numbers; subscribe numbers; output first; }}
"""
SECOND = """
load_module {module};
output jsonl second {{ path data/second.jsonl; }}
session second {{ adapter minimal; url {url}; subscribe {channels}; heartbeat 1s; output second; }}
"""


def run(*argv, **options):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(argv)}: {done.stdout}{done.stderr}")
    return done.stdout


def readme_command():
    """The one-line build that the example's README prints."""
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        return next(line.strip() for line in file if line.startswith("    cc "))


class MinimalAdapter(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.mkdtemp(prefix="hawser-example-")
        cls.addClassCleanup(shutil.rmtree, cls.work)
        os.chmod(cls.work, 0o755)
        prefix = os.path.join(cls.work, "prefix")
        run("cmake", "--install", build_dir(), "--prefix", prefix)
        folder = next(root for root, _, files in os.walk(prefix) if "hawser-module.pc" in files)
        cls.env = {**os.environ, "PKG_CONFIG_PATH": folder}
        cls.source = os.path.join(cls.work, "source")  # far from the tree: nothing of core/ can be found by chance
        shutil.copytree(SOURCE, cls.source)
        run("sh", "-ec", readme_command(), cwd=cls.source, env=cls.env)
        cls.module = os.path.join(cls.source, "hawser_minimal.so")

    def test_cmake_builds_it_too_and_it_exports_one_symbol(self):
        built = os.path.join(self.work, "cmake")
        run("cmake", "-G", "Ninja", "-S", self.source, "-B", built, env=self.env)
        run("cmake", "--build", built)
        for module in (self.module, os.path.join(built, "hawser_minimal.so")):
            symbols = [line.split()[-1] for line in run("nm", "-D", "--defined-only", module).splitlines()]
            self.assertEqual(symbols, ["hawser_module"])

    def check_untouched(self, host, server):
        records = host.records("data/first.jsonl")
        data = [record["data"]["n"] for record in records if "data" in record]
        self.assertEqual(data, list(range(data[0], data[0] + len(data))))
        self.assertEqual({record["epoch"] for record in records}, {1})
        self.assertEqual(server.connections.count("/stream"), 1)

    def test_a_running_host_takes_it_in_by_sighup_and_others_keep_their_socket(self):
        with OpsServer() as server, Host(FIRST.format(url=server.url("/stream"))) as host:
            host.start()
            host.wait_records("data/first.jsonl", lambda r: len(r) > 20, "records of the first session")
            host.write_config(FIRST.format(url=server.url("/stream")) + SECOND.format(
                module=self.module, url=server.url("/ops"), channels="trades ticker"))
            host.process.send_signal(signal.SIGHUP)
            host.wait_state("second")
            second = host.wait_records("data/second.jsonl", lambda r: {x.get("channel") for x in r} >= {"trades", "ticker"},
                                       "records of the new session's channels")
            trades = [record["data"]["n"] for record in second if record.get("channel") == "trades" and "data" in record]
            self.assertEqual(trades, list(range(trades[0], trades[0] + len(trades))))
            before = len(host.records("data/first.jsonl"))
            host.wait_records("data/first.jsonl", lambda r: len(r) > before + 20, "more records of the first session")
            self.check_untouched(host, server)
            wait_until(lambda: server.pings > 0, "a heartbeat of the adapter's")

    def upgrade(self):
        """A newer version, written beside the module and renamed over it."""
        newer = os.path.join(self.work, "newer")
        shutil.copytree(SOURCE, newer)
        with open(os.path.join(newer, "minimal.c"), "r+", encoding="utf-8") as file:
            text = file.read().replace('"1.0.0"', '"1.0.1"')
            file.seek(0)
            file.write(text)
        run("sh", "-ec", readme_command(), cwd=newer, env=self.env)
        os.rename(os.path.join(newer, "hawser_minimal.so"), self.module)

    def test_an_upgraded_file_moves_its_sessions_over_and_no_other(self):
        with OpsServer() as server:
            config = FIRST.format(url=server.url("/stream")) + SECOND.format(
                module=self.module, url=server.url("/ops"), channels="trades")
            with Host(config) as host:
                host.start()
                host.wait_all_ready(2)
                self.upgrade()
                outcome = host.reload()
                self.assertTrue(outcome["ok"], outcome)
                self.assertIn("1 sessions kept, 0 changed in place, 1 replaced", outcome["text"])
                wait_until(lambda: server.connections.count("/ops") == 2, "the session's second connection")
                host.wait_all_ready(2)
                before = len(host.records("data/first.jsonl"))
                host.wait_records("data/first.jsonl", lambda r: len(r) > before + 20, "more records of the first session")
                self.check_untouched(host, server)

    def test_a_refused_channel_is_told_and_the_others_deliver(self):
        with OpsServer() as server, Host("load_module hawser_jsonl.so;" + SECOND.format(
                module=self.module, url=server.url("/ops"), channels="trades nothing")) as host:
            host.start()
            records = host.wait_records("data/second.jsonl", lambda r: any("data" in x for x in r), "data of the other channel")
            refused = [record for record in records if record.get("reason") == "refused"]
            self.assertEqual([(r["channel"], r["message"]) for r in refused], [("nothing", "no such channel")])
            session = host.sessions()["second"]
            self.assertNotEqual(session["state"], "READY")


if __name__ == "__main__":
    unittest.main()
