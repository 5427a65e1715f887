"""A secret comes out nowhere: not by an exchange that repeats it, a log at debug, the control socket, the process list, a core dump, or memory that was given back."""
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import unittest

from lib import canary
from lib.echo_exchange import EchoExchange, EchoProxy
from lib.host import Host
from lib.wait import wait_until

HEAD = """daemon off; worker_processes 2; error_log logs/error.log debug {form}; module_path {{modules}};
load_module hawser_deribit.so; load_module hawser_jsonl.so; load_module hawser_statsd.so;
"""
CONFIG = """
telemetry statsd {{ server 127.0.0.1:9; flush 100ms; }}
output jsonl ticks {{ path data/ticks.jsonl; }}
session btc {{ adapter deribit; url {url}; credentials {source}; subscribe ticker.BTC-PERPETUAL.100ms; log_level debug;
    reconnect delay=10ms max_delay=50ms; output ticks; {more} }}
"""
SECRET = canary.SECRET
PAIRS = f"client_id tester;\nclient_secret {SECRET};\n"
HEADER = "canary.head-5b/20c+9"
LOGIN = "canary-proxy:77/4e+1"  # as the proxy gets it
TOKENS = ("canary.access/5e11+-09", "canary.refresh/b7_44+1")


def start(url, source="file:deribit.cred", form="text", env=None, files=True, more="", secrets=()):
    files = {"deribit.cred": (PAIRS, 0o600)} if files else {}
    host = Host(CONFIG.format(url=url, source=source, more=more), head=HEAD.format(form=form).replace("{workers}", ""), files=files)
    host.secrets |= {SECRET, *secrets}
    return host.start(env=env)


def ask_everything(host):
    """All that a person can ask for: Host searches the answers."""
    for method in ("host.status", "session.list", "output.list", "module.list"):
        host.ask_raw(method)
    for words in (("-T",), ("-t", "--plan")):
        host.run(*words)


class SecretsStaySecret(unittest.TestCase):
    # What the host wrote, said and shows in /proc is searched by Host itself when a test ends.

    def test_an_exchange_that_repeats_them_in_its_refusal_is_not_quoted(self):
        for form in ("text", "json"):
            with self.subTest(form=form), EchoExchange(refuse=True) as exchange, start(exchange.url, form=form) as host:
                session = host.wait_state("btc", "FAILED")
                self.assertIn("***", session["last_error"]["message"])
                self.assertIn("***", host.log())
                self.assertIn("***", str(host.ask("session.state", {"session": "btc"})))

    def test_answers_of_calls_do_not_repeat_them(self):
        with EchoExchange(refuse=False) as exchange, start(exchange.url) as host:
            host.wait_state("btc")
            for method in ("public/echo", "public/fails", "private/echo"):
                answer = str(host.ask_raw("session.call", {"session": "btc", "method": method}))
                self.assertIn("***", answer)
                self.assertEqual(canary.find(answer.encode(), {SECRET}), [])

    def test_a_close_reason_that_repeats_them_is_masked_in_log_state_and_stream(self):
        with EchoExchange(refuse=False) as exchange, start(exchange.url) as host:
            host.wait_state("btc")
            epoch = host.sessions()["btc"]["epoch"]
            host.ask_raw("session.call", {"session": "btc", "method": "public/goodbye"})
            wait_until(lambda: host.wait_state("btc")["epoch"] > epoch, "a new connection")
            self.assertIn("bye ***", host.log())

    def test_a_variable_of_the_environment_goes_to_no_child(self):
        with EchoExchange(refuse=False) as exchange:
            env = {**os.environ, "BTC_LOGIN": PAIRS, "CREDENTIALS_DIRECTORY": "/nowhere"}
            with start(exchange.url, "env:BTC_LOGIN", env=env, files=False) as host:
                host.wait_state("btc")
                self.assertEqual(exchange.secret, SECRET)
                children = canary.processes(host.process.pid)[1:]
                self.assertEqual(len(children), 3)
                for pid in children:
                    with open(f"/proc/{pid}/environ", "rb") as file:
                        content = file.read()
                    self.assertNotIn(b"BTC_LOGIN", content)
                    self.assertNotIn(b"CREDENTIALS_DIRECTORY", content)
                host.secrets.discard(SECRET)  # whoever gave the variable to the master can see it there

    def test_a_header_that_logs_in_is_not_repeated(self):
        more = f'header "Authorization: Bearer {HEADER}"; header "X-Desk: reading";'
        for form in ("text", "json"):
            with self.subTest(form=form), EchoExchange(refuse=False) as exchange, \
                    start(exchange.url, form=form, more=more, secrets=[HEADER]) as host:
                host.wait_state("btc")
                self.assertEqual(exchange.header, f"Bearer {HEADER}")
                epoch = host.sessions()["btc"]["epoch"]
                for method in ("public/echo", "public/fails"):
                    self.assertIn("***", str(host.ask_raw("session.call", {"session": "btc", "method": method})))
                host.ask_raw("session.call", {"session": "btc", "method": "public/goodbye", "params": {"what": "header"}})
                wait_until(lambda: host.wait_state("btc")["epoch"] > epoch, "a new connection")
                self.assertIn("bye ***", host.log())
                ask_everything(host)
                host.write_config(CONFIG.format(url=exchange.url, source="file:deribit.cred", more=more.replace("reading", "writing")))
                self.assertIn("header", str(host.ask_raw("host.plan")))
                self.assertTrue(host.reload()["ok"])

    def test_a_login_at_a_proxy_is_not_repeated(self):
        encoded = LOGIN.replace("/", "%2F")
        with EchoProxy() as proxy, start("ws://127.0.0.1:1/", more=f"proxy http://{encoded}@127.0.0.1:{proxy.port};",
                                         secrets=[LOGIN, LOGIN.partition(":")[2], encoded]) as host:
            host.wait_log("no way for Basic ***")
            self.assertEqual(proxy.logins[0], LOGIN)
            self.assertIn("***", str(host.sessions()["btc"]))
            ask_everything(host)

    def test_tokens_that_a_login_gets_are_not_repeated(self):
        with EchoExchange(refuse=False, tokens=TOKENS) as exchange, start(exchange.url, secrets=TOKENS) as host:
            host.wait_state("btc")
            epoch = host.sessions()["btc"]["epoch"]
            for method in ("public/echo", "public/fails", "private/echo"):
                self.assertIn("***", str(host.ask_raw("session.call", {"session": "btc", "method": method})))
            host.ask_raw("session.call", {"session": "btc", "method": "public/goodbye", "params": {"what": "token"}})
            wait_until(lambda: host.wait_state("btc")["epoch"] > epoch, "a new connection")
            self.assertIn("bye ***", host.log())
            ask_everything(host)

    def test_faults_in_the_file_are_told_without_it(self):
        for text in (f"client_secret {SECRET}", f"{SECRET};", f"a {SECRET} c;", f"client_secret \"{SECRET};"):
            with self.subTest(text=text), Host(CONFIG.format(url="ws://127.0.0.1:1/", source="file:deribit.cred", more=""),
                                               head=HEAD.format(form="text"), files={"deribit.cred": (text, 0o600)}) as host:
                host.secrets.add(SECRET)
                for option in ("-t", "-T"):
                    self.assertEqual(host.run(option)[0], 1)

    def test_no_process_leaves_a_core_or_lets_its_user_look_into_it(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CORE, (soft, hard))
        with EchoExchange(refuse=False) as exchange, start(exchange.url) as host:
            host.wait_state("btc")
            pids = canary.processes(host.process.pid)
            self.assertEqual(len(pids), 4)
            for pid in pids:
                with open(f"/proc/{pid}/limits", encoding="ascii") as file:
                    self.assertRegex(file.read(), r"Max core file size +0 +0 ")
                self.assertFalse(can_look_into(pid), pid)
            worker = next(one["pid"] for one in host.workers() if one["pid"] in pids)
            os.kill(worker, signal.SIGABRT)
            host.wait_log(f"(pid {worker}) was ended by signal 6")
            host.wait_state("btc")
            self.assertEqual([name for name in os.listdir(host.prefix) if "core" in name], [])

    @unittest.skipIf(os.geteuid() != 0, "only root may attach a debugger to the host's processes")
    @unittest.skipUnless(shutil.which("gdb"), "no gdb (scripts/setup tests)")
    def test_a_dump_made_by_a_debugger_holds_none_of_them(self):
        more = f'header "Authorization: Bearer {HEADER}";'
        with EchoExchange(refuse=False, tokens=TOKENS) as exchange, start(exchange.url, more=more, secrets=[HEADER, *TOKENS]) as host:
            host.wait_state("btc")
            secrets = {SECRET, HEADER, *TOKENS}
            worker = next(pid for pid in canary.processes(host.process.pid)[1:] if canary.find_in_memory(pid, {SECRET}))
            for pid, there in ((worker, secrets), (host.process.pid, {SECRET, HEADER})):
                self.assertTrue(all(canary.find_in_memory(pid, {one}) for one in there))
                with tempfile.TemporaryDirectory() as folder:
                    path = os.path.join(folder, "core")
                    done = subprocess.run(["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set auto-solib-add off",
                                           "-p", str(pid), "-ex", f"generate-core-file {path}"],
                                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
                    if "ptrace: Operation not permitted" in done.stderr:
                        self.skipTest("no process may be traced here")
                    self.assertGreater(os.path.getsize(path), 0, done.stderr)
                    self.assertEqual(canary.find_in_file(path, secrets), [])
            host.wait_state("btc")

    @unittest.skipIf(os.geteuid() != 0, "only root may look into the memory of the host's processes")
    def test_memory_holds_them_only_where_they_are_used_and_no_longer(self):
        with EchoExchange(refuse=False) as exchange, start(exchange.url) as host:
            host.wait_state("btc")
            master, *children = canary.processes(host.process.pid)
            observer = [one["pid"] for one in host.ask("host.status")["processes"] if one["role"] == "observer"]
            holders = [pid for pid in children if canary.find_in_memory(pid, {SECRET})]
            self.assertEqual(len(holders), 1)  # the worker of the session, and no other
            self.assertNotIn(observer[0], holders)
            self.assertTrue(canary.find_in_memory(master, {SECRET}))
            host.write_config("")  # and with the session its credentials go
            self.assertTrue(host.reload()["ok"])
            wait_until(lambda: not host.sessions(), "the session to be gone")
            for pid in [master, *children]:
                wait_until(lambda pid=pid: not canary.find_in_memory(pid, {SECRET}), f"process {pid} to forget")

    @unittest.skipIf(os.geteuid() != 0, "only root may look into the memory of the host's processes")
    def test_memory_forgets_headers_and_logins_with_the_config_and_tokens_with_their_session(self):
        kept = {HEADER, LOGIN.partition(":")[2]}
        login = LOGIN.replace("/", "%2F")
        more = f'header "Authorization: Bearer {HEADER}"; }} session far {{ adapter deribit; url ws://exchange.invalid/; proxy http://{login}@127.0.0.1:9;'
        with EchoExchange(refuse=False, tokens=TOKENS) as exchange, start(exchange.url, more=more, secrets=[*kept, *TOKENS]) as host:
            host.wait_state("btc")
            pids = canary.processes(host.process.pid)
            self.assertEqual(len([pid for pid in pids if canary.find_in_memory(pid, {TOKENS[0]})]), 1)
            host.write_config("")
            self.assertTrue(host.reload()["ok"])
            wait_until(lambda: not host.sessions(), "the sessions to be gone")
            for pid in pids:
                wait_until(lambda pid=pid: not canary.find_in_memory(pid, {*kept, *TOKENS}), f"process {pid} to forget")


def can_look_into(pid):
    """May a process of the same user, without rights beyond that, read another's memory?"""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        seen = b"n"
        try:
            if os.geteuid() == 0:
                os.setresuid(65534, 65534, 65534)
                os.setresuid(65534, 65534, 65534)
            with open(f"/proc/{pid}/mem", "rb"):
                seen = b"y"
        except OSError:
            pass
        os.write(writing, seen)
        os._exit(0)
    os.waitpid(child, 0)
    answer = os.read(reading, 1)
    os.close(reading)
    os.close(writing)
    return answer == b"y"


if __name__ == "__main__":
    unittest.main()
