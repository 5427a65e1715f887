"""Figures -> docs/performance.md: tables, and each target beside what was measured."""

import statistics

import recovery

INTRO = """# Performance
Written by `scripts/bench`; not to be edited by hand. {date}, {machine}, {rounds} rounds{quick}; load of the machine when it began: {load}
(over 0.5, others were at work, and every ratio is drawn towards 1).

- The work: 40 % tickers of about 760 bytes, 40 % book changes of about 360, 20 % trades of about 390 with escapes and text that is not
  ASCII, a book of 30 KB in each thousand; some 5,800 channels; over loopback.
- A figure is CPU time of the client, user and system, per message [ns]: how fast the sender is, and who waits for whom, does not matter to
  it. Medians; in parentheses the least and the greatest. Ratios are taken inside a round, and then their median.
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
    names = {"limit: recv and walk": "÷ limit", "hawser": "÷ hawser"}
    rows = [
        [name, spread(values), *(number(ratio(figures, name, base)) for base in bases)]
        for name, values in figures.items()
        if values
    ]
    return table(["client", "CPU ns/message", *(names[base] for base in bases)], rows)


def cost_sections(results):
    sections = []
    for key, title in (
        ("plain", "Plain receive (binary frames: nobody checks UTF-8)"),
        ("utf8", "The same with text, which is checked for UTF-8"),
        ("tls", "TLS 1.3, one record a message, as exchanges send"),
        ("host", "Host end to end: receive, UTF-8, envelope, table of channels, a callback; peers with a parser"),
    ):
        if key in results:
            sections.append(f"## {title}\n" + cost_table(results[key], "limit: recv and walk", "hawser"))
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
        [name, f"{one['sessions']:,}", f"{one['heap_per_session']:,}", f"{one['rss_per_session']:,}"]
        for name, one in results.get("idle", {}).items()
    ]
    title = "## Memory of a silent connection in user space [bytes]\n"
    return [title + table(["link", "sessions", "heap each", "resident each"], rows)] if rows else []


# Group, what is compared with what, at most or at least, and in words.
TARGETS = [
    ("plain", "hawser", "limit: recv and walk", "<=", 1.11, "plain receive ÷ limit"),
    ("utf8", "hawser", "limit: recv and walk", "<=", 1.30, "with UTF-8 ÷ limit"),
    ("plain", "gorilla", "hawser", ">=", 5, "gorilla ÷ plain receive"),
    ("plain", "Node ws", "hawser", ">=", 15, "Node ws ÷ plain receive"),
    ("plain", "wslay", "hawser", ">=", 25, "wslay ÷ plain receive"),
    ("plain", "libwebsockets", "hawser", ">=", 35, "libwebsockets ÷ plain receive"),
    ("plain", "Boost.Beast", "hawser", ">=", 40, "Beast ÷ plain receive"),
    ("plain", "python3-websockets", "hawser", ">=", 100, "python3-websockets ÷ plain receive"),
    ("tls", "hawser", "limit: recv and walk", "<=", 1.10, "TLS receive ÷ limit"),
    ("tls", "stock SSL_read and walk", "hawser", ">=", 6, "stock SSL_read ÷ TLS receive"),
    ("tls", "Boost.Beast", "hawser", ">=", 4.5, "Beast ÷ TLS receive"),
    ("tls", "Node ws", "hawser", ">=", 6, "Node ws ÷ TLS receive"),
    ("tls", "wslay", "hawser", ">=", 8, "wslay ÷ TLS receive"),
    ("tls", "libwebsockets", "hawser", ">=", 13, "libwebsockets ÷ TLS receive"),
    ("tls", "hawser, host end to end", "limit: recv and walk", "<=", 1.4, "TLS host end to end ÷ limit"),
    ("host", "hawser", "limit: recv and walk", "<=", 2.5, "host end to end ÷ limit"),
    ("host", "hawser, general scan", "limit: recv and walk", "<=", 3.5, "the same, general scan"),
    ("host", "Boost.Beast", "hawser", ">=", 20, "Beast + simdjson on demand ÷ host"),
    ("host", "Node ws", "hawser", ">=", 25, "Node ws + JSON.parse ÷ host"),
    ("host", "python3-websockets", "hawser", ">=", 70, "python3-websockets + json ÷ host"),
    ("routing mix", "hawser, general", "simdjson, on demand", "<=", 0.70, "general scan ÷ simdjson on demand"),
    ("routing mix", "hawser, learned", "simdjson, on demand", "<=", 0.35, "learned layout ÷ simdjson on demand"),
    ("routing mix", "hawser, strict", "simdjson, dom", "<=", 0.90, "strict scan ÷ simdjson dom"),
    ("routing snapshot", "simdjson, on demand", "hawser, learned", ">=", 2, "30 KB: simdjson on demand ÷ learned"),
]


def target_section(results):
    rows = []
    for group, name, base, relation, wanted, words in TARGETS:
        found = ratio(results.get(group, {}), name, base)
        if found is not None:
            met = found <= wanted if relation == "<=" else found >= wanted
            rows.append([words, f"{'at most' if relation == '<=' else 'at least'} {wanted}", number(found), "yes" if met else "no"])
    return ["## Targets\n" + table(["ratio", "wanted", "measured", "met"], rows)] if rows else []


def write(results, machine, plan, left_out, date):
    intro = INTRO.format(date=date, machine=machine, rounds=plan.rounds, quick=", quick" if plan.quick else "", load=plan.load)
    sections = cost_sections(results) + routing_section(results) + latency_section(results) + idle_section(results)
    sections += recovery.section(results.get("recovery"), table)
    if left_out:
        sections.append("## Left out\n" + "".join(f"- {one}\n" for one in dict.fromkeys(left_out)))
    return "\n".join([intro, *target_section(results), *sections])
