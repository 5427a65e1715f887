"""WebSocket frames as bytes, for servers that break the rules on purpose: written and read without a library, so that
anything can be sent and everything that comes is judged (RFC 6455 5, RFC 7692 7.2)."""
import base64
import hashlib
import struct
import zlib

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(opcode, payload=b"", fin=True, rsv=0, mask=None, length=None):
    """One frame. `rsv` 4 is RSV1, 1 is RSV3; `length` is what the header claims, where that is not the truth."""
    size = len(payload) if length is None else length
    head = bytes([(128 if fin else 0) | rsv << 4 | opcode])
    bit = 0 if mask is None else 128
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + struct.pack("!H", size)
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", size)
    return head + (payload if mask is None else mask + masked(payload, mask))


def close_frame(code=None, reason=b"", **options):
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason, **options)


def fragments(opcode, payload, size, rsv=0):
    """A message in frames of `size` bytes. Where it divides evenly, an empty last frame ends it, as some senders do."""
    if len(payload) <= size:
        return frame(opcode, payload, rsv=rsv)
    pieces = [payload[at:at + size] for at in range(0, len(payload) + 1, size)]
    return b"".join(frame(CONTINUATION if i else opcode, piece, fin=i == len(pieces) - 1, rsv=0 if i else rsv)
                    for i, piece in enumerate(pieces))


def masked(payload, mask):
    """Masking and its undoing, by one operation on long integers."""
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


class Violation(Exception):
    """The client broke a rule."""


def must(truth, what):
    if not truth:
        raise Violation(what)


class Reader:
    """A client's bytes to frames: (opcode, payload, fin, rsv). Each rule for a client's header is checked."""

    def __init__(self):
        self.bytes = bytearray()
        self.masks = set()

    def feed(self, data):
        self.bytes += data
        while True:
            read = self._frame()
            if read is None:
                return
            yield read

    def _size(self):
        """(bytes of the header without the mask, size of the payload), or None."""
        short = self.bytes[1] & 127
        if short < 126:
            return 2, short
        width = 2 if short == 126 else 8
        if len(self.bytes) < 2 + width:
            return None
        size = int.from_bytes(self.bytes[2:2 + width], "big")
        must(size >= (126 if width == 2 else 65536), f"{size} bytes in the form for longer payloads")
        must(size < 1 << 63, "length with the highest bit set")
        return 2 + width, size

    def _frame(self):
        if len(self.bytes) < 2:
            return None
        first = self.bytes[0]
        opcode, fin, rsv = first & 15, bool(first & 128), first >> 4 & 7
        must(opcode in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG), f"opcode {opcode}")
        must(self.bytes[1] & 128, "frame without a mask")
        must(opcode < 8 or (fin and self.bytes[1] & 127 <= 125), "control frame that is long or in fragments")
        sizes = self._size()
        if sizes is None or len(self.bytes) < sum(sizes) + 4:
            return None
        head, size = sizes
        mask = bytes(self.bytes[head:head + 4])
        payload = masked(memoryview(self.bytes)[head + 4:head + 4 + size], mask)
        del self.bytes[:head + 4 + size]
        self.masks.add(mask)
        return opcode, payload, fin, rsv


class Deflate:
    """permessage-deflate of a server that agreed to these parameters."""

    def __init__(self, client_bits=15, client_forgets=False, server_bits=15, server_forgets=False):
        self.client = (client_bits, client_forgets)
        self.server = (server_bits, server_forgets)
        self.inflater = zlib.decompressobj(-client_bits)
        self.deflater = self._deflater()

    def _deflater(self):
        return zlib.compressobj(wbits=-self.server[0])

    def header(self):
        """The answer to the offer; a parameter that is as it would be without is left out."""
        words = ["permessage-deflate"]
        for side, (bits, forgets) in (("server", self.server), ("client", self.client)):
            words += [f"{side}_no_context_takeover"] if forgets else []
            words += [f"{side}_max_window_bits={bits}"] if bits != 15 else []
        return "; ".join(words)

    def compress(self, message):
        payload = self.deflater.compress(message) + self.deflater.flush(zlib.Z_SYNC_FLUSH)
        if self.server[1]:
            self.deflater = self._deflater()
        return payload[:-4]

    def inflate(self, payload):
        try:
            message = self.inflater.decompress(payload + b"\0\0\xff\xff")
        except zlib.error as error:
            raise Violation(f"message that does not inflate in a window of {self.client[0]} bits: {error}") from error
        if self.client[1]:
            self.inflater = zlib.decompressobj(-self.client[0])
        return message


def accept_key(key):
    return base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()


def read_request(head):
    """A client's upgrade request, judged by RFC 6455 4.1. Gives (target, {header: value}) back."""
    lines = head.decode("ascii").split("\r\n")
    method, target, version = lines[0].split(" ")
    must(method == "GET" and version == "HTTP/1.1", f"request line {lines[0]}")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(": ")
        must(name.lower() not in headers, f"header {name} twice")
        headers[name.lower()] = value
    must(headers.get("upgrade", "").lower() == "websocket", "no Upgrade: websocket")
    must("upgrade" in headers.get("connection", "").lower().split(", "), "no Connection: Upgrade")
    must(headers.get("sec-websocket-version") == "13", "not version 13")
    must(len(base64.b64decode(headers.get("sec-websocket-key", ""), validate=True)) == 16, "key is not 16 bytes")
    must(headers.get("host"), "no Host")
    return target, headers


def response(headers, extensions=None, extra=""):
    """A good 101, with what is to stand in it besides."""
    answer = ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              f"Sec-WebSocket-Accept: {accept_key(headers['sec-websocket-key'].encode())}\r\n{extra}")
    if extensions:
        answer += f"Sec-WebSocket-Extensions: {extensions}\r\n"
    return (answer + "\r\n").encode()
