"""Reloads one after the other, with fifty busy sessions: nobody who did not change connects again, and no message is lost or comes twice,
not even in the one that changes each time. `scripts/bench-host reload` does the same at full speed."""
import os
import unittest

from lib.reloading import Reloading
from lib.wait import wait_until

SESSIONS = int(os.environ.get("HAWSER_TEST_SESSIONS", "50"))
RATE = int(os.environ.get("HAWSER_TEST_RATE", "20"))  # messages a second of each session
RELOADS = int(os.environ.get("HAWSER_TEST_RELOADS", "30"))


class ReloadsUnderLoad(unittest.TestCase):
    def check_files(self, load):
        """Everything that was sent until now is in, and nothing of it is missing or there twice."""
        before = load.received()
        wait_until(lambda: load.received() > before + SESSIONS, "more messages")
        count = load.count()
        self.assertEqual((count["lost"], count["doubled"], count["announced"]), (0, 0, 0), count)
        self.assertGreater(count["messages"], SESSIONS * 10)

    def test_sessions_that_stay_the_same_notice_none_of_the_reloads(self):
        with Reloading(SESSIONS, RATE) as load:
            for number in range(RELOADS):
                text = load.reload_with_another_session(number)
                self.assertIn(f"{SESSIONS} sessions kept, 0 changed in place, 0 replaced, ", text)
            self.check_files(load)
            epochs = {name: session["epoch"] for name, session in load.host.sessions().items() if name != "extra"}
            self.assertEqual(set(epochs.values()), {1})
            self.assertEqual(len(epochs), SESSIONS)
            self.assertLessEqual(load.sim.stats()["accepted"], SESSIONS + (RELOADS + 1) // 2)
            self.assertEqual(load.host.ask("host.status")["generation"], RELOADS + 1)

    def test_one_that_changes_its_channels_each_time_loses_nothing_either(self):
        with Reloading(SESSIONS, RATE) as load:
            for number in range(RELOADS // 3):
                text = load.reload_with_other_channels(number)
                changed = 1 if number == 0 else 2  # this one gets the channel, the one before loses it
                self.assertIn(f"{SESSIONS - changed} sessions kept, {changed} changed in place, 0 replaced, 0 added, 0 removed", text)
            self.check_files(load)
            self.assertEqual(load.sim.stats()["accepted"], SESSIONS)
            self.assertEqual({session["epoch"] for session in load.host.sessions().values()}, {1})

    def test_one_that_gets_another_url_each_time_loses_nothing_and_the_others_do_not_notice(self):
        with Reloading(SESSIONS // 5, RATE, broadcast=True) as load:
            rounds = RELOADS // 6
            for number in range(rounds):
                load.reload_with_another_url(number)
                load.host.wait_all_ready(load.sessions)
            changed = {f"s{i}" for i in range(load.sessions) if i < rounds}
            untouched = [session for name, session in load.host.sessions().items() if name not in changed]
            self.assertEqual({session["epoch"] for session in untouched} | {1}, {1})
            before = load.received()
            wait_until(lambda: load.received() > before + load.sessions, "more messages")
            count = load.count()
            self.assertEqual((count["lost"], count["doubled"], count["announced"]), (0, 0, 0), count)


if __name__ == "__main__":
    unittest.main()
