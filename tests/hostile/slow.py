"""Clients that take their time: with the head, with the body, with reading, with saying anything at all. Others must not feel them."""
import asyncio
import socket
import time

from clients import (HEALTH, LIST, RECORDS, Bystanders, against, check, connected, descriptors, descriptors_back, head, peak_kb,
                     public_folder, until)
from server import Failed, responses

HEAD_SECONDS, HEAD_GRACE = 10, 3
STALL_SECONDS, STALL_GRACE = 20, 5
IDLE_SECONDS, IDLE_GRACE = 60, 5
STALLED_RSS_KB = 30 * 1024
BUFFERS_BYTES = 8 * 1024 * 1024
HALF_HEADS = (b"G", b"GET /heal", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-", b"GET /healthz HTTP/1.1\r\nHost: x\r\n",
              b"POST /auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r")


def half_heads():
    """300 heads that never end, a third of them a byte a second: all are told or closed at the deadline, which a byte does not move."""
    async def run(server, cookie):
        async with Bystanders(server, cookie) as others:
            crowd = [await connected(server) for _ in range(300)]
            for at, client in enumerate(crowd[100:]):
                await client.send(HALF_HEADS[at % len(HALF_HEADS)])
            for client in crowd[:100]:
                await client.send(HALF_HEADS[2])
            drips = [asyncio.create_task(drip(client, b"x", 1.0)) for client in crowd[:100]]
            took = await asyncio.gather(*(ending(client, HEAD_SECONDS - 1, HEAD_SECONDS + HEAD_GRACE) for client in crowd))
            await asyncio.gather(*drips)
        return "300 ended after %.1f to %.1f s, %s" % (min(took), max(took), others)

    return against(run)


def slow_bodies():
    """100 bodies at 100 bytes a second: each ends by 408 between 8 and 20 s."""
    async def run(server, cookie):
        signed = "Cookie: " + cookie
        heads = (head("POST", RECORDS, signed, length=100_000),
                 head("POST", "/auth/login/", "Content-Type: application/x-www-form-urlencoded", length=4000),
                 head("POST", RECORDS, signed, "Transfer-Encoding: chunked") + b"10000\r\n",
                 head("POST", "/api/apps/crm/schemas/companies/import?dry_run=true", signed, "Content-Type: text/csv", length=32 << 20))
        async with Bystanders(server, cookie) as others:
            crowd = [await connected(server) for _ in range(100)]
            for at, client in enumerate(crowd):
                await client.send(heads[at % len(heads)])
            drips = [asyncio.create_task(drip(client, b"x" * 20, 0.2)) for client in crowd]
            took = await asyncio.gather(*(ending(client, 8, 20) for client in crowd))
            await asyncio.gather(*drips)
        return "100 ended after %.1f to %.1f s, %s" % (min(took), max(took), others)

    return against(run)


def readers_that_stop():
    """20 clients that ask for much and read nothing: gone after the stall, their descriptors back, hardly any memory taken."""
    async def run(server, cookie):
        much = {"pipelined": head("GET", LIST, "Cookie: " + cookie) * 600, "download": head("GET", "/big.bin")}
        async with Bystanders(server, cookie) as others:
            # One descriptor more or less is the bystanders' connection of the moment.
            base, rss = descriptors(server) + 1, server.rss_kb()
            crowd = [(kind, deaf(server, data)) for kind, data in much.items() for _ in range(10)]
            try:
                await until("20 clients are taken in", lambda: descriptors(server) > base + 15, 2)
                took = await descriptors_back(server, base, STALL_SECONDS + STALL_GRACE)
                grown = peak_kb(server) - rss
                for kind, sock in crowd:
                    left_over(kind, sock)
            finally:
                for _, sock in crowd:
                    sock.close()
        if took < STALL_SECONDS - 2:
            raise Failed("all were dropped after %.1f s already" % took)
        if grown > STALLED_RSS_KB:
            raise Failed("%d KB of memory for 20 clients that do not read" % grown)
        return "20 dropped after %.1f s, %d KB more at the peak, %s" % (took, grown, others)

    with public_folder() as folder:
        return against(run, args=["--public", folder])


def patient_heads():
    """Two heads on one connection, a byte at a time, each within its own deadline though not both in one: both are answered."""
    async def run(server, _):
        async def one():
            client = await connected(server)
            for _ in range(2):
                for byte in HEALTH:
                    await client.send(bytes([byte]))
                    await asyncio.sleep(8.0 / len(HEALTH))
                check(200, "a slow head within its time", await client.answer())
            client.close()

        await asyncio.gather(*(one() for _ in range(20)))
        return "40 heads of 8 s each were answered"

    return against(run)


def silence():
    """Who says nothing, from the start or after an answer, is let go without a word when the idle time is over and not before."""
    async def run(server, _):
        crowd = [await connected(server) for _ in range(40)]
        for client in crowd[::2]:
            check(200, "the first request", await client.ask(HEALTH))
        begun = time.monotonic()
        rests = await asyncio.gather(*(client.rest(IDLE_SECONDS + IDLE_GRACE) for client in crowd[::2]))
        took = time.monotonic() - begun
        if any(rests):
            raise Failed("an idle connection is told %r" % next(filter(None, rests))[:100])
        if None in rests or took < IDLE_SECONDS - 5:
            raise Failed("%d of %d idle connections ended within %.1f s" % (len(rests) - rests.count(None), len(rests), took))
        # Those that never said anything may go sooner, and may be told so.
        took_all = await asyncio.gather(*(ending(client, 0, IDLE_GRACE) for client in crowd[1::2]))
        return "20 idle ended after %.1f s, 20 silent by %.1f s" % (took, took + max(took_all))

    return against(run)


async def drip(client, data, pause):
    """Sends a little and again, until the server ends it."""
    while not client.ended and not client.got:
        client.transport.write(data)
        await asyncio.sleep(pause)


async def ending(client, soonest, latest):
    """Waits for the connection's end, which comes with 408 in whole or without a word; the seconds it took."""
    begun = time.monotonic()
    rest = await client.rest(latest)
    took = time.monotonic() - begun
    if rest is None:
        raise Failed("still open after %.1f s, came so far: %r" % (took, bytes(client.got[:200])))
    answers = [(status, b'"error"' in body) for status, _, body in responses(rest)]
    if answers not in ([], [(408, True)]):
        raise Failed("ended with %r" % rest[:300])
    if took < soonest:
        raise Failed("ended after %.1f s already: %r" % (took, rest[:100]))
    return took


def deaf(server, data):
    """A connection that has asked and will not read; its buffer is small, so that little is taken on its behalf."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(5)
    sock.connect(("127.0.0.1", server.port))
    sock.setblocking(False)
    try:
        sock.send(data)
    except BlockingIOError:
        pass
    return sock


def left_over(kind, sock):
    """Reads what the buffers still hold: it must end, and no more was taken on its behalf than buffers hold."""
    got = 0
    sock.settimeout(2)
    try:
        while block := sock.recv(1 << 20):
            got += len(block)
    except ConnectionResetError:
        pass
    except TimeoutError:
        raise Failed("%s: the descriptor is back, but the connection has no end" % kind) from None
    if not 0 < got < BUFFERS_BYTES:
        raise Failed("%s: %d bytes came" % (kind, got))


TOGETHER = [half_heads, slow_bodies, readers_that_stop, patient_heads]
BACKGROUND = [silence]
