"""The tail of a log: its last lines, read from the end, so that 100 MB cost nothing."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

LINES = 200
_BYTES = 64 * 1024
_LINE_LENGTH = 1000

_ESCAPE = re.compile(
    r"\x1b\[([0-9;:?]*)([ -/]*[@-~])"  # control sequences; SGR is the one that ends with m
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles and links
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"
    r"|\x1b[ -/]*[0-~]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


@dataclass(frozen=True)
class Segment:
    """A piece of a line in one style: a colour's name ('' for the usual one) and bold."""

    text: str
    colour: str = ""
    bold: bool = False


@dataclass(frozen=True)
class LogTail:
    """The last lines of a log file; `size` in bytes, None where there is no file."""

    name: str
    size: int | None
    lines: tuple[tuple[Segment, ...], ...]
    cut: bool

    def plain(self) -> list[str]:
        """The lines without styles."""
        return ["".join(segment.text for segment in line) for line in self.lines]


@dataclass(frozen=True)
class Stamp:
    """What changes when a file does."""

    size: int
    modified: int
    file: int


def stamp(path: Path) -> Stamp | None:
    """Size and time of a file, or None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ino)


def tail(path: Path, lines: int = LINES) -> LogTail:
    """The last `lines` lines of the file at `path`. A file that cannot be read is an empty log."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            start = max(0, size - _BYTES)
            file.seek(start)
            data = file.read(_BYTES)
    except OSError:
        return LogTail(path.name, None, (), False)
    whole = start == 0
    if not whole:
        # What stands before the first line's end is the rest of a line, or of a character.
        cut_at = data.find(b"\n") + 1
        data = data[cut_at:] if 0 < cut_at < len(data) else data[-_LINE_LENGTH * 4 :]
    texts = data.decode("utf-8", "replace").split("\n")
    if texts and texts[-1] == "":
        texts.pop()
    shown = [parse(text) for text in texts[-lines:]]
    return LogTail(path.name, size, tuple(shown), not whole or len(texts) > lines)


def parse(line: str) -> tuple[Segment, ...]:
    """One line in styled segments; a progress bar's line is what it last showed."""
    line = line.rstrip("\r")
    if "\r" in line:
        line = line[line.rfind("\r") + 1 :]
    segments = []
    colour, bold, at = "", False, 0
    for match in _ESCAPE.finditer(line):
        segments.append(Segment(line[at : match.start()], colour, bold))
        at = match.end()
        if match.group(2) == "m":
            colour, bold = _style(match.group(1), colour, bold)
    segments.append(Segment(line[at:], colour, bold))
    return _cut([Segment(_CONTROL.sub("", s.text), s.colour, s.bold) for s in segments])


def visible(line: str) -> str:
    """What `parse` shows of a line, without styles and not cut."""
    line = line.rstrip("\r")
    return _CONTROL.sub("", _ESCAPE.sub("", line[line.rfind("\r") + 1 :]))


def _style(codes: str, colour: str, bold: bool) -> tuple[str, bool]:
    numbers = [int(c) if c.isdigit() else 0 for c in re.split("[;:]", codes)]
    while numbers:
        code = numbers.pop(0)
        if code == 0:
            colour, bold = "", False
        elif code in (1, 22):
            bold = code == 1
        elif 30 <= code <= 37 or 90 <= code <= 97:
            colour = _NAMES[code % 10]
        elif code == 39:
            colour = ""
        elif code in (38, 48) and numbers:
            kind = numbers.pop(0)
            chosen = numbers[: 1 if kind == 5 else 3]
            del numbers[: len(chosen)]
            if code == 38 and kind == 5 and chosen and chosen[0] < 16:
                colour = _NAMES[chosen[0] % 8]
    return colour, bold


def _cut(segments: list[Segment]) -> tuple[Segment, ...]:
    kept, room = [], _LINE_LENGTH
    for segment in segments:
        if not segment.text:
            continue
        if len(segment.text) > room:
            left_out = sum(len(s.text) for s in segments) - _LINE_LENGTH
            note = f" … {left_out:,} more characters"
            kept.append(Segment(segment.text[:room] + note, segment.colour, segment.bold))
            break
        kept.append(segment)
        room -= len(segment.text)
    return tuple(kept)
