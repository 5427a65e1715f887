"""What runs has no more rights than it needs: no capabilities in what talks to the network, few in the master, no way to more in either."""
import os
import pwd
import resource
import subprocess
import unittest

from lib import canary
from lib.host import Host
from lib.sim import Sim

CONFIG = """load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl ticks {{ path data/ticks.jsonl; }}
session btc {{ adapter deribit; url {url}; credentials file:deribit.cred; subscribe ticker.BTC-PERPETUAL.100ms; output ticks; }}
"""
CRED = {"deribit.cred": (f"client_id tester;\nclient_secret {canary.SECRET};\n", 0o600)}
CHOWN, DAC_OVERRIDE, KILL, SETGID, SETUID = (1 << bit for bit in (0, 1, 5, 6, 7))


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


class FewRights(unittest.TestCase):
    def check(self, host, master_may, user=None):
        master, *children = canary.processes(host.process.pid)
        self.assertEqual(len(children), 2)
        for pid in [master, *children]:
            about = status_of(pid)
            self.assertEqual(about["NoNewPrivs"], "1")  # so that nothing of the bounding set comes back
            for name in ("CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb"):
                allowed = master_may if pid == master or name == "CapBnd" else 0
                self.assertEqual(int(about[name], 16) & ~allowed, 0, (name, about["Name"]))
            if user is not None and pid != master:
                self.assertEqual(set(about["Uid"].split()), {str(user.pw_uid)})

    @unittest.skipIf(os.geteuid() != 0, "only root has capabilities to give up")
    def test_started_as_root_children_have_no_capabilities_and_the_master_three(self):
        with Sim() as sim, Host(CONFIG.format(url=sim.url), files=CRED) as host:
            host.start()
            host.wait_state("btc")
            self.check(host, CHOWN | DAC_OVERRIDE | KILL)
            self.assertTrue(host.reload()["ok"])  # what is left is enough for that

    @unittest.skipIf(os.geteuid() != 0, "only root can become another user")
    def test_with_a_user_children_are_that_user_and_the_master_can_start_them_again(self):
        nobody = pwd.getpwnam("nobody")
        with Sim() as sim, Host("user nobody;\n" + CONFIG.format(url=sim.url), files=CRED) as host:
            os.chown(host.path("data"), nobody.pw_uid, nobody.pw_gid)
            os.chown(host.path("deribit.cred"), nobody.pw_uid, nobody.pw_gid)
            host.start()
            host.wait_state("btc")
            rights = CHOWN | DAC_OVERRIDE | KILL | SETGID | SETUID
            self.check(host, rights, nobody)
            before = host.workers()[0]["pid"]
            os.kill(before, 9)
            host.wait_log(f"(pid {before}) was ended by signal 9")
            host.wait_state("btc")
            self.check(host, rights, nobody)

    @unittest.skipIf(os.geteuid() != 0, "only root can become another user")
    def test_another_user_in_a_reload_waits_for_a_restart_in_workers_that_come_later_too(self):
        nobody = pwd.getpwnam("nobody")
        with Sim() as sim, Host("user nobody;\n" + CONFIG.format(url=sim.url), files=CRED) as host:
            os.chmod(host.path("data"), 0o777)
            host.start()
            host.wait_state("btc")
            os.chmod(host.path("data/ticks.jsonl"), 0o666)  # the check asks whether the new user may write it
            host.write_config("user daemon;\n" + CONFIG.format(url=sim.url))
            for times in (1, 2):  # each reload tells it anew
                self.assertTrue(host.reload()["ok"])
                self.assertEqual(host.log().count("changes of pid, control, user and seccomp need a restart"), times)
            before = host.workers()[0]["pid"]
            os.kill(before, 9)
            host.wait_log(f"(pid {before}) was ended by signal 9")
            host.wait_state("btc")
            self.check(host, CHOWN | DAC_OVERRIDE | KILL | SETGID | SETUID, nobody)

    def test_too_few_open_files_for_the_sessions_are_told_before_anything_starts(self):
        sessions = "".join(f"session s{i} {{ adapter deribit; url ws://127.0.0.1:1/; lines 2; }}\n" for i in range(40))
        with Host("load_module hawser_deribit.so;\n" + sessions) as host:
            def run(limit):
                return subprocess.run(host.argv("-t"), capture_output=True, text=True, check=False,
                                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
            done = run(200)
            self.assertEqual(done.returncode, 1)
            self.assertIn("worker 0 runs 40 sessions and may need 224 open files, but a process may have 200: raise the hard limit", done.stderr)
            self.assertEqual(run(224).returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
