"""hawser-bench: its clients count what its server sends, over ws and wss, and say so in one line of JSON."""

import json
import subprocess
import tempfile
import unittest

from lib.certs import make_certificate
from lib.process import Process, program

BENCH = program("hawser-bench")
COUNT = 1500  # with one snapshot among them
PATIENCE_S = 60


def run(*words):
    done = subprocess.run([BENCH, *map(str, words)], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{words}: {done.stderr}")
    lines = done.stdout.splitlines()
    if len(lines) != 1:
        raise AssertionError(f"{words}: {len(lines)} lines")
    return json.loads(lines[0])


class Bench(unittest.TestCase):
    def serve(self, *words):
        server = Process([BENCH, "serve", *words])
        self.addCleanup(server.stop)
        return server.wait_line(lambda line: line.startswith("listening "), "its address").split()[1]

    def check_clients(self, url, *flags):
        walked = run("walk", url, *flags)
        received = run("recv", url, *flags)
        routed = run("recv", url, "--route", *flags)
        for one in (walked, received, routed):
            self.assertEqual(one["messages"], COUNT)
            self.assertEqual(one["bytes"], walked["bytes"])
            self.assertGreater(one["maxrss_kb"], 0)
            for key in ("seconds", "user_s", "sys_s"):
                self.assertGreaterEqual(one[key], 0)
        self.assertEqual(routed["refused"], 0)
        self.assertGreater(routed["channels"], 1000)

    def test_every_client_counts_every_message_over_ws(self):
        url = self.serve("--count", str(COUNT))
        self.check_clients(url)
        self.assertGreater(run("rawrecv", url)["bytes"], run("walk", url)["bytes"])

    def test_every_client_counts_every_message_over_wss(self):
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = make_certificate(folder)
            for record in ("message", "big"):
                url = self.serve("--count", str(COUNT), "--tls-cert", certificate, "--tls-key", key, "--record", record)
                self.check_clients(url, "--tls-ca", certificate)
                self.assertEqual(run("walk", url, "--stock", "--tls-ca", certificate)["messages"], COUNT)

    def test_every_scanner_routes_every_message(self):
        url = self.serve("--count", str(COUNT))
        for scanner in ("learned", "general", "strict"):
            self.assertEqual(run("recv", url, "--route", "--scan", scanner)["refused"], 0)

    def test_latency_is_that_of_stamped_messages(self):
        url = self.serve("--stamped", "--rate", "20000", "--count", str(COUNT))
        for flags in ((), ("--bare",), ("--loop",), ("--busy",)):
            found = run("latency", url, *flags)
            self.assertEqual(found["messages"], COUNT)
            self.assertGreater(found["p50_us"], 0)
            self.assertLessEqual(found["p50_us"], found["p99_us"])

    def test_idle_sessions_are_weighed(self):
        found = run("idle", self.serve("--silent"), 50)
        self.assertEqual(found["sessions"], 50)
        self.assertIn("bookkeeping", found)
        self.assertGreaterEqual(found["heap_per_session"], 0)  # the sanitizers' allocator tells nothing

    def test_what_came_counts_whatever_the_path_and_the_end(self):
        url = self.serve("--count", "0", "--rate", "2000")
        found = run("recv", url + "some/other?path=1", "--count", "100")
        self.assertGreaterEqual(found["messages"], 100)  # all of the last read

    def test_messages_are_json_of_the_kinds_promised(self):
        done = subprocess.run([BENCH, "messages"], capture_output=True, timeout=PATIENCE_S, check=True)
        lines = done.stdout.split(b"\n")[:-1]
        sizes = {"ticker": [], "book": [], "trades": [], "snapshot": []}
        for line in lines:
            channel = json.loads(line)["params"]["channel"]
            sizes["snapshot" if len(line) > 20000 else channel.split(".")[0]].append(len(line))
        self.assertAlmostEqual(len(sizes["ticker"]) / len(lines), 0.4, delta=0.01)
        self.assertAlmostEqual(len(sizes["book"]) / len(lines), 0.4, delta=0.01)
        self.assertEqual(len(sizes["snapshot"]), len(lines) // 1000)
        self.assertTrue(any(b"\\" in line and max(line) > 127 for line in lines))

    def test_wrong_arguments_are_answered_with_the_usage(self):
        for words in ((), ("recv",), ("idle", "ws://x/"), ("serve", "--rate", "fast"), ("walk", "ws://x/", "--record", "all")):
            done = subprocess.run([BENCH, *words], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn("usage:", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
