"""What kills its worker again and again is moved to a worker of its own: those that lived beside it are left in peace, it is told and
listed, what was wanted stays wanted, and it ends by a person's word or with another module."""
import os
import shutil
import signal
import subprocess
import unittest

from lib.host import Host
from lib.process import build_dir, program
from lib.sim import Sim
from lib.wait import wait_until

FAULTY = os.path.join(build_dir(), "tests/modules/hawser_faulty.so")
HEALTHY = 6


def config(url, *faulty, module=FAULTY):
    """Healthy sessions enough for both workers, and faulty ones, each with a fault as long as its file is there."""
    healthy = "".join(f"session s{i} {{ adapter deribit; url {url}; subscribe ticker.BTC-PERPETUAL.100ms; }}\n" for i in range(HEALTHY))
    bad = "".join(f"output jsonl {name} {{ path data/{name}.jsonl; }}\nsession {name} {{ adapter faulty; url {url}; subscribe ticks;"
                  f" output {name}; fault crash_connected; fault_file run/{name}; reconnect delay=50ms; }}\n" for name in faulty)
    return (f"connect_budget rate=0;\nworker_restarts most=0;\nload_module hawser_deribit.so;\nload_module hawser_jsonl.so;\nload_module {module};\n{healthy}{bad}")


def quarantine(host):
    return [(entry["scope"], entry["name"], entry["sessions"]) for entry in host.ask("host.status")["quarantine"]]


def normal(host):
    """The workers that are not the quarantine's: {index: pid}."""
    return {worker["index"]: worker["pid"] for worker in host.workers() if worker["index"] < 2}


def ctl(host, *words):
    return subprocess.run([program("hawserctl"), "-s", host.path("run/control.sock"), *words], capture_output=True, text=True,
                          timeout=30, check=False)


class Quarantine(unittest.TestCase):
    def crash(self, host, name):
        """Have the worker of a session die in it, once."""
        died = host.log().count("was ended by signal 6")
        host.write_file(f"run/{name}", "")
        host.ask("session.reconnect", {"session": name})
        wait_until(lambda: host.log().count("was ended by signal 6") > died, f"a crash in {name}")
        os.unlink(host.path(f"run/{name}"))

    def test_a_session_that_kills_its_worker_three_times_is_alone_from_then_on(self):
        with Sim(rate=100) as sim, Host(config(sim.url, "bad", "good"), workers=2) as host:
            host.start()
            host.wait_all_ready(HEALTHY + 2)
            host.ask("session.subscribe", {"session": "bad", "channels": ["more"]})
            host.write_file("run/bad", "")
            host.ask("session.reconnect", {"session": "bad"})
            host.wait_log('session "bad" goes into quarantine')
            wait_until(lambda: [s["state"] for n, s in host.sessions().items() if n != "bad"].count("READY") == HEALTHY + 1,
                       "the others to be READY")
            self.assertEqual(quarantine(host), [("session", "bad", ["bad"])])
            before, log = normal(host), host.log()
            # It goes on to die there, and nobody else does.
            wait_until(lambda: host.log().count("quarantine worker (pid") >= log.count("quarantine worker (pid") + 2, "more crashes")
            self.assertEqual(normal(host), before)
            self.assertNotRegex(host.log()[len(log):], r"\] \d+ master: HW-HOST-\d+ worker \d")
            self.assertIn("in quarantine for", ctl(host, "status").stdout)
            # Cured, it is READY there, with what was wanted at run time; what it missed is announced.
            os.unlink(host.path("run/bad"))
            seen = len(host.records("data/bad.jsonl"))
            host.wait_state("bad")
            state = host.ask("session.state", {"session": "bad"})
            self.assertEqual({c["channel"]: c["confirmed"] for c in state["channels"]}, {"ticks": True, "more": True})
            records = host.wait_records("data/bad.jsonl", lambda r: any("data" in x for x in r[seen:]), "data of bad")[seen:]
            first = next(r for r in records if "data" in r or r.get("event") == "gap")
            self.assertEqual(first.get("event"), "gap")

    def test_a_person_lets_it_out_again(self):
        with Sim(rate=100) as sim, Host(config(sim.url, "bad"), workers=2) as host:
            host.start()
            host.wait_all_ready(HEALTHY + 1)
            host.ask("session.subscribe", {"session": "bad", "channels": ["more"]})
            for _ in range(3):
                self.crash(host, "bad")
                host.wait_all_ready(HEALTHY + 1)
            self.assertEqual(quarantine(host), [("session", "bad", ["bad"])])
            self.assertNotEqual(ctl(host, "release", "nobody").returncode, 0)
            self.assertEqual(quarantine(host), [("session", "bad", ["bad"])])
            seen, before = len(host.records("data/bad.jsonl")), normal(host)
            self.assertEqual(ctl(host, "release", "bad").returncode, 0)
            self.assertEqual(quarantine(host), [])
            host.wait_all_ready(HEALTHY + 1)
            self.assertEqual(normal(host), before)
            channels = {c["channel"]: c["confirmed"] for c in host.ask("session.state", {"session": "bad"})["channels"]}
            self.assertEqual(channels, {"ticks": True, "more": True})
            records = host.wait_records("data/bad.jsonl", lambda r: any("data" in x and x["seq"] < 9 for x in r[seen:]), "data of bad")
            begin = max(i for i, record in enumerate(records) if record["seq"] == 1)
            first = next(r for r in records[begin:] if "data" in r or r.get("event") == "gap")
            self.assertEqual(first.get("event"), "gap")

    def test_an_adapter_that_dies_in_several_sessions_goes_as_a_whole(self):
        with Sim(rate=100) as sim, Host(config(sim.url, "bad1", "bad2", "bad3"), workers=2) as host:
            host.start()
            host.wait_all_ready(HEALTHY + 3)
            for name in ("bad1", "bad2", "bad3"):
                self.crash(host, name)
                host.wait_all_ready(HEALTHY + 3)
            self.assertIn('every session of adapter "faulty" goes into quarantine', host.log())
            self.assertEqual([(scope, name, sorted(sessions)) for scope, name, sessions in quarantine(host)],
                             [("adapter", "faulty", ["bad1", "bad2", "bad3"])])
            before = normal(host)
            self.crash(host, "bad1")
            host.wait_all_ready(HEALTHY + 3)
            self.assertEqual(normal(host), before)

    def test_another_module_ends_it_and_a_reload_alone_does_not(self):
        with Sim(rate=100) as sim, Host(config(sim.url, "bad", module="mine/faulty.so"), workers=2) as host:
            os.mkdir(host.path("mine"), 0o755)
            shutil.copy(FAULTY, host.path("mine/faulty.so"))
            host.start()
            host.wait_all_ready(HEALTHY + 1)
            for _ in range(3):
                self.crash(host, "bad")
                host.wait_all_ready(HEALTHY + 1)
            self.assertTrue(host.reload()["ok"])
            self.assertEqual(quarantine(host), [("session", "bad", ["bad"])])
            shutil.copy(FAULTY, host.path("mine/new.so"))
            os.rename(host.path("mine/new.so"), host.path("mine/faulty.so"))
            self.assertTrue(host.reload()["ok"])
            self.assertEqual(quarantine(host), [])
            self.assertIn("its module was replaced", host.log())
            host.wait_all_ready(HEALTHY + 1)

    def test_workers_that_are_killed_from_outside_put_nobody_there(self):
        with Sim(rate=100) as sim, Host(config(sim.url, "bad"), workers=1) as host:
            host.start()
            for _ in range(4):
                host.wait_all_ready(HEALTHY + 1)
                victim = host.workers()[0]["pid"]
                os.kill(victim, signal.SIGKILL)
                wait_until(lambda: host.workers()[0]["pid"] not in (0, victim), "a new worker")
            self.assertEqual(quarantine(host), [])


if __name__ == "__main__":
    unittest.main()
