"""Each check of a soak finds what it is for, and nothing in a stream as it should be."""
import time
import unittest

import faults
import orders
import streams

BOOK = "book.BTC-PERPETUAL.100ms"
TRADES = "trades.BTC-PERPETUAL.100ms"
SECOND = 10**9


class Checks(unittest.TestCase):
    def setUp(self):
        self.report = streams.Report()
        self.wishes = streams.Wishes()
        self.stream = streams.Stream("s0", "", self.report, self.wishes)
        self.seq, self.epoch, self.time = 0, 1, time.time_ns()

    def take(self, **record):
        self.seq += 1
        self.time += SECOND
        self.stream.take({"time": self.time, "session": "s0", "epoch": self.epoch, "seq": self.seq, **record})

    def book(self, number, previous=None):
        data = {"type": "change", "change_id": number, "prev_change_id": previous} if previous else {"type": "snapshot", "change_id": number}
        self.take(channel=BOOK, data=data)

    def trades(self, *numbers):
        self.take(channel=TRADES, data=[{"instrument_name": "X", "trade_seq": number} for number in numbers])

    def gap(self, reason, channel=BOOK):
        self.take(event="gap", channel=channel, reason=reason)

    def found(self):
        return set(self.report.counts)

    def test_a_stream_as_it_should_be(self):
        self.book(5)
        self.book(8, 5)
        self.trades(1, 2)
        self.gap("sequence")
        self.book(11, 9)
        self.book(20)
        self.take(event="closed", reason="connection")
        self.epoch = 2
        self.gap("connection")
        self.gap("connection", TRADES)
        self.book(30)
        self.trades(9)
        self.seq, self.epoch = 0, 1  # the worker died
        self.gap("connection")
        self.book(40)
        self.assertEqual(self.found(), set())

    def test_a_hole_in_a_book_and_a_repeat(self):
        self.book(5)
        self.book(8, 6)
        self.book(8, 6)
        self.assertEqual(self.report.counts["a hole in a book without a gap event"], 2)

    def test_a_refused_channel_that_goes_on_hides_no_hole(self):
        self.book(5)
        self.gap("refused")
        self.book(8, 5)
        self.assertEqual(self.found(), set())
        self.gap("refused")
        self.book(11, 9)
        self.assertEqual(self.found(), {"a hole in a book without a gap event"})

    def test_missing_trades(self):
        self.trades(1)
        self.trades(3)
        self.assertEqual(self.found(), {"trades are missing without a gap event"})

    def test_a_missing_record(self):
        self.book(5)
        self.seq += 1
        self.book(8, 5)
        self.assertEqual(self.found(), {"a record is missing"})

    def test_dropped_records_that_are_told(self):
        self.book(5)
        self.stream.take({"time": self.time, "event": "dropped", "count": 3})
        self.seq += 3
        self.take(channel="ticker.X", data={})
        self.assertEqual(self.found(), set())

    def test_a_new_connection_without_a_gap_event(self):
        self.book(5)
        self.epoch = 2
        self.book(9)
        self.assertEqual(self.found(), {"data of a new connection without a gap event"})

    def test_a_new_worker_without_a_gap_event(self):
        self.trades(5)
        self.seq = 0
        self.trades(6)
        self.assertEqual(self.found(), {"data of a new connection without a gap event"})

    def test_a_connection_that_goes_on_needs_no_event_but_its_hole_does(self):
        self.stream.seamless = True
        self.book(5)
        self.epoch = 2
        self.book(8, 5)
        self.assertEqual(self.found(), set())
        self.epoch = 3
        self.book(12, 10)
        self.assertEqual(self.found(), {"a hole in a book without a gap event"})

    def test_silence(self):
        self.book(5)
        self.time += streams.SILENCE_NS
        self.book(8, 5)
        self.assertEqual(self.found(), {"a channel was silent and nobody said so"})

    def test_silence_that_was_told(self):
        self.book(5)
        self.take(event="stale", channel=BOOK, reason="silent")
        self.time += streams.SILENCE_NS
        self.book(8, 5)
        self.assertEqual(self.found(), set())

    def test_a_channel_that_was_given_up(self):
        self.wishes.want("s0", BOOK)
        self.wishes.give_up("s0", BOOK)
        self.book(5)
        self.assertEqual(self.found(), set())  # it was on its way
        self.time += streams.GRACE_NS
        self.book(8, 5)
        self.assertEqual(self.found(), {"a channel that was given up came back"})

    def journal(self, *rows):
        journal = streams.Journal("", self.report)
        for row in rows:
            journal.take({"conn": 1, **row})
        return self.found()

    def test_requests_in_order(self):
        self.assertEqual(self.journal({"method": "public/auth", "id": 1}, {"method": "private/enable_cancel_on_disconnect", "id": 2},
                                      {"method": "public/set_heartbeat", "id": 3}, {"method": "private/subscribe", "id": 4},
                                      {"method": "public/subscribe", "id": 5}, {"method": "private/buy", "id": 6, "label": "a"}), set())

    def test_requests_that_break_a_rule(self):
        beat = {"method": "public/set_heartbeat", "id": 1}
        login = {"method": "public/auth", "id": 9}
        self.assertEqual(self.journal(beat, {"method": "private/buy", "id": 2}), {"a private request went before the login"})
        for rows, what in (((beat, beat), "an id was used twice on one connection"),
                           ((login, {"method": "private/buy", "id": 2, "label": "a"}, {"method": "private/buy", "id": 3, "label": "a"}),
                            "a request was sent twice"),
                           (({"method": "public/subscribe", "id": 1},), "channels were asked for before the heartbeat was set"),
                           ((login, beat, {"method": "private/enable_cancel_on_disconnect", "id": 3}),
                            "cancel-on-disconnect was set after the heartbeat"),
                           ((login, beat, {"method": "public/subscribe", "id": 3}, {"method": "private/subscribe", "id": 4}),
                            "private channels were asked for after public ones")):
            with self.subTest(what):
                self.report.counts.clear()
                self.assertEqual(self.journal(*rows), {what})

    def test_orders(self):
        placed = orders.Orders.__new__(orders.Orders)
        placed.report = self.report
        placed.results = {"a": "sent", "b": "unsent", "c": "unknown", "d": "sent"}
        placed.check({"a": 1, "b": 1, "c": 1, "d": 0})
        self.assertEqual(self.found(), {"an order that was called unsent arrived", "an order that was answered did not arrive once"})

    def test_outcomes(self):
        def error(message="", **data):
            return {"error": {"message": message, "data": data}}
        for answer, expected in (({"result": {}}, "sent"), (error(exchange_error={"code": 1}), "sent"), (error(name="SESSION_STATE"), "unsent"),
                                 (error("x was not sent: it waited", name="REQUEST_TIMEOUT"), "unsent"), (error(name="REQUEST_TIMEOUT"), "unknown"),
                                 (error(name="REQUEST_UNKNOWN"), "unknown"), ({"error": {"message": "the worker ended"}}, "unknown")):
            self.assertEqual(orders.outcome(answer), expected, answer)

    def test_a_seed_is_a_plan(self):
        self.assertEqual(faults.plan(5, 60, 0.5), faults.plan(5, 60, 0.5))
        self.assertNotEqual(faults.plan(5, 60, 0.5), faults.plan(6, 60, 0.5))
        self.assertTrue(all(0 < step[0] < 60 for step in faults.plan(5, 60, 0.5)))


if __name__ == "__main__":
    unittest.main()
