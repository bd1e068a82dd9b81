"""Many clients: at once, idle by the thousand, leaving in the middle, at the door with nothing to say, guessing passwords."""
import asyncio
import socket
import struct
import time
import urllib.parse

from clients import (HEALTH, LIST, RECORD, SOON_SECONDS, Bystanders, against, ask_once, check, connected, descriptors, descriptors_back,
                     head, post, public_folder, until, warm_up)
from server import EMAIL, PASSWORD, Failed

IDLE, IDLE_RSS_KB, IDLE_SETTLE_SECONDS, AMONG_IDLE_SECONDS = 5000, 10 * 1024, 10, 0.05
BATCH = 200
FLOOD_CLIENTS, FLOOD_TRIES = 200, 3


def bursts():
    """64 connections at once, as browsers open them, 20 times: none starves."""
    async def run(server, cookie):
        asked = [HEALTH, head("GET", RECORD, "Cookie: " + cookie)]
        worst = 0.0

        async def one(data):
            begun = time.monotonic()
            client = await connected(server)
            check(200, "one of a burst", await client.ask(data))
            return client, time.monotonic() - begun

        for _ in range(20):
            found = await asyncio.gather(*(one(asked[at % 2]) for at in range(64)))
            worst = max(worst, *(took for _, took in found))
            for client, _ in found:
                client.close()
        if worst > SOON_SECONDS:
            raise Failed("one of a burst of 64 waits %.2f s" % worst)
        return "20 bursts of 64, the worst answer in %d ms" % (worst * 1000)

    return against(run)


def idle_crowd():
    """5,000 connections that were answered and stay: little memory, no threads, no delay for a new one; and nothing stays of them."""
    async def run(server, cookie):
        await warm_up(server, cookie)
        opened, threads, rss = descriptors(server), server.threads(), server.rss_kb()
        crowd = []
        for _ in range(IDLE // BATCH):
            batch = await asyncio.gather(*(connected(server) for _ in range(BATCH)))
            for answer in await asyncio.gather(*(client.ask(HEALTH) for client in batch)):
                check(200, "one of many", answer)
            crowd += batch
        full = server.rss_kb() - rss
        try:
            await until("little memory", lambda: server.rss_kb() - rss <= IDLE_RSS_KB, IDLE_SETTLE_SECONDS)
        except Failed:
            pass  # told below, with the other figures
        settled, more_threads, worst = server.rss_kb() - rss, server.threads() - threads, 0.0
        for at in range(20):
            answer, took = await ask_once(server, HEALTH if at % 2 else head("GET", RECORD, "Cookie: " + cookie))
            check(200, "a newcomer among idle ones", answer)
            worst = max(worst, took)
        gone = sum(1 for client in crowd if client.ended)
        for client in crowd:
            client.close()
        back = await descriptors_back(server, opened, 5)
        figures = "%d idle: %d KB more, settled %d KB, %d more threads, worst new request %d ms, %d closed, descriptors back in %.1f s" % (
            IDLE, full, settled, more_threads, worst * 1000, gone, back)
        if settled > IDLE_RSS_KB or more_threads > 0 or worst > AMONG_IDLE_SECONDS or gone:
            raise Failed(figures)
        return figures

    return against(run)


def aborted_downloads():
    """1,000 clients leave in the middle of a file or a list: descriptors and threads are as before."""
    async def run(server, cookie):
        await warm_up(server, cookie)
        opened, threads = descriptors(server), server.threads()
        much = (head("GET", "/big.bin"), head("GET", "/big.bin", "Range: bytes=1000000-"), head("GET", LIST, "Cookie: " + cookie) * 20)

        async def one(at):
            client = await connected(server)
            client.transport.write(much[at % len(much)])
            await client.comes(lambda: client.got or client.ended, 10)
            if not client.got.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 206 ")):
                raise Failed("a download begins with %r" % bytes(client.got[:100]))
            client.reset() if at % 2 else client.close()

        for start in range(0, 1000, 50):
            await asyncio.gather(*(one(at) for at in range(start, start + 50)))
        back = await descriptors_back(server, opened, 10)
        await until(lambda: "%d threads, at first %d" % (server.threads(), threads), lambda: server.threads() <= threads, 15)
        return "1,000 left, descriptors back in %.1f s, threads %d as before" % (back, threads)

    with public_folder() as folder:
        return against(run, args=["--public", folder])


def odd_leavings():
    """RST at once and within a head x 500 each, 500 that say nothing; and who has only stopped sending still gets the answer."""
    async def run(server, cookie):
        await warm_up(server, cookie)
        opened = descriptors(server)
        async with Bystanders(server, cookie) as others:
            for said in (b"", b"GET /healthz HTTP/1.1\r\nHo"):
                for _ in range(500):
                    rst(server, said)
                    await asyncio.sleep(0)
            silent = [await connected(server) for _ in range(500)]
            for at in range(200):
                client = await connected(server)
                client.transport.write(HEALTH if at % 2 else head("GET", RECORD, "Cookie: " + cookie))
                client.transport.write_eof()
                check(200, "who has stopped sending", await client.answer())
                if await client.rest(2) != b"":
                    raise Failed("who has stopped sending is answered, but the connection stays or says more: %r" % bytes(client.got[:100]))
            for client in silent:
                client.close()
        back = await descriptors_back(server, opened, 5)
        return "1,000 resets, 200 half-closed all answered, descriptors back in %.1f s, %s" % (back, others)

    return against(run)


def password_guessers():
    """200 connections guess a password at once: some are heard, the rest is told when to come back, but not before half a second is over, so that whoever
    tries again at once does not take the door from the others; nobody else waits."""
    async def run(server, cookie):
        form = urllib.parse.urlencode({"username": EMAIL, "password": "wrong"}).encode()
        guess = post("/auth/login/", form, "Content-Type: application/x-www-form-urlencoded", "Accept: application/json")
        heard, sent_off, begun = 0, 0, time.monotonic()

        async def one():
            nonlocal heard, sent_off
            client = await connected(server)
            for _ in range(FLOOD_TRIES):
                asked = time.monotonic()
                answer = await client.ask(guess, seconds=20)
                if answer is None:
                    raise Failed("a guesser is not answered")
                if b"at this moment" in answer.body and time.monotonic() - asked < 0.45:
                    raise Failed("a guesser without a place is sent off after %.3f s" % (time.monotonic() - asked))
                if answer.status in (400, 401, 403):
                    heard += 1
                else:
                    answer.check_busy(429, 503)
                    sent_off += 1
            client.close()

        async with Bystanders(server, cookie) as others:
            await asyncio.gather(*(one() for _ in range(FLOOD_CLIENTS)))
        if not heard or not sent_off:
            raise Failed("%d guesses were heard, %d sent off" % (heard, sent_off))
        return "%d guesses heard, %d sent off, in %.1f s; %s" % (heard, sent_off, time.monotonic() - begun, others)

    return against(run)


def a_colleague_among_guessers():
    """While 20 connections of one address guess passwords without a pause, whoever comes from another address is let in, every time."""
    async def run(server, cookie):
        kinds = "Content-Type: application/x-www-form-urlencoded", "Accept: application/json"
        form = {"username": EMAIL, "password": PASSWORD}
        sign_in = post("/auth/login/", urllib.parse.urlencode(form).encode(), *kinds)
        guess = post("/auth/login/", urllib.parse.urlencode(dict(form, password="wrong")).encode(), *kinds)
        heard, over = 0, False

        async def one():
            nonlocal heard
            client = await connected(server)
            while not over:
                answer = await client.ask(guess, seconds=20)
                if answer is None or answer.status not in (401, 429):
                    raise Failed("a guesser gets %s" % (answer and answer.status))
                heard += 1
            client.close()

        guessers = [asyncio.ensure_future(one()) for _ in range(20)]
        try:
            await until("guesses", lambda: heard > 40, 20)
            for at in range(20):
                client = await connected(server, source="127.0.0.2")
                check(200, "a colleague", await client.ask(sign_in, seconds=20))
                client.close()
        finally:
            over = True
            await asyncio.gather(*guessers)
        return "20 sign-ins let in among %d guesses" % heard

    return against(run)


def rst(server, said):
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=5)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.sendall(said)
    sock.close()


ALONE = [bursts, idle_crowd, aborted_downloads, odd_leavings, password_guessers, a_colleague_among_guessers]
