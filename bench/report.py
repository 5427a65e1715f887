"""Figures -> docs/performance.md: tables, and each target beside what was measured."""

import statistics

import instructions
import recovery

LIMIT = "limit: recv and walk"

INTRO = """# Performance
Written by `scripts/bench`; not to be edited by hand. {date}, {machine}, {rounds} rounds{quick}{realtime}; load of the machine when it began:
{load} (over 0.5, others were at work, and every ratio is drawn towards 1: what they do to caches and memory costs everybody the same).

- The work: 40 % tickers of about 760 bytes, 40 % book changes of about 360, 20 % trades of about 390 with escapes and text that is not
  ASCII, a book of 30 KB in each thousand; some 5,800 channels; over loopback.
- A figure is CPU time of the client, user and system, per message [ns]: how fast the sender is, and who waits for whom, does not matter to
  it. Medians; in parentheses the least and the greatest. Ratios are taken inside a round, and then their median.
- What is sent is text, as exchanges send it. Who checks it for UTF-8 unasked pays for it here: python3-websockets, Node ws, wslay, Beast, and
  hawser wherever it says so. Peers are as their documentation's examples have them; "tuned" is the fastest way that we found, where there is one.
- The limits are the socket itself: `recv` into 128 KiB, and the same with a look at each frame's header. No client can be under them.
"""


def median(figures):
    return statistics.median(figures)


def ratio(figures, name, base):
    """Median of the ratios inside a round; None: one of the two was left out."""
    if not figures.get(name) or not figures.get(base):
        return None
    return median([a / b for a, b in zip(figures[name], figures[base])])


def number(value):
    return "-" if value is None else f"{value:,.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def spread(figures):
    return f"{median(figures):,.0f} ({min(figures):,.0f}..{max(figures):,.0f})"


def cost_table(figures, *bases):
    names = {LIMIT: "÷ limit", "hawser": "÷ hawser"}
    rows = [
        [name, spread(values), *(number(ratio(figures, name, base)) for base in bases)]
        for name, values in figures.items()
        if values
    ]
    return table(["client", "CPU ns/message", *(names[base] for base in bases)], rows)


def cost_sections(results):
    sections = []
    for key, title in (
        ("plain", "Plain receive"),
        ("tls", "TLS 1.3, one record a message, as exchanges send"),
        ("host", "Host end to end: receive, UTF-8, envelope, table of channels, a callback; peers with a parser"),
    ):
        if key in results:
            sections.append(f"## {title}\n" + cost_table(results[key], LIMIT, "hawser"))
    return sections


def routing_section(results):
    rows = []
    for key in ("routing mix", "routing snapshot"):
        figures = results.get(key, {})
        size = figures.get("bytes", 0)
        for name, values in figures.items():
            if name != "bytes" and values:
                lazy = ratio(figures, name, "simdjson, on demand")
                tree = ratio(figures, name, "simdjson, dom")
                rows.append([key.split()[1], name, spread(values), f"{size / median(values):.2f}", number(lazy), number(tree)])
    head = ["messages", "scanner", "ns/message", "GB/s", "÷ simdjson on demand", "÷ simdjson dom"]
    return ["## Routing alone: method, channel and the bytes of data\n" + table(head, rows)] if rows else []


def latency_section(results):
    rows = []
    for name, rounds in results.get("latency", {}).items():
        rows.append([name, *(number(median([one[key] for one in rounds])) for key in ("p50_us", "p99_us", "p999_us"))])
    title = "## Latency at 20,000 messages a second, from send to callback [us]\n"
    return [title + table(["client", "p50", "p99", "p99.9"], rows)] if rows else []


def idle_section(results):
    rows = [
        [name, *(f"{one[key]:,}" if key in one else "" for key in ("sessions", "heap_per_session", "rss_per_session", "bookkeeping"))]
        for name, one in results.get("idle", {}).items()
    ]
    title = "## Memory of a silent connection in user space [bytes]\n"
    note = """
"Above" is what a session takes more when it is connected and silent than before it dialled: all that stands between socket and program. What it
holds anyway, connected or not (its options, its state machine with timers, its book of channels, the program's handle; with TLS the context, with
its certificates shared by all), is its bookkeeping. A peer's figure is all of it: it has no session that outlives a connection.
"""
    return [title + table(["link", "sessions", "heap, above", "resident, above", "bookkeeping"], rows) + note] if rows else []


TARGETS_NOTE = """What was wanted was measured on another processor (Zen 5, with AVX-512). Where a peer's cost is divided by ours, the next column divides it
by the limit's of the same rounds: no client can have more on this machine.

"""

# Group, what is compared with what, at most or at least, and in words.
LATENCIES = [
    ("hawser", "limit: libevent and recv", "p50_us", 1.05, "p50 ÷ bare libevent and recv"),
    ("hawser, busy_poll", "limit: recv, blocking", "p50_us", 1.0, "p50 of busy_poll ÷ blocking recv"),
]
TARGETS = [
    ("plain", "hawser", LIMIT, "<=", 1.11, "plain receive ÷ limit"),
    ("plain", "hawser, UTF-8 checked", LIMIT, "<=", 1.30, "with UTF-8 ÷ limit"),
    ("plain", "gorilla, tuned", "hawser", ">=", 5, "gorilla, 256 KiB ÷ plain receive"),
    ("plain", "Node ws", "hawser", ">=", 15, "Node ws ÷ plain receive"),
    ("plain", "wslay", "hawser", ">=", 25, "wslay ÷ plain receive"),
    ("plain", "libwebsockets", "hawser", ">=", 35, "libwebsockets ÷ plain receive"),
    ("plain", "Boost.Beast", "hawser", ">=", 40, "Beast ÷ plain receive"),
    ("plain", "python3-websockets", "hawser", ">=", 100, "python3-websockets ÷ plain receive"),
    ("tls", "hawser", LIMIT, "<=", 1.10, "TLS receive ÷ limit"),
    ("tls", "stock SSL_read and walk", "hawser", ">=", 6, "stock SSL_read ÷ TLS receive"),
    ("tls", "Boost.Beast", "hawser", ">=", 4.5, "Beast ÷ TLS receive"),
    ("tls", "Node ws", "hawser", ">=", 6, "Node ws ÷ TLS receive"),
    ("tls", "wslay", "hawser", ">=", 8, "wslay ÷ TLS receive"),
    ("tls", "libwebsockets", "hawser", ">=", 13, "libwebsockets ÷ TLS receive"),
    ("tls", "hawser, host end to end", LIMIT, "<=", 1.4, "TLS host end to end ÷ limit"),
    ("host", "hawser", LIMIT, "<=", 2.5, "host end to end ÷ limit"),
    ("host", "hawser, general scan", LIMIT, "<=", 3.5, "the same, general scan"),
    ("host", "Boost.Beast", "hawser", ">=", 20, "Beast + simdjson on demand ÷ host"),
    ("host", "Node ws", "hawser", ">=", 25, "Node ws + JSON.parse ÷ host"),
    ("host", "python3-websockets", "hawser", ">=", 70, "python3-websockets + json ÷ host"),
    ("routing mix", "hawser, general", "simdjson, on demand", "<=", 0.70, "general scan ÷ simdjson on demand"),
    ("routing mix", "hawser, learned", "simdjson, on demand", "<=", 0.35, "learned layout ÷ simdjson on demand"),
    ("routing mix", "hawser, strict", "simdjson, dom", "<=", 0.90, "strict scan ÷ simdjson dom"),
    ("routing snapshot", "simdjson, on demand", "hawser, learned", ">=", 2, "30 KB: simdjson on demand ÷ learned"),
]


def row(words, found, wanted):
    return [words, f"at most {wanted}", number(found), "", "yes" if found <= wanted else "no"]


def peer_row(figures, name, words, found, wanted):
    """How many times a peer's cost is ours; and the limit's, which nobody's can exceed."""
    most = ratio(figures, name, LIMIT)
    met = "yes" if found >= wanted else "no" if most is None or most >= wanted else "no: nor by the limit"
    return [words, f"at least {wanted}", number(found), "" if most is None else number(most), met]


def latency_targets(rounds):
    rows = []
    for name, base, key, wanted, words in LATENCIES:
        if rounds.get(name) and rounds.get(base):
            rows.append(row(words, median([a[key] / b[key] for a, b in zip(rounds[name], rounds[base])]), wanted))
    peers = [median([one["p99_us"] for one in many]) for name, many in rounds.items() if many and not name.startswith(("hawser", "limit"))]
    if peers and rounds.get("hawser"):
        rows.append(row("p99 ÷ that of the best peer", median([one["p99_us"] for one in rounds["hawser"]]) / min(peers), 1.1))
    return rows


def idle_targets(results):
    wanted = {"plain: hawser": 512, "TLS: hawser": 21 * 1024}
    return [row(f"heap of a silent session, {name}", results[name]["heap_per_session"], most) for name, most in wanted.items() if name in results]


def target_section(results):
    rows = []
    for group, name, base, relation, wanted, words in TARGETS:
        figures = results.get(group, {})
        found = ratio(figures, name, base)
        if found is not None:
            rows.append(row(words, found, wanted) if relation == "<=" else peer_row(figures, name, words, found, wanted))
    rows += latency_targets(results.get("latency", {})) + idle_targets(results.get("idle", {}))
    return ["## Targets\n" + TARGETS_NOTE + table(["ratio", "wanted", "measured", "÷ limit instead", "met"], rows)] if rows else []


def write(results, machine, plan, left_out, date):
    intro = INTRO.format(date=date, machine=machine, rounds=plan.rounds, quick=", quick" if plan.quick else "",
        realtime=", at real-time priority" if plan.realtime else "", load=plan.load)
    sections = cost_sections(results) + routing_section(results) + instructions.section(results.get("instructions"), table)
    sections += latency_section(results) + idle_section(results)
    sections += recovery.section(results.get("recovery"), table)
    if left_out:
        sections.append("## Left out\n" + "".join(f"- {one}\n" for one in dict.fromkeys(left_out)))
    return "\n".join([intro, *target_section(results), *sections])
