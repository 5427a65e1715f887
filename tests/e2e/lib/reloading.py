"""Reloads of a host under load, counted by the exchange's sequence numbers: what was lost, what came twice, who connected again."""
import json
import time

from lib.host import Host
from lib.sim import Sim

BOOK = "book.BTC-PERPETUAL.100ms"
HEAD = ("connect_budget rate=10000 burst=10000;\n"  # the pace of attempts is not what is looked at
        "load_module hawser_deribit.so;\nload_module hawser_jsonl.so;\n")


def count_faults(path):
    """(messages, lost, doubled, announced) in one session's file: holes in the book's chain that nothing announced, messages that came
    twice, and events that announce a loss. A hole counts once, however wide."""
    messages = lost = doubled = announced = 0
    last = None
    sequence = 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            lost += record["seq"] > sequence + 1 > 1
            sequence = record["seq"]
            if record.get("event") in ("gap", "dropped"):
                announced += 1
                last = None if record.get("channel") == BOOK else last
            elif record.get("channel") == BOOK:
                data = record["data"]
                messages += 1
                if last is not None and data["type"] == "change" and data["change_id"] <= last:
                    doubled += 1
                elif last is not None and data["type"] == "change" and data["prev_change_id"] != last:
                    lost += 1
                last = data["change_id"]
            else:
                messages += "data" in record
    return messages, lost, doubled, announced


class Reloading:
    """A host with `sessions` sessions at `rate` messages a second each. Use as a context manager. `broadcast`: all connections bring the
    same messages, as those of an exchange do; without it each has numbers of its own, so that a new one cannot go on where another was."""

    def __init__(self, sessions, rate, workers=2, broadcast=False):
        self.sessions = sessions
        self.changed = {}  # session -> rounds in which it was changed
        self.times_ms = []
        self.sim = Sim(rate=rate, max_connections=sessions * 2 + 10, **({"broadcast": True} if broadcast else {}))
        self.host = Host("", workers=workers)

    def __enter__(self):
        self.write()
        self.host.start()
        self.host.wait_all_ready(self.sessions, 60)
        return self

    def __exit__(self, *_):
        try:
            self.host.__exit__()
        finally:
            self.sim.close()

    def block(self, name, channels=BOOK, more=""):
        return (f"output jsonl out_{name} {{ path data/{name}.jsonl; }}\n"
                f"session {name} {{ adapter deribit; url {self.sim.url}; subscribe {channels}; output out_{name}; {more} }}\n")

    def write(self, special=None, with_extra=False):
        """The config; `special` maps a session's number to the block that takes its place."""
        special = special or {}
        blocks = [special.get(i) or self.block(f"s{i}") for i in range(self.sessions)]
        self.host.write_config(HEAD + "".join(blocks) + (self.block("extra") if with_extra else ""))

    def reload(self):
        began = time.monotonic()
        outcome = self.host.reload()
        self.times_ms.append((time.monotonic() - began) * 1000)
        if not outcome["ok"]:
            raise AssertionError(outcome["text"])
        return outcome["text"]

    def reload_with_another_session(self, number):
        """One more session comes, or goes; the others are the same."""
        self.write(with_extra=number % 2 == 0)
        return self.reload()

    def reload_with_other_channels(self, number):
        """One session gets or loses a channel."""
        i = number % self.sessions
        self.write({i: self.block(f"s{i}", f"{BOOK} trades.BTC-PERPETUAL.100ms")})
        self.changed[i] = self.changed.get(i, 0) + 1
        return self.reload()

    def reload_with_another_url(self, number):
        """One session gets another url, or its own again."""
        i = number % self.sessions
        self.write({i: self.block(f"s{i}").replace(self.sim.url, f"{self.sim.url}?{number}")})
        return self.reload()

    def received(self):
        """Messages that all sessions have had, on their connections of now."""
        return sum(session["messages"] for session in self.host.sessions().values())

    def count(self):
        """What became of the sessions so far: sums over all files."""
        total = [0, 0, 0, 0]
        for i in range(self.sessions):
            total = [a + b for a, b in zip(total, count_faults(self.host.path(f"data/s{i}.jsonl")))]
        return dict(zip(("messages", "lost", "doubled", "announced"), total))
