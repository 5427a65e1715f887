"""hawserctl top on a terminal: a pty whose screen is played back, keys, sizes, colours, and a host that goes."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

from lib.host import Host
from lib.process import program
from lib.sim import Sim
from lib.wait import DEADLINE_S, wait_until

CONFIG = """
load_module hawser_deribit.so;
session btc {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; }}
session eth {{ adapter deribit; url {url}; }}
session off {{ adapter deribit; url ws://127.0.0.1:1/; }}
"""
GREEN, YELLOW, CYAN = "\x1b[32m", "\x1b[33m", "\x1b[36m"


class Screen:
    """A program on a terminal of its own. All it ever wrote is in `text`."""

    def __init__(self, argv, rows, columns, **env):
        self.terminal, inner = pty.openpty()
        self.resize(rows, columns)
        self.child = subprocess.Popen(argv, stdin=inner, stdout=inner, stderr=subprocess.PIPE, start_new_session=True,
                                      env={**os.environ, "TERM": "xterm", **env}, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(inner)
        self.text = ""

    def resize(self, rows, columns):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        while select.select([self.terminal], [], [], 0.05)[0]:
            try:
                part = os.read(self.terminal, 65536)
            except OSError:  # the program ended
                return
            self.text += part.decode("utf-8", "replace")

    def wait(self, accept, what, keys=""):
        """Until what was written since the last wait pleases. `keys` are pressed before each look."""
        start = len(self.text)

        def look():
            self.press(keys)
            self.read()
            return accept(self.text[start:])
        try:
            wait_until(look, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; the screen got {self.text[start:][-2000:]!r}") from None

    def press(self, keys):
        os.write(self.terminal, keys.encode())

    def end(self):
        deadline = time.monotonic() + DEADLINE_S
        while self.child.poll() is None and time.monotonic() < deadline:
            self.read()
        return self.child.poll()

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        self.child.stderr.close()
        os.close(self.terminal)


class Top(unittest.TestCase):
    def setUp(self):
        self.sim = self.enterContext(Sim())
        self.host = Host(CONFIG.format(url=self.sim.url))
        self.addCleanup(self.host.__exit__)
        self.host.start()
        self.host.wait_all_ready(2)

    def start(self, *words, rows=24, columns=140):
        screen = Screen([program("hawserctl"), "-s", self.host.path("run/control.sock"), "-i", "100ms", *words, "top"], rows, columns)
        self.addCleanup(screen.close)
        time_to_begin = 5
        deadline = time.monotonic() + time_to_begin
        while screen.child.poll() is None and time.monotonic() < deadline and "SESSION" not in screen.text:
            screen.read()
        if screen.child.poll() is not None:
            said = screen.child.stderr.read().decode()
            if "built without ncurses" in said:
                self.skipTest("hawserctl is built without ncurses (libncurses-dev)")
            self.fail(said)
        return screen

    def test_sessions_have_the_colour_of_their_state(self):
        screen = self.start()
        screen.wait(lambda _: "2 of 3 ready" in screen.text, "the table")
        for name, colour in (("btc", GREEN), ("off", YELLOW)):
            self.assertRegex(screen.text, re.escape(colour) + r"(?:\x1b\[[0-9;]*[a-zA-Z])*" + name)
        self.host.ask("session.close", {"session": "eth"})
        self.host.wait_state("eth", "CLOSED")
        screen.press("\x0c")
        screen.wait(lambda text: "CLOSED by hand" in text and CYAN in text, "the closed session")

    def test_keys_choose_the_order_and_quit(self):
        screen = self.start()
        screen.press("m\x0c")  # with all of it drawn anew
        screen.wait(lambda text: "by rate" in text, "the order by rate")
        screen.press("r\x0c")
        screen.wait(lambda text: "by rate, reversed" in text, "the order reversed")
        screen.press("\x1b[B\x1b[A")
        screen.press("q")
        self.assertEqual(screen.end(), 0)
        self.assertIn("\x1b[?1049l", screen.text)  # the terminal is as it was

    def test_another_size_is_another_table(self):
        screen = self.start(rows=24, columns=140)
        screen.resize(6, 60)
        screen.wait(lambda text: "\x1b[6;1H" in text or "\x1b[6d" in text, "the last line in the sixth row")
        screen.resize(3, 10)  # no room for any row: nothing breaks
        screen.resize(24, 100)
        screen.wait(lambda text: "\x1b[24;1H" in text or "\x1b[24d" in text, "the last line in the last row")
        screen.press("q")
        self.assertEqual(screen.end(), 0)

    def test_twenty_columns_show_how_many_are_ready_and_each_state_beside_its_name(self):
        screen = self.start(rows=8, columns=20)
        screen.press("\x0c")
        screen.wait(lambda text: "2 of 3 ready" in text and re.search(r"btc +READY", text), "states")
        self.assertLess(max(len(line) for line in re.split(r"\x1b\[[0-9;?]*[a-zA-Z]|[\r\n]", screen.text)), 21)

    def test_a_host_that_goes_is_told_and_its_return_seen(self):
        screen = self.start()
        os.kill(self.host.process.pid, signal.SIGTERM)
        self.host.process.wait(DEADLINE_S)
        screen.press("\x0c")
        screen.wait(lambda text: "no host answers" in text, "what is wrong")
        self.host.process.close()
        self.host.start()

        def is_back(text):
            last = text[max(text.rfind("of 3 ready"), 0):]  # of the tables, with what stands below
            return "SESSION" in last and "no host answers" not in last
        screen.wait(is_back, "the table again", keys="\x0c")
        screen.press("q")
        self.assertEqual(screen.end(), 0)

    def test_it_ends_after_the_tables_asked_for(self):
        self.assertEqual(self.start("-n", "3").end(), 0)

    def test_a_terminal_that_cannot_is_told(self):
        screen = Screen([program("hawserctl"), "-s", self.host.path("run/control.sock"), "top"], 24, 80, TERM="nosuch",
                        ASAN_OPTIONS="detect_leaks=0")  # libtinfo keeps memory of a terminal that it does not know
        self.addCleanup(screen.close)
        self.assertEqual(screen.end(), 2)
        self.assertIn("top -b", screen.child.stderr.read().decode())


if __name__ == "__main__":
    unittest.main()
