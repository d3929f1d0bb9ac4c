"""Pages of a log by byte offsets: of 100 MB, a thousand lines are read."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rl_widgets.view.logs.tail import Segment, parse

#: The most lines of a page, and the most bytes: lines may be long.
LINES = 1000
PAGE_BYTES = 256 * 1024
#: Lines that stand before the one that a page was made to show.
CONTEXT = 8


@dataclass(frozen=True)
class LogLine:
    """One line as it is shown; `offset` is that of its first byte in the file."""

    offset: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class LogPage:
    """The lines in the bytes `start` to `end` of a file of `size` bytes.

    `trouble` is a sentence where the file cannot be read, `binary` whether it is no plain text.
    """

    start: int
    end: int
    size: int
    lines: tuple[LogLine, ...] = ()
    binary: bool = False
    trouble: str = ""


def last(path: Path, lines: int = LINES) -> LogPage:
    """The last page."""
    return before(path, None, lines)


def before(path: Path, offset: int | None, lines: int = LINES) -> LogPage:
    """The page that ends at a byte offset, None being the file's end."""
    try:
        start, data, size = read_before(path, offset, lines)
    except OSError as error:
        return LogPage(0, 0, 0, trouble=trouble(path, error))
    return _page(start, data, size)


def after(path: Path, offset: int, lines: int = LINES) -> LogPage:
    """The page that begins at a byte offset."""
    try:
        with open_log(path) as file:
            size = os.fstat(file.fileno()).st_size
            offset = min(max(0, offset), size)
            file.seek(offset)
            data = file.read(PAGE_BYTES)
    except OSError as error:
        return LogPage(0, 0, 0, trouble=trouble(path, error))
    cut = _nth_line_end(data, lines)
    if cut is None and offset + len(data) < size:
        # A line that is longer than a page is shown in pieces.
        cut = data.rfind(b"\n") + 1 or None
    return _page(offset, data[:cut], size)


def around(path: Path, offset: int, lines: int = LINES) -> LogPage:
    """The page that begins a few lines before the line at a byte offset."""
    try:
        start, _, _ = read_before(path, offset, CONTEXT, 16 * 1024)
    except OSError as error:
        return LogPage(0, 0, 0, trouble=trouble(path, error))
    return after(path, start, lines)


def read_before(
    path: Path, offset: int | None, lines: int, most: int = PAGE_BYTES
) -> tuple[int, bytes, int]:
    """Where the last `lines` lines before `offset` begin, their bytes, and the file's size."""
    with open_log(path) as file:
        size = os.fstat(file.fileno()).st_size
        end = size if offset is None else min(offset, size)
        start = max(0, end - most)
        file.seek(start)
        data = file.read(end - start)
    # What stands before the first line's end is the rest of a line, or of a character.
    first = data.find(b"\n") + 1 if start else 0
    if first == len(data):
        first = 0
    at = len(data) - data.endswith(b"\n")
    for _ in range(lines):
        at = data.rfind(b"\n", first, at)
        if at < 0:
            break
    begin = max(first, at + 1)
    return start + begin, data[begin:], size


def lines_of(data: bytes, offset: int) -> list[LogLine]:
    """The lines of bytes that begin at `offset`."""
    pieces = data.split(b"\n")
    if pieces[-1] == b"":
        pieces.pop()
    found = []
    for piece in pieces:
        found.append(LogLine(offset, parse(piece.decode("utf-8", "replace"))))
        offset += len(piece) + 1
    return found


def open_log(path: Path) -> BinaryIO:
    """Open a file for reading; a pipe or a folder, which would block or fail, is an `OSError`."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    return path.open("rb")


def is_binary(data: bytes) -> bool:
    """Whether bytes are hardly text."""
    return b"\0" in data


def trouble(path: Path, error: OSError) -> str:
    """Why a log is not shown."""
    if isinstance(error, FileNotFoundError):
        return f"{path.name} is not there (any more). It is shown as soon as it is."
    return f"{path.name} cannot be read: {error.strerror}. It is tried again."


def _page(start: int, data: bytes, size: int) -> LogPage:
    found = tuple(lines_of(data, start))
    return LogPage(start, start + len(data), size, found, is_binary(data))


def _nth_line_end(data: bytes, n: int) -> int | None:
    at = 0
    for _ in range(n):
        at = data.find(b"\n", at) + 1
        if not at:
            return None
    return at
