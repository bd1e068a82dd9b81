"""The odd requests, by theme: request lines, heads, framing, bodies, answers. All are data; wire.py plays and judges them.

Where a case names no section of an RFC, it names the fault that servers of this kind were seen to have:

H1   a huge Content-Length ends the process, for the length is allocated
H2   what nobody read of a body is run as the next request
H3   framing is read leniently: bad lengths, folded lines, bare line feeds and control bytes become bodies, headers or requests
H4   a body that ended early is taken for a whole one
H5   an offered upgrade switches the framing of the body off
H6   a line, a head or a chunk may be of any length
H9   every pipelined request gets a thread of its own
H12  a line end in a value splits the answer
H15  a broken multipart form counts as an empty one
H16  media types are compared by their beginning
H18  control bytes get into the log
H20  bytes beyond ASCII, or another version, get no answer at all
"""
from . import answers, bodies, framing, heads, lines

CASES = [*lines.CASES, *heads.CASES, *framing.CASES, *bodies.CASES, *answers.CASES]
