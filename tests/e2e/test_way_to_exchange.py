"""The way to an exchange through parts that are not ours: tinyproxy (CONNECT), microsocks (SOCKS5), nginx (client certificates, both
versions of TLS, resumption), and python3-websockets, which tells what it was asked with."""
import os
import shutil
import socket
import tempfile
import unittest

from lib.certs import Authority
from lib.host import Host
from lib.nginx import Nginx
from lib.process import Process
from lib.sim import Sim
from lib.wait import wait_until
from lib.witness import Witness

HEAD = "load_module hawser_deribit.so;\nload_module hawser_jsonl.so;\noutput jsonl ticks { path data/ticks.jsonl; }\n"
SESSION = """session {name} {{ adapter deribit; url {url}; {more} subscribe ticker.BTC-PERPETUAL.100ms;
    reconnect delay={delay} max_delay={delay}; output ticks; }}
"""
TINYPROXY = """Port {port}
Listen 127.0.0.1
Timeout 600
LogFile "{folder}/log"
LogLevel Connect
MaxClients 20
BasicAuth trader secret
ConnectPort {allowed}
"""


def free_port():
    """For programs that cannot be handed a listener. Somebody else may take it; then they do not start, and say so."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def listens(process, port):
    def look():
        if not process.is_running():
            raise AssertionError(f"{process.argv[0]} ended: {process.stderr()}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            return False
    wait_until(look, f"{process.argv[0]} to listen")


class Way(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hawser-way-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def start(self, *sessions, delay="1h"):
        """A host with a session for each (name, url, directives), which are tried again after `delay`."""
        host = Host(HEAD + "".join(SESSION.format(name=name, url=url, more=more, delay=delay) for name, url, more in sessions))
        self.addCleanup(host.__exit__)
        return host.start()

    def sim(self):
        sim = Sim()
        self.addCleanup(sim.close)
        return sim

    def front(self, upstream, fronts):
        nginx = Nginx(upstream, fronts)
        self.addCleanup(nginx.close)
        return nginx

    def run_beside(self, port, *argv):
        process = Process(argv)
        self.addCleanup(process.close)
        listens(process, port)
        return process

    def error_of(self, host, name, state):
        return host.wait_state(name, state)["last_error"]

    @unittest.skipUnless(shutil.which("tinyproxy"), "no tinyproxy (scripts/setup tests)")
    def test_through_an_http_proxy_with_a_login(self):
        sim = self.sim()
        root = Authority(self.folder)
        nginx = self.front(f"http://127.0.0.1:{sim.port}", {"tls": root.issue("good")})
        config, port = os.path.join(self.folder, "conf"), free_port()
        with open(config, "w", encoding="ascii") as file:
            file.write(TINYPROXY.format(port=port, folder=self.folder, allowed=sim.port) + f"ConnectPort {nginx.ports['tls']}\n")
        self.run_beside(port, "tinyproxy", "-d", "-c", config)
        proxy = f"proxy http://%s127.0.0.1:{port};"
        host = self.start(("plain", f"ws://localhost:{sim.port}/ws/api/v2", proxy % "trader:secret@"),
                          ("tls", f"wss://localhost:{nginx.ports['tls']}/ws/api/v2", proxy % "trader:secret@" + f" tls_ca {root.cert};"),
                          ("stranger", f"ws://localhost:{sim.port}/", proxy % "trader:wrong@"),
                          ("forbidden", "ws://localhost:1/", proxy % "trader:secret@"))
        host.wait_state("plain")
        host.wait_state("tls")
        stranger = self.error_of(host, "stranger", "FAILED")
        self.assertEqual(stranger["category"], "authentication", stranger)
        self.assertNotIn("wrong", stranger["message"])
        self.assertIn("403", self.error_of(host, "forbidden", "BACKOFF")["message"])
        self.assertNotIn("secret", host.log())
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as file:
            self.assertIn(f"CONNECT localhost:{nginx.ports['tls']}", file.read())

    @unittest.skipUnless(shutil.which("microsocks"), "no microsocks (scripts/setup tests)")
    def test_through_a_socks_proxy_with_a_login(self):
        sim = self.sim()
        port = free_port()
        self.run_beside(port, "microsocks", "-i", "127.0.0.1", "-p", str(port), "-u", "trader", "-P", "secret")
        proxy = f"proxy socks5://%s127.0.0.1:{port};"
        url = f"ws://localhost:{sim.port}/ws/api/v2"
        host = self.start(("let_in", url, proxy % "trader:secret@"), ("stranger", url, proxy % "trader:wrong@"),
                          ("nobody", url, proxy % ""), ("closed", "ws://localhost:1/", proxy % "trader:secret@"))
        host.wait_state("let_in")
        for name in ("stranger", "nobody"):
            self.assertEqual(self.error_of(host, name, "FAILED")["category"], "authentication")
        self.assertRegex(self.error_of(host, "closed", "BACKOFF")["message"], "refused")

    def test_a_client_certificate_is_shown_to_nginx(self):
        sim = self.sim()
        root = Authority(self.folder)
        good, client, stranger = root.issue("good"), root.issue("client"), Authority(self.folder, "Somebody Else").issue("stranger")
        nginx = self.front(f"http://127.0.0.1:{sim.port}",
                           {"mtls": (*good, f"ssl_verify_client on; ssl_client_certificate {root.cert};")})
        url = f"wss://localhost:{nginx.ports['mtls']}/ws/api/v2"
        sessions = [(name, url, f"tls_ca {root.cert};" + (f" tls_certificate {pair[0]}; tls_certificate_key {pair[1]};" if pair else ""))
                    for name, pair in (("known", client), ("unknown", stranger), ("none", None))]
        host = self.start(*sessions)
        host.wait_state("known")
        for name, text in (("unknown", "SSL certificate error"), ("none", "No required SSL certificate was sent")):
            error = self.error_of(host, name, "BACKOFF")
            self.assertIn("400", error["message"])
            self.assertIn(text, error["message"])

    def test_both_versions_of_tls_resume_their_session(self):
        root = Authority(self.folder)
        good = root.issue("good")
        with Witness() as witness:
            location = ("location = /seen { proxy_pass http://127.0.0.1:%d; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;"
                        " proxy_set_header Connection upgrade; proxy_set_header X-Tls \"$ssl_protocol $ssl_session_reused $ssl_alpn_protocol"
                        " $ssl_server_name\"; }" % witness.port)
            nginx = self.front(f"http://127.0.0.1:{witness.port}",
                               {name: (*good, f"ssl_protocols {name};", "ssl_session_cache shared:tls:1m;", location)
                                for name in ("TLSv1.2", "TLSv1.3")})
            self.start(*((name[3:].replace(".", "_"), f"wss://localhost:{nginx.ports[name]}/seen",
                          f"tls_ca {root.cert};") for name in nginx.ports if name.startswith("TLS")), delay="10ms")
            for name in ("TLSv1.2", "TLSv1.3"):
                for reused in (".", "r"):
                    wanted = f"{name} {reused} http/1.1 localhost"
                    wait_until(lambda wanted=wanted: wanted in [headers["X-Tls"] for headers in witness.seen], wanted)

    def test_headers_and_subprotocols_of_the_config_arrive(self):
        with Witness(subprotocols=["v2.json"]) as witness:
            self.start(("btc", f"ws://localhost:{witness.port}/a/b?key=1&x=%20",
                        'header "X-Client: a b"; header "X-Other: c"; subprotocols v1.json v2.json;'))
            seen = wait_until(lambda: witness.seen[:1], "a connection")[0]
            self.assertEqual((seen["X-Client"], seen["X-Other"], seen["Host"]), ("a b", "c", f"localhost:{witness.port}"))
            self.assertEqual([word.strip() for word in seen["Sec-WebSocket-Protocol"].split(",")], ["v1.json", "v2.json"])
            self.assertEqual(witness.paths[0], "/a/b?key=1&x=%20")
            self.assertEqual(wait_until(lambda: witness.chosen[:1], "a choice"), ["v2.json"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
