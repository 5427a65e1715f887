"""The faults of a soak. What happens when is drawn before the start, from the seed alone: a plan of (time, fault, numbers)."""
import os
import random
import signal
import threading

from world import BOOK, EXTRA, PROTECTED, RUN_TIME, TICKER

CODES = (1000, 1001, 1002, 1008, 1011, 1012, 1013, 4000)
BAD_FRAMES = ("opcode", "rsv", "masked", "continuation", "ping", "length", "close")

# Faults of one connection (conn=N is added), of a whole exchange, and of a whole exchange for a while: (begin, end).
ONE = {
    "cut": ("cut {conn}",), "reset": ("reset {conn}",), "half-open": ("halfopen {conn}",),
    "close": tuple(f"close {code} by the soak conn={{conn}}" for code in CODES),
    "bad frame": tuple(f"badframe {kind} conn={{conn}}" for kind in BAD_FRAMES),
    "bad UTF-8": ("badutf8 conn={conn}",), "garbage": ("garbage conn={conn}",), "big": ("big 300000 conn={conn}",),
    "skip": (f"skip 1 {BOOK} conn={{conn}}", f"skip 3 {BOOK} conn={{conn}}"),
    "repeat": (f"repeat 1 {BOOK} conn={{conn}}",), "swap": (f"swap 1 {BOOK} conn={{conn}}",),
    "stall": (f"stall {BOOK} conn={{conn}}", f"stall {TICKER} conn={{conn}}"),
    "no answers": ("answers off conn={conn}",), "no heartbeats": ("heartbeats ignore conn={conn}",),
    "slow": ("slow 500 conn={conn}", "slow 20000 conn={conn}"), "late answers": ("late 700 conn={conn}", "late 8000 conn={conn}"),
    "cut while stalled": (f"stall {BOOK} conn={{conn}}", "cut {conn}"),
}
ALL = {
    "cut all": ("cut all",), "reset all": ("reset all",), "close all": ("close 1012 restart",),
    "expire": ("expire", "expire refresh"), "partial": ("partial 2", "partial 7"), "twice": ("twice 5",),
    "errors": ("error 10028 public/subscribe 2", "error 10028 private/buy 2", "error 11050 public/subscribe 1", "error 13009 private/buy 1",
               "error 10040 public/set_heartbeat 1", "error 12003 public/auth 1"),
    "skip all": (f"skip 1 {BOOK}",),
}
WHILE = {
    "upgrade never answered": ("upgrade none", "upgrade ok"), "upgrade 503": ("upgrade 503 1", "upgrade ok"),
    "upgrade 429": ("upgrade 429 1", "upgrade ok"), "upgrade 401": ("upgrade 401", "upgrade ok"),
    "connects refused": ("accept off", "accept on"), "login fails": ("auth fail", "auth ok"), "login silent": ("auth silent", "auth ok"),
    "subscribe silent": ("subscribe silent", "subscribe ok"), "maintenance": ("maintenance on", "maintenance off"),
    "late answers, all": ("late 400", "late 0"), "heartbeats off, all": ("heartbeats ignore", "heartbeats ok"),
}
HOST = ("kill worker", "kill worker", "kill worker", "stop worker", "kill observer", "reload", "reload unchanged", "subscribe", "unsubscribe", "reconnect", "reopen log")
WEIGHTS = (("one", 10), ("all", 3), ("while", 3), ("host", 6))


def plan(seed, seconds, pace_s):
    """The whole plan: a list of (seconds from the start, kind, name, draw) in the order of time."""
    chance = random.Random(seed)
    tables = {"one": list(ONE), "all": list(ALL), "while": list(WHILE), "host": list(HOST)}
    kinds = [kind for kind, weight in WEIGHTS for _ in range(weight)]
    at, steps = 0.0, []
    while True:
        at += chance.uniform(0.2, 1.8) * pace_s
        if at >= seconds:
            return steps
        kind = chance.choice(kinds)
        steps.append((at, kind, chance.choice(tables[kind]), [chance.random() for _ in range(4)]))


def pick(options, number):
    return options[int(number * len(options))]


class Actor:
    """Carries the plan out."""

    def __init__(self, world, wishes, report):
        self.world, self.wishes, self.report = world, wishes, report
        self.ends = []  # timers that end faults: on threads of their own, since a stopped worker holds up those who ask it

    def act(self, kind, name, draw):
        getattr(self, "act_" + kind)(name, draw)

    def act_one(self, name, draw):
        exchange = pick(self.world.exchanges, draw[0])
        conns = [row["conn"] for row in exchange.connections() if row["state"] == "open"]
        if not conns:
            return
        conn = pick(conns, draw[1])
        commands = ONE[name] if name == "cut while stalled" else (pick(ONE[name], draw[2]),)
        for command in commands:
            exchange.command(command.format(conn=conn))

    def act_all(self, name, draw):
        pick(self.world.exchanges, draw[0]).command(pick(ALL[name], draw[2]))

    def act_while(self, name, draw):
        exchange = pick(self.world.exchanges, draw[0])
        begin, end = WHILE[name]
        exchange.command(begin)
        if name not in ("maintenance", "heartbeats off, all", "late answers, all"):  # the others need a new connection to show
            exchange.command("cut one" if draw[3] < 0.7 else "cut all")
        self.later(0.5 + 3 * draw[1], lambda: exchange.command(end))

    def act_host(self, name, draw):
        getattr(self, "do_" + name.replace(" ", "_"))(draw)

    def later(self, delay_s, what):
        self.ends = [timer for timer in self.ends if timer.is_alive()]
        self.ends.append(threading.Timer(delay_s, what))
        self.ends[-1].start()

    def wait(self):
        """Wait until every fault that lasts for a while is over."""
        for timer in self.ends:
            timer.join()

    # the host

    def victim(self, draw):
        pids = self.world.processes()
        return pick([pids[key] for key in sorted(pids) if key[0] == "worker" and key[1] != PROTECTED] or [0], draw[0])

    def signal(self, pid, number):
        try:
            if pid:
                os.kill(pid, number)
        except ProcessLookupError:
            pass  # it died in between

    def do_kill_worker(self, draw):
        self.signal(self.victim(draw), signal.SIGKILL)

    def do_stop_worker(self, draw):
        pid = self.victim(draw)
        self.signal(pid, signal.SIGSTOP)
        self.later(0.3 + 2 * draw[1], lambda: self.signal(pid, signal.SIGCONT))

    def do_kill_observer(self, draw):
        del draw
        self.signal(self.world.processes().get(("observer", 0), 0), signal.SIGKILL)

    def do_reopen_log(self, draw):
        del draw
        self.world.host.process.send_signal(signal.SIGUSR1)

    def do_reload_unchanged(self, draw):
        del draw
        self.reload()

    def do_reload(self, draw):
        """One session gets, or loses, a channel."""
        name = pick(self.world.names, draw[0])
        gone = name in self.world.extra
        (self.world.extra.discard if gone else self.world.extra.add)(name)
        self.world.host.write_config(self.world.config())
        done = self.reload()
        self.note(done, name, EXTRA, not gone)

    def reload(self):
        answer = self.world.ask("host.reload")
        if not answer.get("result", {}).get("ok"):
            self.report.add("a reload failed", str(answer))
            return False
        return True

    def note(self, done, name, channel, wanted):
        if not done:
            self.wishes.forget(name, channel)
        elif wanted:
            self.wishes.want(name, channel)
        else:
            self.wishes.give_up(name, channel)

    def do_subscribe(self, draw):
        name = pick(self.world.names, draw[0])
        answer = self.world.ask("session.subscribe", session=name, channels=[RUN_TIME])
        self.note("result" in answer, name, RUN_TIME, True)

    def do_unsubscribe(self, draw):
        wanting = [name for name in self.world.names if RUN_TIME in self.wishes.wanted(name)]
        if wanting:
            name = pick(wanting, draw[0])
            answer = self.world.ask("session.unsubscribe", session=name, channels=[RUN_TIME])
            self.note("result" in answer, name, RUN_TIME, False)

    def do_reconnect(self, draw):
        self.world.ask("session.reconnect", session=pick(self.world.names, draw[0]))
