"""The benchmark of recovery measures what it says: each cut and each death of a worker ends in READY of every session."""
import os
import sys
import tempfile
import unittest

from lib.certs import make_certificate
from lib.peers import ROOT
from lib.process import build_dir

sys.path.insert(0, os.path.join(ROOT, "bench"))
import recovery  # noqa: E402  pylint: disable=wrong-import-position


class Recovery(unittest.TestCase):
    def test_each_cut_and_each_death_has_its_time(self):
        with tempfile.TemporaryDirectory() as folder:
            certificate = make_certificate(folder)
            figures = recovery.cuts(build_dir(), None, 3) + recovery.cuts(build_dir(), certificate, 3)
            self.assertEqual(len(figures), 6)
            deaths = recovery.deaths(build_dir(), 5, 1)
            self.assertEqual(len(deaths), 5)
            self.assertTrue(all(0 < time < 60_000 for time in figures + deaths), figures + deaths)

    def test_the_section_tells_what_was_met(self):
        text = "\n".join(recovery.section({"link cut to READY, plain": [1.0] * 99 + [30.0]}, lambda head, rows: str((head, rows))))
        self.assertIn("'1.0', '30.0', '30.0', '20', 'no'", text)
        self.assertEqual(recovery.section(None, None), [])


if __name__ == "__main__":
    unittest.main()
