"""A search in a log as the view sees it: what was found so far, in words."""

from __future__ import annotations

import bisect
import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from rl_widgets.view import wording
from rl_widgets.view.logs.search import LONGEST, MOST, compiled

#: The longest text that is searched for.
LONGEST_PATTERN = 500


class LogSearch:
    """One search in one file, done by a process that a thread listens to.

    `changed` is called on that thread a few times a second and at the end. `stop` ends process
    and thread at any time: a newer search takes the place of an older one.
    """

    def __init__(
        self, path: Path, pattern: str, regex: bool, changed: Callable[[LogSearch], None]
    ) -> None:
        self.path = path
        self.pattern = pattern
        self.regex = regex
        #: Byte offsets of found lines, in order, and in each the first and last character.
        self.offsets: list[int] = []
        self.places: dict[int, tuple[int, int]] = {}
        self.count = 0
        self.read = 0
        self.done = False
        self.trouble = wrong_pattern(pattern, regex)
        self._changed = changed
        self._stopped = False
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; a wrong pattern is told by `trouble` and nothing begins."""
        if self.trouble:
            self.done = True
            return
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rl_widgets.view.logs.search", os.path.abspath(self.path)],
            # Python looks for modules in the folder that it runs in: not in a person's own.
            cwd=os.sep,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._thread = threading.Thread(
            target=self._listen, name=f"rl_widgets searches {self.path.name}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End it; `changed` is not called any more."""
        self._stopped = True
        if self._process is not None:
            self._process.kill()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(2.0)

    @property
    def alive(self) -> bool:
        """Whether it goes on."""
        return self._thread is not None and self._thread.is_alive()

    def next(self, offset: int, step: int) -> int | None:
        """The offset of the found line after (step 1) or before (-1) one; round the ends."""
        if not self.offsets:
            return None
        if step > 0:
            place = bisect.bisect_right(self.offsets, offset)
        else:
            place = bisect.bisect_left(self.offsets, offset) - 1
        return self.offsets[place % len(self.offsets)]

    def sentence(self, here: int | None, size: int) -> str:
        """What was found, and which of it is shown: '3 of 12 lines'."""
        if self.trouble:
            return self.trouble
        going_on = ""
        if not self.done:
            percent = 100 * self.read // max(1, size)
            going_on = f" so far ({min(percent, 99)} % of the file searched)"
        if not self.count:
            if not self.done:
                return f"Searching … {going_on.strip()}".replace("so far ", "")
            return f"Nothing found in {wording.size(self.read)}."
        found = wording.plural(self.count, "line")
        if here is not None and here in self.places:
            found = f"{bisect.bisect_left(self.offsets, here) + 1:,} of {found}"
        more = f"; the first {MOST:,} can be shown" if self.count > MOST else ""
        return f"{found}{going_on}{more}"

    def _listen(self) -> None:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError), process:
            process.stdin.write(json.dumps({"pattern": self.pattern, "regex": self.regex}) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                if self._stopped:
                    break
                self._take(json.loads(line))
        if not self._stopped and not self.done:
            self.trouble = (
                f"The search was given up after {LONGEST} s of computing: a simpler expression "
                "takes less."
            )
            self.done = True
            self._changed(self)

    def _take(self, answer: dict[str, object]) -> None:
        found = answer["found"]
        assert isinstance(found, list)
        for offset, first, last in found:
            self.places[offset] = (first, last)
            self.offsets.append(offset)
        self.count, self.read = int(str(answer["count"])), int(str(answer["read"]))
        self.trouble = str(answer.get("trouble", ""))
        self.done = bool(answer.get("done")) or bool(self.trouble)
        self._changed(self)


def wrong_pattern(pattern: str, regex: bool) -> str:
    """Why a pattern cannot be searched for, or ''."""
    if len(pattern) > LONGEST_PATTERN:
        return f"What is searched for has at most {LONGEST_PATTERN} characters."
    if not regex:
        return ""
    try:
        compiled(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return (
            f"{wording.shown(pattern, 40)!r} is no regular expression ({error}). Switch 'Regex' "
            "off to search for the text itself."
        )
    return ""
