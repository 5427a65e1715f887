"""stream.attach: a client follows a session without delaying it, and learns of everything it does not get."""
import json
import os
import signal
import socket
import unittest

from lib.control import Peer
from lib.host import Host
from lib.sim import Sim
from lib.two_sessions import TICKER, two_sessions
from lib.wait import wait_until

TRADES = "trades.BTC-PERPETUAL.100ms"


class Streams(unittest.TestCase):
    rate = 50
    workers = 1

    def start(self, channels=f"{TICKER} {TRADES}", more="", head=""):
        self.sim = self.enterContext(Sim(rate=self.rate))
        self.host = Host(head + two_sessions(self.sim, channels, more), workers=self.workers)
        self.addCleanup(self.host.__exit__)
        self.channels = channels
        self.host.start()
        self.host.wait_all_ready(2)

    def attach(self, session="btc", **params):
        peer = self.enterContext(Peer(self.host))
        answer = peer.ask("stream.attach", {"session": session, **params}, id="here")
        self.assertEqual(answer["id"], "here")
        return peer, answer

    def streams(self, session="btc"):
        return self.host.sessions()[session]["streams"]

    def test_records_are_the_lines_of_the_jsonl_output(self):
        self.start()
        peer, answer = self.attach()
        self.assertEqual(answer["result"], {"session": "btc", "pattern": "*"})
        lines = [peer.line() for _ in range(20)]
        first = json.loads(lines[0])["seq"]
        self.assertEqual([json.loads(line)["seq"] for line in lines], list(range(first, first + 20)))
        self.host.wait_records("data/all.jsonl", lambda records: records and records[-1]["seq"] > first + 20, "the same in the file")
        with open(self.host.path("data/all.jsonl"), encoding="utf-8") as file:
            written = file.read().splitlines()
        self.assertEqual(lines, written[written.index(lines[0]):][:20])

    def test_a_pattern_chooses_channels_and_leaves_events_of_the_session_in(self):
        self.start()
        peer, answer = self.attach(pattern="trades.*")
        self.assertEqual(answer["result"]["pattern"], "trades.*")
        self.assertEqual({peer.read()["channel"] for _ in range(10)}, {TRADES})
        self.host.ask("session.reconnect", {"session": "btc"})
        peer.until(lambda record: record.get("event") == "closed")
        self.assertEqual(peer.until(lambda record: record.get("event") == "gap")["channel"], TRADES)
        peer.until(lambda record: record.get("event") == "ready")

    def test_a_session_that_is_not_there_and_a_busy_connection_are_refused(self):
        self.start()
        peer, answer = self.attach("nosuch")
        self.assertIn("session.list", answer["error"]["message"])
        self.assertIsNone(peer.line())
        peer = self.enterContext(Peer(self.host))
        self.sim.command("answers off")
        peer.send("session.call", {"session": "btc", "method": "public/get_time", "timeout_ms": 60000}, id="call")
        answer = peer.ask("stream.attach", {"session": "btc"}, id="attach")
        self.assertEqual((answer["id"], answer["error"]["code"]), ("attach", 703))
        self.assertEqual(peer.ask("host.status", id="still served")["id"], "still served")

    def test_streams_of_one_worker_are_bounded(self):
        self.start()
        for _ in range(64):
            self.assertIn("result", self.attach()[1])
        self.assertEqual(self.streams(), 64)
        peer, answer = self.attach()
        self.assertIn("64 streams", answer["error"]["message"])
        self.assertIsNone(peer.line())

    def test_a_client_that_goes_is_forgotten_whether_records_come_or_not(self):
        self.start()
        for session, half in (("btc", False), ("eth", False), ("eth", True)):  # eth has no channels: nothing is ever sent
            peer, _ = self.attach(session)
            self.assertEqual(self.streams(session), 1)
            peer.write("what a client says to a stream is thrown away\n" * 1000)
            if half:
                peer.socket.shutdown(socket.SHUT_WR)
                self.assertEqual(self.streams(session), 1)
            peer.socket.close()
            wait_until(lambda session=session: self.streams(session) == 0, "the stream to be forgotten")

    def test_who_only_stops_sending_goes_on_reading(self):
        self.start()
        peer = self.enterContext(Peer(self.host))
        peer.send("stream.attach", {"session": "btc"})
        peer.socket.shutdown(socket.SHUT_WR)
        self.assertIn("result", peer.read())
        for _ in range(50):
            self.assertIn("seq", peer.read())

    def test_a_reload_that_replaces_the_session_does_not_end_the_stream(self):
        self.start()
        peer, _ = self.attach()
        self.host.write_config(two_sessions(self.sim, self.channels).replace(
            "reconnect delay=50ms;", "reconnect delay=50ms; tcp_keepalive 20s;"))
        last = peer.read()["seq"]
        self.assertTrue(self.host.reload()["ok"])
        self.assertEqual(self.host.sessions()["btc"]["behind"], False)
        for _ in range(100):  # before, during and after the new connection took over
            record = peer.read()
            self.assertEqual(record["seq"], last + 1)
            last += 1
        self.assertEqual(self.streams(), 1)

    def test_a_session_that_a_reload_removes_ends_its_streams(self):
        self.start()
        peer, _ = self.attach("eth")
        config = two_sessions(self.sim, self.channels)
        self.host.write_config(config[:config.index("session eth")])
        self.assertTrue(self.host.reload()["ok"])
        self.assertEqual(peer.read()["event"], "closed")
        self.assertIsNone(peer.line())

    def test_the_end_of_the_worker_ends_the_stream_and_another_can_be_had(self):
        self.start()
        peer, _ = self.attach()
        os.kill(self.host.workers()[0]["pid"], signal.SIGKILL)
        while peer.line() is not None:
            pass
        self.host.wait_all_ready(2)
        peer, answer = self.attach()
        self.assertIn("result", answer)
        peer.until(lambda record: "data" in record)

    def test_everything_in_one_process_streams_as_well(self):
        self.start(head="master_process off;\n")
        peer, _ = self.attach()
        peer.until(lambda record: "data" in record)


class SlowReader(Streams):
    rate = 8000

    def test_a_client_that_reads_nothing_loses_records_and_the_session_none(self):
        self.start(channels=" ".join(f"ticker.{name}.100ms book.{name}.100ms" for name in ("BTC-PERPETUAL", "ETH-PERPETUAL")))
        slow, _ = self.attach()
        quick, _ = self.attach()
        last = size = 0
        while size < 6 << 20:  # until more has come than the queue of a stream and the socket hold
            line = quick.line()
            size += len(line) + 1
            record = json.loads(line)
            if record.get("event") == "dropped":  # where the machine is busy this one falls behind as well, and is told
                last += record["count"]
                continue
            self.assertNotIn("event", record)
            last = last or record["seq"] - 1
            self.assertEqual(record["seq"], last + 1)
            last += 1
        self.assertEqual(self.host.sessions()["btc"]["state"], "READY")
        expected = None
        dropped = 0
        while not dropped:
            record = slow.read()
            if record.get("event") == "dropped":
                self.assertEqual((record["reason"], "session" in record), ("queue_full", False))
                dropped = record["count"]
            else:
                self.assertTrue(expected is None or record["seq"] == expected)
                expected = record["seq"] + 1
        self.assertEqual(slow.read()["seq"], expected + dropped)  # the count is exact, and stands in the place


for name in [name for name in vars(Streams) if name.startswith("test_")]:
    setattr(SlowReader, name, None)  # they run once

if __name__ == "__main__":
    unittest.main()
