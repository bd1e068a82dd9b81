"""What may lie on a disk after a power cut, by the log of the system calls that led there.

`Trace` reads what strace wrote: writes, sizes, names, flushes, and the bytes that were handed to sockets and to stdout, each with the line
where it began. `Disk` walks along it and makes images: of every file what was flushed before the cut, plus any part of what was written
later, in 512-byte sectors in any order, the last one torn; a size, a name, a renaming lasts by the flush of its own file or folder, or by
chance. This is stricter than any file system that we know, on purpose.

A flush that failed loses what it should have kept: the kernel marks such pages clean and never writes them again.
"""
import os
import re

SECTOR = 512
CALLS = ("openat,open,creat,pwrite64,pwritev,pwritev2,write,writev,sendto,sendmsg,sendfile,copy_file_range,ftruncate,truncate,fallocate,"
         "fsync,fdatasync,sync_file_range,msync,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,mkdir,mkdirat,rmdir")
# -shm is memory that is made anew; the lock's words are of use only while its process lives.
PASSING = ("-shm", ".lock")

WHOLE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+|\?)(.*)", re.S)
BEGUN = re.compile(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>", re.S)
ENDED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+|\?)(.*)", re.S)
HEX = re.compile(r"(?:\\x[0-9a-f]{2})*")
OPENED = re.compile(r'AT_FDCWD(?:<([^>]*)>)?, "([^"]*)", ([A-Z_|]+)')
TO_FILE = re.compile(r'(\d+)<([^>]*)>(\(deleted\))?(?:, (.*))?', re.S)
QUOTED = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
REQUEST = re.compile(rb"x-request-id: (\S+)\r\n", re.I)


class Unknown(Exception):
    """A call that the model has no idea of: an image would be a lie."""


def plain(text):
    return bytes.fromhex(text.replace("\\x", ""))


class Write:
    """Bytes that were written to a file; `end` is the line where the call returned."""

    def __init__(self, line, end, offset, data):
        self.line, self.end, self.offset, self.data = line, end, offset, data


class Resize:
    def __init__(self, line, end, size):
        self.line, self.end, self.size = line, end, size


class Naming:
    """`remove` and `add` are paths; durable by a flush of `folder`. A renaming across folders happens wholly or not at all."""

    def __init__(self, line, end, remove, add, inode):
        self.line, self.end, self.remove, self.add, self.inode = line, end, remove, add, inode
        self.folder = os.path.dirname(add or remove)

    def done(self, names):
        if self.remove and names.get(self.remove) == self.inode:
            del names[self.remove]
        if self.add:
            names[self.add] = self.inode


class Sync:
    def __init__(self, line, end, ok):
        self.line, self.end, self.ok = line, end, ok


class Trace:
    """The calls of a log that concern the folder `base`. `files` is what lay there, all of it durable: {path in the folder: bytes}.

    `steps` is [(line, what, of which, Write | Resize | Naming | Sync)]; a Sync stands at the line where it returned, all else where it began.
    `sent` is [(line, bytes)]; `turning` are the lines at which much is decided, `spills` those where a checkpoint begins.
    """

    def __init__(self, log, base, files):
        self.base = base
        self.initial, self.names, self.steps, self.sent, self.failed, self.written = [], {}, [], [], 0, {}
        for path, data in files.items():
            self.names[path] = None if data is None else self._inode(data)
        self.first = dict(self.names)
        waiting, last = {}, 0
        with open(log, encoding="ascii", errors="replace") as lines:
            for line, text in enumerate(lines, 1):
                last = line
                found = WHOLE.match(text)
                if found:
                    thread, call, words, result, more = found.groups()
                    self._step(call, words, result, more, line, line)
                    continue
                found = BEGUN.match(text)
                if found:
                    waiting[found[1]] = (line, found[2], found[3])
                    continue
                found = ENDED.match(text)
                if found:
                    begun, call, words = waiting.pop(found[1])
                    self._step(call, words + found[3], found[4], found[5], begun, line)
        for begun, call, words in waiting.values():
            self._step(call, words, "?", "", begun, last + 1)
        self.steps.sort(key=lambda step: step[0])
        self.sent.sort(key=lambda sent: sent[0])
        self.last = last
        self.answers = {}
        for line, data in self.sent:
            for found in REQUEST.findall(data):
                self.answers.setdefault(found.decode(), line)
        self.turning = sorted({at for line, what, _, step in self.steps if what != "write" for at in (line, line - 1)}
                              | {at for line in self.answers.values() for at in (line, line - 1)})
        self.spills = self._spills()

    def _inode(self, data):
        self.initial.append(data)
        return len(self.initial) - 1

    def _spills(self):
        found, before = [], None
        for line, what, inode, _ in self.steps:
            if what == "write":
                if before is not None and inode < before:
                    found.append(line)
                before = inode
        return found

    def _inside(self, path):
        """A path in the folder ('.' for the folder itself), or None."""
        if path == self.base:
            return "."
        return path[len(self.base) + 1:] if path.startswith(self.base + "/") else None

    def _path(self, text, folder=None):
        path = plain(text).decode("utf-8", "replace")
        return self._inside(os.path.normpath(os.path.join(plain(folder or "").decode() or "/", path)))

    def _step(self, call, words, result, more, line, end):
        ok = result == "?" or int(result) >= 0
        if call in ("fsync", "fdatasync"):
            found = TO_FILE.match(words)
            path = found and not found[3] and self._inside(plain(found[2]).decode("utf-8", "replace"))
            if path is not None and path is not False and result != "?":
                self.failed += not ok
                if path in self.names and self.names[path] is not None:
                    self.steps.append((end, "sync", self.names[path], Sync(line, end, ok)))
                else:
                    self.steps.append((end, "folder", "" if path == "." else path, Sync(line, end, ok)))
            return
        if not ok:
            return
        if call in ("openat", "open", "creat"):
            self._opened(call, words, line, end)
        elif call in ("pwrite64", "write", "ftruncate", "fallocate", "writev", "sendto", "sendmsg"):
            self._written(call, words, int(result) if result != "?" else None, line, end)
        elif call in ("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"):
            paths = self._paths(words)
            if any(path is not None for path in paths):
                self._named(call, paths, words, line, end)
        else:
            touched = [self._inside(plain(text).decode("utf-8", "replace")) for text in re.findall(r'[<"]((?:\\x[0-9a-f]{2})+)[>"]', words)]
            if any(path is not None for path in touched):
                raise Unknown("%s(%s)" % (call, touched))

    def _paths(self, words):
        """The paths of a call: each may be led by the folder that it is relative to."""
        return [self._path(text, folder) for folder, text in re.findall(r'(?:<((?:\\x[0-9a-f]{2})*)>, )?"((?:\\x[0-9a-f]{2})*)"', words)]

    def _opened(self, call, words, line, end):
        found = OPENED.match(words)
        path = found and self._path(found[2], found[1])
        if not path or path == ".":
            return
        if "O_CREAT" in found[3] and path not in self.names:
            self._name(line, end, None, path, self._inode(b""))
        if "O_TRUNC" in found[3] and self.names.get(path) is not None:
            self.steps.append((line, "write", self.names[path], Resize(line, end, 0)))
            self.written[self.names[path]] = 0

    def _name(self, line, end, remove, add, inode):
        if inode is None:
            # A folder: it has no bytes, and its name only.
            self.names[add] = None
        naming = Naming(line, end, remove, add, inode)
        naming.done(self.names)
        self.steps.append((line, "name", None, naming))

    def _named(self, call, paths, words, line, end):
        if call.startswith("mkdir"):
            return self._name(line, end, None, paths[0], None)
        if call.startswith("rename") and "RENAME_EXCHANGE" not in words and None not in paths and paths[0] in self.names:
            return self._name(line, end, paths[0], paths[1], self.names[paths[0]])
        if call.startswith("link") and None not in paths and paths[0] in self.names:
            return self._name(line, end, None, paths[1], self.names[paths[0]])
        if call.startswith("unlink") and paths[0] in self.names:
            return self._name(line, end, paths[0], None, self.names[paths[0]])
        raise Unknown("%s(%s)" % (call, paths))

    def _written(self, call, words, result, line, end):
        found = TO_FILE.match(words)
        if not found:
            return
        number, path, deleted, rest = found.groups()
        path = plain(path).decode("utf-8", "replace")
        inside = self._inside(path)
        if inside is None or inside == ".":
            if call in ("write", "writev", "sendto", "sendmsg") and (path.startswith(("socket:", "TCP")) or number == "1"):
                self.sent.append((line, b"".join(plain(text) for text in QUOTED.findall(rest))))
            return
        if deleted or inside.endswith(PASSING):
            return
        if inside not in self.names:
            raise Unknown("%s to %s, which has no name" % (call, inside))
        inode = self.names[inside]
        if call == "pwrite64":
            data, offset = plain(QUOTED.match(rest)[1]), int(rest.rsplit(", ", 1)[1])
            if result is not None and result != len(data):
                data = data[:result]
            self.steps.append((line, "write", inode, Write(line, end, offset, data)))
        elif call == "write":
            # Only files that are written once, from their beginning to their end, are written so.
            data, offset = b"".join(plain(text) for text in QUOTED.findall(rest)), self.written.get(inode, 0)
            data = data if result is None else data[:result]
            self.written[inode] = offset + len(data)
            self.steps.append((line, "write", inode, Write(line, end, offset, data)))
        elif call == "ftruncate":
            self.steps.append((line, "write", inode, Resize(line, end, int(rest))))
        else:
            raise Unknown("%s to %s" % (call, inside))

    def told(self, words):
        """The first line at which these bytes were handed out; None if they never were."""
        return next((line for line, data in self.sent if words in data), None)


class Disk:
    """What is durable and what is not, at a line of a trace. Goes forward only."""

    def __init__(self, trace):
        self.trace, self.at, self.line = trace, 0, 0
        self.durable = [bytearray(data) for data in trace.initial]
        self.pending = [[] for _ in trace.initial]
        self.names, self.namings = dict(trace.first), []

    def advance(self, line):
        steps = self.trace.steps
        while self.at < len(steps) and steps[self.at][0] <= line:
            _, what, of, step = steps[self.at]
            self.at += 1
            if what == "write":
                self.pending[of].append(step)
            elif what == "name":
                self.namings.append(step)
            elif what == "sync":
                self._sync(of, step)
            else:
                self._sync_folder(of, step)
        self.line = line

    def _sync(self, inode, sync):
        """What was written before the flush began is kept; by one that failed it is lost, and the next one will not know."""
        covered = [step for step in self.pending[inode] if step.end < sync.line]
        self.pending[inode] = [step for step in self.pending[inode] if step.end >= sync.line]
        # A size is not lost so: the file is as long as it was made.
        for step in covered:
            if sync.ok or isinstance(step, Resize):
                put(self.durable[inode], step)
            elif len(self.durable[inode]) < step.offset + len(step.data):
                self.durable[inode].extend(bytes(step.offset + len(step.data) - len(self.durable[inode])))

    def _sync_folder(self, folder, sync):
        kept = [naming for naming in self.namings if sync.ok and naming.folder == folder and naming.end < sync.line]
        for naming in kept:
            naming.done(self.names)
        self.namings = [naming for naming in self.namings if naming not in kept]

    def image(self, rng):
        """One of the states that the disk may be in when the power goes now: {path: bytes}, and None for a folder."""
        mode = rng.choice(("none", "all", "prefix", "scatter", "scatter", "mixed"))
        names = dict(self.names)
        for naming in chosen(self.namings, rng.choice(("none", "all", "prefix", "some")), rng):
            naming.done(names)
        names = {path: inode for path, inode in names.items() if not os.path.dirname(path) or os.path.dirname(path) in names}
        # In a prefix the disk kept the order of all files together.
        cut = rng.randint(min([self.line] + [pending[0].line for pending in self.pending if pending]), self.line)
        files = {}
        for path, inode in names.items():
            if inode is None:
                files[path] = None
            elif not path.endswith("-shm"):
                files[path] = self._content(inode, rng.choice(("none", "all", "scatter")) if mode == "mixed" else mode, cut, rng)
        return files

    def _content(self, inode, mode, cut, rng):
        durable, pending = self.durable[inode], self.pending[inode]
        if mode == "none" or not pending:
            return durable
        data = bytearray(durable)
        if mode == "prefix":
            pending = [step for step in pending if step.line <= cut]
            for step in pending[:-1]:
                put(data, step)
            for step in pending[-1:]:
                put(data, torn(step, rng))
            return data
        if mode == "all":
            for step in pending:
                put(data, step)
            return data
        share, pieces = rng.choice((0.1, 0.5, 0.9)), []
        for step in pending + [None]:
            if isinstance(step, Write):
                pieces.extend(sectors(step))
                continue
            rng.shuffle(pieces)
            kept = [piece for piece in pieces if rng.random() < share]
            for piece in kept[:-1]:
                put(data, piece)
            for piece in kept[-1:]:
                put(data, torn(piece, rng))
            pieces = []
            if step is not None and rng.random() < 0.5:
                put(data, step)
        if len(data) > len(durable) and rng.random() < 0.3:
            # The bytes are there, but the file's size is not.
            del data[rng.randint(len(durable), len(data)):]
        return data


def put(data, step):
    if isinstance(step, Resize):
        if step.size < len(data):
            del data[step.size:]
        else:
            data.extend(bytes(step.size - len(data)))
        return
    end = step.offset + len(step.data)
    if step.offset > len(data):
        data.extend(bytes(step.offset - len(data)))
    data[step.offset:end] = step.data


def sectors(write):
    at, end = write.offset, write.offset + len(write.data)
    while at < end:
        upto = min(end, (at // SECTOR + 1) * SECTOR)
        yield Write(write.line, write.end, at, write.data[at - write.offset:upto - write.offset])
        at = upto


def torn(step, rng):
    """The last thing that the disk did, done in part."""
    if isinstance(step, Resize) or rng.random() < 0.3:
        return step
    return Write(step.line, step.end, step.offset, step.data[:rng.randint(0, len(step.data))])


def chosen(namings, mode, rng):
    if mode == "prefix":
        return namings[:rng.randint(0, len(namings))]
    return [naming for naming in namings if mode == "all" or mode == "some" and rng.random() < 0.5]
