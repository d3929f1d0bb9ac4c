"""The end of a log that grows: only what is new is read, whatever happens to the file."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from rl_widgets.view.logs import page as log_page
from rl_widgets.view.logs import tail as log
from rl_widgets.view.logs.page import LINES, PAGE_BYTES, LogLine, LogPage

#: A line without an end, such as a progress bar's, is held up to here.
_LONGEST_REST = 64 * 1024
#: As many bytes before the end tell whether a file goes on or has begun anew.
_WITNESS = 64


class LiveLog:
    """Follows one file. `base` changes when lines have left at the front, or all are others.

    The last 1,000 lines at least are held, 2,000 at most: then the older half goes, so that
    whoever draws them has little to send at each look.
    """

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self.base = 0
        #: A sentence on what happened to the file, '' while it only grows.
        self.notice = ""
        self._now = now
        self._stamp: log.Stamp | None = None
        self._looked = False
        self._trouble = ""
        self._forget()

    def look(self) -> bool:
        """Read what is new; tells whether there is something other to show."""
        stamp = log.stamp(self.path)
        if self._looked and stamp == self._stamp:
            return False
        before, self._stamp, self._looked = self._stamp, stamp, True
        held = bool(self._lines or self._rest)
        try:
            if before is None and not held:
                self._read_end()
            elif stamp is None or not self._goes_on(stamp):
                self._read_end()
                when = time.strftime("%H:%M:%S", time.localtime(self._now()))
                self.notice = f"The file began anew at {when}: it was replaced or made shorter."
            elif stamp.size - self._to > PAGE_BYTES:
                self._read_end()
            else:
                self._read_new()
        except OSError as error:
            # What was seen of it stays; the stamp is forgotten, so that the next look tries again.
            self._stamp = None
            said = self._trouble
            self._trouble = log_page.trouble(self.path, error)
            return said != self._trouble
        self._trouble = ""
        return True

    def page(self) -> LogPage:
        """What there is to show."""
        lines = tuple(self._lines)
        if self._rest:
            text = self._rest.decode("utf-8", "replace")
            lines += (LogLine(self._rest_at, log.parse(text)),)
        size = self._to if self._stamp is None else max(self._to, self._stamp.size)
        return LogPage(self._start, self._to, size, lines, self._binary, self._trouble)

    def _forget(self) -> None:
        self._lines: list[LogLine] = []
        self._rest, self._rest_at = b"", 0
        self._start = self._to = 0
        self._witness = b""
        self._binary = False
        self._trouble = ""
        self.base += 1

    def _goes_on(self, stamp: log.Stamp) -> bool:
        """Whether the file still holds what was read last, where it was read."""
        if stamp.size < self._to:
            return False
        with log_page.open_log(self.path) as file:
            file.seek(self._to - len(self._witness))
            return file.read(len(self._witness)) == self._witness

    def _read_end(self) -> None:
        start, data, _ = log_page.read_before(self.path, None, LINES)
        self._forget()
        self._start = self._rest_at = self._to = start
        self._take(data)

    def _read_new(self) -> None:
        with log_page.open_log(self.path) as file:
            file.seek(self._to)
            self._take(file.read(2 * PAGE_BYTES))
        too_many = len(self._lines) >= 2 * LINES or self._to - self._start > 2 * PAGE_BYTES
        if too_many and len(self._lines) > LINES:
            del self._lines[:-LINES]
            self._start = self._lines[0].offset
            self.base += 1

    def _take(self, data: bytes) -> None:
        at, self._to = self._to, self._to + len(data)
        self._witness = (self._witness + data)[-_WITNESS:]
        self._binary = self._binary or log_page.is_binary(data)
        first, end, others = data.partition(b"\n")
        self._rest += first
        if end:
            text = self._rest.decode("utf-8", "replace")
            self._lines.append(LogLine(self._rest_at, log.parse(text)))
            whole, end, self._rest = others.rpartition(b"\n")
            self._lines += log_page.lines_of(whole + end, at + len(first) + 1)
            self._rest_at = self._to - len(self._rest)
        if len(self._rest) > _LONGEST_REST:
            # Of a progress bar only the last state counts.
            self._rest = self._rest[self._rest.rfind(b"\r", 0, -1) + 1 :][:_LONGEST_REST]
