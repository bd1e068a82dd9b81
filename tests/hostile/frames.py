"""HTTP/2 in raw bytes (RFC 9113): frames to send, and frames that came, as far as the checks need them.

Heads are written as literals that no table holds (RFC 7541 6.2.2); of the heads of answers only the status is read.
"""
import struct
import time
from typing import NamedTuple

from server import ANSWER_SECONDS, exchange

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
ENABLE_PUSH, MAX_STREAMS, WINDOW_SIZE, FRAME_SIZE = 2, 3, 4, 5
WINDOW_MAX = 2 ** 31 - 1
FRAME_BYTES = 16 * 1024
# The statuses of the static table (RFC 7541 appendix A).
STATUSES = {0x88: 200, 0x89: 204, 0x8a: 206, 0x8b: 304, 0x8c: 400, 0x8d: 404, 0x8e: 500}
HUFFMAN_DIGITS = {"00000": "0", "00001": "1", "00010": "2", **{format(0b011001 + at, "06b"): str(3 + at) for at in range(7)}}


class Frame(NamedTuple):
    kind: int
    flags: int
    stream: int
    payload: bytes


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(*pairs):
    """`settings((WINDOW_SIZE, 0))`."""
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", number, value) for number, value in pairs))


def window(stream, more):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", more))


def reset(stream, code=8):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


HELLO = PREFACE + settings()


def length(count, prefix_bits=7):
    """An integer (RFC 7541 5.1) whose prefix has no other bits set."""
    most = 2 ** prefix_bits - 1
    if count < most:
        return bytes([count])
    out, count = [most], count - most
    while count >= 128:
        out.append(count % 128 + 128)
        count //= 128
    return bytes([*out, count])


def head(fields):
    """Header fields as a block: pairs of bytes or text."""
    block = b""
    for pair in fields:
        name, value = (part.encode("latin-1") if isinstance(part, str) else part for part in pair)
        block += b"\0" + length(len(name)) + name + length(len(value)) + value
    return block


def fields(method, path, *more, authority="localhost"):
    return [(":method", method), (":scheme", "http"), (":path", path), (":authority", authority), *more]


def request(stream, method, path, *more, authority="localhost", body=None):
    """A whole request; without a body its head ends the stream."""
    first, *others = pieces(head(fields(method, path, *more, authority=authority)))
    asked = frame(HEADERS, (0 if others else END_HEADERS) | (END_STREAM if body is None else 0), stream, first)
    for at, piece in enumerate(others, 1):
        asked += frame(CONTINUATION, END_HEADERS if at == len(others) else 0, stream, piece)
    parts = [] if body is None else pieces(body)
    for at, piece in enumerate(parts, 1):
        asked += frame(DATA, END_STREAM if at == len(parts) else 0, stream, piece)
    return asked


def pieces(data):
    """What fits into a frame each; at least one."""
    return [data[at:at + FRAME_BYTES] for at in range(0, len(data), FRAME_BYTES)] or [b""]


def frames(data):
    """The whole frames of what came."""
    found, at = [], 0
    while at + 9 <= len(data):
        size = int.from_bytes(data[at:at + 3], "big")
        if at + 9 + size > len(data):
            break
        kind, flags, stream = struct.unpack(">BBI", data[at + 3:at + 9])
        found.append(Frame(kind, flags, stream & WINDOW_MAX, bytes(data[at + 9:at + 9 + size])))
        at += 9 + size
    return found


def status_of(block):
    """The status, with which every head of an answer begins."""
    while block[0] & 0xe0 == 0x20:  # the table's size changes
        block = block[1:]
    if block[0] in STATUSES:
        return STATUSES[block[0]]
    if block[0] not in (0x08, 0x18, 0x48):
        raise ValueError("a head that does not begin with its status: %r" % block[:20])
    text = block[2:2 + (block[1] & 0x7f)]
    if block[1] & 0x80:
        bits, text = "".join(format(byte, "08b") for byte in text), ""
        while len(text) < 3:
            size = 5 if bits[:5] in HUFFMAN_DIGITS else 6
            text, bits = text + HUFFMAN_DIGITS[bits[:size]], bits[size:]
    return int(text)


class Heard:
    """What came on a connection."""

    def __init__(self, data, ended):
        self.frames, self.ended = frames(data), ended
        self.statuses, self.bodies, self.done = {}, {}, set()
        for found in self.frames:
            if found.kind == HEADERS and found.stream not in self.statuses:
                self.statuses[found.stream] = status_of(found.payload)
            if found.kind == DATA:
                self.bodies[found.stream] = self.bodies.get(found.stream, b"") + found.payload
            if found.kind in (HEADERS, DATA) and found.flags & END_STREAM:
                self.done.add(found.stream)
        self.resets = {found.stream: int.from_bytes(found.payload, "big") for found in self.frames if found.kind == RST_STREAM}
        self.goaways = [int.from_bytes(found.payload[4:8], "big") for found in self.frames if found.kind == GOAWAY]

    def count(self, kind, flags=0):
        return sum(found.kind == kind and found.flags & flags == flags for found in self.frames)

    def __repr__(self):
        return "statuses %s, resets %s, goaway %s, %s" % (dict(list(self.statuses.items())[:5]), dict(list(self.resets.items())[:5]),
                                                          self.goaways, self.ended)


def talk(server, data, streams=(), seconds=ANSWER_SECONDS):
    """Sends bytes (or an iterable of them) on a new connection and reads until these streams, or all, have ended or the time is up."""
    with server.connect(seconds) as sock:
        return listen(sock, data, streams, seconds)


def listen(sock, data=b"", streams=(), seconds=ANSWER_SECONDS):
    """The same on a connection that is there."""
    def enough(got):
        heard = Heard(got, "open")
        return bool(streams) and all(stream in heard.done or stream in heard.resets for stream in streams)

    return Heard(*exchange(sock, data, time.monotonic() + seconds, enough=enough))
