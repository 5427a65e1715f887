"""A refused certificate: one attempt, and the reason with what to do in the session's last error. nginx is the TLS front."""
import re
import tempfile
import unittest

from lib.certs import Authority, make_certificate
from lib.host import Host
from lib.nginx import Nginx
from lib.sim import Sim

SESSION = """session {name} {{ adapter deribit; url wss://{host}:{port}/ws/api/v2; {tls} subscribe ticker.BTC-PERPETUAL.100ms;
    reconnect delay=1h max_delay=1h; output ticks; }}
"""
HEAD = "load_module hawser_deribit.so;\nload_module hawser_jsonl.so;\noutput jsonl ticks { path data/ticks.jsonl; }\n"

REFUSED = {
    "expired": r"expired on 2021-01-01 00:00:00 UTC; check this machine's clock",
    "future": r"not valid before 2090-01-01 00:00:00 UTC; check this machine's clock",
    "otherhost": r"made for another host: exchange\.example; check the url",
    "selfsigned": r"self-signed; if it is to be trusted, set tls_ca",
    "stranger": r"unknown issuer: CN=Somebody Else; set tls_ca",
}


class CertificateRefused(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="hawser-certs-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.root = Authority(cls.folder.name)
        cls.good = cls.root.issue("good")
        cls.bad = {
            "expired": cls.root.issue("expired", start="20200101000000Z", end="20210101000000Z"),
            "future": cls.root.issue("future", start="20900101000000Z", end="20910101000000Z"),
            "otherhost": cls.root.issue("otherhost", names=["exchange.example"], addresses=[]),
            "selfsigned": make_certificate(cls.folder.name),
            "stranger": Authority(cls.folder.name, "Somebody Else").issue("stranger"),
        }

    def start(self, fronts, sessions):
        """One host with a session for each (name, host, front, directives)."""
        sim = Sim()
        self.addCleanup(sim.close)
        nginx = Nginx(f"http://127.0.0.1:{sim.port}", fronts)
        self.addCleanup(nginx.close)
        host = Host(HEAD + "".join(SESSION.format(name=name, host=where, port=nginx.ports[front], tls=tls)
                                   for name, where, front, tls in sessions))
        self.addCleanup(host.__exit__)
        return sim, nginx, host

    def trust(self):
        return f"tls_ca {self.root.cert};"

    def test_a_good_one_carries_data_by_name_and_by_address(self):
        sim, _, host = self.start({"good": self.good}, [("byname", "localhost", "good", self.trust()),
                                                        ("byaddress", "127.0.0.1", "good", self.trust())])
        host.start()
        host.wait_all_ready(2)
        host.wait_records("data/ticks.jsonl", lambda r: len({x["session"] for x in r if "data" in x}) == 2, "data of both")
        self.assertEqual(sim.stats()["accepted"], 2)
        self.assertNotIn("tls_verify", host.log())

    def test_each_bad_one_is_told_apart_and_tried_once(self):
        """Dates mend themselves (a renewal, a clock): those are tried again, at the longest delay. All else needs a person."""
        sim, nginx, host = self.start(self.bad, [(name, "localhost", name, self.trust()) for name in self.bad])
        before = nginx.accepted()
        host.start()
        for name, reason in REFUSED.items():
            with self.subTest(name):
                by_date = name in ("expired", "future")
                session = host.wait_state(name, "BACKOFF" if by_date else "FAILED")
                self.assertRegex(session["last_error"]["message"], reason)
                self.assertEqual(session["last_error"]["category"], "authentication")
                self.assertRegex(host.log(), f"session={name} .*{reason}" if by_date else f"session={name} FAILED.*{reason}")
        self.assertEqual(nginx.accepted() - before, len(self.bad) + 1)  # and the question before
        self.assertEqual(sim.stats()["accepted"], 0)  # not one byte of ours went through

    def test_without_tls_ca_a_private_root_is_unknown(self):
        _, _, host = self.start({"good": self.good}, [("noca", "localhost", "good", "")])
        host.start()
        self.assertRegex(host.wait_state("noca", "FAILED")["last_error"]["message"], "unknown issuer: CN=Test Root; set tls_ca")

    def test_servers_that_speak_no_usable_tls_are_told_apart(self):
        fronts = {"old": (*self.good, "ssl_protocols TLSv1.1;", "ssl_ciphers ALL@SECLEVEL=0;"), "plain": None}
        _, _, host = self.start(fronts, [("old", "localhost", "old", self.trust()), ("plain", "localhost", "plain", "")])
        host.start()
        for name, reason in (("old", "speaks no TLS 1.2 or newer"), ("plain", "does not speak TLS on this port; use ws://")):
            with self.subTest(name):
                session = host.wait_state(name, "BACKOFF")
                self.assertIn(reason, session["last_error"]["message"])
                self.assertEqual(session["last_error"]["category"], "protocol")

    def test_verification_that_is_off_connects_and_says_so_loudly(self):
        _, _, host = self.start(self.bad, [(name, "localhost", name, "tls_verify off;") for name in self.bad])
        host.start()
        host.wait_all_ready(len(self.bad))
        for name in self.bad:
            self.assertTrue(re.search(rf"\[warn\].*session={name}\b.*tls_verify off", host.log()), host.log())

    def test_a_corrected_tls_ca_and_a_reload_bring_the_session_up(self):
        _, _, host = self.start({"good": self.good}, [("btc", "localhost", "good", "")])
        host.start()
        host.wait_state("btc", "FAILED")
        with open(host.path("hawser.conf"), encoding="utf-8") as file:
            text = file.read()
        host.write_file("hawser.conf", text.replace("url wss", self.trust() + " url wss"))
        self.assertTrue(host.reload()["ok"])
        host.wait_state("btc")


if __name__ == "__main__":
    unittest.main()
