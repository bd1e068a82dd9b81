"""A full house: no descriptor left, all places taken, one address that takes more than its share. Who is let in, who must go, who waits."""
import asyncio
import os
import time

from clients import (FAULTS, HEALTH, RECORD, SOON_SECONDS, Client, against, ask_once, check, connected, descriptors, descriptors_back, head,
                     unharmed)
from server import Failed, Server

FEW_DESCRIPTORS = range(60, 66)
VISITORS, HANG_SECONDS = 200, 2.0
CAP_DESCRIPTORS = 256
ADDRESSES = tuple("127.0.0.%d" % last for last in range(2, 10))
IDLE_FROM_SECONDS = 1.0
NOTES = "/api/apps/crm/schemas/notes/records"
BUSY_BODY = b'{"body": "a body that took its time"}'


def few_descriptors():
    """200 clients of a server with 60 to 65 descriptors: nobody hangs while it is full, and it is well when they are gone."""
    async def run():
        return max(await asyncio.gather(*(one(nofile) for nofile in FEW_DESCRIPTORS)))

    async def one(nofile):
        server = await asyncio.to_thread(Server, nofile=nofile)
        with server:
            try:
                return await crowd_and_leave(server)
            except Failed as failed:
                raise Failed("with %d descriptors: %s" % (nofile, failed)) from None

    async def crowd_and_leave(server):
        crowd = [client for client in [await Client.open(server) for _ in range(VISITORS)] if client]
        for client in crowd[::2]:
            client.transport.write(HEALTH)
        for client in crowd[::2]:
            answer = await client.answer(seconds=HANG_SECONDS)
            if answer and answer.status != 200:
                answer.check_busy(503)
        for client in crowd[:len(crowd) // 2]:
            client.close()
        worst = 0.0
        for _ in range(10):
            answer, took = await ask_once(server, HEALTH, HANG_SECONDS)
            worst = max(worst, took)
            if answer and answer.status != 200:
                answer.check_busy(503)
        for client in crowd:
            client.close()
        await until_served(server, "all are gone")
        await asyncio.to_thread(unharmed, server)
        return worst

    return "%d servers of few descriptors, worst answer while full %d ms" % (len(FEW_DESCRIPTORS), asyncio.run(run()) * 1000)


def longest_idle_goes():
    """All places taken by idle connections: a newcomer is served, and each time it is the longest idle one that goes."""
    async def run(server, cookie):
        crowd = [await enter_idle(server, at) for at in range(await count_places(server, cookie))]
        # Two of the oldest say something again: now they are the youngest.
        for client in (crowd[0], crowd[5]):
            check(200, "one of a house that is just full", await client.ask(HEALTH))
        order = [client for at, client in enumerate(crowd) if at not in (0, 5)]
        await asyncio.sleep(IDLE_FROM_SECONDS + 0.5)
        newcomers = []
        for at in range(10):
            newcomers.append(await enter_idle(server, at))
            rest = await order[at].rest(SOON_SECONDS)
            if rest != b"":
                gone = [n for n, client in enumerate(order) if client.ended]
                raise Failed("newcomer %d: the longest idle one did not go (told %r), gone are %s" % (at, rest, gone))
        for client in [*order[10:], crowd[0], crowd[5], *newcomers]:
            check(200, "one that was not the longest idle", await client.ask(HEALTH))
        return "%d places, 10 newcomers, the 10 longest idle went in their order" % len(crowd), crowd + newcomers

    return in_a_full_house(run)


def all_busy():
    """All places taken by requests under way: a newcomer is told to come back, the others are all answered, then there is room."""
    async def run(server, cookie):
        crowd = await fill(server, cookie, ADDRESSES)
        for source in ADDRESSES:
            answer, _ = await ask_once(server, HEALTH, HANG_SECONDS, source)
            check(503, "a newcomer to a house of busy ones", answer)
        for client in crowd:
            check(201, "a request that was under way", await client.ask(BUSY_BODY))
        for client in crowd[::2]:
            client.close()
        await until_served(server, "there is room again")
        return "%d busy, %d newcomers told to come back, all of the busy were answered" % (len(crowd), len(ADDRESSES)), crowd

    return in_a_full_house(run)


def sleeping_handlers():
    """Twice as many requests at once as descriptors, each asleep on its thread: who has a place is answered, nobody else hangs."""
    async def run(server, cookie):
        # All readers together work them off in some seconds, on few cores and on many.
        slow = head("GET", RECORD, "Cookie: " + cookie, "X-Carryall-Fault: sleep=%d" % (50 * (os.cpu_count() or 2)))
        places = await count_places(server, cookie)
        served, told, late = 0, 0, 0

        async def one(client):
            nonlocal served, told, late
            begun = time.monotonic()
            answer = await client.ask(slow, seconds=30)
            served += answer is not None and answer.status == 200
            if answer and answer.status != 200:
                check(503, "one too many", answer)
                told += 1
            late += time.monotonic() - begun > HANG_SECONDS

        crowd, asking = [], []
        for at in range(2 * CAP_DESCRIPTORS):
            crowd.append(await connected(server, ADDRESSES[at % len(ADDRESSES)]))
            asking.append(asyncio.create_task(one(crowd[-1])))
        await asyncio.gather(*asking)
        # When so many are refused in the same moment, there may be no room for a refusal either; that must be the exception.
        closed = len(crowd) - served - told
        figures = "%d served, %d told to come back, %d closed without a word, of %d with %d places; %d waited more than %g s" % (
            served, told, closed, len(crowd), places, late, HANG_SECONDS)
        if served < places * 0.9 or closed > told or late > places:
            raise Failed(figures)
        return figures, crowd

    return in_a_full_house(run)


def greedy_address():
    """One address has taken all that one may: it is told so, other addresses are served."""
    async def run(server, cookie):
        crowd = await fill(server, cookie, ADDRESSES[:1])
        others = [await connected(server, source) for source in ADDRESSES[1:] for _ in range(3)]
        for other in others:
            check(200, "a client of another address", await other.ask(HEALTH, seconds=HANG_SECONDS))
        answer, _ = await ask_once(server, HEALTH, HANG_SECONDS, ADDRESSES[0])
        check(503, "the greedy address", answer)
        for client in crowd:
            check(201, "a request that was under way", await client.ask(BUSY_BODY))
        return "one address may have %d, %d of others were served meanwhile" % (len(crowd), len(others)), crowd + others

    return in_a_full_house(run)


async def fill(server, cookie, addresses):
    """Lets requests in that stay under way until one is sent away, which must be by 503 and the end; those that are in."""
    # The server asks for the body, so the request is surely under way; the body does not come yet.
    asked = head("POST", NOTES, "Cookie: " + cookie, "Expect: 100-continue", length=len(BUSY_BODY))
    crowd = []
    while len(crowd) < CAP_DESCRIPTORS:
        client = await connected(server, addresses[len(crowd) % len(addresses)])
        client.transport.write(asked)
        if await client.is_awaited(HANG_SECONDS):
            crowd.append(client)
            continue
        check(503, "one too many", await client.answer())
        if await client.rest(SOON_SECONDS) != b"":
            raise Failed("the connection stays open after 503")
        return crowd
    raise Failed("%d connections with %d descriptors, and none was sent away" % (len(crowd), CAP_DESCRIPTORS))


async def count_places(server, cookie):
    """How many connections there may be in all; afterwards the house is empty."""
    base = descriptors(server)
    crowd = await fill(server, cookie, ADDRESSES)
    for client in crowd:
        client.close()
    await descriptors_back(server, base, 5)
    return len(crowd)


async def enter_idle(server, at):
    """A connection that was answered once and stays."""
    client = await connected(server, ADDRESSES[at % len(ADDRESSES)])
    check(200, "a newcomer", await client.ask(HEALTH, seconds=HANG_SECONDS))
    return client


async def until_served(server, when):
    """A newcomer is served within HANG_SECONDS, and is never left hanging."""
    begun = time.monotonic()
    while True:
        answer, _ = await ask_once(server, HEALTH, HANG_SECONDS)
        if answer and answer.status == 200:
            return
        if time.monotonic() - begun > HANG_SECONDS:
            raise Failed("%s for %g s, and a newcomer still gets %s" % (when, HANG_SECONDS, answer and answer.status))


def in_a_full_house(run):
    """Runs run(server, cookie), which returns figures and clients, against a server of few places; then all leave."""
    async def run_and_leave(server, cookie):
        base = descriptors(server)
        figures, crowd = await run(server, cookie)
        for client in crowd:
            client.close()
        await descriptors_back(server, base, 5)
        return figures

    return against(run_and_leave, nofile=CAP_DESCRIPTORS, env=FAULTS)


TOGETHER = [few_descriptors, longest_idle_goes, all_busy, sleeping_handlers, greedy_address]
