"""What a service manager hears of the host: sd_notify(3), received on a plain datagram socket."""
import contextlib
import os
import re
import signal
import socket
import tempfile
import time
import unittest

from lib.host import Host
from lib.process import Process
from lib.sim import Sim
from lib.wait import wait_until

VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class Manager:
    """The other side: a socket that takes datagrams, each a dictionary of its lines."""

    def __init__(self, address):
        self.address = address
        self.heard = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address[0] == "@" else address)
        self._socket.setblocking(False)

    def listen(self):
        """Everything so far."""
        with contextlib.suppress(BlockingIOError):
            while True:
                text = self._socket.recv(4096).decode("ascii")
                self.heard.append(dict(line.split("=", 1) for line in text.splitlines()))
        return self.heard

    def find(self, name, value=None):
        return [said for said in self.listen() if name in said and value in (None, said[name])]

    def wait(self, name, value=None, count=1):
        return wait_until(lambda: len(self.find(name, value)) >= count and self.find(name, value)[-1], f"{count} {name}={value}")

    def wait_status(self, text):
        def look():
            said = [one["STATUS"] for one in self.find("STATUS")]
            return said and text in said[-1] and said[-1]
        try:
            return wait_until(look, f"the status {text}")
        except AssertionError as error:
            raise AssertionError(f"{error}; heard: {self.heard}") from None

    def environment(self, **more):
        return {**{name: value for name, value in os.environ.items() if name not in VARIABLES}, "NOTIFY_SOCKET": self.address, **more}

    def close(self):
        self._socket.close()


def config(sim, more=""):
    return (f"load_module hawser_deribit.so;\nsession btc {{ adapter deribit; url {sim.url}; "
            f"subscribe ticker.BTC-PERPETUAL.100ms; }}\n{more}")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class ServiceManager(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hawser-notify-")
        self.addCleanup(folder.cleanup)
        self.manager = Manager(os.path.join(folder.name, "notify"))
        self.addCleanup(self.manager.close)

    def test_ready_comes_once_and_the_status_follows_the_sessions(self):
        dead = f"session dead {{ adapter deribit; url ws://127.0.0.1:{free_port()}/; }}\n"
        with Sim() as sim, Host(config(sim, dead), workers=2) as host:
            host.start(env=self.manager.environment())
            self.assertEqual(self.manager.wait("READY", "1")["MAINPID"], str(host.process.pid))
            said = self.manager.wait_status("1/2 sessions ready, 1 in backoff (dead: ")
            self.assertIn("refused", said.lower())
            sim.command("accept off")
            sim.command("cut all")
            self.manager.wait_status("0/2 sessions ready, 2 in backoff (")
            sim.command("accept on")
            self.manager.wait_status("1/2 sessions ready, 1 in backoff (dead: ")
            self.assertEqual(len(self.manager.find("READY")), 1)
            self.assertEqual(self.manager.find("WATCHDOG"), [])  # nobody asked for it
            host.process.send_signal(signal.SIGQUIT)
            self.assertGreater(int(self.manager.wait("STOPPING", "1")["EXTEND_TIMEOUT_USEC"]), 10_000_000)
            self.assertEqual(host.process.wait(), 0)

    def test_an_abstract_socket_is_found_and_children_do_not_hear_of_it(self):
        manager = Manager(f"@hawser-test-{os.getpid()}")
        self.addCleanup(manager.close)
        with Host("") as host:
            host.start(env=manager.environment(WATCHDOG_USEC="30000000"))
            manager.wait("READY", "1")
            manager.wait_status("no sessions")
            manager.wait("WATCHDOG", "1")
            children = [process["pid"] for process in host.ask("host.status")["processes"]]
            self.assertEqual(len(children), 2)
            for pid in children:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    names = {entry.split(b"=")[0].decode() for entry in file.read().split(b"\0")}
                self.assertFalse(names & set(VARIABLES), names)

    def test_a_reload_is_told_whether_it_succeeds_or_not(self):
        with Sim() as sim, Host(config(sim)) as host:
            host.start(env=self.manager.environment())
            self.manager.wait("READY", "1")
            before = time.monotonic_ns() // 1000
            self.assertTrue(host.reload()["ok"])
            self.manager.wait("READY", "1", count=2)
            told = int(self.manager.wait("RELOADING", "1")["MONOTONIC_USEC"])
            self.assertTrue(before <= told <= time.monotonic_ns() // 1000, (before, told))
            phases = [name for said in self.manager.heard for name in said if name in ("READY", "RELOADING")]
            self.assertEqual(phases, ["READY", "RELOADING", "READY"])
            host.write_config("nonsense on;")
            self.assertFalse(host.reload()["ok"])
            self.manager.wait("READY", "1", count=3)
            self.assertEqual(len(self.manager.find("RELOADING", "1")), 2)
            self.manager.wait_status("1/1 session ready; the last reload failed, see the log")

    def test_the_watchdog_is_fed_only_while_the_processes_run(self):
        with Host("worker_timeout off;\n") as host:
            host.start(env=self.manager.environment(WATCHDOG_USEC="400000"))
            self.manager.wait("WATCHDOG", "1", count=3)
            victim = host.workers()[0]["pid"]
            os.kill(victim, signal.SIGSTOP)

            def is_starved():
                fed = len(self.manager.find("WATCHDOG"))
                silent = host.ask("host.status")["silent_workers"]  # takes 2 s: five times the watchdog's time
                return silent != 0 and len(self.manager.find("WATCHDOG")) == fed
            wait_until(is_starved, "the watchdog to be told nothing")
            host.wait_log("worker 0 neither runs nor ends; the service manager's watchdog is not told that all is well")
            fed = len(self.manager.find("WATCHDOG"))
            os.kill(victim, signal.SIGCONT)
            self.manager.wait("WATCHDOG", "1", count=fed + 3)
            host.wait_log("the processes run again")

    def test_a_worker_that_is_ended_and_started_again_does_not_starve_the_watchdog(self):
        with Host("worker_timeout 1s;\n") as host:
            host.start(env=self.manager.environment(WATCHDOG_USEC="400000"))
            self.manager.wait("WATCHDOG", "1")
            victim = host.workers()[0]["pid"]
            os.kill(victim, signal.SIGSTOP)
            wait_until(lambda: host.workers()[0]["pid"] not in (0, victim), "a new worker")
            self.assertNotIn("neither runs nor ends", host.log())
            self.manager.wait("WATCHDOG", "1", count=len(self.manager.find("WATCHDOG")) + 2)

    def test_a_daemon_names_the_process_that_goes_on(self):
        with Host("", head="daemon on;\nworker_processes {workers};\nerror_log logs/error.log info;\nmodule_path {modules};\n") as host:
            with Process(host.argv(), env=self.manager.environment()) as parent:
                self.assertEqual(parent.wait(), 0)
                first = self.manager.wait("MAINPID")
                daemon = host.ask("host.status")["pid"]
                try:
                    self.assertEqual(self.manager.wait("READY", "1")["MAINPID"], str(daemon))
                    self.assertEqual(self.manager.find("MAINPID")[0]["MAINPID"], str(daemon), first)
                    self.assertNotEqual(daemon, parent.pid)
                finally:
                    os.kill(daemon, signal.SIGTERM)
                    wait_until(lambda: not os.path.exists(host.path("run/hawser.pid")), "the end of the daemon")

    def test_a_binary_that_takes_over_goes_on_telling(self):
        with Sim() as sim, Host(config(sim)) as host:
            host.start(env=self.manager.environment(WATCHDOG_USEC="2000000"))
            self.manager.wait_status("1/1 session ready")
            host.process.send_signal(signal.SIGUSR2)
            self.assertEqual(self.manager.wait("READY", "1", count=2)["MAINPID"], str(host.process.pid))
            self.manager.wait("WATCHDOG", "1", count=len(self.manager.find("WATCHDOG")) + 2)
            self.manager.wait_status("1/1 session ready")
            self.assertEqual(self.manager.find("STOPPING"), [])

    def test_a_wrong_address_is_told_in_the_log_and_harms_nothing(self):
        with Host("") as host:
            host.start(env={**os.environ, "NOTIFY_SOCKET": "relative"})
            self.assertTrue(re.search(r"\[error\].*NOTIFY_SOCKET=relative is neither an absolute path nor @NAME", host.log()), host.log())


if __name__ == "__main__":
    unittest.main()
