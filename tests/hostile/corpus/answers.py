"""What comes back: HEAD beside GET, and that nothing of a request becomes a header of the answer."""
from urllib.parse import quote_from_bytes

from .shape import APPS, LOGIN_LINE, RECORDS, SMUGGLED, Case, either, length, message, refused, served

SPLIT = "H12"
INJECTED = "X-Injected"

# Paths that GET answers in every way; True when the cookie goes along.
LOOKED_AT = (
    ("the root", b"/", False),
    ("the health page", b"/healthz", False),
    ("the page", b"/_/", False),
    ("a redirect", b"/_", False),
    ("a script of the page", b"/_/a/x/main.js", False),
    ("a script that is not there", b"/_/a/x/nothing.js", False),
    ("the sign-in form", b"/auth/login/", False),
    ("nothing", b"/nothing", False),
    ("an API without a cookie", b"/api/apps", False),
    ("an API", b"/api/apps", True),
    ("records", RECORDS + b"?per_page=2", True),
    ("one record", RECORDS + b"/rec_1", True),
    ("a bad query", RECORDS + b"?page=x", True),
    ("no such record", RECORDS + b"/rec_999999", True),
    ("no such app", b"/api/apps/nothing", True),
)

# What would be a header of its own if the line feed in it were ever written out.
LINE_ENDS = (
    ("both", b"%0d%0aX-Injected:%20yes"),
    ("a line feed", b"%0aX-Injected:%20yes"),
    ("a carriage return", b"%0dX-Injected:%20yes"),
    ("both twice", b"%0d%0a%0d%0aX-Injected:%20yes"),
    ("both, coded twice", b"%250d%250aX-Injected:%20yes"),
    ("a letter that ends in 0A", b"%e5%98%8a%e5%98%8dX-Injected:%20yes"),
    ("a line separator", b"%e2%80%a8X-Injected:%20yes"),
    ("NUL before it", b"%00%0d%0aX-Injected:%20yes"),
    ("a folded line", b"%0d%0a%20X-Injected:%20yes"),
)
ELSEWHERE = (b"//evil.example", b"/\\evil.example", b"\\\\evil.example", b"https://evil.example/", b"/\t/evil.example", b"\t//evil.example",
             b"///evil.example", b"javascript:alert(1)", b"http:evil.example", b"@evil.example", b" //evil.example",
             b"/\r\n/evil.example", b"\x00//evil.example")


def beside_get(path, signed_in, *headers):
    """GET, HEAD and GET again."""
    def data(world):
        cookie = [b"Cookie: " + world.cookie] if signed_in else []
        return b"".join(message(b"%s %s HTTP/1.1" % (method, path), *cookie, *headers) for method in (b"GET", b"HEAD", b"GET"))
    return data


def same_as_get(talk):
    """HEAD has the status and the length of GET; that it has no body is seen by what follows it."""
    get, head, _ = talk.finals
    if head.status != get.status:
        return "GET is %d, HEAD %d" % (get.status, head.status)
    for name in ("Content-Type", "Location"):
        if head.values(name) != get.values(name):
            return "%s of GET is %r, of HEAD %r" % (name, get.values(name), head.values(name))
    of_get, of_head = get.values("Content-Length"), head.values("Content-Length")
    return None if of_head in ([], of_get) else "the length of GET is %r, of HEAD %r" % (of_get, of_head)


def unsplit(talk):
    """No header is the client's; the parser has seen to it that none holds a line end."""
    for answer in talk.finals:
        if answer.values(INJECTED):
            return "the client wrote a header of the answer: %r" % answer.headers
    return None


def signing_in(place):
    """Signs in by the form and wants to go on to a place, which is in the form's coding already."""
    form = b"username=owner%40example.com&password=correct-horse-battery&next=" + place
    return message(LOGIN_LINE, b"Content-Type: application/x-www-form-urlencoded", length(form), body=form)


def stays_here(talk):
    """A redirect leads to a path of this server, as a browser reads it: backslashes are slashes, tabs and line ends are not there."""
    for place in talk.finals[0].values("Location"):
        read = place.replace("\\", "/").replace("\t", "").strip()
        if not read.startswith("/") or read.startswith("//"):
            return "leads to %r" % place
    return unsplit(talk)


def asking(path):
    return lambda world: message(b"GET %s HTTP/1.1" % path, b"Cookie: " + world.cookie)


CASES = [
    *(Case("head: like GET, " + name, "RFC 9110 9.3.2", beside_get(path, signed_in),
           either(200, 302, 400, 401, 404, answers=3), ("GET", "HEAD", "GET"), check=same_as_get) for name, path, signed_in in LOOKED_AT),
    Case("head: like GET, the root for a browser", "RFC 9110 9.3.2", beside_get(b"/", False, b"Accept: text/html"), either(302, answers=3),
         ("GET", "HEAD", "GET"), check=same_as_get),
    Case("head: no Host", "RFC 9110 9.3.2", message(b"HEAD /healthz HTTP/1.1", host=None) + SMUGGLED, refused(), ("HEAD",)),
    Case("head: not our host", "RFC 9110 9.3.2", message(b"HEAD /api/apps HTTP/1.1", host=b"evil.example"), either(421), ("HEAD",)),
    Case("head: a bad header", "RFC 9110 9.3.2", message(b"HEAD /healthz HTTP/1.1", b"X-A : b") + SMUGGLED, refused(), ("HEAD",)),
    Case("head: where GET writes", "RFC 9110 9.2.1", message(b"HEAD /auth/logout/ HTTP/1.1"), either(405), ("HEAD",)),
    Case("head: too long a target", "RFC 9110 9.3.2", message(b"HEAD /%s HTTP/1.1" % (b"a" * 9000)), either(414), ("HEAD",)),
    Case("head: too many headers", "RFC 9110 9.3.2", message(b"HEAD /healthz HTTP/1.1", *[b"X: b"] * 200) + SMUGGLED, refused(431),
         ("HEAD",)),
    Case("head: too long a body", "RFC 9110 9.3.2", message(b"HEAD /healthz HTTP/1.1", b"Content-Length: 100000000000000") + SMUGGLED,
         either(200, 413), ("HEAD",)),

    *(Case("split: next, " + name, SPLIT, signing_in(b"/x" + ends), either(302, 303, 400), check=stays_here) for name, ends in LINE_ENDS),
    *(Case("split: next is nothing but that, " + name, SPLIT, signing_in(ends), either(302, 303, 400), check=stays_here)
      for name, ends in LINE_ENDS[:3]),
    *(Case("split: next leads elsewhere, %r" % place.decode(), "RFC 9110 10.2.2", signing_in(quote_from_bytes(place, "").encode()),
           either(302, 303, 400), check=stays_here) for place in ELSEWHERE),
    *(Case("split: a path, " + name, SPLIT, message(b"GET /%s HTTP/1.1" % ends), either(400, 404), check=unsplit)
      for name, ends in LINE_ENDS),
    *(Case("split: an app, " + name, SPLIT, asking(b"/api/apps/" + ends), either(400, 404), check=unsplit) for name, ends in LINE_ENDS),
    *(Case("split: a filter's name, " + name, SPLIT, asking(RECORDS + b"?filter[%s]=1" % ends), either(400), check=unsplit)
      for name, ends in LINE_ENDS),
    *(Case("split: a sort, " + name, SPLIT, asking(RECORDS + b"?sort=" + ends), either(400), check=unsplit)
      for name, ends in LINE_ENDS[:5]),
    *(Case("split: a page, " + name, SPLIT, asking(RECORDS + b"?page=" + ends), either(400), check=unsplit)
      for name, ends in LINE_ENDS[:5]),
    *(Case("split: the form's next, " + name, SPLIT, message(b"GET /auth/login/?next=%s HTTP/1.1" % ends), either(200, 400), check=unsplit)
      for name, ends in LINE_ENDS[:5]),
    *(Case("split: a method's name, %s" % word.decode(), SPLIT, message(word + b" /api/apps HTTP/1.1"), either(405), check=unsplit)
      for word in (b"X-Injected", b"%0d%0aX-Injected")),
    Case("split: a request id of the client's", SPLIT, message(APPS, b"X-Request-Id: x\tX-Injected: yes"), served(401), check=unsplit),
]
