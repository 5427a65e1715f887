"""Orders that are placed all through a soak, each with a label of its own, and what became of each. An order that nobody knows the
outcome of may have arrived once; none may have arrived twice; one that was refused before it was sent, never."""
import random
import threading

UNSENT = ("WS_NOT_OPEN", "SESSION_STATE")


class Orders:
    """Threads that call. start() and stop() them; check() afterwards."""

    def __init__(self, world, report, seed, threads=3):
        self.world, self.report = world, report
        self.results = {}  # label -> sent, unsent or unknown
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(random.Random(seed * 100 + i), i)) for i in range(threads)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def run(self, chance, number):
        names = [name for name in self.world.names if self.world.has_login(name)]
        count = 0
        while not self.over.wait(chance.uniform(0.05, 0.3)):
            label = f"soak-{number}-{count}"
            count += 1
            params = {"instrument_name": "BTC-PERPETUAL", "amount": 10, "type": "market", "label": label}
            try:
                answer = self.world.ask("session.call", session=chance.choice(names), method=chance.choice(("private/buy", "private/sell")),
                                        params=params, timeout_ms=chance.choice((300, 1000, 5000)))
            except (OSError, ValueError) as error:
                self.report.add("the control socket gave no answer", repr(error))
                continue
            self.results[label] = outcome(answer)

    def check(self, labels):
        """@param labels how often each arrived, by the exchanges' journals"""
        for label, result in self.results.items():
            if result == "sent" and labels[label] != 1:
                self.report.add("an order that was answered did not arrive once", f"{label}: {labels[label]} times")
            if result == "unsent" and labels[label] != 0:
                self.report.add("an order that was called unsent arrived", label)


def outcome(answer):
    if "result" in answer:
        return "sent"
    data = answer["error"].get("data", {})
    if "exchange_error" in data:
        return "sent"
    if data.get("name") in UNSENT or "was not sent" in answer["error"]["message"]:
        return "unsent"
    return "unknown"
