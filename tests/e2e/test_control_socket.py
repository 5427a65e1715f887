"""The control socket under clients that misbehave: everything is answered or ended, and others are served meanwhile."""
import json
import os
import socket
import unittest

from lib.control import Peer
from lib.host import Host
from lib.sim import Sim
from lib.wait import wait_until

CONFIG = """
control_timeout 300ms;
load_module hawser_deribit.so;
session btc {{ adapter deribit; url {url}; }}
"""
STATUS = '{"jsonrpc":"2.0","id":7,"method":"host.status"}'
HEAD = '{"jsonrpc":"2.0",'
WRONG = (  # line, code, id of the answer
    ("garbage", -32700, None), (b"\xff\xfe\0", -32700, None), ('{"a":' * 9999, -32700, None),
    ('{"jsonrpc":"2.0","id":1,"id":2,"method":"host.status"}', -32700, None), (HEAD + '"id":' + "9" * 40 + ',"method":"a"}', -32700, None),
    ("[]", -32600, None), ("1", -32600, None), ('"host.status"', -32600, None), ("{}", -32600, None),
    ('{"id":1,"method":"host.status"}', -32600, 1), ('{"jsonrpc":"1.0","id":1,"method":"host.status"}', -32600, 1),
    ('{"jsonrpc":2.0,"id":1,"method":"host.status"}', -32600, 1), (HEAD + '"method":1}', -32600, None),
    (HEAD + '"id":1,"method":1}', -32600, 1), (HEAD + '"id":[],"method":"host.status"}', -32600, None),
    (HEAD + '"id":{},"method":"host.status"}', -32600, None), (HEAD + '"id":true,"method":"host.status"}', -32600, None),
    (HEAD + '"id":1,"method":"host.status","params":1}', -32600, 1), (HEAD + '"id":1,"method":"nosuch"}', -32601, 1),
    (HEAD + '"id":1,"method":"host.status","params":[1]}', -32602, 1), (HEAD + '"id":1,"method":"session.call"}', -32602, 1),
    (HEAD + '"id":1,"method":"session.state","params":{"session":7}}', -32602, 1),
    (HEAD + '"id":1,"method":"stream.attach","params":{}}', -32602, 1),
    (HEAD + '"id":1,"method":"stream.attach","params":{"session":"btc","pattern":""}}', -32602, 1),
    (HEAD + '"id":1,"method":"session.state","params":{"session":"nosuch"}}', 314, 1),
)
IDS = (0, -1, 7.5, 1e300, "", "7", "\u20ac\n\"", 9007199254740993, -9223372036854775808, None)


class ControlSocket(unittest.TestCase):
    def setUp(self):
        self.sim = self.enterContext(Sim())
        self.host = Host(CONFIG.format(url=self.sim.url))
        self.addCleanup(self.host.__exit__)
        self.host.start()
        self.host.wait_state("btc")

    def peer(self):
        return self.enterContext(Peer(self.host))

    def test_each_wrong_line_gets_its_error_and_the_next_line_is_served(self):
        peer = self.peer()
        for line, code, who in WRONG:
            peer.write(b"\n" + (line if isinstance(line, bytes) else line.encode()) + b"\n")
            answer = peer.read()
            self.assertEqual((answer["error"]["code"], answer["id"], answer["jsonrpc"]), (code, who, "2.0"), line[:60])
            self.assertTrue(answer["error"]["message"])
        peer.write(STATUS[:30])
        peer.write(STATUS[30:] + "\n")
        self.assertEqual(peer.read()["id"], 7)

    def test_ids_of_every_type_come_back_as_they_were(self):
        peer = self.peer()
        for one in IDS:
            answer = peer.ask("session.list", id=one)
            self.assertEqual(answer["id"], one)
            self.assertIn("result", answer)

    def test_notifications_are_carried_out_and_not_answered(self):
        peer = self.peer()
        for line in (HEAD + '"method":"session.subscribe","params":{"session":"btc","channels":["quote.BTC-PERPETUAL"]}}',
                     HEAD + '"method":"nosuch"}', HEAD + '"method":"session.state"}', STATUS):
            peer.write(line + "\n")
        self.assertEqual(peer.read()["id"], 7)
        wait_until(lambda: self.host.sessions()["btc"]["channels_confirmed"] == 1, "the channel that a notification asked for")

    def test_a_batch_is_answered_by_one_line(self):
        peer = self.peer()
        wrong = [1, {"foo": "boo"}, {"jsonrpc": "2.0", "id": "5", "method": "foo.get"}, {"jsonrpc": "2.0", "method": "host.status"}]
        good = [{"jsonrpc": "2.0", "id": i, "method": method, "params": {"session": "btc"}}
                for i, method in enumerate(("session.list", "session.state", "module.list", "output.list"))]
        attach = [{"jsonrpc": "2.0", "id": "a", "method": "stream.attach", "params": {"session": "btc"}}]
        peer.write(json.dumps(wrong + good + attach) + "\n")
        answers = peer.read()
        self.assertEqual(sorted(a["id"] for a in answers if "result" in a), [0, 1, 2, 3])
        self.assertEqual(sorted((a["error"]["code"], a["id"] or "") for a in answers if "error" in a),
                         [(-32601, "5"), (-32600, ""), (-32600, ""), (703, "a")])
        peer.write(json.dumps([{"jsonrpc": "2.0", "method": "host.status"}] * 3) + "\n" + STATUS + "\n")
        self.assertEqual(peer.read()["id"], 7)  # notifications alone are answered by nothing
        peer.write(json.dumps([json.loads(STATUS)] * 101) + "\n")
        self.assertEqual(peer.read()["error"]["code"], -32600)

    def test_the_methods_there_are_stand_in_the_error(self):
        methods = self.peer().ask("nosuch")["error"]["data"]["methods"]
        self.assertIn("stream.attach", methods)
        self.assertEqual(len(methods), len(set(methods)))

    def test_a_line_without_end_is_cut_off(self):
        peer = self.peer()
        with self.assertRaises(OSError):
            while True:
                peer.write(b"x" * 65536)
        self.assertIn("1 MiB", peer.read()["error"]["message"])
        self.assertIsNone(peer.line())

    def test_half_a_line_is_not_waited_for_however_it_trickles(self):
        peer = self.peer()
        with self.assertRaises((OSError, AssertionError)):
            while True:  # a byte now and then keeps no connection open
                peer.write(b" ")
                peer.socket.settimeout(0.02)
                try:
                    answer = peer.read()
                except TimeoutError:
                    continue
                self.assertIn("control_timeout", answer["error"]["message"])
                self.assertIsNone(peer.line())
                raise AssertionError("cut off, as it should be")

    def test_whole_lines_keep_a_connection_open(self):
        peer = self.peer()
        self.assertEqual(peer.ask("host.status")["id"], 1)
        wait_until(lambda: self.host.ask("host.status")["uptime_ms"] > 1500, "more than the time for half a line")
        self.assertEqual(peer.ask("host.status")["id"], 1)

    def test_who_stops_sending_still_gets_every_answer(self):
        peer = self.peer()
        peer.write(STATUS + "\n" + STATUS + "\n")
        peer.socket.shutdown(socket.SHUT_WR)
        self.assertEqual([peer.read()["id"], peer.read()["id"], peer.line()], [7, 7, None])

    def test_idle_clients_lock_nobody_out_the_least_recently_active_gives_way(self):
        waiting, stream, early = self.peer(), self.peer(), self.peer()
        self.sim.command("answers off")
        waiting.send("session.call", {"session": "btc", "method": "public/get_time"})
        self.assertIn("result", stream.ask("stream.attach", {"session": "btc"}))
        crowd = [self.peer() for _ in range(120)]
        self.assertEqual(crowd[-1].ask("host.status")["id"], 1)
        self.assertEqual(early.ask("host.status")["id"], 1)  # so that it is not the one
        more = [self.peer() for _ in range(50)]
        self.assertEqual(more[-1].ask("host.status")["id"], 1)
        answer = crowd[0].read()
        self.assertEqual((answer["error"]["code"], answer["id"]), (703, None))
        self.assertIn("asked nothing for the longest time", answer["error"]["message"])
        self.assertIsNone(crowd[0].line())
        self.assertEqual(early.ask("host.status")["id"], 1)
        self.sim.command("answers on")
        waiting.send("host.status", id="still")
        self.assertEqual(waiting.until(lambda one: one["id"] == "still")["id"], "still")
        stream.socket.setblocking(False)
        with self.assertRaises(BlockingIOError):
            stream.socket.recv(1)  # nothing came, and it is open
        self.assertEqual(self.host.log().count("give way"), 1)

    def test_where_all_wait_for_answers_a_new_client_is_told_why_it_is_turned_away(self):
        self.sim.command("answers off")
        peers = [self.peer() for _ in range(128)]
        for peer in peers:
            peer.send("session.call", {"session": "btc", "method": "public/get_time"})
        for peer in peers:  # each line was read: an answer that comes at once stands behind the call
            self.assertEqual(peer.ask("host.status", id="read")["id"], "read")
        answer = self.peer().read()
        self.assertEqual(answer["error"]["code"], 703)
        self.assertIn("too many are open at once, and all of them wait for answers", answer["error"]["message"])
        self.assertEqual(self.host.log().count("a control connection was refused"), 1)
        peers[0].socket.close()
        wait_until(self.is_served, "the host to take connections again")

    def is_served(self):
        try:
            return "result" in self.host.ask_raw("host.status")
        except OSError:  # it was turned away before it had asked
            return False

    def test_who_asks_nothing_for_long_is_told_so_and_let_go(self):
        self.host.write_config("control_idle 1s;" + CONFIG.format(url=self.sim.url))
        self.assertTrue(self.host.reload()["ok"])
        self.sim.command("answers off")
        waiting = self.peer()
        waiting.send("session.call", {"session": "btc", "method": "public/get_time"})
        stream = self.peer()
        self.assertIn("result", stream.ask("stream.attach", {"session": "btc"}))
        silent, asked = self.peer(), self.peer()
        self.assertIn("result", asked.ask("host.status"))
        for peer in (silent, asked):
            answer = peer.read()
            self.assertEqual((answer["error"]["code"], answer["id"]), (703, None))
            self.assertIn("control_idle", answer["error"]["message"])
            self.assertIsNone(peer.line())
        later = self.peer()
        self.assertIn("control_idle", later.read()["error"]["message"])  # which took longer than the others' time
        self.assertEqual(waiting.ask("host.status", id=2)["id"], 2)
        stream.socket.setblocking(False)
        with self.assertRaises(BlockingIOError):
            stream.socket.recv(1)

    def test_a_client_that_reads_nothing_delays_nobody_and_is_cut_off(self):
        peer = self.peer()
        peer.socket.setblocking(False)
        with self.assertRaises(OSError):
            while True:
                peer.socket.send((STATUS + "\n").encode() * 100)
        self.assertEqual(self.host.ask("host.status")["pid"], self.host.process.pid)
        self.host.wait_log("cutting it off")

    def test_requests_that_wait_are_bounded_for_each_connection(self):
        peer = self.peer()
        call = {"jsonrpc": "2.0", "id": 1, "method": "session.call", "params": {"session": "btc", "method": "public/get_time"}}
        self.sim.command("answers off")
        peer.write((json.dumps(call) + "\n") * 300)
        answers = [peer.read() for _ in range(44)]
        self.assertEqual({a["error"]["code"] for a in answers}, {703})
        self.assertEqual(self.host.ask("host.status")["pid"], self.host.process.pid)

    def test_a_channel_name_that_no_exchange_takes_is_refused_at_once(self):
        for name in ("", "x" * 1025):
            answer = self.host.ask_raw("session.subscribe", {"session": "btc", "channels": ["quote.BTC-PERPETUAL", name]})
            self.assertIn("1 to 1024 bytes", answer["error"]["message"])
        self.host.wait_state("btc")


class Credentials(unittest.TestCase):
    """Who may connect is more than the mode of a file that somebody may change."""
    NOBODY = 65534
    GROUP = 23456

    def answer_as(self, host, groups):
        """What a client of another user gets, whatever the file's mode is now."""
        os.chmod(host.path("run/control.sock"), 0o666)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setgroups(groups)
                os.setresgid(self.NOBODY, self.NOBODY, self.NOBODY)
                os.setresuid(self.NOBODY, self.NOBODY, self.NOBODY)
                with Peer(host) as peer:
                    try:
                        peer.send("session.list")
                    except OSError:  # it was turned away before it had asked
                        pass
                    os.write(writer, json.dumps(peer.read()).encode())
            finally:
                os._exit(0)
        os.close(writer)
        os.waitpid(child, 0)
        with os.fdopen(reader) as file:
            return json.loads(file.read())

    @unittest.skipIf(os.geteuid() != 0, "only root can become somebody else")
    def test_other_users_are_let_in_by_mode_and_group_of_the_config_alone(self):
        with Host("control unix:run/control.sock mode=0600;") as host:
            host.start()
            self.assertEqual(self.answer_as(host, [])["error"]["code"], 703)
        with Host("control unix:run/control.sock mode=0660;") as host:
            host.start()
            self.assertEqual(self.answer_as(host, [self.GROUP])["error"]["code"], 703)
            self.assertEqual(self.answer_as(host, [self.GROUP, 0])["result"], [])  # the socket's group is the host's: 0
        with Host("control unix:run/control.sock mode=0666;") as host:
            host.start()
            self.assertEqual(self.answer_as(host, [])["result"], [])


if __name__ == "__main__":
    unittest.main()
