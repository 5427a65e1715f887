"""The table of cases that a WebSocket client has to pass, in the groups and numbers that the public suites use: framing, pings,
reserved bits, opcodes, fragments, UTF-8, closing, sizes, compression."""
import itertools
import random
from functools import partial

from lib.fuzzing import FAILS, FAILS_UTF8, Case, End, Quiet
from lib.wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Deflate, close_frame, fragments, frame

HELLO = b"Hello, hawser!"
GREEK = "κ\u1f79σμε".encode()                  # 11 bytes, none of them ASCII
UMLAUTS = "Grüße-µ@ßöä|üàá-UTF-8!!".encode()
LONG = Quiet("B", 10)                          # until the client has noticed, where it does
KINDS = ((1, TEXT, "text"), (2, BINARY, "binary"))

VALID_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
INVALID_CODES = (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999)


def answered(code=1000):
    """The steps hold the server's close frame; the client answers with this code, or without one."""
    return End(True, (1000, code), asks=False)


def refused(*codes):
    """The steps hold a close frame that may not be."""
    return End(True, codes, asks=False, is_clean=False)


def framing():
    for group, opcode, kind in KINDS:
        for i, (size, chop) in enumerate(((0, 0), (125, 0), (126, 0), (127, 0), (128, 0), (65535, 0), (65536, 0), (65536, 997)), 1):
            payload = (b"*" if kind == "text" else b"\xfe") * size
            yield Case(f"1.{group}.{i}", [(frame(opcode, payload), chop)], [(kind, payload)])


def pings():
    binary = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
    ten = [b"payload-%d" % i for i in range(10)]
    long = frame(PING, b"\xfe" * 125)
    yield Case("2.1", [frame(PING)], [("pong", b"")])
    yield Case("2.2", [frame(PING, HELLO)], [("pong", HELLO)])
    yield Case("2.3", [frame(PING, binary)], [("pong", binary)])
    yield Case("2.4", [long], [("pong", b"\xfe" * 125)])
    yield Case("2.5", [frame(PING, b"\xfe" * 126)], end=FAILS)
    yield Case("2.6", [(long, 1)], [("pong", b"\xfe" * 125)])
    yield Case("2.7", [frame(PONG), Quiet("after")], [("quiet", "after")])
    yield Case("2.8", [frame(PONG, b"unasked"), Quiet("after")], [("quiet", "after")])
    yield Case("2.9", [frame(PONG, b"unasked"), frame(PING, HELLO)], [("pong", HELLO)])
    yield Case("2.10", [frame(PING, x) for x in ten], [("pong", x) for x in ten])
    yield Case("2.11", [(frame(PING, x), 1) for x in ten], [("pong", x) for x in ten])


def after_a_message(name, bad, way):
    """A message, what is bad, a ping: the first is echoed, the last not answered. @param way: whole, frames, octets"""
    parts = [frame(TEXT, HELLO), bad, frame(PING)]
    steps = {"whole": [b"".join(parts)], "frames": parts, "octets": [(x, 1) for x in parts]}[way]
    return Case(name, steps, [("text", HELLO)], FAILS, loose=[])


def reserved_bits():
    yield Case("3.1", [frame(TEXT, HELLO, rsv=1)], end=FAILS)
    yield after_a_message("3.2", frame(TEXT, HELLO, rsv=2), "whole")
    yield after_a_message("3.3", frame(TEXT, HELLO, rsv=3), "frames")
    yield after_a_message("3.4", frame(TEXT, HELLO, rsv=4), "octets")
    yield Case("3.5", [frame(BINARY, b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", rsv=5)], end=FAILS)
    yield Case("3.6", [frame(PING, HELLO, rsv=6)], end=FAILS)
    yield Case("3.7", [frame(CLOSE, rsv=7)], end=FAILS)


def opcodes():
    for group, first in ((1, 3), (2, 11)):
        yield Case(f"4.{group}.1", [frame(first)], end=FAILS)
        yield Case(f"4.{group}.2", [frame(first + 1, HELLO)], end=FAILS)
        for i, (payload, way) in enumerate(((b"", "whole"), (HELLO, "frames"), (HELLO, "octets")), 3):
            yield after_a_message(f"4.{group}.{i}", frame(first + i - 1, payload), way)


def ways(parts):
    """The same frames in one piece, frame by frame, and octet by octet."""
    return [[b"".join(parts)], list(parts), [(x, 1) for x in parts]]


def fragmentation():
    first, last = frame(TEXT, b"fragment1", fin=False), frame(CONTINUATION, b"fragment2")
    whole = ("text", b"fragment1fragment2")
    for i, opcode in ((1, PING), (2, PONG)):
        yield Case(f"5.{i}", [frame(opcode, b"fragment1", fin=False) + last], end=FAILS)
    for i, steps in enumerate(ways([first, last]), 3):
        yield Case(f"5.{i}", steps, [whole])
    for i, steps in enumerate(ways([first, frame(PING, b"ping"), last]), 6):
        yield Case(f"5.{i}", steps, [("pong", b"ping"), whole])
    for start, fin in ((9, True), (12, False)):
        lonely = [frame(CONTINUATION, b"nothing to continue", fin=fin), frame(TEXT, HELLO)]
        for i, steps in enumerate(ways(lonely), start):
            yield Case(f"5.{i}", steps, end=FAILS)
    yield Case("5.15", [first + last + frame(CONTINUATION, b"fragment3", fin=False) + frame(TEXT, b"fragment4")], [whole], FAILS, loose=[])
    for i, fin in ((16, False), (17, True)):
        yield Case(f"5.{i}", [(frame(CONTINUATION, b"fragment1", fin=fin) + frame(TEXT, b"fragment2", fin=False) + last) * 2], end=FAILS)
    yield Case("5.18", [first + frame(TEXT, b"fragment2")], end=FAILS)
    pieces = [b"piece%d" % i for i in range(5)]
    start = [frame(TEXT, pieces[0], fin=False), frame(CONTINUATION, pieces[1], fin=False), frame(PING, b"first")]
    rest = [frame(CONTINUATION, x, fin=False) for x in pieces[2:4]] + [frame(PING, b"second"), frame(CONTINUATION, pieces[4])]
    events = [("pong", b"first"), ("quiet", "half"), ("pong", b"second"), ("text", b"".join(pieces))]
    yield Case("5.19", [b"".join(start), Quiet("half"), b"".join(rest)], events)
    yield Case("5.20", [*start, Quiet("half"), *rest], events)


def utf8():
    cut, bad, rest = GREEK, b"\xf4\x90\x80\x80", b"edited"
    wrong = GREEK + b"\xed\xa0\x80" + rest
    yield Case("6.1.1", [frame(TEXT)], [("text", b"")])
    for i, middle in ((2, b""), (3, b"in the middle")):
        yield Case(f"6.1.{i}", [frame(TEXT, fin=False), frame(CONTINUATION, middle, fin=False), frame(CONTINUATION)], [("text", middle)])
    yield Case("6.2.1", [frame(TEXT, UMLAUTS)], [("text", UMLAUTS)])
    left, right = UMLAUTS.split(b"|")
    yield Case("6.2.2", [frame(TEXT, left, fin=False), frame(CONTINUATION, right)], [("text", left + right)])
    for i, text in ((3, UMLAUTS), (4, GREEK)):
        yield Case(f"6.2.{i}", [fragments(TEXT, text, 1)], [("text", text)])
    yield Case("6.3.1", [frame(TEXT, wrong)], end=FAILS_UTF8)
    yield Case("6.3.2", [fragments(TEXT, wrong, 1)], end=FAILS_UTF8)
    # The first impossible octet has to end it: the rest is held back until the client has closed, or has not.
    for i, (one, two, three) in enumerate(((cut, bad, rest), (cut + bad[:1], bad[1:2], bad[2:] + rest)), 1):
        yield Case(f"6.4.{i}", [frame(TEXT, one, fin=False), Quiet("A"), frame(CONTINUATION, two, fin=False), LONG,
                                frame(CONTINUATION, three)], [("quiet", "A")], FAILS_UTF8, loose=[("quiet", "A"), ("quiet", "B")])
        size = len(one + two + three)
        yield Case(f"6.4.{i + 2}", [frame(TEXT, b"", length=size) + one, Quiet("A"), two, LONG, three], [("quiet", "A")], FAILS_UTF8,
                   loose=[("quiet", "A"), ("quiet", "B")])
    for group, sequences in enumerate(utf8_sequences(), 5):
        for i, sequence in enumerate(sequences, 1):
            try:
                sequence.decode()
                yield Case(f"6.{group}.{i}", [frame(TEXT, sequence)], [("text", sequence)])
            except UnicodeDecodeError:
                yield Case(f"6.{group}.{i}", [frame(TEXT, sequence)], end=FAILS_UTF8)


def runs(*pairs):
    """`(first, last)` bytes, each followed by a space."""
    return [b"".join(bytes([x]) + b" " for x in range(first, last)) for first, last in pairs]


def coded(point, size):
    """A code point in the scheme of up to six bytes that UTF-8 once was, in `size` of them."""
    tail = [0x80 | point >> 6 * i & 0x3f for i in reversed(range(size - 1))]
    lead = (0xff00 >> size & 0xff) | point >> 6 * (size - 1)
    return bytes([lead, *tail])


def utf8_sequences():
    """Groups of sequences after Markus Kuhn's stress test for decoders; Python's own decoder says which are valid."""
    unfinished = [coded(0, n)[:-1] for n in range(2, 7)] + [coded((1 << 5 * n + 1) - 1 if n > 2 else 0x7ff, n)[:-1] for n in range(2, 7)]
    surrogates = (0xd800, 0xdb7f, 0xdb80, 0xdbff, 0xdc00, 0xdf80, 0xdfff)
    yield [b"hello$world", "hello¢world".encode(), "hello€world".encode(), "hello\U00024b62world".encode(), GREEK]
    yield [GREEK[:i] for i in range(1, len(GREEK) + 1)]
    yield [chr(x).encode() for x in (0, 0x80, 0x800, 0x10000)]
    yield [coded(0x200000, 5), coded(0x4000000, 6)]
    yield [chr(x).encode() for x in (0x7f, 0x7ff, 0xffff, 0x10ffff)]
    yield [coded((1 << 21) - 1, 4), coded((1 << 26) - 1, 5), coded((1 << 31) - 1, 6)]
    yield [chr(x).encode() for x in (0xd7ff, 0xe000, 0xfffd, 0x10ffff)] + [coded(0x110000, 4)]
    yield [b"\x80", b"\xbf"] + [(b"\x80\xbf" * 3)[:n] for n in range(2, 7)] + [bytes(range(0x80, 0xbf))]
    yield runs((0xc0, 0xdf), (0xe0, 0xef), (0xf0, 0xf7), (0xf8, 0xfb), (0xfc, 0xfd))
    yield unfinished
    yield [b"".join(unfinished)]
    yield [b"\xfe", b"\xff", b"\xfe\xfe\xff\xff"]
    yield [coded(0x2f, n) for n in range(2, 7)]
    yield [coded(x, n) for x, n in ((0x7f, 2), (0x7ff, 3), (0xffff, 4), (0x1fffff, 5), (0x3ffffff, 6))]
    yield [coded(0, n) for n in range(2, 7)]
    yield [coded(x, 3) for x in surrogates]
    yield [coded(high, 3) + coded(low, 3) for high in (0xd800, 0xdb7f, 0xdb80, 0xdbff) for low in (0xdc00, 0xdfff)]
    yield [chr(x).encode() for x in (0xfffe, 0xffff)] + [chr(plane << 16 | x).encode() for plane in range(1, 17) for x in (0xfffe, 0xffff)]
    yield [chr(x).encode() for x in range(0xfff9, 0x10000)]


def closing():
    bye = close_frame(1000)
    yield Case("7.1.1", [frame(TEXT, HELLO), Quiet("echoed"), bye], [("text", HELLO), ("quiet", "echoed")], answered())
    yield Case("7.1.2", [bye, bye], end=answered())
    yield Case("7.1.3", [bye, frame(PING)], end=answered())
    yield Case("7.1.4", [bye, frame(TEXT, HELLO)], end=answered())
    yield Case("7.1.5", [frame(TEXT, b"fragment1", fin=False), bye, frame(CONTINUATION, b"fragment2")], end=answered())
    large = b"BAsd7&jh23" * 26215
    yield Case("7.1.6", [frame(TEXT, large) + frame(TEXT, HELLO), bye, frame(PING)], [("text", large), ("text", HELLO)], answered(),
               informational=True)
    yield Case("7.3.1", [close_frame()], end=answered())
    yield Case("7.3.2", [frame(CLOSE, b"a")], end=refused(1002))
    yield Case("7.3.3", [bye], end=answered())
    yield Case("7.3.4", [close_frame(1000, b"Hello World!")], end=answered())
    yield Case("7.3.5", [close_frame(1000, b"*" * 123)], end=answered())
    yield Case("7.3.6", [close_frame(1000, b"*" * 124)], end=refused(1002))
    yield Case("7.5.1", [close_frame(1000, GREEK + b"\xed\xa0\x80edited")], end=refused(1007))
    for i, code in enumerate(VALID_CODES, 1):
        yield Case(f"7.7.{i}", [close_frame(code)], end=answered(code))
    for i, code in enumerate(INVALID_CODES, 1):
        yield Case(f"7.9.{i}", [close_frame(code)], end=refused(1002))
    for i, code in enumerate((5000, 65535), 1):
        yield Case(f"7.13.{i}", [close_frame(code)], end=refused(1002), informational=True)


def sizes(is_full):
    """Sizes up to 16 MiB, in frames and pieces of all sizes, and round trips."""
    mib = 1 << 20
    unit = {"text": b"BAsd7&jh23", "binary": b"\x00\xfe\x00\xff\xfe"}

    def payload(kind, size):
        return (unit[kind] * (size // len(unit[kind]) + 1))[:size]

    for group, opcode, kind in KINDS:
        for i, size in enumerate((mib // 16, mib // 4, mib, 4 * mib, 8 * mib, 16 * mib), 1):
            data = payload(kind, size)
            yield Case(f"9.{group}.{i}", [frame(opcode, data)], [(kind, data)])
    for group, (_, opcode, kind) in zip((3, 4), KINDS):
        for i in range(9):
            size = 64 * 4 ** i if i < 8 else 4 * mib
            data = payload(kind, 4 * mib)
            yield Case(f"9.{group}.{i + 1}", [fragments(opcode, data, size)], [(kind, data)])
    for group, (_, opcode, kind) in zip((5, 6), KINDS):
        for i in range(6):
            data = payload(kind, mib if is_full else mib // 8)
            yield Case(f"9.{group}.{i + 1}", [(frame(opcode, data), 64 << i)], [(kind, data)])
    for group, (_, opcode, kind) in zip((7, 8), KINDS):
        for i, size in enumerate((0, 16, 64, 256, 1024, 4096), 1):
            yield Case(f"9.{group}.{i}", [partial(itertools.repeat, (opcode, payload(kind, size)), 1000 if is_full else 50)])
    yield Case("10.1.1", [fragments(TEXT, b"*" * 65536, 1300)], [("text", b"*" * 65536)])


def test_data():
    """What is to be compressed: (opcode, bytes). Prose, a picture, something that is compressed already, JSON, HTML."""
    dice = random.Random(7692)
    words = [bytes(dice.choices(b"enisratdhulcgmobwfkzpv", k=dice.randint(2, 11))) for _ in range(900)]
    prose = b" ".join(dice.choices(words, k=60000))
    picture = bytes((x * y // 97 + dice.randint(0, 3)) & 255 for y in range(512) for x in range(512))
    json = b",".join(b'{"instrument_name":"BTC-%d","best_bid_price":%d.5,"timestamp":%d}' %
                     (dice.randint(1, 40), dice.randint(50000, 60000), dice.randint(10 ** 12, 2 * 10 ** 12)) for _ in range(4000))
    html = b"".join(b'<tr class="row%d"><td>%s</td><td>%s</td></tr>\n' % (i & 1, dice.choice(words), dice.choice(words)) for i in range(5000))
    return [(BINARY, prose), (BINARY, picture), (BINARY, dice.randbytes(1 << 18)), (TEXT, json), (TEXT, html)]


MESSAGE_SIZES = [(16 << 2 * i if i < 5 else 8192 << i - 5, 0) for i in range(10)] + \
                [(8192 << i, 256) for i in range(5)] + [(131072, 1024), (131072, 4096), (131072, 32768)]

AGREEMENTS = ({}, {"client_forgets": True}, {"client_bits": 8}, {"client_bits": 15}, {"client_forgets": True, "client_bits": 8},
              {"client_forgets": True, "client_bits": 15}, {"client_forgets": True, "client_bits": 8})


def windows(opcode, data, size, count):
    """Messages of one size from a text that goes round. Made one by one: all of a full run would be gigabytes."""
    ring = data + data[:size]
    for i in range(count):
        at = i * size % len(data)
        yield opcode, ring[at:at + size]


def compression(is_full):
    data = test_data()
    tables = [(f"12.{i}", each, {}) for i, each in enumerate(data, 1)]
    tables += [(f"13.{i}", data[3], agreed) for i, agreed in enumerate(AGREEMENTS, 1)]
    for name, (opcode, source), agreed in tables:
        for i, (size, fragment) in enumerate(MESSAGE_SIZES, 1):
            count = 1000 if is_full else 20 if size < 8192 else 3
            yield Case(f"{name}.{i}", [partial(windows, opcode, source, size, count)], fragment=fragment,
                       deflate=lambda agreed=agreed: Deflate(**agreed))


def all_cases(is_full=False):
    tables = (framing(), pings(), reserved_bits(), opcodes(), fragmentation(), utf8(), closing(), sizes(is_full), compression(is_full))
    return [case for table in tables for case in table]
