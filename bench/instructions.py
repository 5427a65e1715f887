"""Instructions of user space for one message, as valgrind counts them: the same on a busy machine as on a quiet one, so that a change of a
few of them shows. The messages alone: what a longer run takes more than a shorter one."""

import re
import subprocess

# Both after all channels were seen once; the channels are those of the first 8,000 messages.
FEW, MANY = 16000, 96000
WHAT = {
    "limit: recv and walk": ["walk"],
    "hawser": ["recv"],
    "hawser, UTF-8 checked": ["recv", "--utf8"],
    "hawser, host end to end": ["recv", "--route"],
    "hawser, general scan": ["recv", "--route", "--scan", "general"],
    "hawser, strict scan": ["recv", "--route", "--scan", "strict"],
}


def count(bench, url, arguments):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", bench, arguments[0], url, *arguments[1:]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def measure(bench, server):
    """Name -> instructions for a message. @param server: makes a context with a url, for so many messages"""
    figures = {}
    with server("--count", FEW) as short, server("--count", MANY) as long:
        for name, arguments in WHAT.items():
            more = count(bench, long.url, arguments) - count(bench, short.url, arguments)
            figures[name] = more / (MANY - FEW)
    return figures


def section(figures, table):
    """The part of docs/performance.md, or nothing."""
    if not figures:
        return []
    rows = [[name, f"{instructions:,.0f}"] for name, instructions in figures.items()]
    return ["## Instructions for a message, of user space, as valgrind counts them\n" + table(["client", "instructions"], rows)]
