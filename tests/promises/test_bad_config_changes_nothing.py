"""A broken config never stops a running host: it goes on, the log says why, and `-s reload` ends with 1 and the reason."""
import os
import unittest

from lib.host import Host
from lib.process import build_dir
from lib.sim import Sim

GOOD = """load_module hawser_deribit.so;
load_module hawser_jsonl.so;
load_module hawser_statsd.so;
output jsonl ticks {{ path data/ticks.jsonl; }}
session btc {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; output ticks; }}
"""
MORE = " (and more, see the log)"
URL = 'expected a URL such as wss://host:port/path, got '
TIME = "expected a time such as 500ms, 5s, 2m or 1h30m, got "


def of_session(statements):
    return "session x { adapter deribit; url ws://127.0.0.1:1/; " + statements + " }"


# A line behind the good ones, and what is said of it, exactly, behind FILE:LINE. {conf}, {prefix} and {modules} are paths.
BROKEN = [
    ("lisen 1;", 'unknown directive "lisen"'),
    ("sesion x { }", 'unknown directive "sesion"; did you mean "session"?'),
    ("\x01;", 'unknown directive "?"'),
    # blocks, quotes, ends
    ("session x {", 'block "session" is not closed: expected "}" before the end of the file'),
    ('session "x { }', 'quoted word is not closed: expected " before the end of the file'),
    ("}", 'unexpected "}": no block is open'),
    ("session x { adapter deribit; url ws://127.0.0.1:1/ }", '"url" is not ended: expected ";" before "}"'),
    ("shutdown_timeout 2s", '"shutdown_timeout" is not ended: expected ";" or "{" before the end of the file'),
    ("session x;", '"session" needs a block: expected "{", found ";"' + MORE),
    (of_session("subscribe a; } }"), 'unexpected "}": no block is open' + MORE),
    # sessions
    ("session x { adapter deribit; }", '"url" is missing in session "x"'),
    ("session x { url ws://127.0.0.1:1/; }", '"adapter" is missing in session "x"'),
    ("session { adapter deribit; url ws://127.0.0.1:1/; }", '"session" takes 1 argument, got none'),
    ("session x y { adapter deribit; url ws://127.0.0.1:1/; }", '"session" takes 1 argument, got 2'),
    ("session x { adapter nobody; url ws://127.0.0.1:1/; }",
     'no adapter module "nobody" is loaded (loaded: deribit); add load_module for it'),
    ("session x { adapter jsonl; url ws://127.0.0.1:1/; }",
     'no adapter module "jsonl" is loaded (loaded: deribit); add load_module for it'),
    ("session btc { adapter deribit; url ws://127.0.0.1:1/; }", 'session "btc" is defined twice: the first is at {conf}:10'),
    ("session x { adapter deribit; url http://127.0.0.1/; }", f'"url": {URL}"http://127.0.0.1/"'),
    ("session x { adapter deribit; url ws://; }", f'"url": {URL}"ws://"'),
    ("session x { adapter deribit; url ws://127.0.0.1:70000/; }", f'"url": {URL}"ws://127.0.0.1:70000/"'),
    (of_session("adapter deribit;"), '"adapter" may stand once: the first is at {conf}:11'),
    (of_session("output nowhere;"), 'output "nowhere" is not defined: expected the name of an "output MODULE NAME { }"'),
    (of_session("subscribe user.orders.BTC-PERPETUAL.raw;"),
     'channel "user.orders.BTC-PERPETUAL.raw" needs a login; add `credentials file:PATH;`'),
    (of_session("subscribe;"), '"subscribe" takes at least 1 argument, got none'),
    (of_session("credentials file:missing.cred;"), 'cannot open the credentials file "{prefix}/missing.cred": No such file or directory'),
    (of_session("credentials hunter2;"), '"credentials": expected file:PATH, env:NAME or credential:NAME, a name without a slash'),
    (of_session("credentials env:HAWSER_NOT_THERE;"), 'environment variable "HAWSER_NOT_THERE" is not set'),
    (of_session("credentials file:open.cred;"),
     'credentials file "{prefix}/open.cred" can be read or changed by others (mode 0644): chmod 600 it'),
    (of_session("credentials file:empty.cred;"), "the credentials are empty; expected `client_id ID; client_secret SECRET;`"),
    (of_session("heartbeat 5 s;"), '"heartbeat" takes 1 argument, got 2'),
    (of_session("heartbeat 5parsecs;"), f'"heartbeat": {TIME}"5parsecs"'),
    (of_session("heartbeat 1ms;"), '"heartbeat": expected 1s to 1h, got "1ms"'),
    (of_session("hartbeat 5s;"), 'unknown directive "hartbeat"; did you mean "heartbeat"?'),
    (of_session("required maybe;"), '"required": expected on or off, got "maybe"'),
    (of_session("reconnect dely=1s;"), '"reconnect": expected KEY=VALUE with a KEY of delay|max_delay|jitter|attempts, got "dely=1s"'),
    (of_session("reconnect delay=1m max_delay=30s;"), '"reconnect": delay=1m is longer than max_delay=30s: expected at most as long'),
    (of_session("on_error 1006 explode;"), '"on_error": expected "wait" and a time, "reconnect", "stop" or "ignore", got "explode"'),
    (of_session("stale_after x;"), '"stale_after" takes 2 arguments, got 1'),
    (of_session("max_message 1;"), '"max_message": expected 1k to 1g, got "1"'),
    (of_session("tls_verify perhaps;"), '"tls_verify": expected on or off, got "perhaps"'),
    # outputs and telemetry
    ("output jsonl two { }", '"path" is missing in output "two"'),
    ("output jsonl two { path data/x; when_full burn; }", '"when_full": expected drop_oldest or drop_newest, got "burn"'),
    ("output jsonl two { path data/two; queue_records 99999999999; }",
     '"queue_records": expected 16 to 16777216, got "99999999999"'),
    ("output jsonl two { path data; }", "path {prefix}/data is a folder: name a file in it"),
    ("output jsonl two { path data/../data/ticks.jsonl; }",
     '"path": output "ticks" writes that file, too ({conf}:9): expected a file for each output'),
    ("output jsonl { path x; }", '"output" takes 2 arguments, got 1'),
    ("output nothing two { path x; }", 'no output module "nothing" is loaded (loaded: jsonl); add load_module for it'),
    ("output jsonl ticks { path data/y; }", 'output "ticks" is defined twice: the first is at {conf}:9'),
    ("telemetry statsd { }", '"server" is missing in telemetry "statsd"'),
    ("telemetry statsd { server nowhere; }", '"server": expected HOST:PORT or unix:PATH, got "nowhere"'),
    ("telemetry graphite { }", 'no telemetry module "graphite" is loaded (loaded: statsd); add load_module for it'),
    # the host
    ("worker_processes 2;", '"worker_processes" may stand once: the first is at {conf}:3'),
    ("shutdown_timeout never;", f'"shutdown_timeout": {TIME}"never"'),
    ("reload_timeout 1ms;", '"reload_timeout": expected 100ms to 1h, got "1ms"'),
    ("callback_budget 1h;", '"callback_budget": expected 10ms to 1m, got "1h"'),
    ("quarantine most=x;", '"quarantine most": expected a whole number, got "x"'),
    ("pid;", '"pid" takes 1 argument, got none'),
    ("daemon perhaps;", '"daemon": expected on or off, got "perhaps"' + MORE),
    ("user nobody_of_that_name;", 'user "nobody_of_that_name" does not exist; create it or change the `user` directive'),
    ("error_log logs/x.log loud;", '"error_log" may stand once: the first is at {conf}:4' + MORE),
    ("include nothere.conf;", 'include of "{prefix}/nothere.conf": cannot open: No such file or directory'),
    ("include hawser.conf;", 'include of "{conf}": goes in a circle: that file is being read already'),
    # modules
    ("load_module missing.so;", "{modules}/missing.so: check load_module's path and module_path: No such file or directory"),
    ("load_module;", '"load_module" takes 1 argument, got none'),
    ("load_module hawser_deribit.so other.so;", '"load_module" takes 1 argument, got 2'),
]
FILES = {"open.cred": ("client_id a;\nclient_secret b;\n", 0o644), "empty.cred": ("", 0o600)}


class BadConfig(unittest.TestCase):
    def test_each_is_refused_with_file_and_line_and_the_session_goes_on(self):
        self.assertGreaterEqual(len(BROKEN), 40)
        with Sim() as sim, Host(GOOD.format(url=sim.url), files=FILES) as host:
            host.start()
            host.wait_state("btc")
            paths = {"{conf}": host.path("hawser.conf"), "{prefix}": host.prefix, "{modules}": os.path.join(build_dir(), "modules")}
            for number, (text, reason) in enumerate(BROKEN):
                with self.subTest(text):
                    for name, path in paths.items():
                        reason = reason.replace(name, path)
                    told = f"{host.path('hawser.conf')}:11: {reason}"
                    host.write_config(GOOD.format(url=sim.url) + text + "\n")
                    self.assertEqual(host.run("-s", "reload"), (1, "", f"hawser: reload refused, generation 1 goes on: {told}\n"))
                    self.assertIn(told, host.log())
                    if number % 5 == 0:
                        status, _, stderr = host.run("-t")
                        self.assertEqual(status, 1)
                        self.assertIn(told.removesuffix(MORE) + "\n", stderr)
            self.assertEqual(host.sessions()["btc"]["epoch"], 1)
            self.assertEqual(sim.stats()["accepted"], 1)
            host.write_config(GOOD.format(url=sim.url))
            self.assertEqual(host.run("-s", "reload")[0], 0)

    def test_a_control_socket_that_is_none_is_refused_and_no_reload_is_taken_for_done(self):
        told = 'hawser.conf:11: "control": expected unix:PATH or off, got "tcp:1": it is a unix socket alone; other machines reach it through ssh -L'
        with Sim() as sim, Host(GOOD.format(url=sim.url)) as host:
            host.start()
            host.write_config(GOOD.format(url=sim.url) + "control tcp:1;\n")
            self.assertTrue(host.reload()["text"].endswith(told))
            self.assertIn(told + "\n", host.run("-t")[2])
            conf = host.path("hawser.conf")
            self.assertEqual(host.run("-s", "reload"), (1, "", f'hawser: {conf}:11: "control": expected unix:PATH or off; the host was not asked to reload\n'))
            self.assertEqual(host.run("-s", "quit")[0], 0)  # which needs the pid file alone

    def test_more_workers_than_the_host_has_room_for_need_a_restart(self):
        with Sim() as sim, Host(GOOD.format(url=sim.url)) as host:
            host.start()
            host.wait_state("btc")
            host.head = host.head.replace("worker_processes 1;", "worker_processes 200;")
            host.write_config(GOOD.format(url=sim.url))
            status, _, stderr = host.run("-s", "reload")
            self.assertEqual(status, 1)
            self.assertRegex(stderr, r"hawser\.conf:3: worker_processes can grow to \d+ without a restart, not to 200\n$")

    def test_all_errors_of_a_file_are_told_at_once(self):
        with Host("lisen 1;\nworker_processes 0;\nsession a { adapter x; hartbeat 5s; url ftp://x; }\n") as host:
            status, _, stderr = host.run("-t")
            self.assertEqual(status, 1)
            for word in ("lisen", "worker_processes", "hartbeat", "heartbeat", "ftp"):
                self.assertIn(word, stderr)

    def test_a_host_does_not_start_with_a_broken_config(self):
        with Host("nonsense") as host:
            status, _, stderr = host.run()
            self.assertEqual(status, 1)
            self.assertIn("not starting", stderr)


if __name__ == "__main__":
    unittest.main()
