"""Why a run failed: the cause first, then the place, then the last lines of its log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

from rl_widgets.store.runs import RunRecord
from rl_widgets.view import wording

_TRACEBACK_LINES = 30
# Where Ray unpacks a snapshot on a node: …/working_dir_files/_ray_pkg_<digest>/train.py
_SNAPSHOT = re.compile(r'(?<=File ")[^"]*/_ray_pkg_[0-9a-f]+/')


@dataclass(frozen=True)
class Failure:
    """`sentence` is what a person reads first; `place` is 'file, line n', '' where that says it."""

    sentence: str
    place: str
    traceback: tuple[str, ...]


def failure(record: RunRecord) -> Failure | None:
    """The failure of a run, or None where it has none."""
    error = record.error
    if not error and record.status != "Failed":
        return None
    error = error or {}
    sentence = str(error.get("message") or record.message or "The run failed; no cause is known.")
    place = ""
    if error.get("file"):
        place = PurePath(str(error["file"])).name
        if error.get("line"):
            place += f", line {error['line']}"
    trace = _SNAPSHOT.sub("", str(error.get("traceback") or "")).splitlines()
    if len(trace) > _TRACEBACK_LINES:
        left_out = len(trace) - _TRACEBACK_LINES
        trace = [f"… {left_out:,} lines left out …", *trace[-_TRACEBACK_LINES:]]
    return Failure(
        sentence=wording.shown(sentence, 1000),
        # The backend's sentence may end with it already.
        place="" if place in sentence else wording.shown(place, 200),
        traceback=tuple(line[:500] for line in trace),
    )
