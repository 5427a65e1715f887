"""An upgrade waits for what takes long, and loses nothing that is under way meanwhile: a successor that was held up, calls, wishes."""
import os
import signal
import unittest

from lib.control import Peer
from lib.upgrade import OF_FIRST, OF_SECOND, UpgradeCase
from lib.wait import wait_until


class UpgradeIsPatient(UpgradeCase):
    def test_a_successor_that_is_held_up_catches_up_first(self):
        """It hears how far the old worker came before it has read what the exchange sent in front of that."""
        sim, host = self.start("worker_timeout off;\n", rate=500)
        sim.command("auth silent")
        inode, done = self.upgrade(host)
        old, new = wait_until(lambda: self.find_successors(host), "a successor")[0]
        peers = [Peer(host) for _ in OF_FIRST]
        for name, peer in zip(OF_FIRST, peers):  # no session is given away before its calls are answered
            self.addCleanup(peer.socket.close)
            peer.send("session.call", {"session": name, "method": "public/auth", "params": {}, "timeout_ms": 9000})
        self.wait_asked_for(host, old, OF_FIRST)
        os.kill(new, signal.SIGSTOP)
        for name, peer in zip(OF_FIRST, peers):
            self.assertIn("error", peer.read())
            wait_until(lambda n=name: f"{old} worker0: HW-SESSION-036 session={n} its link is gone" in host.log(), f"{name} to be given away")
        os.kill(new, signal.SIGCONT)
        self.finish(host, inode, done)
        for records in self.stop(host).values():
            self.check_whole(records)

    def test_calls_are_waited_for_longer_than_for_a_reload(self):
        sim, host = self.start("reload_timeout 3s;\n", rate=200)
        sim.command("auth silent")
        inode, done = self.upgrade(host)
        wait_until(lambda: self.find_successors(host), "a successor")
        with Peer(host) as peer:
            answer = peer.ask("session.call", {"session": OF_FIRST[0], "method": "public/auth", "params": {}, "timeout_ms": 9900})
        self.assertEqual(answer["error"]["data"]["name"], "REQUEST_TIMEOUT", answer)
        self.finish(host, inode, done)
        for records in self.stop(host).values():
            self.check_whole(records)

    def test_a_wish_that_is_under_way_when_the_successor_comes_goes_over_too(self):
        """The old worker obeys only when the successor was told already what was wanted before."""
        _, host = self.start("worker_timeout off;\n", rate=200)
        extra = "quote.BTC-PERPETUAL"
        old = host.processes()[("worker", 1)]
        inode, done = self.upgrade(host)
        wait_until(lambda: self.find_successors(host), "the first successor")
        os.kill(old, signal.SIGSTOP)
        with Peer(host) as peer, Peer(host) as other:
            peer.send("session.subscribe", {"session": OF_SECOND[0], "channels": [extra]})
            other.send("session.close", {"session": OF_SECOND[1]})
            wait_until(lambda: len(self.find_successors(host)) == 2, "the second successor")
            os.kill(old, signal.SIGCONT)
            self.assertIn("result", peer.read())
            self.assertIn("result", other.read())
        wait_until(done, "the processes to have followed", 120)
        wait_until(lambda: {"channel": extra, "confirmed": True, "dynamic": True} in
                   host.ask("session.state", {"session": OF_SECOND[0]})["channels"], "the channel")
        host.wait_state(OF_SECOND[1], "CLOSED")
        self.assertEqual(host.programs(), {inode})


if __name__ == "__main__":
    unittest.main()
