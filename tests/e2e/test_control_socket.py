"""The control socket under clients that misbehave: everything is answered or ended, and others are served meanwhile."""
import json
import socket
import unittest

from lib.host import Host
from lib.sim import Sim
from lib.wait import DEADLINE_S, wait_until

CONFIG = """
load_module hawser_deribit.so;
session btc {{ adapter deribit; url {url}; }}
"""
WRONG = (
    (b"garbage", -32700), (b"\xff\xfe\0", -32700), (b'{"id":1,"id":2,"method":"host.status"}', -32700), (b'{"a":' * 9999, -32700),
    (b"[]", -32600), (b"{}", -32600), (b'{"id":1,"method":1}', -32600), (b'{"id":1,"method":"nosuch"}', -32601),
    (b'{"id":1,"method":"session.call","params":[]}', -32602),
)


class ControlSocket(unittest.TestCase):
    def setUp(self):
        self.sim = self.enterContext(Sim())
        self.host = Host(CONFIG.format(url=self.sim.url))
        self.addCleanup(self.host.__exit__)
        self.host.start()
        self.host.wait_state("btc")

    def connect(self):
        peer = socket.socket(socket.AF_UNIX)
        self.addCleanup(peer.close)
        peer.settimeout(DEADLINE_S)
        peer.connect(self.host.path("run/control.sock"))
        return peer

    def read_line(self, peer):
        line = b""
        while not line.endswith(b"\n"):
            part = peer.recv(65536)
            self.assertTrue(part, f"the host closed the connection after {line!r}")
            line += part
        return json.loads(line)

    def test_each_wrong_line_gets_its_error_and_the_next_line_is_served(self):
        peer = self.connect()
        for line, code in WRONG:
            peer.sendall(b"\n" + line + b"\n")
            self.assertEqual(self.read_line(peer)["error"]["code"], code, line[:60])
        peer.sendall(b'{"id":7,"method":"host')
        peer.sendall(b'.status"}\n')
        self.assertEqual(self.read_line(peer)["id"], 7)

    def test_a_line_without_end_is_cut_off(self):
        peer = self.connect()
        with self.assertRaises(OSError):
            while True:
                peer.sendall(b"x" * 65536)

    def test_a_flood_of_connections_is_turned_away_with_a_reason_and_one_line_in_the_log(self):
        peers = [self.connect() for _ in range(300)]
        self.assertIn("too many are open at once", self.read_line(peers[-1])["error"]["message"])
        self.assertEqual(self.host.log().count("a control connection was refused"), 1)
        for peer in peers:
            peer.close()
        wait_until(self.is_served, "the host to take connections again")

    def is_served(self):
        try:
            return "result" in self.host.ask_raw("host.status")
        except OSError:  # it was turned away before it had asked
            return False

    def test_a_client_that_reads_nothing_delays_nobody(self):
        peer = self.connect()
        peer.setblocking(False)
        with self.assertRaises(OSError):
            while True:
                peer.send(b'{"id":1,"method":"session.list"}\n' * 100)
        self.assertEqual(self.host.ask("host.status")["pid"], self.host.process.pid)

    def test_a_channel_name_that_no_exchange_takes_is_refused_at_once(self):
        for name in ("", "x" * 1025):
            answer = self.host.ask_raw("session.subscribe", {"session": "btc", "channels": ["quote.BTC-PERPETUAL", name]})
            self.assertIn("1 to 1024 bytes", answer["error"]["message"])
        self.host.wait_state("btc")


if __name__ == "__main__":
    unittest.main()
