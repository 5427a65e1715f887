"""The host under test, in a prefix of its own, spoken to as its users do: config file, signals, control socket, output files."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from lib import canary
from lib.process import Process, build_dir, program
from lib.wait import DEADLINE_S, wait_until

SANITIZER = re.compile(r"(Address|Leak|Thread|UndefinedBehavior)Sanitizer|: runtime error: ")
# Every host of every test with its system calls filtered: HAWSER_TEST_SECCOMP=1 ctest ...
FILTERED = os.environ.get("HAWSER_TEST_SECCOMP") == "1"
HEAD = """
daemon off;
worker_processes {workers};
error_log logs/error.log info;
module_path {modules};
"""


class Host:
    """One host. `config` is its configuration without the lines of HEAD. Use as a context manager."""

    def __init__(self, config="", workers=1, head=HEAD, files=None):
        self.prefix = tempfile.mkdtemp(prefix="hawser-test-")
        os.chmod(self.prefix, 0o755)  # modules lie below it, and a folder that others may write is refused
        self.head = head.format(workers=workers, modules=os.path.join(build_dir(), "modules"))
        self.process = None
        self.secrets = set()  # of every credentials file that was there
        self.said = []  # on standard output, standard error and the control socket
        for folder in ("logs", "run", "data"):
            os.mkdir(os.path.join(self.prefix, folder))
        for name, (text, mode) in (files or {}).items():
            self.write_file(name, text, mode)
        self.write_config(config)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        said, leaks = "", []
        if self.process is not None:
            if self.process.is_running():
                leaks += canary.find_in_processes(self.process.pid, self.secrets)
                self.process.send_signal(signal.SIGTERM)
                self.process.wait(DEADLINE_S)
            said = self.process.stderr()
            self.said += [said, *self.process.lines]
            self.process.close()
        leaks += canary.find_below(self.prefix, self.secrets)
        leaks += [("what it said", *place) for place in canary.find("\n".join(self.said).encode(), self.secrets)]
        shutil.rmtree(self.prefix, ignore_errors=True)
        if leaks:
            raise AssertionError(f"secrets came out (where, form, offset): {leaks}")
        if SANITIZER.search(said):
            raise AssertionError(f"a sanitizer found something in the host: {said}")

    def path(self, name):
        return os.path.join(self.prefix, name)

    def write_file(self, name, text, mode=0o644):
        # In one step: a host that reloads at this moment must not read half a file.
        if name.endswith(".cred"):
            self.secrets |= canary.secrets_in(text)
        with open(self.path(name + ".new"), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name + ".new"), mode)
        os.rename(self.path(name + ".new"), self.path(name))

    def write_config(self, config):
        text = self.head + config
        if FILTERED and "master_process off" not in text and "seccomp " not in text:
            text = "seccomp on;" + text  # on the first line, so that lines keep their numbers
        self.write_file("hawser.conf", text)

    def argv(self, *words):
        return [program("hawser"), "-p", self.prefix, "-c", "hawser.conf", *words]

    def run(self, *words, env=None):
        """Run the program with options that end by themselves. Gives (status, stdout, stderr) back."""
        done = subprocess.run(self.argv(*words), stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE_S,
                              check=False, text=True, env=env)
        self.said += [done.stdout, done.stderr]
        return done.returncode, done.stdout, done.stderr

    def start(self, env=None):
        """Start it and wait until it answers on its control socket."""
        self.process = Process(self.argv(), env=env)

        def answers():
            if not self.process.is_running():
                raise AssertionError(f"the host ended: {self.process.stderr()}\n{self.log()}")
            return self.answers()
        wait_until(answers, "the host to answer")
        return self

    def answers(self):
        """What its control socket says of it; None: nothing yet. The socket's file is there a moment before anybody listens."""
        try:
            return self.ask("host.status")
        except OSError:
            return None

    def log(self):
        try:
            with open(self.path("logs/error.log"), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait_log(self, text):
        wait_until(lambda: text in self.log(), f'"{text}" in the log')

    # control socket

    def ask_raw(self, method, params=None):
        """A request's whole answer."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(DEADLINE_S)
            peer.connect(self.path("run/control.sock"))
            peer.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}).encode() + b"\n")
            line = b""
            while not line.endswith(b"\n"):
                part = peer.recv(1 << 20)
                if not part:
                    raise ConnectionError("the control socket was closed")
                line += part
            self.said.append(line.decode())
            return json.loads(line)

    def ask(self, method, params=None):
        answer = self.ask_raw(method, params)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def sessions(self):
        return {session["session"]: session for session in self.ask("session.list")}

    def wait_state(self, name, state="READY", deadline_s=DEADLINE_S):
        def look():
            session = self.sessions().get(name)
            return session if session and session["state"] == state else None
        try:
            return wait_until(look, f"session {name} to be {state}", deadline_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.sessions().get(name)}\n{self.log()}") from None

    def wait_all_ready(self, count, deadline_s=DEADLINE_S):
        def look():
            states = [session["state"] for session in self.sessions().values()]
            return states.count("READY") == count
        try:
            wait_until(look, f"{count} sessions to be READY", deadline_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; they are {[(s['session'], s['state']) for s in self.sessions().values()]}\n"
                                 f"{self.log()}") from None

    def processes(self):
        """{(role, index): pid} of the children."""
        return {(process["role"], process["index"]): process["pid"] for process in self.ask("host.status")["processes"]}

    def workers(self):
        return [process for process in self.ask("host.status")["processes"] if process["role"] == "worker"]

    def reload(self):
        """Reload and give the outcome back: {"ok", "generation", "text"}."""
        return self.ask("host.reload")

    # outputs

    def records(self, name):
        """The records of a jsonl output so far; a line that is still being written is left out."""
        try:
            with open(self.path(name), encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def wait_records(self, name, accept, what):
        """Wait until accept(records) is true. Gives the records back."""
        def look():
            records = self.records(name)
            return records if accept(records) else None
        return wait_until(look, what)


def book_faults(records, channel):
    """What is wrong with the chain of change_ids in one channel's records: holes that no gap event announced, and repeats.
    What comes between a gap in the sequence and the next snapshot has no chain; a new connection begins with a snapshot."""
    faults = []
    last = None
    torn = False
    for record in records:
        if record.get("channel") != channel:
            continue
        if record.get("event") == "gap":
            last = None
            torn = record["reason"] == "sequence"
        elif "data" in record:
            data = record["data"]
            torn = torn and data["type"] != "snapshot"
            if not torn and data["type"] == "change" and data["prev_change_id"] != last:
                faults.append(f"change {data['change_id']} follows {data['prev_change_id']}, but {last} came last")
            last = data["change_id"]
    return faults
