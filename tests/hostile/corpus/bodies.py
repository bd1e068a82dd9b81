"""Bodies: the grammar of chunks, bodies that end early, bodies that are not what they say."""
import gzip
import zlib

from .shape import (HEALTH, LAST_CHUNK, LOGIN_BODY, LOGIN_READ, MIB, SMUGGLED, Case, body_arrived, chunk, chunked, creating, cut_off, sent_to_records,
                    either, ends, framed_login, length, login, message, record, refused, served, silence, statuses, streams)

CHUNKS = "RFC 9112 7.1"
CODED = b"Transfer-Encoding: chunked"
WHOLE = chunk(LOGIN_BODY)

# Chunked bodies that are none. Each would be the login's body to a reader who is not strict.
BROKEN = (
    ("a size with a plus", b"+10\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a size with a minus", b"-10\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a size with 0x", b"0x10\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a size with an h", b"10h\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a size with an underscore", b"1_0\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a size with a point", b"10.0\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a size with a comma", b"10,\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a size in quotes", b'"10"\r\n' + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a size in words", b"ten\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a size with a space before it", b" 10\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a size with a space inside", b"1 0\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a size twice", b"10 10\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a size with NUL", b"10\x00\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a size with a vertical tab", b"10\x0b\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("no size", b"\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("no size but an extension", b";a=b\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("no size at the end", WHOLE + b"\r\n\r\n"),
    ("a size of 17 digits", b"00000000000000010\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a size of 5,000 digits", b"0" * 5000 + b"10\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a size beyond 64 bits", b"10000000000000010\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a size far beyond 64 bits", b"F" * 40 + b"\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a bare line feed after the size", b"10\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a bare carriage return after the size", b"10\r" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("two carriage returns after the size", b"10\r\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a bare line feed after the data", b"10\r\n" + LOGIN_BODY + b"\n" + LAST_CHUNK),
    ("a bare carriage return after the data", b"10\r\n" + LOGIN_BODY + b"\r" + LAST_CHUNK),
    ("bare line feeds everywhere", b"10\n" + LOGIN_BODY + b"\n0\n\n"),
    ("a bare line feed after the last size", WHOLE + b"0\n\r\n"),
    ("a bare line feed at the end", WHOLE + b"0\r\n\n"),
    ("no line end after the data", b"10\r\n" + LOGIN_BODY + LAST_CHUNK),
    ("data longer than its size", b"a\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("data shorter than its size", b"12\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("no chunks at all", LOGIN_BODY + b"\r\n\r\n"),
    ("NUL in an extension", b"10;a=\x00b\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a control byte in an extension", b"10;a=\x01b\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a bare line feed in an extension", b"10;a=b\nc\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a bare line feed ends an extension", b"10;a=b\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a bare carriage return in an extension", b"10;a=b\rc\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a bare line feed in the last extension", WHOLE + b"0;a=b\nc\r\n\r\n"),
    ("a trailer without a colon", WHOLE + b"0\r\nNocolon\r\n\r\n"),
    ("a trailer with an empty name", WHOLE + b"0\r\n: b\r\n\r\n"),
    ("a trailer with a space before the colon", WHOLE + b"0\r\nX-T : a\r\n\r\n"),
    ("a trailer with a space in its name", WHOLE + b"0\r\nX T: a\r\n\r\n"),
    ("a folded trailer", WHOLE + b"0\r\nX-T: a\r\n b\r\n\r\n"),
    ("a trailer with NUL", WHOLE + b"0\r\nX-T: a\x00b\r\n\r\n"),
    ("a trailer with a bare line feed", WHOLE + b"0\r\nX-T: a\nX-U: b\r\n\r\n"),
    ("a trailer that ends with a bare line feed", WHOLE + b"0\r\nX-T: a\n\r\n"),
    ("a trailer with a bare carriage return", WHOLE + b"0\r\nX-T: a\rb\r\n\r\n"),
    ("a request where trailers may be", WHOLE + b"0\r\n" + SMUGGLED),
)

GOOD = (
    ("a size in capitals", b"0A\r\n" + LOGIN_BODY[:10] + b"\r\n06\r\n" + LOGIN_BODY[10:] + b"\r\n" + LAST_CHUNK),
    ("a size in small letters", b"a\r\n" + LOGIN_BODY[:10] + b"\r\n6\r\n" + LOGIN_BODY[10:] + b"\r\n" + LAST_CHUNK),
    ("a size of 8 digits", b"00000010\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a chunk for each byte", chunked(*[b"%c" % byte for byte in LOGIN_BODY])),
    ("a last size of many zeros", WHOLE + b"0000\r\n\r\n"),
    ("an extension", b"10;a=b\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("an extension without a value", b"10;a\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a quoted extension", b'10;a="b;c"\r\n' + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("two extensions", b"10;a=b;c=d\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("an extension of the last chunk", WHOLE + b"0;a=b\r\n\r\n"),
    ("an extension of 100 bytes", b"10;a=" + b"b" * 100 + b"\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a trailer", WHOLE + b"0\r\nX-T: a\r\n\r\n"),
    ("two trailers", WHOLE + b"0\r\nX-T: a\r\nX-U: b\r\n\r\n"),
    ("a length as a trailer", WHOLE + b"0\r\nContent-Length: 3\r\n\r\n"),
    ("a length that is none as a trailer", WHOLE + b"0\r\nContent-Length: x\r\n\r\n"),
    ("a coding as a trailer", WHOLE + b"0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ("another host as a trailer", WHOLE + b"0\r\nHost: evil.example\r\n\r\n"),
    ("another kind as a trailer", WHOLE + b"0\r\nContent-Type: text/xml\r\n\r\n"),
    ("close as a trailer", WHOLE + b"0\r\nConnection: close\r\n\r\n"),
)

# Not strictly allowed, or only within a limit that is the server's own.
ODD = (
    ("a size of 16 digits", b"0000000000000010\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a space after the size", b"10 \r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("a space before the extension", b"10 ;a=b\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("an extension without a name", b"10;\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("an extension beyond ASCII", b"10;a=\xff\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("100 bytes of extension with each byte", b"".join(b"1;%s\r\n%c\r\n" % (b"a" * 100, byte) for byte in LOGIN_BODY) + LAST_CHUNK),
)

HUGE = (
    ("an extension of 64 KB", b"10;" + b"a" * 65_536 + b"\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("an extension of 1 MB", b"10;" + b"a" * MIB + b"\r\n" + LOGIN_BODY + b"\r\n" + LAST_CHUNK),
    ("an extension of 64 KB in the last chunk", WHOLE + b"0;" + b"a" * 65_536 + b"\r\n\r\n"),
    ("a trailer of 64 KB", WHOLE + b"0\r\nX-T: " + b"a" * 65_536 + b"\r\n\r\n"),
    ("a thousand trailers", WHOLE + b"0\r\n" + b"X-T: a\r\n" * 1000 + b"\r\n"),
    ("ten thousand trailers", WHOLE + b"0\r\n" + b"X-T: aaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 10_000 + b"\r\n"),
    ("a body of 1 MiB and a byte", chunked(*[b" " * 1024] * 1024, b" ")),
    ("a chunk that says 2^64-1", b"ffffffffffffffff\r\n" + LOGIN_BODY),
    ("a second chunk that says 2^64-1", WHOLE + b"ffffffffffffffff\r\n" + LOGIN_BODY),
)


def coded(body, **more):
    return login(CODED, body=body, **more)


def without_end(start, block):
    """A chunked body that goes on in the same way."""
    return streams(coded(start), block)


# --- bodies that end early --------------------------------------------------------------------------------------------

def by_length(body):
    return length(body), body


def by_chunks(body):
    return CODED, chunk(body[:9]) + chunk(body[9:]) + LAST_CHUNK


def short(frame, name, missing):
    """Makes a record, but without the last bytes of its body. Names are unique among records, so each has its own."""
    def data(world):
        header, body = frame(record(name))
        return creating(world, header, body=body)[:-missing]
    return data


def cuts(title, word, frame):
    """The last byte is missing, or two, or all: FIN follows, or the client is gone. No record may come of it."""
    size = len(frame(record(b"half %s 99" % word))[1])
    for missing in range(1, size + 1):
        half, gone = (short(frame, b"%s %s %02d" % (way, word, missing), missing) for way in (b"half", b"gone"))
        yield Case("cut: %s, %d bytes missing" % (title, missing), "H4", half, cut_off(), end="half")
        yield Case("cut: %s, %d bytes missing, gone" % (title, missing), "H4", gone, silence(), end="close" if missing % 4 else "reset")


def rest_refused(talk):
    rest = [answer.status for answer in talk.finals[1:]]
    return None if set(rest) <= {400} else "a cut body was taken: %r" % rest


def squeezed(coding, data):
    return login(b"Content-Encoding: " + coding, length(data), body=data)


CASES = [
    *(Case("chunks: " + name, CHUNKS, coded(body) + SMUGGLED, refused(never=(LOGIN_READ,))) for name, body in BROKEN),
    *(Case("chunks: good, " + name, CHUNKS, coded(body), served(400), check=body_arrived) for name, body in GOOD),
    *(Case("chunks: good, %s, and another request" % name, CHUNKS, coded(body) + message(HEALTH), served(400, answers=2),
           check=statuses(400, 200)) for name, body in GOOD[-8:]),
    *(Case("chunks: odd, " + name, CHUNKS, coded(body), either(400)) for name, body in ODD),
    *(Case("chunks: huge, " + name, CHUNKS, coded(body) + SMUGGLED, refused(400, 413, 431, never=(LOGIN_READ,))) for name, body in HUGE),
    Case("chunks: an extension without end", "H6", without_end(b"10;", b"a"), refused(400, 413, 431), within=2.0, alone=True),
    Case("chunks: a size without end", "H6", without_end(b"", b"0"), refused(400, 413, 431), within=2.0, alone=True),
    Case("chunks: trailers without end", "H6", without_end(WHOLE + b"0\r\n", b"X-T: aaaaaaaaaaa\r\n"), refused(400, 413, 431),
         within=2.0, alone=True),
    Case("chunks: chunks without end", "H6", without_end(b"", chunk(b"a" * 1024)), refused(413), within=2.0, alone=True),
    Case("chunks: chunks of one byte without end", "H6", without_end(b"", chunk(b"a")), refused(400, 413), within=2.0, alone=True),

    *cuts("a body by length", b"length", by_length),
    *cuts("a chunked body", b"chunks", by_chunks),
    Case("cut: half of a big body", "H4", sent_to_records(b'{"name":"x"' + b" " * 250_000, said=500_000), cut_off(),
         end="half"),
    Case("cut: 16 bytes of a chunk of 2 GB", "H4", coded(b"7fffffff\r\n" + LOGIN_BODY), ends(400, 413, answers=(0, 1)), end="half"),
    Case("cut: a body that asks for leave", "H4", login(b"Expect: 100-continue", b"Content-Length: 16", body=b""),
         ends(400, answers=(0, 1), interims=(0, 1)), end="half"),
    Case("cut: behind a whole request", "H4", lambda world: message(HEALTH) + short(by_length, b"behind", 1)(world),
         ends(200, answers=(1, 2)), end="half", check=rest_refused),
    Case("cut: nothing is missing, FIN follows", "RFC 9112 9.6", framed_login(), ends(400), end="half", check=body_arrived),
    Case("cut: nothing is missing, FIN follows a GET", "RFC 9112 9.6", message(HEALTH), ends(200), end="half"),

    # Bodies that are not what their head says.
    Case("coding: gzip", "RFC 9110 8.4", squeezed(b"gzip", gzip.compress(LOGIN_BODY)), either(400, 415, never=(LOGIN_READ,))),
    Case("coding: x-gzip", "RFC 9110 8.4", squeezed(b"x-gzip", gzip.compress(LOGIN_BODY)), either(400, 415, never=(LOGIN_READ,))),
    Case("coding: deflate", "RFC 9110 8.4", squeezed(b"deflate", zlib.compress(LOGIN_BODY)), either(400, 415, never=(LOGIN_READ,))),
    Case("coding: gzip that would be 100 MB", "RFC 9110 8.4", squeezed(b"gzip", gzip.compress(b" " * 100 * MIB, 1)), either(400, 413, 415)),
    Case("coding: gzip said of plain JSON", "RFC 9110 8.4", squeezed(b"gzip", LOGIN_BODY), either(400, 415, never=(LOGIN_READ,))),
    Case("coding: gzip twice", "RFC 9110 8.4", squeezed(b"gzip, gzip", gzip.compress(gzip.compress(LOGIN_BODY))), either(400, 415)),
    Case("coding: an unknown one", "RFC 9110 8.4", squeezed(b"sdch", LOGIN_BODY), either(400, 415, never=(LOGIN_READ,))),
    Case("kind: JSON with a charset", "RFC 9110 8.3", framed_login(kind=b"application/json; charset=utf-8"), served(400),
         check=body_arrived),
    Case("kind: a form", "RFC 9110 8.3", framed_login(body=b"username=x", kind=b"application/x-www-form-urlencoded"), served(400)),
    Case("kind: nearly JSON", "H16", framed_login(kind=b"application/jsonX"), served(400, 415, never=(LOGIN_READ,))),
    Case("kind: XML", "RFC 9110 8.3", framed_login(kind=b"text/xml"), served(400, 415, never=(LOGIN_READ,))),
    Case("kind: a form in parts that says no boundary", "H15", framed_login(kind=b"multipart/form-data"), served(400, 415)),
    Case("kind: nonsense", "RFC 9110 8.3", framed_login(kind=b";;;/="), served(400, 415)),
    Case("json: no UTF-8", "RFC 8259 8.1", framed_login(body=b'{"username":"\xff\xfe"}'), served(400)),
    Case("json: half a surrogate pair", "RFC 8259 8.2", framed_login(body=b'{"username":"\\ud800"}'), served(400)),
    Case("json: two hundred thousand brackets", "RFC 8259 9", sent_to_records(b"[" * 200_000), served(400)),
    Case("json: two hundred thousand brackets in a field", "RFC 8259 9",
         sent_to_records(b'{"name":%s%s}' % (b"[" * 100_000, b"]" * 100_000)), served(400)),
    Case("json: a number of 100,000 digits", "RFC 8259 9", sent_to_records(b'{"name":%s}' % (b"9" * 100_000)), served(400)),
    Case("json: the same key 50,000 times", "RFC 8259 4", sent_to_records(b'{%s"b":1}' % (b'"name":1,' * 50_000)), served(400)),
    Case("json: something behind the end", "RFC 8259 2", framed_login(body=LOGIN_BODY + b"}"), served(400, never=(LOGIN_READ,))),
    Case("json: NUL behind the end", "RFC 8259 2", framed_login(body=LOGIN_BODY + b"\x00"), served(400, never=(LOGIN_READ,))),
]
