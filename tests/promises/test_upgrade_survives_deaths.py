"""Deaths about an upgrade, each at the worst moment: a worker always runs, no session runs in two, and what is missing is told."""
import os
import shutil
import signal
import unittest

from lib.control import Peer
from lib.process import build_dir
from lib.upgrade import OF_FIRST, UpgradeCase, config
from lib.wait import wait_until


class UpgradeSurvivesDeaths(UpgradeCase):
    def is_dead(self, pid):
        """Dead, and its parent has not taken notice."""
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"

    def test_where_both_are_killed_at_once_a_new_one_comes(self):
        """One signal tells the master of both, while it has not read yet what the successor said. Nobody else ends afterwards."""
        _, host = self.start(rate=200)
        inode, done = self.upgrade(host)
        pair = wait_until(lambda: self.find_successors(host)[1:], "the last successor")[0]
        wait_until(lambda: f"{pair[1]} worker1: HW-SESSION-003" in host.log(), "a session of it to be READY")
        host.process.send_signal(signal.SIGSTOP)
        self.more_records(host, 300)  # it says meanwhile how its sessions are
        for pid in pair:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: all(self.is_dead(pid) for pid in pair), "their ends")
        host.process.send_signal(signal.SIGCONT)
        self.finish(host, inode, done)
        for records in self.stop(host).values():
            self.check_told(records)

    def hang_in_next_reload(self, sim, host, timeout):
        """Its check takes as long as it may: a module hangs in it."""
        os.mkdir(host.path("mods"), 0o755)
        shutil.copyfile(os.path.join(build_dir(), "tests/abi/fixtures/hangs_in_create.so"), host.path("mods/hangs.so"))
        os.chmod(host.path("mods/hangs.so"), 0o644)
        host.write_config(config(sim.url, f"reload_timeout {timeout};\n")
                          + "load_module mods/hangs.so;\nsession other { adapter hangs_in_create; url ws://127.0.0.1:1/; }\n")

    def test_what_an_old_worker_says_while_there_is_no_successor_is_not_lost(self):
        """A reload is between the two; the old worker gives its sessions away meanwhile, since the first one asked for them."""
        sim, host = self.start(rate=300)
        sim.command("auth silent")
        self.hang_in_next_reload(sim, host, "6s")
        inode, done = self.upgrade(host)
        old, new = wait_until(lambda: self.find_successors(host), "a successor")[0]
        peers = [Peer(host) for _ in OF_FIRST]
        for name, peer in zip(OF_FIRST, peers):  # not before its calls are answered
            self.addCleanup(peer.socket.close)
            peer.send("session.call", {"session": name, "method": "public/auth", "params": {}, "timeout_ms": 5000})
        self.wait_asked_for(host, old, OF_FIRST)
        host.process.send_signal(signal.SIGHUP)
        os.kill(new, signal.SIGKILL)
        for name, peer in zip(OF_FIRST, peers):
            self.assertIn("error", peer.read())
            wait_until(lambda n=name: f"{old} worker0: HW-SESSION-036 session={n} its link is gone" in host.log(), f"{name} to be given away")
        self.finish(host, inode, done)
        self.assertIn("reload refused", host.log())
        for records in self.stop(host).values():
            self.check_told(records)

    def test_what_a_dead_successor_had_comes_back_once(self):
        """A reload in front of the next successor does not bring it back in the old worker."""
        _, host = self.start("max_overlap 1;\n", rate=300)
        inode, done = self.upgrade(host)
        pair = wait_until(lambda: self.find_successors(host), "a successor")[0]
        wait_until(lambda: "goes on in this worker" in host.log(), "a session to have gone over")
        host.process.send_signal(signal.SIGHUP)
        os.kill(pair[1], signal.SIGKILL)
        self.finish(host, inode, done)
        for records in self.stop(host).values():
            self.check_told(records)


if __name__ == "__main__":
    unittest.main()
