"""A fuzzing server for WebSocket clients that echo: it runs one case a connection, and judges what the client sent, and who
closed how, as strictly as the public suites do.

Cases are picked by the request's target, as those suites do it: /runCase?case=N, /getCaseCount, /updateReports."""
import asyncio
import dataclasses
import json
import socket
import urllib.parse

from lib.wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Reader, Violation, close_frame, fragments, must, read_request, response

OK, LOOSE, FAILED, INFORMATIONAL = "OK", "NON-STRICT", "FAILED", "INFORMATIONAL"
QUIET_S = 0.2      # long enough for a client that answers what it should not; a loaded machine can only hide one
PATIENCE_S = 30    # for one answer


@dataclasses.dataclass(frozen=True)
class End:
    """How the connection has to end. `codes`: what the client's close frame may have, if it has one; `is_clean`: the client
    may call it a whole close handshake."""
    by_server: bool
    codes: tuple
    asks: bool = True  # the server closes once the expected events are there; False: the steps do it
    is_clean: bool = True


CLEAN = End(True, (1000,))
FAILS = End(False, (1002,), is_clean=False)
FAILS_UTF8 = End(False, (1007,), is_clean=False)


@dataclasses.dataclass(frozen=True)
class Quiet:
    """Nothing is sent for a while, or until the client closes. Noted as ("quiet", name) where it did not."""
    name: str
    seconds: float = QUIET_S


@dataclasses.dataclass
class Case:
    """`steps`: bytes to be sent; (bytes, size): in pieces of that size; a Quiet; a function that gives
    (opcode, payload)s: each is sent and has to come back before the next."""
    name: str
    steps: list
    ok: list = dataclasses.field(default_factory=list)
    end: End = CLEAN
    loose: list = None           # events that are tolerated, but not strict
    informational: bool = False
    deflate: object = None       # makes the Deflate that is agreed on
    fragment: int = 0            # size of the frames of messages to be echoed

    @property
    def group(self):
        return self.name.split(".")[0]


class Peer:
    """One connection, from the upgrade request on."""

    def __init__(self, sock):
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.loop = asyncio.get_running_loop()
        self.reader = Reader()
        self.deflate = None
        self.events = []
        self.message = None       # [opcode, payload so far, is compressed]
        self.closed = None        # the client's close frame: (code or None, reason)
        self.sent_close = False
        self.sent_first = False   # before the client did
        self.ended = False        # the client closed TCP, or is gone
        self.violation = None
        self.news = asyncio.Event()
        self.task = None

    async def read_head(self):
        """The upgrade request: (target, headers)."""
        data = b""
        while b"\r\n\r\n" not in data:
            part = await self.loop.sock_recv(self.sock, 4096)
            must(part, "connection closed before the request")
            data += part
        head, _, rest = data.partition(b"\r\n\r\n")
        must(not rest, "data behind the request, before the answer")
        return read_request(head)

    async def accept(self, headers, deflate=None):
        if deflate:
            must("permessage-deflate; client_max_window_bits" in headers.get("sec-websocket-extensions", ""),
                 "no offer of permessage-deflate")
        self.deflate = deflate
        await self.send(response(headers, deflate.header() if deflate else None))
        self.listen()

    def listen(self):
        """From now on, what comes is read."""
        self.task = asyncio.ensure_future(self._read())

    async def send(self, data, chop=0):
        """Errors are the reader's to notice: a client may close while something is on its way."""
        try:
            for at in range(0, len(data), chop or len(data) or 1):
                await self.loop.sock_sendall(self.sock, data[at:at + chop] if chop else data)
        except OSError:
            pass

    async def send_close(self, code=None, reason=b""):
        self.note_close()
        await self.send(close_frame(code, reason))

    def note_close(self):
        self.sent_first = self.sent_first or self.closed is None
        self.sent_close = True

    async def wait(self, condition, patience_s=PATIENCE_S):
        """Until condition(), the client's end, or the deadline. Gives condition() back."""
        async def watch():
            while not condition() and not self.ended:
                self.news.clear()
                await self.news.wait()
        try:
            await asyncio.wait_for(watch(), patience_s)
        except asyncio.TimeoutError:
            pass
        return condition()

    async def _read(self):
        try:
            while True:
                data = await self.loop.sock_recv(self.sock, 1 << 18)
                if not data:
                    break
                for frame in self.reader.feed(data):
                    await self._take(*frame)
                self.news.set()
        except Violation as error:
            self.violation = str(error)
        except OSError:
            pass
        self.ended = True
        self.news.set()

    async def _take(self, opcode, payload, fin, rsv):
        must(self.closed is None, "a frame after the close frame")
        must(rsv == 0 or (rsv == 4 and self.deflate and opcode in (TEXT, BINARY)), f"reserved bits {rsv}")
        if opcode in (PING, PONG):
            self.events.append(("ping" if opcode == PING else "pong", payload))
        elif opcode == CLOSE:
            await self._take_close(payload)
        else:
            self._take_data(opcode, payload, fin, rsv)

    async def _take_close(self, payload):
        must(len(payload) != 1, "close frame of one byte")
        code = int.from_bytes(payload[:2], "big") if payload else None
        must(code is None or 1000 <= code <= 1003 or 1007 <= code <= 1011 or 3000 <= code <= 4999, f"close code {code}")
        payload[2:].decode()
        self.closed = (code, payload[2:])
        if not self.sent_close:
            await self.send_close(code)

    def _take_data(self, opcode, payload, fin, rsv):
        must((opcode == CONTINUATION) == (self.message is not None), "fragments in the wrong order")
        if self.message is None:
            self.message = [opcode, [], rsv == 4]
        self.message[1].append(payload)
        if fin:
            opcode, parts, is_compressed = self.message
            whole = b"".join(parts)
            self.events.append(("text" if opcode == TEXT else "binary", self.deflate.inflate(whole) if is_compressed else whole))
            self.message = None

    async def finish(self):
        """Close TCP, as the server has to (RFC 6455 7.1.1), and stop to read."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        await self.wait(lambda: False, 5)
        if self.task:
            self.task.cancel()
        self.sock.close()


@dataclasses.dataclass
class Verdict:
    behavior: str
    close: str
    why: str

    @property
    def is_strict(self):
        return self.behavior in (OK, INFORMATIONAL) and self.close in (OK, INFORMATIONAL)


async def echo_all(peer, case, messages):
    for opcode, payload in messages:
        wire = peer.deflate.compress(payload) if peer.deflate else payload
        rsv = 4 if peer.deflate else 0
        await peer.send(fragments(opcode, wire, case.fragment or len(wire) + 1, rsv))
        if not await peer.wait(lambda: peer.events or peer.closed):
            return
        if peer.events != [("text" if opcode == TEXT else "binary", payload)]:
            return
        peer.events.clear()


async def take_steps(peer, case):
    for step in case.steps:
        if peer.closed:
            break
        if isinstance(step, Quiet):
            await peer.wait(lambda: peer.closed, step.seconds)
            if not peer.closed:
                peer.events.append(("quiet", step.name))
        elif isinstance(step, tuple):
            await peer.send(*step)
        elif callable(step):
            await echo_all(peer, case, step())
        else:
            if step[0] & 15 == CLOSE and case.end.by_server:
                peer.note_close()
            await peer.send(step)


def judge_close(peer, case, was_open):
    if peer.closed is None:
        return FAILED, "no close frame of the client's"
    if (not case.end.by_server) == peer.sent_first:
        return FAILED, "closed by the wrong side"
    if peer.closed[0] is not None and peer.closed[0] not in case.end.codes:
        return FAILED, f"closed with {peer.closed[0]}, not {case.end.codes}"
    if not case.end.by_server and peer.closed[0] is None:
        return FAILED, "a fault was closed without a code"
    if not was_open:
        return FAILED, "the client closed TCP before the server did"
    return OK, ""


async def run_case(peer, case):
    await take_steps(peer, case)
    if case.end.by_server and case.end.asks:
        await peer.wait(lambda: len(peer.events) >= len(case.ok) or peer.closed)
        if not peer.closed:
            await peer.send_close(1000)
    await peer.wait(lambda: peer.closed)
    was_open = not peer.ended
    close, why = judge_close(peer, case, was_open)
    await peer.finish()
    behavior = OK if peer.events == case.ok else LOOSE if case.loose is not None and peer.events == case.loose else FAILED
    if peer.violation:
        behavior, why = FAILED, peer.violation
    elif behavior != OK:
        why = why or f"events {str(peer.events)[:300]}"
    if case.informational and not peer.violation:
        return Verdict(INFORMATIONAL, INFORMATIONAL, why)
    return Verdict(behavior, close, why)


class Server:
    """Serves a table of cases on a port of its own. `verdicts`: {name: Verdict}."""

    def __init__(self, cases):
        self.cases = cases
        self.verdicts = {}
        self.reports = 0
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.sock.setblocking(False)
        self.port = self.sock.getsockname()[1]
        self.running = set()

    def url(self, number=None):
        base = f"ws://127.0.0.1:{self.port}"
        return base if number is None else f"{base}/runCase?case={number}&agent=hawser"

    async def serve(self):
        loop = asyncio.get_running_loop()
        while True:
            sock, _ = await loop.sock_accept(self.sock)
            task = asyncio.ensure_future(self._connection(Peer(sock)))
            self.running.add(task)
            task.add_done_callback(self.running.discard)

    async def _connection(self, peer):
        target, headers = await peer.read_head()
        parts = urllib.parse.urlsplit(target)
        query = urllib.parse.parse_qs(parts.query)
        if parts.path == "/runCase":
            case = self.cases[int(query["case"][0]) - 1]
            await peer.accept(headers, case.deflate() if case.deflate else None)
            self.verdicts[case.name] = await run_case(peer, case)
            return
        await peer.accept(headers)
        if parts.path == "/getCaseCount":
            await peer.send(b"\x81" + bytes([len(str(len(self.cases)))]) + json.dumps(len(self.cases)).encode())
        else:
            must(parts.path == "/updateReports" and query["agent"], f"target {target}")
            self.reports += 1
        await peer.send_close(1000)
        await peer.wait(lambda: peer.closed)
        await peer.finish()
