"""What an output's records must look like, whatever happens: read as they come, one Stream a session."""
import collections
import json
import time

SILENCE_NS = 25 * 10**9  # longer without data a channel says why: stale, gap, or its session closed
GRACE_NS = 5 * 10**9  # what was on its way when a channel was given up


class Report:
    """Violations, counted by kind; the first few of each are kept in full."""

    def __init__(self):
        self.counts = collections.Counter()
        self.examples = []

    def add(self, kind, text):
        self.counts[kind] += 1
        if self.counts[kind] <= 3:
            self.examples.append(f"{kind}: {text}")


class Wishes:
    """When each channel was wanted. A channel of which this is not known (its change failed halfway) is 'unsure'."""

    def __init__(self):
        self.since = {}
        self.until = {}

    def want(self, session, channel):
        self.since[session, channel] = time.time_ns()
        self.until.pop((session, channel), None)

    def give_up(self, session, channel):
        if (session, channel) in self.since:
            self.until[session, channel] = time.time_ns()

    def forget(self, session, channel):
        """It may be wanted, or not."""
        self.since.pop((session, channel), None)
        self.until.pop((session, channel), None)

    def is_unwanted(self, session, channel, at_ns):
        return at_ns > self.until.get((session, channel), at_ns) + GRACE_NS

    def wanted(self, session):
        return {channel for name, channel in self.since if name == session and (name, channel) not in self.until}

    def unwanted(self, session):
        return {channel for name, channel in self.until if name == session}


class Channel:
    """What is known of one channel of one session."""

    def __init__(self):
        self.link = None  # (life, epoch) of the last data
        self.told = True  # an event explains what is missing in front of the next data
        self.torn = False  # between a hole and the next snapshot a book has no chain
        self.last = None  # change_id
        self.trades = {}  # instrument -> trade_seq
        self.time = None


class Stream:
    """The records of one session, from its own output file."""

    def __init__(self, name, path, report, wishes, seamless=False):
        self.seamless = seamless  # another connection may go on where one ends: only a hole needs an event
        self.name, self.path, self.report, self.wishes = name, path, report, wishes
        self.file = None
        self.rest = b""
        self.channels = collections.defaultdict(Channel)
        self.life = 0  # sessions of this name so far: a worker that dies takes one along
        self.sequence = 0
        self.epoch = 0
        self.count = 0
        self.events = collections.Counter()

    def violation(self, kind, text):
        self.report.add(kind, f"{self.name}: {text}")

    def read(self):
        """Take what was written since the last time."""
        try:
            self.file = self.file or open(self.path, "rb")  # pylint: disable=consider-using-with
        except FileNotFoundError:
            return
        lines = (self.rest + self.file.read()).split(b"\n")
        self.rest = lines.pop()
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                self.violation("a line that is no JSON", repr(line[:200]))
                continue
            self.take(record)

    def close(self):
        if self.file:
            self.file.close()

    def take(self, record):
        self.count += 1
        if record.get("event") == "dropped":
            self.sequence += record["count"]
            self.events["dropped"] += 1
            return
        self.number(record)
        if "event" in record:
            self.events[record["event"]] += 1
            self.event(record)
        else:
            self.data(record, self.channels[record["channel"]])

    def number(self, record):
        if record["seq"] == 1 and self.sequence != 0:
            self.life += 1
            self.epoch = 0
        elif record["seq"] != self.sequence + 1:
            self.violation("a record is missing", f"{record['seq']} follows {self.sequence}")
        if record["epoch"] < self.epoch:
            self.violation("a connection's number went back", str(record)[:200])
        self.sequence, self.epoch = record["seq"], record["epoch"]

    def event(self, record):
        if "channel" not in record:
            for channel in self.channels.values():
                channel.time = None
            return
        channel = self.channels[record["channel"]]
        channel.told, channel.time = True, None
        if record["event"] == "gap":
            if record["reason"] != "refused":  # the exchange may go on with it all the same, and then nothing may be missing
                channel.last, channel.torn = None, record["reason"] == "sequence"
            channel.trades.clear()

    def data(self, record, channel):
        name, at_ns = record["channel"], record["time"]
        link = (self.life, record["epoch"] if not self.seamless else 0)
        if self.wishes.is_unwanted(self.name, name, at_ns):
            self.violation("a channel that was given up came back", f"{name} at {at_ns}")
        if channel.link not in (None, link) and not channel.told:
            self.violation("data of a new connection without a gap event", f"{name}, seq {record['seq']}")
        if channel.time is not None and at_ns - channel.time > SILENCE_NS and name.startswith(("book.", "ticker.")):
            self.violation("a channel was silent and nobody said so", f"{name}: {(at_ns - channel.time) / 1e9:.1f} s, seq {record['seq']}")
        if name.startswith("book."):
            self.book(record, channel)
        elif name.startswith("trades."):
            self.trades(record, channel)
        channel.link, channel.told, channel.time = link, False, at_ns

    def book(self, record, channel):
        data = record["data"]
        channel.torn = channel.torn and data["type"] != "snapshot"
        if not channel.torn and data["type"] == "change" and data.get("prev_change_id") != channel.last:
            self.violation("a hole in a book without a gap event",
                           f"seq {record['seq']}: {data.get('prev_change_id')} comes before it, {channel.last} came last")
        channel.last = data["change_id"]

    def trades(self, record, channel):
        for trade in record["data"]:
            last = channel.trades.get(trade["instrument_name"])
            if last is not None and trade["trade_seq"] != last + 1 and not channel.told:
                self.violation("trades are missing without a gap event",
                               f"seq {record['seq']}: {trade['trade_seq']} follows {last} in {record['channel']}")
            channel.trades[trade["instrument_name"]] = trade["trade_seq"]

    def last_data(self, name):
        """When the channel last delivered [ns]; 0: never."""
        return self.channels[name].time or 0


class Journal:
    """What one simulator was asked for: nothing twice, nothing private before the login, and in the order of a restore."""

    def __init__(self, path, report):
        self.path, self.report = path, report
        self.file = None
        self.rest = ""
        self.ids = collections.defaultdict(set)
        self.methods = collections.defaultdict(set)
        self.labels = collections.Counter()
        self.count = 0

    def read(self):
        try:
            self.file = self.file or open(self.path, encoding="utf-8")  # pylint: disable=consider-using-with
        except FileNotFoundError:
            return
        lines = (self.rest + self.file.read()).split("\n")
        self.rest = lines.pop()
        for line in lines:
            self.take(json.loads(line))

    def close(self):
        if self.file:
            self.file.close()

    def take(self, row):
        self.count += 1
        conn, method = row["conn"], row["method"]
        if "id" in row and row["id"] in self.ids[conn]:
            self.report.add("an id was used twice on one connection", str(row))
        self.ids[conn].add(row.get("id"))
        if "label" in row:
            self.labels[row["label"]] += 1
            if self.labels[row["label"]] > 1:
                self.report.add("a request was sent twice", str(row))
        self.order(conn, method, row)
        self.methods[conn].add(method)

    def order(self, conn, method, row):
        done = self.methods[conn]
        if method.startswith("private/") and "public/auth" not in done:
            self.report.add("a private request went before the login", str(row))
        if method.endswith("/subscribe") and "public/set_heartbeat" not in done:
            self.report.add("channels were asked for before the heartbeat was set", str(row))
        if method == "private/enable_cancel_on_disconnect" and "public/set_heartbeat" in done and method not in done:
            self.report.add("cancel-on-disconnect was set after the heartbeat", str(row))
        if method == "private/subscribe" and "public/subscribe" in done and method not in done:
            self.report.add("private channels were asked for after public ones", str(row))
