"""Searches one log, in a process of its own: a wrong expression must not stop a kernel.

    python -m rl_widgets.view.logs.search <file>

takes {"pattern": …, "regex": …} on its standard input and answers in lines of JSON: the found
lines as [offset, first, last] (characters of what is seen of the line), how many lines were found
so far, how many bytes were read, and at last that it is done.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rl_widgets.view.logs.page import open_log
from rl_widgets.view.logs.tail import visible

#: As many found lines are handed over; all are counted.
MOST = 5_000
#: Seconds of computing after which a search is given up.
LONGEST = 60
_CHUNK = 1 << 20
#: Seconds between two answers.
_PERIOD = 0.1

Find = Callable[[str], "tuple[int, int] | None"]
_ESCAPE = re.compile(rb"\x1b\[[0-9;:?]*[ -/]*[@-~]")


def compiled(pattern: str) -> re.Pattern[str]:
    """A regular expression that takes no notice of case. Raises `re.error` and others."""
    return re.compile(pattern, re.IGNORECASE)


def finder(pattern: str, regex: bool) -> Find:
    """A function that gives the first place of a pattern in a line, or None."""
    # Also for plain text: lower() may change a text's length, and with it the place.
    search = compiled(pattern if regex else re.escape(pattern)).search

    def find(text: str) -> tuple[int, int] | None:
        match = search(text)
        return None if match is None else match.span()

    return find


def found_lines(path: Path, pattern: str, regex: bool) -> Iterator[tuple[int, int, int, int]]:
    """Offset, first and last character of each found line, and the bytes read; (-1, …) for none.

    After each chunk of the file comes one with the offset -1, so that a search that finds
    nothing tells of itself. Raises `OSError`.
    """
    find = finder(pattern, regex)
    plain = pattern.lower().encode() if not regex and pattern.isascii() else None
    with open_log(path) as file:
        at, rest = 0, b""
        while chunk := file.read(_CHUNK):
            data = rest + chunk
            # A line longer than two chunks is searched in pieces.
            cut = data.rfind(b"\n") + 1 or (len(data) if len(data) > 2 * _CHUNK else 0)
            whole, rest = data[:cut], data[cut:]
            yield from _found_in(whole, at, find, plain)
            at += len(whole)
            yield -1, 0, 0, at
        yield from _found_in(rest, at, find, plain)
        yield -1, 0, 0, at + len(rest)


def _found_in(
    data: bytes, at: int, find: Find, plain: bytes | None
) -> Iterator[tuple[int, int, int, int]]:
    if plain is not None:
        # Most of a log is passed over in one go.
        seen = _ESCAPE.sub(b"", data) if b"\x1b" in data else data
        if plain not in seen.lower():
            return
    for line in data.split(b"\n"):
        text = line.decode("utf-8", "replace")
        if not text.isprintable():
            text = visible(text)
        place = find(text)
        if place is not None and (line or place != (0, 0)):
            yield at, *place, at
        at += len(line) + 1


def main() -> None:
    """Search as asked for on the standard input."""
    _limit_computing()
    asked = json.loads(sys.stdin.readline())
    count, read, told = 0, 0, 0.0
    new: list[tuple[int, int, int]] = []

    def tell(**more: object) -> None:
        nonlocal new, told
        answer = {"found": new, "count": count, "read": read, **more}
        print(json.dumps(answer), flush=True)
        new, told = [], time.monotonic()

    try:
        for offset, first, last, at in found_lines(
            Path(sys.argv[1]), asked["pattern"], asked["regex"]
        ):
            read = max(read, at)
            if offset >= 0:
                count += 1
                if count <= MOST:
                    new.append((offset, first, last))
            if time.monotonic() - told > _PERIOD:
                tell()
        tell(done=True)
    except OSError as error:
        tell(trouble=f"The file cannot be read: {error.strerror}.")


def _limit_computing() -> None:
    """End by itself, also where whoever asked is gone."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST + 1))


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
