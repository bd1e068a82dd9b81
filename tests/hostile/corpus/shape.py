"""What a case is, what may be expected of the server, and the words that requests are built of."""
import re
from dataclasses import dataclass

# In a list of bytes to send: go on when one more answer has come, interim or final.
AWAIT = object()


@dataclass(frozen=True)
class Expect:
    """`statuses` of the first final answer; how many final `answers` may come; whether the connection is `closed` then (None: either).

    A connection that is not closed must be good for one more request. `interims` is how many 100s may come, `never` what no byte of the
    conversation may hold. With None for the statuses the answer is no HTTP/1, and only the case's check looks at it.
    """
    statuses: frozenset
    answers: tuple = (1, 1)
    closed: bool = None
    interims: tuple = (0, 0)
    never: tuple = ()


@dataclass(frozen=True)
class Case:
    """One conversation on one connection.

    `why` is the section of an RFC or the hazard (__init__.py lists them). `data` is bytes, a list of bytes and AWAITs, an iterator of bytes
    that may have no end, or what makes one of these of a World (signed-in cookie, port). `methods` are those of the requests, where not
    all are answered like GET. `end` tells what the client does when all is sent: stay, half (FIN, reads on), close, reset. `check` gets
    the Talk and gives a complaint or nothing. `creates` counts the records that should be there afterwards. The answer has to come
    `within` seconds; what would disturb such measuring is played `alone`.
    """
    name: str
    why: str
    data: object
    expect: Expect
    methods: tuple = ()
    end: str = "stay"
    check: object = None
    creates: int = 0
    within: float = None
    alone: bool = False


# --- expectations -----------------------------------------------------------------------------------------------------

# What came after a request that had to be refused must never be taken for a request of its own.
SMUGGLED_WORD = b"smuggled"


def span(answers):
    return answers if isinstance(answers, tuple) else (answers, answers)


def refused(*statuses, never=()):
    """One answer, then the connection ends."""
    return Expect(frozenset(statuses or (400,)), closed=True, never=never)


def ends(*statuses, answers=1, **more):
    """These answers, then the connection ends."""
    return Expect(frozenset(statuses), span(answers), closed=True, **more)


def served(*statuses, answers=1, **more):
    """These answers, and the connection is good for the next request."""
    return Expect(frozenset(statuses), span(answers), closed=False, **more)


def either(*statuses, answers=1, **more):
    """These answers; the connection may end or not."""
    return Expect(frozenset(statuses), span(answers), closed=None, **more)


def cut_off(never=()):
    """A request that never became whole: told so or not, then the connection ends."""
    return Expect(frozenset({400}), (0, 1), closed=True, never=never)


def silence():
    return Expect(frozenset(), (0, 0), closed=True)


# --- requests ---------------------------------------------------------------------------------------------------------

HEALTH = b"GET /healthz HTTP/1.1"
APPS = b"GET /api/apps HTTP/1.1"


def message(line, *headers, host=b"localhost", body=b""):
    """A request; `host` None leaves the Host header out."""
    lines = [line, *([] if host is None else [b"Host: " + host]), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


SMUGGLED = message(b"GET /smuggled HTTP/1.1")


def length(body):
    return b"Content-Length: %d" % len(body)


# Signing in needs no cookie, and without a password nothing is hashed: the answer is a 400 that names the field, which proves that the
# body arrived whole.
LOGIN_LINE = b"POST /auth/login/ HTTP/1.1"
LOGIN_LINE_1_0 = b"POST /auth/login/ HTTP/1.0"
LOGIN_BODY = b'{"username":"x"}'
LOGIN_READ = b"Field 'password' is required"


def login(*headers, body=LOGIN_BODY, line=LOGIN_LINE, kind=b"application/json"):
    """Headers that frame the body are the caller's."""
    return message(line, b"Content-Type: " + kind, b"Accept: application/json", *headers, body=body)


def framed_login(*headers, body=LOGIN_BODY, **more):
    return login(*headers, length(body), body=body, **more)


RECORDS = b"/api/apps/crm/schemas/companies/records"


def creating(world, *headers, body):
    """A request that makes a record, when the body arrives whole."""
    kind = b"Content-Type: application/json"
    return message(b"POST %s HTTP/1.1" % RECORDS, b"Cookie: " + world.cookie, kind, *headers, body=body)


def sent_to_records(body, said=None):
    """Long bodies are taken from who is signed in only. `said` is the length that the head tells, when it is not the body's."""
    return lambda world: creating(world, b"Content-Length: %d" % (said or len(body)), body=body)


def record(name):
    return b'{"name": "hostile %s"}' % name


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


def chunked(*parts):
    return b"".join(chunk(part) for part in parts) + LAST_CHUNK


MIB = 1024 * 1024
GUEST_BYTES = 16 * 1024


def endless(start, block):
    """A request that never ends, in pieces of about a megabyte; stops at 200 MB in case nobody stops it."""
    yield start
    for _ in range(200):
        yield block * (MIB // len(block))


def streams(start, block):
    return lambda _: endless(start, block)


# --- checks -----------------------------------------------------------------------------------------------------------

def body_arrived(talk):
    """The first answer is the one that only a whole body gets."""
    first = talk.finals[0].body
    return None if LOGIN_READ in first else "the body did not arrive: %r" % first[:120]


def says(*words):
    """The first answer's body holds one of these."""
    def check(talk):
        first = talk.finals[0].body
        return None if any(word in first for word in words) else "the answer names none of %r: %r" % (words, first[:160])
    return check


def statuses(*wanted):
    """All answers in order."""
    def check(talk):
        got = tuple(answer.status for answer in talk.finals)
        return None if got == wanted else "answered %r instead of %r" % (got, wanted)
    return check


def allows(*methods):
    """The Allow header of the first answer names these, each once."""
    def check(talk):
        listed = re.split(r"\s*,\s*", ",".join(talk.finals[0].values("Allow")))
        fits = set(methods) <= set(listed) and len(listed) == len(set(listed))
        return None if fits else "Allow is %r" % listed
    return check


def names_a_flag(talk):
    """Who runs the server learns what to do."""
    return says(b"--public-url", b"--lan", b"--app-host")(talk)
