"""Wrong credentials: one attempt, a clear error, no hammering. And no secret in any log."""
import unittest

from lib.host import Host
from lib.sim import CLIENT, Sim

CONFIG = """load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl ticks {{ path data/ticks.jsonl; }}
session btc {{ adapter deribit; url {url}; credentials file:deribit.cred; subscribe ticker.BTC-PERPETUAL.100ms;
    reconnect delay=10ms max_delay=50ms; heartbeat 1s; output ticks; }}
"""
WRONG = "canary-4711-wrong-secret"


def credentials(secret, mode=0o600):
    return {"deribit.cred": (f"client_id {CLIENT[0]};\nclient_secret {secret};\n", mode)}


class WrongCredentials(unittest.TestCase):
    def test_one_attempt_and_the_session_waits_for_a_person(self):
        with Sim() as sim, Host(CONFIG.format(url=sim.url), files=credentials(WRONG)) as host:
            host.start()
            session = host.wait_state("btc", "FAILED")
            self.assertEqual(session["last_error"]["category"], "authentication")
            self.assertIn("client_secret", session["last_error"]["message"])
            stats = sim.stats()
            self.assertEqual((stats["accepted"], stats["auths_failed"] if "auths_failed" in stats else
                              stats["auths"]["failed"]), (1, 1))
            self.assertNotIn(WRONG, host.log() + host.process.stderr() + str(host.ask("host.status")))
            host.write_file("deribit.cred", credentials(CLIENT[1])["deribit.cred"][0], 0o600)
            self.assertTrue(host.reload()["ok"])
            host.wait_state("btc")  # the right ones, after a reload: it comes up

    def test_a_credentials_file_that_others_can_read_is_refused(self):
        with Sim() as sim, Host(CONFIG.format(url=sim.url), files=credentials(WRONG, 0o644)) as host:
            status, stdout, stderr = host.run("-t")
            self.assertEqual(status, 1)
            self.assertIn("chmod 600", stderr)
            self.assertNotIn(WRONG, stdout + stderr)

    def test_the_printed_config_and_the_processes_do_not_show_the_secret(self):
        with Sim() as sim, Host(CONFIG.format(url=sim.url), files=credentials(CLIENT[1])) as host:
            status, stdout, stderr = host.run("-T")
            self.assertEqual(status, 0, stderr)
            self.assertIn("credentials", stdout)
            self.assertNotIn(CLIENT[1], stdout + stderr)
            host.start()
            host.wait_state("btc")
            for worker in host.workers():
                for name in ("cmdline", "environ"):
                    with open(f"/proc/{worker['pid']}/{name}", "rb") as file:
                        self.assertNotIn(CLIENT[1].encode(), file.read())
            self.assertNotIn(CLIENT[1], host.log() + host.process.stderr())


if __name__ == "__main__":
    unittest.main()
