"""docs/writing-an-adapter.md: its commands work as printed, one after the other, and end in live data."""
import os
import signal
import socket
import subprocess
import tempfile
import unittest

from lib.process import build_dir

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
PAGE = os.path.join(SOURCE, "docs/writing-an-adapter.md")


def commands():
    """What stands in the page's ```sh blocks."""
    with open(PAGE, encoding="utf-8") as file:
        blocks = file.read().split("```sh\n")[1:]
    return "".join(block.split("```")[0] for block in blocks)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def end_host(prefix):
    """The host, where the page's commands failed before its last one ended it."""
    pid = read(os.path.join(prefix, "run/hawser.pid")).strip()
    if pid:
        try:
            os.kill(int(pid), signal.SIGTERM)
        except ProcessLookupError:
            pass


class WritingAnAdapter(unittest.TestCase):
    def test_the_commands_of_the_page_lead_to_live_data(self):
        with tempfile.TemporaryDirectory(prefix="hawser-docs-", ignore_cleanup_errors=True) as work:
            prefix = os.path.join(work, "prefix")
            folder = os.path.join(work, "my-exchange")
            subprocess.run(["cmake", "--install", build_dir(), "--prefix", prefix], check=True, capture_output=True)
            script = "set -eu\ntrap 'kill $(jobs -p) 2>/dev/null || :' EXIT\n" + commands().replace("8765", str(free_port()))
            done = subprocess.run(["timeout", "60", "bash", "-c", script], cwd=work, stdin=subprocess.DEVNULL,
                                  env={**os.environ, "SOURCE": SOURCE, "PREFIX": prefix},
                                  capture_output=True, text=True, check=False)
            end_host(folder)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr + read(os.path.join(folder, "logs/error.log")))
            for line in ("usable    yes", "all well", '"channel":"trades"', '"event":"ready"'):
                self.assertIn(line, done.stdout)


if __name__ == "__main__":
    unittest.main()
