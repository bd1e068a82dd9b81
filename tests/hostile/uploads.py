"""64 imports at once: the memory stays small, nothing is left on the disk, and what lies there meanwhile is for nobody else to read."""
import asyncio
import concurrent.futures
import os
import stat
import tempfile
import time

from clients import Answer, connected, descriptors, descriptors_back, head, peak_kb, seed, unharmed, until
from server import Failed, Server, responses

UPLOADS, ROWS, ROW = 64, 8192, b"long row " * 454
CUT_AT_BYTES = 8 * 1024 * 1024
RSS_KB = 150 * 1024
UPLOAD_SECONDS = 90
STAY = {"data.db", "data.db-wal", "data.db-shm", "data.db.lock", "data.db.key"}
DRY_RUN = "/api/apps/crm/schemas/companies/import?dry_run=true"


def imports_at_once():
    """64 dry runs of 32 MiB each, all sent at the same time, all answered."""
    async def run(server, cookie, folders):
        asked, body = upload(cookie)
        before, begun, seen = server.rss_kb(), time.monotonic(), Seen(server, folders)
        looking, loop = asyncio.create_task(seen.look()), asyncio.get_running_loop()
        # Threads that read while they send: who hears an early answer only after the reset that follows it has lost it.
        with concurrent.futures.ThreadPoolExecutor(UPLOADS) as threads:
            statuses = await asyncio.gather(*(loop.run_in_executor(threads, import_once, server, asked, body) for _ in range(UPLOADS)))
        took, grown = time.monotonic() - begun, peak_kb(server) - before
        looking.cancel()
        await nothing_left(folders)
        counts = ", ".join("%d x %d" % (statuses.count(status), status) for status in sorted(set(statuses)))
        figures = "%s in %.1f s, %d KB more at the peak, files seen: %d unnamed, %d named" % (
            counts, took, grown, seen.unnamed, len(seen.named))
        if seen.readable:
            raise Failed("others may read %s; %s" % (", ".join(sorted(seen.readable)), figures))
        if grown > RSS_KB or not any(status in (200, 201) for status in statuses):
            raise Failed(figures)
        return figures

    return with_folders(run)


def imports_cut_short():
    """64 senders who leave in the middle, half of them by RST: nothing of theirs stays, on the disk or in descriptors."""
    async def run(server, cookie, folders):
        asked, body = upload(cookie)
        opened, seen = descriptors(server), Seen(server, folders)
        looking = asyncio.create_task(seen.look())

        async def one(at):
            client = await connected(server)
            await client.send(asked)
            await client.send(memoryview(body)[:CUT_AT_BYTES])
            if client.got or client.ended:
                raise Failed("half an upload is answered: %r" % bytes(client.got[:200]))
            await until("half an upload is sent", lambda: client.transport.get_write_buffer_size() == 0, 20)
            client.reset() if at % 2 else client.close()

        await asyncio.gather(*(one(at) for at in range(UPLOADS)))
        back = await descriptors_back(server, opened, 10)
        looking.cancel()
        await nothing_left(folders)
        return "64 left in the middle, files seen: %d unnamed, %d named, descriptors back in %.1f s" % (seen.unnamed, len(seen.named), back)

    return with_folders(run)


def with_folders(run):
    """A server with folders of its own for the data and for what is temporary."""
    with tempfile.TemporaryDirectory(prefix="carryall-uploads-") as folder:
        data, scratch = os.path.join(folder, "data"), os.path.join(folder, "scratch")
        os.mkdir(data)
        os.mkdir(scratch)
        with Server("serve", args=["--db", seed(data)], env={"TMPDIR": scratch}) as server:
            figures = asyncio.run(run(server, server.sign_in(), (data, scratch)))
            unharmed(server)
            return figures


def upload(cookie):
    """Head and body of an import of 32 MiB."""
    body = b"name\r\n" + b"".join(b"%08d %s\r\n" % (at, ROW) for at in range(ROWS))
    return head("POST", DRY_RUN, "Cookie: " + cookie, "Content-Type: text/csv", "Connection: close", length=len(body)), body


def import_once(server, asked, body):
    """Sends an import and reads its one answer; the status."""
    got, ended = server.raw([asked, body], UPLOAD_SECONDS)
    answers = [Answer(*answer) for answer in responses(got, ["POST"])]
    if len(answers) != 1 or ended == "open":
        raise Failed("an upload gets %d answers and is %s: %r" % (len(answers), ended, got[:200]))
    status = answers[0].status
    if status in (429, 503):
        answers[0].check_busy(status)
    elif status not in (200, 201, 400):
        raise Failed("an upload gets %d: %r" % (status, answers[0].body[:200]))
    return status


async def nothing_left(folders):
    def left():
        return [name for folder in folders for name in os.listdir(folder) if name not in STAY]

    await until(lambda: "these are left: %s" % left(), lambda: not left(), 5)


def mode(path):
    """The permissions of a file; one that is gone meanwhile has none."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        return 0


class Seen:
    """What lies in folders while the uploads go on: `named` files, those of them that others may read, and the most `unnamed` at a time."""

    def __init__(self, server, folders):
        self.server, self.folders = server, folders
        self.named, self.readable, self.unnamed = set(), set(), 0

    async def look(self):
        while True:
            for folder in self.folders:
                self._look_into(folder)
            self.unnamed = max(self.unnamed, sum(map(self._is_unnamed, os.listdir("/proc/%d/fd" % self.server.pid))))
            await asyncio.sleep(0.02)

    def _look_into(self, folder):
        for place, _, names in os.walk(folder):
            is_private = place != folder and mode(place) & 0o077 == 0
            for name in set(names) - STAY:
                self.named.add(name)
                if not is_private and mode(os.path.join(place, name)) & 0o077:
                    self.readable.add(name)

    def _is_unnamed(self, number):
        try:
            target = os.readlink("/proc/%d/fd/%s" % (self.server.pid, number))
        except FileNotFoundError:
            return False
        return target.endswith(" (deleted)") and target.startswith(self.folders)


ALONE = [imports_at_once, imports_cut_short]
