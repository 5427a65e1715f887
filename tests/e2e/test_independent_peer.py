"""A whole host against WebSocket servers that are not ours: python3-websockets and Node's ws, each with a minimal Deribit dialect.
They fragment, ping, send large messages, and close the first connection with 1012."""
import asyncio
import json
import os
import signal
import unittest

import websockets

from lib.host import Host
from lib.peers import node_modules
from lib.process import Process
from lib.served import Served
from lib.wait import wait_until

CONFIG = """load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl out {{ path data/out.jsonl; }}
session btc {{ adapter deribit; url {url}; credentials file:deribit.cred; subscribe trades.X.raw quote.X; heartbeat 1s;
    reconnect delay=20ms max_delay=50ms; output out; }}
"""
CRED = {"deribit.cred": ("client_id a;\nclient_secret b;\n", 0o600)}
CHANNELS = {"trades.X.raw", "quote.X"}


class PythonPeer(Served):
    """python3-websockets. `lines` is what happened, in the words of dialect.js."""

    def __init__(self):
        super().__init__(ping_interval=0.1, ping_timeout=10)
        self.lines = []
        self.connections = 0
        self.start()

    async def talk(self, socket, _path):
        self.connections += 1
        number = self.connections
        self.lines.append(f"open {number} {socket.path}")
        sender = None
        try:
            async for text in socket:
                message = json.loads(text)
                results = {"public/auth": {"access_token": "token", "expires_in": 900}, "public/test": {"version": "1.2.26"},
                           "public/set_heartbeat": "ok", "public/subscribe": message.get("params", {}).get("channels")}
                if message["method"] in results:
                    await socket.send(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": results[message["method"]]}))
                if message["method"] == "public/subscribe":
                    sender = asyncio.ensure_future(self.notify(socket, number, message["params"]["channels"]))
        except websockets.ConnectionClosed:
            pass
        finally:
            if sender:
                sender.cancel()
            self.lines.append(f"close {number} {socket.close_code}")

    async def notify(self, socket, number, channels):
        sent = 0
        while True:
            sent += 1
            data = {"n": sent, "text": "Zürich €", "pad": "x" * (1 << 20) if sent == 5 else ""}
            text = json.dumps({"jsonrpc": "2.0", "method": "subscription",
                               "params": {"channel": channels[(sent - 1) % len(channels)], "data": data}}, ensure_ascii=False)
            if sent % 7 == 0:
                await socket.send([text[i:i + 11] for i in range(0, len(text), 11)])  # a frame for each
            else:
                await socket.send(text)
            if sent % 10 == 0:
                await (await socket.ping(str(sent)))
                self.lines.append(f"pong {number} {sent}")
            if number == 1 and sent == 20:
                await socket.close(1012, "service restart")
            await asyncio.sleep(0.005)


class NodePeer(Process):
    def __init__(self):
        super().__init__(["node", os.path.join(os.path.dirname(__file__), "lib/dialect.js"), node_modules()])
        self.port = int(self.wait_line(lambda line: line.startswith("port "), "the port").split()[1])


class IndependentPeer(unittest.TestCase):
    def session_of(self, peer):
        self.addCleanup(peer.close)
        host = Host(CONFIG.format(url=f"ws://127.0.0.1:{peer.port}/ws/api/v2"), files=CRED)
        self.addCleanup(host.__exit__)
        host.start()
        host.wait_state("btc")
        records = host.wait_records("data/out.jsonl", lambda r: sum(x["epoch"] == 2 and "data" in x for x in r) > 50, "data after the close")
        self.check_records(records)
        wait_until(lambda: "pong 2 20" in peer.lines, "our pong to a ping")
        self.assertIn("open 1 /ws/api/v2", peer.lines)
        self.assertTrue([line for line in peer.lines if line.startswith("close 1 1012")], peer.lines)
        beats = host.sessions()["btc"]
        self.assertEqual((beats["state"], beats["epoch"]), ("READY", 2))
        self.assertEqual(host.process.stop(signal.SIGQUIT), 0)
        wait_until(lambda: [line for line in peer.lines if line.startswith("close 2")], "the end of the connection")
        self.assertNotIn("close 2 1006", peer.lines)  # a handshake, not a cut
        self.assertEqual(peer.lines.count("open 3 /ws/api/v2"), 0)

    def check_records(self, records):
        """Every notification of each connection, whole and in order; a gap event for each channel between the two."""
        self.assertEqual([r["seq"] for r in records], list(range(1, len(records) + 1)))
        for epoch in (1, 2):
            data = [r["data"] for r in records if "data" in r and r["epoch"] == epoch]
            self.assertEqual([d["n"] for d in data], list(range(1, len(data) + 1)))
            self.assertEqual({d["text"] for d in data}, {"Zürich €"})
            self.assertEqual(len(data[4]["pad"]), 1 << 20)
        self.assertEqual(len([r for r in records if "data" in r and r["epoch"] == 1]), 20)
        gaps = [r for r in records if r.get("event") == "gap"]
        self.assertEqual({g["channel"] for g in gaps}, CHANNELS)
        self.assertIn("1012", gaps[0]["message"])
        first = {c: next(i for i, r in enumerate(records) if r["epoch"] == 2 and r.get("channel") == c and "data" in r) for c in CHANNELS}
        for gap in gaps:
            self.assertLess(records.index(gap), first[gap["channel"]])

    def test_python_websockets(self):
        self.session_of(PythonPeer())

    def test_node_ws(self):
        self.session_of(NodePeer())


if __name__ == "__main__":
    unittest.main()
