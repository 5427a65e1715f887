"""The exchanges, the host and the sessions of a soak, and the config that joins them."""
import os
import tempfile
import threading

import lib.host
from lib.certs import make_certificate
from lib.host import Host
from lib.sim import Sim

EXCHANGES = 4  # the last one speaks TLS
ACCOUNTS = 8
ANSWER_S = 180  # for the control socket: a worker that was killed may take long to start on a busy machine
RATE, BURST = 20, 20  # attempts to connect
PROTECTED = 0  # a worker that no fault kills: what it holds can be compared from start to end
INTERVAL = os.environ.get("HAWSER_SOAK_INTERVAL", "100ms")  # of the channels: 100ms, or agg2 for a message a second
BOOK = f"book.BTC-PERPETUAL.{INTERVAL}"
TICKER = f"ticker.BTC-PERPETUAL.{INTERVAL}"
TRADES = f"trades.BTC-PERPETUAL.{INTERVAL}"
EXTRA = "ticker.ETH-PERPETUAL.100ms"  # of the config, at times
RUN_TIME = "quote.BTC-PERPETUAL"  # by request, at times
HEAD = """
daemon off;
worker_processes {workers};
error_log logs/error.log info;
module_path {modules};
shutdown_timeout 5s;
"""
TOP = """connect_budget rate={rate} burst={burst};
worker_timeout 5m;
reload_timeout 5m;
load_module hawser_deribit.so;
load_module hawser_jsonl.so;
"""
SESSION = """output jsonl o{i} {{ path data/{name}.jsonl; }}
session {name} {{
    adapter deribit; url {url}; {tls} {login} {lines}
    subscribe {channels};
    heartbeat {beat}; reconnect delay=50ms max_delay=2s; stale_after ticker.* 4s; stale_after book.* 4s;
    connect_timeout 3s; auth_timeout 3s; subscribe_timeout 4s; request_timeout 5s;
    output o{i};
}}
"""
# Small quarantines, so that memory is flat when nothing is lost; everything else as in the tests.
SANITIZER = {"ASAN_OPTIONS": "quarantine_size_mb=4:thread_local_quarantine_size_kb=64:malloc_context_size=8"}
PEACE = ("accept on", "upgrade ok", "heartbeats ok", "answers on", "auth ok", "subscribe ok", "slow 0", "late 0", "partial 0",
         "twice 0", "maintenance off", "error 1 none 0", f"resume {BOOK}", f"resume {TICKER}")


def account(number):
    return f"client{number}", f"soak-secret-{number}"


lib.host.DEADLINE_S = ANSWER_S


class Exchange(Sim):
    """One simulator, with the journal of what it was asked for."""

    def __init__(self, folder, number, seed, tls):
        self.lock = threading.Lock()
        self.journal = os.path.join(folder, f"requests{number}.jsonl")
        options = {"cert": tls[0], "key": tls[1]} if tls else {}
        super().__init__(clients=[account(i) for i in range(ACCOUNTS)], seed=seed * 10 + number, requests=self.journal,
                         max_connections=10000, idle=0, quiet=True, **options)
        self.address = self.tls_url or self.url

    def command(self, line):
        with self.lock:  # faults end on threads of their own
            return super().command(line)

    def make_peace(self):
        for command in PEACE:
            self.command(command)


class World:
    """Everything that runs. Use as a context manager."""

    def __init__(self, sessions, seed, workers, beat, redundant):
        self.folder = tempfile.TemporaryDirectory(prefix="hawser-soak-")
        self.names = [f"s{i}" for i in range(sessions)]
        self.beat = beat
        self.redundant = redundant  # each such session has two lines; 0: none
        self.extra = set()  # sessions with the extra channel
        self.certificate = make_certificate(self.folder.name)
        self.exchanges = [Exchange(self.folder.name, i, seed, self.certificate if i == EXCHANGES - 1 else None)
                          for i in range(EXCHANGES)]
        files = {f"c{i}.cred": ("client_id {};\nclient_secret {};\n".format(*account(i)), 0o600) for i in range(ACCOUNTS)}
        self.host = Host(self.config(), workers=workers, head=HEAD, files=files)

    def __enter__(self):
        self.host.start(env={**os.environ, **SANITIZER})
        return self

    def __exit__(self, *problem):
        try:
            self.host.__exit__(*problem)
        finally:
            for exchange in self.exchanges:
                exchange.close()
            self.folder.cleanup()

    def exchange_of(self, name):
        return self.exchanges[int(name[1:]) % EXCHANGES]

    def has_login(self, name):
        return int(name[1:]) // EXCHANGES % 2 == 0

    def lines_of(self, name):
        return 2 if self.redundant and int(name[1:]) % self.redundant == 0 else 1

    def channels_of(self, name):
        """What the config wants."""
        channels = [BOOK, TRADES, TICKER]
        channels += ["user.orders.BTC-PERPETUAL.raw"] if self.has_login(name) else []
        return channels + ([EXTRA] if name in self.extra else [])

    def config(self):
        text = TOP.format(rate=RATE, burst=BURST)
        for i, name in enumerate(self.names):
            exchange = self.exchange_of(name)
            text += SESSION.format(i=i, name=name, url=exchange.address, channels=" ".join(self.channels_of(name)), beat=self.beat,
                                   tls=f"tls_ca {self.certificate[0]};" if exchange.tls_url else "",
                                   lines="lines 2;" if self.lines_of(name) == 2 else "",
                                   login=f"credentials file:c{i // EXCHANGES // 2 % ACCOUNTS}.cred;" if self.has_login(name) else "")
        return text

    def processes(self):
        """(role, index) -> pid, the master included."""
        found = {process: pid for process, pid in self.host.processes().items() if pid}
        found["master", 0] = self.host.process.pid
        return found

    def ask(self, verb, /, **params):
        """The whole answer of the control socket."""
        return self.host.ask_raw(verb, params)


def memory_kb(pid):
    """Resident memory of a process; 0: it is gone."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * (os.sysconf("SC_PAGE_SIZE") // 1024)
    except (OSError, IndexError):
        return 0


def descriptors(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


