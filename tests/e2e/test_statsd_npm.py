"""The statsd module through the whole host, against the original StatsD daemon."""
import re
import signal
import socket
import unittest

from lib.host import Host
from lib.sim import CLIENT, Sim
from lib.statsd import Statsd, free_port
from lib.wait import wait_until

CONFIG = """
load_module hawser_deribit.so;
load_module hawser_statsd.so;
telemetry statsd {{ server {server}; prefix test.h1; flush 100ms; }}
session btc {{
    adapter deribit;
    url {url};
    credentials file:deribit.cred;
    subscribe {channel};
    reconnect delay=50ms max_delay=1s;
}}
"""
CRED = {"deribit.cred": (f"client_id {CLIENT[0]};\nclient_secret {CLIENT[1]};\n", 0o600)}
CHANNEL = "ticker.BTC-PERPETUAL.100ms"
SESSION = "test.h1.session.btc."
LINE = re.compile(rb"[A-Za-z0-9_.-]+:(\d+\|c|-?\d+\|g|\d+(\.\d{1,3})?\|ms)")


class StatsdNpm(unittest.TestCase):
    def host(self, sim, server):
        host = Host(CONFIG.format(url=sim.url, channel=CHANNEL, server=server), files=CRED)
        self.addCleanup(host.__exit__)
        return host.start()

    def ready_host(self, sim, daemon):
        """A host whose sink was there before its session first connected, so that it missed nothing."""
        sim.command("accept off")
        host = self.host(sim, daemon.address)
        wait_until(lambda: SESSION + "session.state" in daemon.numbers("gauges"), "the first flush")
        sim.command("accept on")
        host.wait_state("btc")
        return host

    def assert_all_lines_are_good(self, daemon):
        self.assertEqual(daemon.numbers("counters")["statsd.bad_lines_seen"], 0)
        packets = daemon.packets()
        self.assertTrue(packets)
        for packet in packets:
            self.assertLessEqual(len(packet), 1432)
            self.assertTrue(packet.endswith(b"\n"))
            for line in packet[:-1].split(b"\n"):
                self.assertRegex(line, LINE)
                self.assertTrue(LINE.fullmatch(line), line)

    def test_counters_gauges_and_timers_of_a_session_arrive(self):
        with Sim() as sim, Statsd() as daemon:
            self.ready_host(sim, daemon)
            daemon.wait_counter(SESSION + "message.received", lambda value: value > 10)
            wait_until(lambda: daemon.timers().get(SESSION + "session.ready"), "the timer of session.ready")
            counters = daemon.numbers("counters")
            for name in ("connection.start", "auth.ok", "session.ready"):
                self.assertEqual(counters[SESSION + name], 1, name)
                self.assertEqual(counters["test.h1." + name], 1, name)
            timers = daemon.timers()
            for name in ("connection.start", "auth.ok", "session.ready"):
                self.assertEqual(len(timers[SESSION + name]), 1, name)
                self.assertGreater(timers[SESSION + name][0], 0, name)
            self.assertGreaterEqual(timers[SESSION + "session.ready"][0], timers[SESSION + "auth.ok"][0])
            self.assert_all_lines_are_good(daemon)

    def test_the_sum_of_all_deltas_is_what_the_host_counted(self):
        with Sim(rate=500) as sim, Statsd() as daemon:
            host = self.ready_host(sim, daemon)
            daemon.wait_counter(SESSION + "message.received", lambda value: value > 300)
            attempts = daemon.numbers("counters")[SESSION + "reconnect.attempt"]
            sim.command("cut all")
            wait_until(lambda: host.sessions()["btc"]["epoch"] == 2, "the second connection")
            host.wait_state("btc")
            sim.command("stall " + CHANNEL + " for-good")

            def sums_agree():
                counters = daemon.numbers("counters")
                return counters[SESSION + "message.received"] == counters["test.h1.message.received"] \
                    == host.sessions()["btc"]["messages"]
            wait_until(sums_agree, "the daemon to count as many messages as the host")
            daemon.wait_counter(SESSION + "connection.start", lambda value: value == 2)
            daemon.wait_counter(SESSION + "reconnect.attempt", lambda value: value == attempts + 1)
            wait_until(lambda: len(daemon.timers()[SESSION + "reconnect.attempt"]) == attempts + 1, "as many timers")
            self.assert_all_lines_are_good(daemon)

    def test_the_last_counters_are_sent_when_the_host_quits(self):
        with Sim() as sim, Statsd() as daemon:
            host = self.ready_host(sim, daemon)
            self.assertEqual(host.process.stop(signal.SIGQUIT), 0)
            daemon.wait_counter(SESSION + "connection.stop", lambda value: value == 1)
            wait_until(lambda: daemon.timers().get(SESSION + "connection.stop"), "the timer of connection.stop")
            self.assert_all_lines_are_good(daemon)

    def test_a_daemon_that_comes_later_is_told_once_as_missing_and_served_then(self):
        port = free_port(socket.SOCK_DGRAM)
        with Sim() as sim:
            host = self.host(sim, f"127.0.0.1:{port}")
            host.wait_state("btc")
            host.wait_log("telemetry=statsd ")
            self.assertIn("Connection refused", host.log())
            with Statsd(port) as daemon:
                daemon.wait_counter(SESSION + "message.received", lambda value: value > 0)
                host.wait_log("telemetry=statsd flushes again")
                daemon.wait_counter("test.h1.statsd.lines_lost")
                self.assert_all_lines_are_good(daemon)

    def test_the_daemon_may_have_a_name(self):
        with Sim() as sim, Statsd() as daemon:
            self.host(sim, f"localhost:{daemon.port}").wait_state("btc")
            daemon.wait_counter(SESSION + "message.received")
            self.assert_all_lines_are_good(daemon)

    def test_the_check_refuses_a_server_or_prefix_that_cannot_work(self):
        with Sim() as sim:
            for server, wanted in (("unix:run/statsd", "absolute path"), ("127.0.0.1", "HOST:PORT")):
                host = Host(CONFIG.format(url=sim.url, channel=CHANNEL, server=server), files=CRED)
                self.addCleanup(host.__exit__)
                status, _, errors = host.run("-t")
                self.assertEqual(status, 1)
                self.assertIn(wanted, errors)
            host = Host(CONFIG.format(url=sim.url, channel=CHANNEL, server="127.0.0.1:1").replace("test.h1", '"a b"'), files=CRED)
            self.addCleanup(host.__exit__)
            status, _, errors = host.run("-t")
            self.assertEqual(status, 1)
            self.assertIn("prefix", errors)


if __name__ == "__main__":
    unittest.main()
