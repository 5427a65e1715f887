"""The longer list of what a server may show and must not pass: chains, names, keys, signatures, pins, old versions, ciphers, and a
handshake that never ends. Each is refused with its reason; category authentication, or protocol where no certificate is at fault."""
import glob
import os
import socket
import tempfile
import threading
import unittest

from lib.certs import Chain, pin_of
from lib.host import Host
from lib.nginx import Nginx
from lib.process import Process
from lib.wait import wait_until

HEAD = "load_module hawser_deribit.so;\nload_module hawser_jsonl.so;\noutput jsonl ticks { path data/ticks.jsonl; }\n"
SESSION = """session {name} {{ adapter deribit; url wss://{host}:{port}/ws/api/v2; tls_ca {root}; {more} subscribe ticker.BTC-PERPETUAL.100ms;
    reconnect delay=1h max_delay=1h; output ticks; }}
"""
LOCAL = "subjectAltName=DNS:localhost,IP:127.0.0.1"
CA = "basicConstraints=critical,CA:TRUE"
RSA_1024 = ("-newkey", "rsa:1024", "-nodes")
WEAK = "ssl_ciphers ALL@SECLEVEL=0;"

CERTIFICATES = {  # name: the reason
    "cnonly": r"made for another host: no name at all; check the url",
    "wildcard": r"made for another host: l\*host; check the url",
    "address": r"made for another host: 127\.0\.0\.2; check the url",
    "clientonly": r"not made for a server",
    "leafissuer": r"its issuer may not issue certificates",
    "pathlen": r"its chain is longer than an issuer allows",
    "constrained": r"its issuer may not vouch for its names: localhost",
    "incomplete": r"unknown issuer: CN=subca",
    "critical": r"holds a critical extension that is not known here",
    "forged": r"forged or damaged: its signature is wrong; do not trust this link",
    "samename": r"unknown issuer: CN=Chain Root|forged or damaged",
    "weak": r"weak key",
    "sha1": r"signed with a weak hash",
    "pinned": r"is none of tls_pin",
}
PROTOCOLS = {
    "tls10": r"speaks no TLS 1\.2 or newer",
    "tls11": r"speaks no TLS 1\.2 or newer",
    "anonymous": r"no cipher in common",
}


def make_all(folder):
    """{name: (certificate file, key file)}, the root, and the good one."""
    chain = Chain(folder)
    chain.sign("subca", CA)
    chain.sign("leaf", LOCAL, "basicConstraints=critical,CA:FALSE")
    chain.sign("shortca", "basicConstraints=critical,CA:TRUE,pathlen:0")
    chain.sign("deepca", CA, issuer="shortca")
    chain.sign("boundca", CA, "nameConstraints=critical,permitted;DNS:exchange.example")
    other = Chain(tempfile.mkdtemp(dir=folder))
    made = {
        "cnonly": chain.sign("cnonly", "basicConstraints=CA:FALSE", subject="localhost"),
        "wildcard": chain.sign("wildcard", "subjectAltName=DNS:l*host"),
        "address": chain.sign("address", "subjectAltName=IP:127.0.0.2"),
        "clientonly": chain.sign("clientonly", LOCAL, "extendedKeyUsage=clientAuth"),
        "leafissuer": chain.sign("leafissuer", LOCAL, issuer="leaf"),
        "pathlen": chain.sign("pathlen", LOCAL, issuer="deepca"),
        "constrained": chain.sign("constrained", LOCAL, issuer="boundca"),
        "incomplete": chain.sign("incomplete", LOCAL, issuer="subca", sends_issuer=False),
        "critical": chain.sign("critical", LOCAL, "1.2.3.4=critical,ASN1:NULL"),
        "forged": chain.sign("forged", LOCAL),
        "samename": other.sign("samename", LOCAL),
        "weak": (*chain.sign("weak", LOCAL, key=RSA_1024), WEAK),
        "sha1": (*chain.sign("sha1", LOCAL, digest="sha1"), WEAK),
        "good": chain.sign("good", LOCAL, issuer="subca"),
    }
    chain.damage("forged")
    made["pinned"] = made["good"]
    made["tls10"] = (*made["good"], "ssl_protocols TLSv1;", WEAK)
    made["tls11"] = (*made["good"], "ssl_protocols TLSv1.1;", WEAK)
    return made, chain.root, pin_of(chain.path("leaf.crt")), pin_of(made["good"][0])


class BadTls(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hawser-tls-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def start(self, sessions, root):
        """A host with a session for each (name, host name, port, directives)."""
        host = Host(HEAD + "".join(SESSION.format(name=name, host=where, port=port, root=root, more=more)
                                   for name, where, port, more in sessions))
        self.addCleanup(host.__exit__)
        host.start()
        return host

    def test_each_is_refused_with_its_reason_and_a_good_one_is_not(self):
        made, root, other_pin, own_pin = make_all(self.folder)
        nginx = Nginx("http://127.0.0.1:1", made)
        self.addCleanup(nginx.close)
        anonymous = self.anonymous_server()
        where = {"address": "127.0.0.1"}
        more = {"pinned": f"tls_pin {other_pin};", "good": f"tls_pin {own_pin};"}
        sessions = [(name, where.get(name, "localhost"), nginx.ports[name], more.get(name, "")) for name in made]
        host = self.start(sessions + [("anonymous", "localhost", anonymous, "")], root)
        for reasons, state, category in ((CERTIFICATES, "FAILED", "authentication"), (PROTOCOLS, "BACKOFF", "protocol")):
            for name, reason in reasons.items():
                with self.subTest(name):
                    error = host.wait_state(name, state)["last_error"]
                    self.assertRegex(error["message"], reason)
                    self.assertEqual(error["category"], category, error)
        # 502: nginx, behind which there is nothing, was spoken to
        self.assertIn("502", host.wait_state("good", "BACKOFF")["last_error"]["message"])

    def anonymous_server(self):
        """openssl s_server, with ciphers that show no certificate."""
        server = Process(["openssl", "s_server", "-accept", "127.0.0.1:0", "-nocert", "-tls1_2", "-cipher", "aNULL@SECLEVEL=0", "-quiet"])
        self.addCleanup(server.close)
        return wait_until(lambda: port_of(server.pid), "openssl to listen")

    def test_a_handshake_that_trickles_ends_at_its_deadline(self):
        """One byte now and then of a record that never ends: each is a sign of life, and the deadline counts all the same."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        gone = threading.Event()

        def trickle():
            connection, _ = listener.accept()
            connection.settimeout(0.1)
            with connection:
                for byte in b"\x16\x03\x03\x40\x00\x02" + bytes(600):
                    try:
                        connection.send(bytes([byte]))
                        if connection.recv(4096) == b"":
                            break
                    except TimeoutError:
                        continue
                    except OSError:
                        break
            gone.set()

        threading.Thread(target=trickle, daemon=True).start()
        host = self.start([("slow", "localhost", listener.getsockname()[1], "connect_timeout 1s;")], Chain(self.folder).root)
        error = host.wait_state("slow", "BACKOFF")["last_error"]
        self.assertRegex(error["message"], r"1000 ms")
        self.assertEqual(error["category"], "connection")
        self.assertTrue(gone.wait(20), "the connection was left open")


def port_of(pid):
    """The port that a process listens on, from /proc; None: not yet."""
    sockets = set()
    for link in glob.glob(f"/proc/{pid}/fd/*"):
        try:
            sockets.add(os.readlink(link))
        except OSError:
            pass
    with open("/proc/net/tcp", encoding="ascii") as file:
        for line in list(file)[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
                return int(words[1].split(":")[1], 16)
    return None


if __name__ == "__main__":
    unittest.main()
