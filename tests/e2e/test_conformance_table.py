"""echo-client against a fuzzing server of our own: every case of lib/cases.py, each a run of the program, judged strictly.

By hand, `test_conformance_table.py --full` sends as many messages as the public suites do (minutes, on a release build)."""
import asyncio
import collections
import sys
import time
import unittest

from lib.cases import all_cases
from lib.echo_client import run_client
from lib.fuzzing import INFORMATIONAL, OK, Server

IS_FULL = "--full" in sys.argv
PATIENCE_S = 900 if IS_FULL else 60
AT_ONCE = 4


async def with_server(cases, use):
    server = Server(cases)
    serving = asyncio.ensure_future(server.serve())
    try:
        return server, await use(server)
    finally:
        serving.cancel()
        server.sock.close()


async def run_all(cases):
    """{name: (verdict, exit code, standard error, seconds)}"""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(server, number, case):
        async with gate:
            start = time.monotonic()
            code, said = await run_client(server.url(number), patience_s=PATIENCE_S)
            if server.running:
                await asyncio.wait(server.running, timeout=1)
            return case.name, (server.verdicts.get(case.name), code, said, time.monotonic() - start)

    async def use(server):
        return dict(await asyncio.gather(*(one(server, i, case) for i, case in enumerate(cases, 1))))

    return (await with_server(cases, use))[1]


def summary(results):
    """A line for each group."""
    groups = collections.defaultdict(collections.Counter)
    for name, (verdict, _, _, _) in results.items():
        groups[int(name.split(".")[0])][verdict.behavior if verdict and verdict.is_strict else "FAILED"] += 1
    return "\n".join(f"{group:3}: " + ", ".join(f"{count} {word}" for word, count in sorted(words.items())) for group, words in sorted(groups.items()))


class ConformanceTable(unittest.TestCase):
    def test_every_case_passes_strictly(self):
        cases = all_cases(IS_FULL)
        self.assertEqual(len({case.name for case in cases}), 517)
        results = asyncio.run(run_all(cases))
        print(summary(results))
        for case in cases:
            verdict, code, said, seconds = results[case.name]
            with self.subTest(case.name):
                self.assertIsNotNone(verdict, f"the case did not come to its end; exit code {code}: {said}")
                self.assertTrue(verdict.is_strict, f"{verdict}; exit code {code} after {seconds:.1f} s: {said}")
                self.assertIn(verdict.behavior, (OK, INFORMATIONAL))
                self.assertEqual(code == 0, case.end.is_clean, f"exit code {code}: {said}")
                self.assertEqual(said == "", code == 0, said)

    def test_one_run_goes_through_a_suite(self):
        cases = [case for case in all_cases() if case.group in "1234"]

        async def use(server):
            return await run_client("--suite", server.url(), "hawser/test", patience_s=PATIENCE_S)

        server, (code, _) = asyncio.run(with_server(cases, use))
        self.assertEqual((code, server.reports), (0, 1))
        self.assertEqual({name: verdict.is_strict for name, verdict in server.verdicts.items()}, {case.name: True for case in cases})


if __name__ == "__main__":
    unittest.main(argv=[word for word in sys.argv if word != "--full"])
