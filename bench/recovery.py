"""How long a session is away: from a link's cut, or a worker's death, to READY again. The whole host of the release build against the
simulator on loopback, which answers at once; the first attempt is not delayed.

The clock is the host's own record: `ready` in the output, less the moment before the command was given. So the simulator's time to
cut, and to answer, is part of the figure."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HEAD = """daemon off;
worker_processes 1;
error_log logs/error.log notice;
module_path {modules};
connect_budget rate=0;
load_module hawser_deribit.so;
load_module hawser_jsonl.so;
output jsonl out {{ path data/out.jsonl; }}
"""
SESSION = """session s{i} {{ adapter deribit; url {url}; {tls} subscribe ticker.BTC-PERPETUAL.100ms;
    reconnect delay=1ms max_delay=1ms jitter=0; rate_limit subscribe rate=0; rate_limit requests rate=0; output out; }}
"""  # without the exchange's limits of calls, which so many restores in a row would run into
PATIENCE_S = 60


class Rig:
    """A simulator and a host with so many sessions."""

    def __init__(self, build, sessions, tls):
        self.folder = tempfile.mkdtemp(prefix="hawser-bench-")
        os.chmod(self.folder, 0o755)
        for name in ("logs", "run", "data"):
            os.mkdir(os.path.join(self.folder, name))
        listen = ["--tls-listen", "127.0.0.1:0", "--cert", tls[0], "--key", tls[1]] if tls else ["--listen", "127.0.0.1:0"]
        self.sim = subprocess.Popen([os.path.join(build, "bin", "hawser-sim"), *listen, "--control", "unix:" + self.path("sim.sock"),
                                     "--max-connections", "1000", "--quiet"], stdout=subprocess.PIPE, text=True)
        url = self.sim.stdout.readline().split()[-1]
        config = HEAD.format(modules=os.path.join(build, "modules"))
        config += "".join(SESSION.format(i=i, url=url, tls=f"tls_ca {tls[0]};" if tls else "") for i in range(sessions))
        with open(self.path("hawser.conf"), "w", encoding="utf-8") as file:
            file.write(config)
        self.host = subprocess.Popen([os.path.join(build, "bin", "hawser"), "-p", self.folder, "-c", "hawser.conf"])
        self.file = None
        self.rest = b""
        self.sessions = sessions

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.host, self.sim):
            process.terminate()
            process.wait()
        self.sim.stdout.close()
        if self.file:
            self.file.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def command(self, line):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(self.path("sim.sock"))
            peer.sendall(line.encode() + b"\n")
            peer.recv(1024)

    def worker(self):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(self.path("run/control.sock"))
            peer.sendall(b'{"jsonrpc":"2.0","id":1,"method":"host.status"}\n')
            line = b""
            while not line.endswith(b"\n"):
                line += peer.recv(1 << 20)
        return next(p["pid"] for p in json.loads(line)["result"]["processes"] if p["role"] == "worker")

    def wait_ready(self):
        """Wait for `ready` of each session. Gives their times back [ns]."""
        times = []
        end = time.monotonic() + PATIENCE_S
        while len(times) < self.sessions:
            if time.monotonic() > end:
                raise TimeoutError(f"{len(times)} of {self.sessions} sessions came back")
            if self.file is None and os.path.exists(self.path("data/out.jsonl")):
                self.file = open(self.path("data/out.jsonl"), "rb")  # pylint: disable=consider-using-with
            lines = (self.rest + (self.file.read() if self.file else b"")).split(b"\n")
            self.rest = lines.pop()
            times += [json.loads(line)["time"] for line in lines if b'"event":"ready"' in line]
            time.sleep(0.002)
        return times


def cuts(build, tls, count):
    """A session whose link is cut again and again [ms]."""
    figures = []
    with Rig(build, 1, tls) as rig:
        rig.wait_ready()
        for _ in range(count):
            since = time.time_ns()
            rig.command("cut all")
            figures.append((rig.wait_ready()[0] - since) / 1e6)
    return figures


def deaths(build, sessions, count):
    """A worker with so many sessions is killed; each session's time counts [ms]."""
    figures = []
    with Rig(build, sessions, None) as rig:
        rig.wait_ready()
        for _ in range(count):
            pid = rig.worker()
            since = time.time_ns()
            os.kill(pid, signal.SIGKILL)
            figures += [(at - since) / 1e6 for at in rig.wait_ready()]
            time.sleep(1)  # so that no death follows a start too soon, which the master would pace
    return figures


def measure(build, certificate, key, quick):
    """Name -> milliseconds."""
    count = 50 if quick else 300
    return {
        "link cut to READY, plain": cuts(build, None, count),
        "link cut to READY, TLS": cuts(build, (certificate, key), count),
        "worker's kill -9 to READY, 100 sessions": deaths(build, 100, 3 if quick else 10),
    }


WANTED = {"link cut to READY, plain": 20, "link cut to READY, TLS": 40, "worker's kill -9 to READY, 100 sessions": 250}


def section(figures, table):
    """The part of docs/performance.md, or nothing."""
    if not figures:
        return []
    rows = []
    for name, times in figures.items():
        ordered = sorted(times)
        p99 = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
        rows.append([name, f"{ordered[len(ordered) // 2]:.1f}", f"{p99:.1f}", f"{ordered[-1]:.1f}", str(WANTED[name]),
                     "yes" if p99 <= WANTED[name] else "no"])
    return ["## Recovery on loopback [ms]\n" + table(["what", "median", "p99", "most", "wanted of p99", "met"], rows)]
