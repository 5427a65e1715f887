"""`hawser -t --plan` tells what a reload would do to the running host, with the statement that is the reason, and does none of it; the
reload then does just that. A config that a reload would refuse has its faults told instead, and without a host the exit status is 3."""
import json
import os
import shutil
import unittest

from lib.host import Host
from lib.process import build_dir
from lib.sim import Sim

HEAD = "load_module mods/hawser_deribit.so;\nload_module hawser_jsonl.so;\nload_module hawser_statsd.so;\n"
BEFORE = HEAD + """output jsonl one {{ path data/one.jsonl; }}
output jsonl two {{ path data/two.jsonl; }}
session kept {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; output one; }}
session channels {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; output one; }}
session login {{ adapter deribit; url {url}; credentials file:login.cred; subscribe user.orders.BTC-PERPETUAL.raw; output one; }}
session paced {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; output one; }}
session moved {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; output two; }}
session gone {{ adapter deribit; url {url}; output one; }}
"""
AFTER = HEAD + """output jsonl one {{ path data/one.jsonl; }}
output jsonl two {{ path data/other.jsonl; }}
session kept {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; output one; }}
session channels {{ adapter deribit; url {url}; subscribe quote.BTC-PERPETUAL; output one; }}
session login {{ adapter deribit; url {url}; credentials file:login.cred; subscribe user.orders.BTC-PERPETUAL.raw; output one; }}
session paced {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; output one; reconnect delay=3s; }}
session moved {{ adapter deribit; url {url}?again; subscribe ticker.BTC-PERPETUAL.100ms; output two; }}
session new {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; output one; }}
telemetry statsd {{ server 127.0.0.1:9; }}
shutdown_timeout 5s;
pid run/other.pid;
"""
SECRETS = "client_id one;\nclient_secret {};\n"
ANEW = ("restarted", "moved")


def place_adapter(host):
    """A file of its own, so that it can be replaced."""
    path = host.path("mods/hawser_deribit.so")
    shutil.copyfile(os.path.join(build_dir(), "modules/hawser_deribit.so"), path + ".new")
    os.chmod(path + ".new", 0o644)
    os.rename(path + ".new", path)


class Plan(unittest.TestCase):
    def start(self, config=BEFORE):
        sim = Sim(clients=(("one", "first"), ("two", "second")), rate=50)
        self.addCleanup(sim.close)
        host = Host(config.format(url=sim.url), workers=2, files={"login.cred": (SECRETS.format("first"), 0o600)})
        self.addCleanup(host.__exit__)
        os.mkdir(host.path("mods"), 0o755)
        place_adapter(host)
        host.start()
        host.wait_all_ready(6)
        return sim, host

    def plan(self, host):
        status, stdout, stderr = host.run("-t", "--plan", "--json")
        self.assertEqual(status, 0, stderr)
        return {(change["kind"], change["name"]): (change["action"], change["reason"]) for change in json.loads(stdout)["changes"]}

    def test_each_change_is_told_with_its_reason_and_nothing_is_applied_until_the_reload(self):
        sim, host = self.start()
        sessions = {name: session["epoch"] for name, session in host.sessions().items()}
        conf = host.path("hawser.conf")
        host.write_config(AFTER.format(url=sim.url))
        host.write_file("login.cred", "client_id two;\nclient_secret second;\n", 0o600)
        plan = self.plan(host)
        first = len(host.head.splitlines()) + len(HEAD.splitlines()) + 1

        def place(line):
            return f"{conf}:{first + line}"
        self.assertEqual(plan.pop(("session", "kept")), ("kept", "unchanged"))
        self.assertEqual(plan.pop(("output", "one")), ("kept", "unchanged"))
        self.assertEqual(plan.pop(("output", "two")), ("restarted", f"{place(1)}: path changed"))
        self.assertEqual(plan.pop(("session", "channels")), ("resubscribed in place", f"{place(3)}: subscribe changed"))
        self.assertEqual(plan.pop(("session", "login")),
                         ("re-authenticated in place", f"{place(4)}: credentials name other words than before"))
        self.assertEqual(plan.pop(("session", "paced")), ("applied in place", f"{place(5)}: reconnect added"))
        action, reason = plan.pop(("session", "moved"))
        self.assertIn(action, ANEW)
        self.assertEqual(reason, f"{place(6)}: url changed")
        self.assertEqual(plan.pop(("session", "new")), ("added", f"{place(7)}: session added"))
        action, reason = plan.pop(("session", "gone"))
        self.assertEqual((action, reason), ("removed", f"{place(7)}: session is gone (it was here)"))
        self.assertEqual(plan.pop(("telemetry", "statsd")), ("added", f"{place(8)}: telemetry added"))
        self.assertEqual(plan.pop(("host", "shutdown_timeout")), ("applied in place", f"{place(9)}: shutdown_timeout added"))
        self.assertEqual(plan.pop(("host", "pid")), ("needs a restart", f"{place(10)}: pid added"))
        self.assertEqual(plan, {})

        status, stdout, _ = host.run("-t", "--plan")
        self.assertEqual(status, 0)
        self.assertIn(f"session channels: resubscribed in place: {place(3)}: subscribe changed\n", stdout)
        self.assertIn("hawser: generation 1 runs; a reload would keep 2 and change 10\n", stdout)
        self.assertNotIn("session kept", stdout)

        self.assertEqual(host.ask("host.status")["generation"], 1)
        self.assertEqual({name: session["epoch"] for name, session in host.sessions().items()}, sessions)
        self.assertEqual(sim.stats()["accepted"], 6)

        outcome = host.reload()
        self.assertTrue(outcome["ok"], outcome)
        self.assertIn("1 sessions kept, 3 changed in place, ", outcome["text"])
        self.assertIn("1 added, 1 removed; output: 1 restarted, 0 added, 0 removed; telemetry: 0 restarted, 1 added, 0 removed in ",
                      outcome["text"])
        self.assertIn(f"reload: session paced: applied in place: {place(5)}: reconnect added", host.log())
        plan = self.plan(host)
        self.assertEqual({action for action, _ in plan.values()}, {"kept"}, plan)

    def test_a_replaced_module_shows_before_it_is_loaded_and_no_more_afterwards(self):
        _, host = self.start()
        self.assertEqual({action for action, _ in self.plan(host).values()}, {"kept"})
        place_adapter(host)
        plan = self.plan(host)
        line = len(host.head.splitlines()) + 1
        for name in host.sessions():
            action, reason = plan[("session", name)]
            self.assertIn(action, ANEW)
            self.assertEqual(reason, f"{host.path('hawser.conf')}:{line}: the module's file was replaced")
        self.assertEqual({plan[("output", name)][0] for name in ("one", "two")}, {"kept"})
        self.assertTrue(host.reload()["ok"])
        self.assertEqual({action for action, _ in self.plan(host).values()}, {"kept"})

    def test_a_failed_session_is_said_to_be_tried_again(self):
        _, host = self.start()
        host.write_file("login.cred", "client_id one;\nclient_secret wrong;\n", 0o600)
        host.reload()
        host.wait_state("login", "FAILED")
        action, reason = self.plan(host)[("session", "login")]
        self.assertEqual((action, reason), ("restarted", "it had failed or was closed by hand, and is tried again"))

    def test_sessions_that_another_worker_would_run_are_told(self):
        sim, host = self.start()
        host.head = host.head.replace("worker_processes 2", "worker_processes 1")
        host.write_config(BEFORE.format(url=sim.url))
        plan = self.plan(host)
        self.assertEqual(plan[("host", "worker_processes")][0], "applied in place")
        moved = {name for (kind, name), (_, reason) in plan.items() if kind == "session" and reason == "another worker runs it"}
        self.assertTrue(0 < len(moved) < 6, moved)
        epochs = {name: session["epoch"] for name, session in host.sessions().items()}
        accepted = sim.stats()["accepted"]
        self.assertTrue(host.reload()["ok"])
        host.wait_all_ready(6)
        self.assertEqual(sim.stats()["accepted"] - accepted, len(moved))
        self.assertEqual(len(epochs), 6)

    def test_a_config_that_a_reload_would_refuse_has_its_faults_told(self):
        sim, host = self.start()
        host.write_config(BEFORE.format(url=sim.url) + "session x { adapter nobody; url ws://127.0.0.1:1/; }\nlisen 1;\n")
        line = len((host.head + BEFORE).splitlines()) + 1
        status, stdout, stderr = host.run("-t", "--plan")
        self.assertEqual((status, stdout), (1, ""))
        self.assertIn(f'hawser.conf:{line}: ', stderr)
        answer = host.ask_raw("host.plan")
        self.assertEqual(answer["error"]["message"], "a reload would refuse the configuration")
        self.assertIn(f'{host.path("hawser.conf")}:{line + 1}: unknown directive "lisen"', answer["error"]["data"]["problems"])
        self.assertGreaterEqual(answer["error"]["data"]["count"], 2)
        self.assertEqual(host.ask("host.status")["generation"], 1)

    def test_without_a_host_or_with_another_ones_config_it_says_so(self):
        sim, host = self.start()
        host.write_file("second.conf", host.head + BEFORE.format(url=sim.url))
        status, _, stderr = host.run("-t", "--plan", "-c", "second.conf")
        self.assertEqual(status, 1)
        self.assertIn(f"runs with {host.path('hawser.conf')}, not with {host.path('second.conf')}", stderr)
        with Host("load_module hawser_jsonl.so;\n") as other:
            status, stdout, stderr = other.run("-t", "--plan")
            self.assertEqual((status, stdout), (3, ""))
            self.assertIn("no host answers on the control socket", stderr)
            for words in (("--plan",), ("-T", "--plan"), ("-t", "--json")):
                status, _, stderr = other.run(*words)
                self.assertEqual(status, 1)
                self.assertIn("--plan goes with -t, and --json with --plan", stderr)


if __name__ == "__main__":
    unittest.main()
