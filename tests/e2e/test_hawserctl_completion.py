"""Completion in bash and zsh: every command, every option, and the names of the host's sessions."""
import os
import re
import shutil
import subprocess
import unittest

from lib.host import Host
from lib.process import program
from lib.wait import DEADLINE_S

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/ctl/completion")
CONFIG = """
load_module hawser_deribit.so;
session btc { adapter deribit; url ws://127.0.0.1:1/; }
session eth-options { adapter deribit; url ws://127.0.0.1:1/; }
"""
BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_hawserctl
printf '%s\\n' "${COMPREPLY[@]}"
"""
# The functions of zsh's completion system need a line editor; what they are given is what counts here.
ZSH = """
compadd() { while [[ $1 == -* && $1 != -- ]]; do shift; done; [[ $1 == -- ]] && shift; print -rl -- "$@" }
_describe() { local name=$2; print -rl -- "${(@)${(@P)name}%%:*}" }
_files() { print -r -- FILES }
autoload_file=$1; shift
words=("$@"); CURRENT=$#
source $autoload_file
_hawserctl
"""


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host(CONFIG)
        cls.addClassCleanup(cls.host.__exit__)
        cls.host.start()
        text = subprocess.run([program("hawserctl"), "--help"], capture_output=True, text=True, check=True).stdout
        cls.verbs = dict(re.findall(r"^  ([a-z]+) (NAME|) ", text, re.M))
        cls.options = set(re.findall(r"--[a-z]+", text))

    def complete(self, shell, *words):
        script, file = (BASH, "hawserctl.bash") if shell == "bash" else (ZSH, "_hawserctl")
        done = subprocess.run([shell, *(["-f"] if shell == "zsh" else ["--norc"]), "-c", script, shell, os.path.join(FOLDER, file), program("hawserctl"), *words],
                              capture_output=True, text=True, check=False, timeout=DEADLINE_S)
        self.assertEqual(done.stderr, "", words)
        offered = set(done.stdout.split())
        # zsh's compadd filters by itself; bash's completion has to.
        return offered if shell == "bash" else {word for word in offered if word.startswith(words[-1])}

    def check(self, shell):
        self.assertGreater(len(self.verbs), 12)
        host = ("-s", self.host.path("run/control.sock"))
        self.assertEqual(self.complete(shell, *host, ""), set(self.verbs))
        self.assertEqual(self.complete(shell, "sess"), {"session", "sessions"})
        self.assertEqual(self.complete(shell, "--"), self.options)
        self.assertEqual(self.complete(shell, "top", "-o", "r"), {"rate", "rtt", "reconnects"})
        for verb, argument in self.verbs.items():
            wanted = {"btc", "eth-options"} if argument else set()
            self.assertEqual(self.complete(shell, *host, verb, ""), wanted, verb)
        self.assertEqual(self.complete(shell, *host, "call", "eth"), {"eth-options"})
        self.assertEqual(self.complete(shell, *host, "call", "btc", ""), set())
        self.assertEqual(self.complete(shell, "-s", "/nosuch", "call", ""), set())  # no host: nothing, and no noise

    @unittest.skipUnless(shutil.which("bash"), "no bash is here")
    def test_bash(self):
        self.check("bash")

    @unittest.skipUnless(shutil.which("zsh"), "no zsh is here (scripts/setup tests)")
    def test_zsh(self):
        self.check("zsh")


if __name__ == "__main__":
    unittest.main()
