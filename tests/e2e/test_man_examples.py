"""Each command that stands under EXAMPLES in a manual page is run: as printed, but for paths and ports that a test may have."""
import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from lib.host import Host
from lib.peers import ROOT
from lib.process import Process, build_dir
from lib.sim import Sim
from lib.wait import wait_until

DEADLINE_S = 60
WITHOUT_COMMANDS = {"hawser.conf.5"}  # its examples are configurations
HEAD = "worker_processes {workers};\nerror_log logs/error.log info;\nmodule_path {modules};\n"
CONFIG = """
load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl ticks {{ path data/ticks.jsonl; }}
session btc {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms book.BTC-PERPETUAL.100ms; output ticks; }}
"""
# What a command has to say; one that is not here has to end well. Each pattern has to fit a command.
SAYS = {
    r"^hawser .* -t$": r"test is successful",
    r"^hawser .* -s reload$": r"reload done",
    r"^hawser -m ": r"(?m)^usable +yes",
    r"^hawserctl .* sessions$": r"(?m)^btc .*READY",
    r"^hawserctl .* call btc public/ticker ": r'"instrument_name": ?"BTC-PERPETUAL"',
    r"--send 'cut all'$": r"^ok",
    r"--send stats$": r"^ok \{",
}


def examples(page):
    """The commands in the code blocks of a page's EXAMPLES, in order; a line that ends in a backslash goes on."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    section = re.search(r"^# EXAMPLES\n(.*?)(?=^# |\Z)", text, re.M | re.S)
    blocks = re.findall(r"^```\n(.*?)^```$", section.group(1), re.M | re.S) if section else []
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def pages():
    found = sorted(glob.glob(os.path.join(ROOT, "docs/man/*.scd")))
    return {os.path.basename(page)[:-len(".scd")]: page for page in found}


def stays(command):
    """Does it run on until it is told to end?"""
    return command.endswith("&") or "daemon off;" in command


def follows(command):
    return re.match(r"hawserctl (.* )?tail ", command) is not None


class ManExamples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.mkdtemp(prefix="hawser-man-")
        cls.addClassCleanup(shutil.rmtree, cls.work)
        os.chmod(cls.work, 0o755)
        cls.prefix = os.path.join(cls.work, "prefix")
        subprocess.run(["cmake", "--install", build_dir(), "--prefix", cls.prefix], check=True, capture_output=True)
        packages = next(root for root, _, files in os.walk(cls.prefix) if "hawser-module.pc" in files)
        path = os.pathsep.join([os.path.join(cls.prefix, "sbin"), os.path.join(cls.prefix, "bin"), os.environ["PATH"]])
        cls.env = {**os.environ, "PATH": path, "PKG_CONFIG_PATH": packages}
        cls.folder = os.path.join(cls.work, "here")  # where the commands run: with the example's sources
        shutil.copytree(os.path.join(ROOT, "examples/minimal-adapter"), cls.folder)
        os.chmod(cls.folder, 0o755)

    def adapt(self, command, host):
        """Paths and ports of this test in place of those in the page."""
        for there, here in (("/tmp/", self.work + "/"), ("/srv/hawser", host.prefix), ("127.0.0.1:8080", "127.0.0.1:0")):
            command = command.replace(there, here)
        # One that names no host means the one of this machine's default config: here, the test's.
        return re.sub(r"^hawserctl (?!-)", f"hawserctl -s {host.path('run/control.sock')} ", command)

    def start(self, command, host):
        """One that stays. Waits until others can talk to it."""
        process = Process(["/bin/sh", "-c", "exec " + self.adapt(command, host).rstrip("& ")], env=self.env, cwd=self.folder)
        if command.startswith("hawser "):
            host.process = process  # which ends it
            wait_until(lambda: host.answers() or not process.is_running(), f"{command}: the host to answer")
            self.assertTrue(process.is_running(), f"{command}: {process.stderr()}")
            host.wait_state("btc")
        else:
            self.addCleanup(process.close)
            self.addCleanup(process.stop)
            process.wait_line(lambda line: line.startswith("listening "), command)

    def follow(self, command, host):
        """One that prints until it is told to end; what it is piped into, at the reader's liking, is left out."""
        with Process(["/bin/sh", "-c", "exec " + self.adapt(command, host).split(" | ")[0]], env=self.env, cwd=self.folder) as process:
            process.wait_line(lambda line: line != "", command)

    def run_one(self, command, host):
        if follows(command):
            self.follow(command, host)
            return
        done = subprocess.run(["timeout", str(DEADLINE_S), "/bin/sh", "-c", self.adapt(command, host)], env=self.env, cwd=self.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, f"{command}: {said}\n{host.log()}")
        for pattern, wanted in SAYS.items():
            if re.search(pattern, command):
                self.assertRegex(said, wanted, command)

    def test_the_commands_of_every_page_do_what_they_say(self):
        everything = [command for page in pages().values() for command in examples(page)]
        needed = [command for command in everything if stays(command)]
        with Sim(rate=50) as sim, Host(CONFIG.format(url=sim.url), head=HEAD) as host:
            for command in needed:
                self.start(command, host)
            for command in everything:
                if not stays(command):
                    with self.subTest(command):
                        self.run_one(command, host)
            self.doCleanups()

    def test_every_page_has_examples_and_every_expectation_a_command(self):
        everything = []
        for name, page in pages().items():
            commands = examples(page)
            self.assertEqual(bool(commands), name not in WITHOUT_COMMANDS, f"EXAMPLES of {name}: {commands}")
            everything += commands
        for pattern in SAYS:
            self.assertTrue(any(re.search(pattern, command) for command in everything), f"no page has a command like {pattern}")


if __name__ == "__main__":
    unittest.main()
