"""hawser-sim as a program: options, listeners, TLS, scripts, signals, --send."""
import asyncio
import json
import os
import signal
import ssl
import subprocess
import tempfile
import unittest

from lib.certs import make_certificate
from lib.client import Client
from lib.process import program
from lib.sim import CLIENT, Sim
from lib.wait import wait_until, wait_until_async

SIM = "hawser-sim"


def run(*words):
    return subprocess.run([program(SIM), *words], capture_output=True, text=True, timeout=60)


class Program(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def start(self, **options):
        sim = Sim(**options)
        self.addCleanup(sim.close)
        return sim

    def test_signals_end_it_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            sim = self.start()
            path = sim.control_path
            self.assertEqual(sim.stop(number), 0)
            self.assertFalse(os.path.exists(path))

    def test_help_and_version(self):
        self.assertIn("--tls-listen", run("--help").stdout)
        self.assertRegex(run("--version").stdout, r"^hawser-sim \d+\.\d+\.\d+\n$")

    def test_wrong_options_are_refused(self):
        for words, said in ((("--rate", "fast"), "expected a number"), (("--nope",), "--help"),
                            (("extra",), "not an option"), (("--client", "id"), "ID:SECRET"),
                            (("--listen", "127.0.0.1"), "ADDRESS:PORT"),
                            (("--listen", "10.0.0.1:0"), "not a loopback address"),
                            (("--tls-listen", "127.0.0.1:0"), "--cert and --key"),
                            (("--control", "/tmp/x"), "unix:PATH"),
                            (("--script", "/nonexistent"), "No such file"),
                            (("--script", "/"), "Is a directory"),
                            (("--tls-listen", "127.0.0.1:0", "--cert", "/nonexistent", "--key", "/"), "No such file"),
                            (("--cert", "/nonexistent"), "--tls-listen"), (("--broadcast",), "--rate"),
                            (("--send", "list"), "needs --control")):
            result = run(*words)
            self.assertNotEqual(result.returncode, 0, words)
            self.assertIn(said, result.stderr, words)

    def test_a_second_one_leaves_the_control_socket_of_the_first_alone(self):
        sim = self.start()
        result = run("--control", f"unix:{sim.control_path}")
        self.assertEqual(result.returncode, 1)
        self.assertIn("another process listens", result.stderr)
        self.assertEqual(sim.connections(), [])

    def test_secrets_do_not_show_in_the_list_of_processes(self):
        sim = self.start()
        with open(f"/proc/{sim.pid}/cmdline", encoding="utf-8") as file:
            line = file.read()
        self.assertIn("tester:", line)
        self.assertNotIn(CLIENT[1], line)

    def test_send_is_a_client_of_the_control_socket(self):
        sim = self.start()
        result = run("--control", f"unix:{sim.control_path}", "--send", "stats")
        self.assertEqual(result.returncode, 0)
        self.assertEqual(json.loads(result.stdout[3:])["accepted"], 0)
        self.assertEqual(run("--control", f"unix:{sim.control_path}", "--send", "nope").returncode, 1)
        self.assertEqual(run("--control", "unix:/nonexistent", "--send", "list").returncode, 1)

    def test_script_runs_commands_in_time(self):
        path = os.path.join(self.directory, "script")
        with open(path, "w", encoding="utf-8") as file:
            file.write("# a comment\n\nat 50ms upgrade 503 9\nevery 0.1s garbage\n  at 0 partial 3\n")
        sim = self.start(script=path)
        wait_until(lambda: sim.stderr().count("script: garbage: ok 0") >= 3, "three garbage")
        self.assertIn("script: upgrade 503 9: ok", sim.stderr())
        self.assertLess(sim.stderr().index("partial"), sim.stderr().index("upgrade"))

    def test_wrong_script_names_file_and_line(self):
        path = os.path.join(self.directory, "script")
        for text, said in (("\nin 5s cut all\n", ":2: expected `at TIME COMMAND`"),
                           ("at soon cut all\n", ":1: soon: expected a time"),
                           ("at 5s explode\n", ":1: unknown command explode"),
                           ("every 0s cut all\n", ":1: 0s: expected a time"),
                           ("at 5s close\n", ":1: usage: close CODE")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            result = run("--script", path)
            self.assertEqual(result.returncode, 1)
            self.assertIn(path + said, result.stderr)

    def test_wss_speaks_tls(self):
        cert, key = make_certificate(self.directory)
        sim = self.start(cert=cert, key=key, rate=200)
        context = ssl.create_default_context(cafile=cert)

        async def talk():
            async with Client(sim.tls_url, ssl=context) as c, Client(sim.url):
                await c.subscribe("book.BTC-PERPETUAL.100ms")
                await c.collect("book.BTC-PERPETUAL.100ms", 50)
                self.assertEqual([row["tls"] for row in sim.connections()], [True, False])
                sim.command("big 2000000")
                while len(await c.ws.recv()) != 2000000:
                    pass
        asyncio.run(talk())

    def test_slow_in_the_middle_of_a_tls_write_breaks_nothing(self):
        cert, key = make_certificate(self.directory)
        sim = self.start(cert=cert, key=key)

        async def talk():
            async with Client(sim.tls_url, ssl=ssl.create_default_context(cafile=cert)) as c:
                c.ws.transport.pause_reading()
                sim.command("big 30000000")
                await wait_until_async(lambda: sim.connections()[0]["queued"] > 0)
                sim.command("slow 1000")
                sent = sim.connections()[0]["bytes_sent"]
                c.ws.transport.resume_reading()
                await wait_until_async(lambda: sim.connections()[0]["bytes_sent"] > sent)
                sim.command("slow 0")
                self.assertEqual(len(await c.ws.recv()), 30000000)
        asyncio.run(talk())

    def test_failed_tls_handshake_is_counted(self):
        cert, key = make_certificate(self.directory)
        sim = self.start(cert=cert, key=key)

        async def fail():
            with self.assertRaises(ssl.SSLError):
                async with Client(sim.tls_url, ssl=ssl.create_default_context()):
                    pass
        asyncio.run(fail())
        wait_until(lambda: sim.stats()["tls_failed"] == 1, "tls_failed")

    def test_wrong_certificate_file_is_refused(self):
        result = run("--tls-listen", "127.0.0.1:0", "--cert", "/nonexistent", "--key", "/nonexistent")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/nonexistent", result.stderr)

    def test_21_connections_of_1000_a_second_lose_nothing(self):
        sim = self.start(rate=1000)

        async def follow():
            async with Client(sim.url) as c:
                channel = "book.BTC-PERPETUAL.100ms"
                await c.subscribe(channel, "trades.BTC-PERPETUAL.100ms")
                last, seq = None, None
                for _ in range(600):
                    note = await c.note()
                    if note["channel"] == channel:
                        self.assertEqual(note["data"].get("prev_change_id"), last)
                        last = note["data"]["change_id"]
                    else:
                        for trade in note["data"]:
                            self.assertEqual(trade["trade_seq"], (seq or trade["trade_seq"] - 1) + 1)
                            seq = trade["trade_seq"]

        async def all_of_them():
            await asyncio.gather(*(follow() for _ in range(21)))
        asyncio.run(all_of_them())
        self.assertEqual(sim.stats()["queue_cuts"], 0)


if __name__ == "__main__":
    unittest.main()
