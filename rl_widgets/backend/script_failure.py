"""What ended an entry script, as a person needs it: type, message, file and line."""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

_LONGEST_MESSAGE = 2_000
_LONGEST_TRACEBACK = 20_000

_REMOTE_FRAME = re.compile(r'File "([^"]+)", line (\d+)')
# Where Ray unpacks a snapshot on a node: …/working_dir_files/_ray_pkg_<digest>/train.py
_REMOTE_SNAPSHOT = re.compile(r".*/_ray_pkg_[0-9a-f]+/")


def describe_failure(error: BaseException, snapshot: Path) -> dict[str, Any]:
    """Type, message, file, line and traceback of an exception.

    File and line are those of the innermost frame in the snapshot, the file relative to it. An
    exception that Ray brought from another process is shown as that process raised it.
    """
    text = "".join(traceback.format_exception(error))
    remote = _remote_cause(error)
    if remote is not None:
        name, message, trace = remote
        file, line = _remote_place(trace)
    else:
        name, message = type(error).__name__, str(error)
        file, line = None, None
    if file is None:
        file, line = _place(error, snapshot)
    return {
        "type": name,
        "message": _cut(message, _LONGEST_MESSAGE),
        "file": file,
        "line": line,
        "traceback": _cut(text, _LONGEST_TRACEBACK),
    }


def describe_exit(end: SystemExit, snapshot: Path) -> tuple[int, dict[str, Any] | None]:
    """The exit code of a SystemExit as Python gives it, and where it was raised if it is not 0."""
    if end.code is None or end.code == 0:
        return 0, None
    if isinstance(end.code, int):
        # The kernel keeps eight bits.
        code, message = end.code & 0xFF, f"the script ended with exit code {end.code & 0xFF}"
        if code == 0:
            return 0, None
    else:
        code, message = 1, str(end.code)
    description = describe_failure(end, snapshot)
    return code, {**description, "message": _cut(message, _LONGEST_MESSAGE)}


def without_frames_of(trace: TracebackType | None, file: str) -> TracebackType | None:
    """A traceback from the first frame that is not in `file` on."""
    while trace is not None and trace.tb_frame.f_code.co_filename == file:
        trace = trace.tb_next
    return trace


def _place(error: BaseException, snapshot: Path) -> tuple[str | None, int | None]:
    if isinstance(error, SyntaxError) and error.filename:
        inside = _relative(error.filename, snapshot)
        if inside is not None:
            return inside, error.lineno
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        inside = _relative(frame.filename, snapshot)
        if inside is not None:
            return inside, frame.lineno
    return None, None


def _relative(file: str, snapshot: Path) -> str | None:
    try:
        return (snapshot / file).resolve().relative_to(snapshot.resolve()).as_posix()
    except (ValueError, OSError):
        return None


def _remote_cause(error: BaseException) -> tuple[str, str, str] | None:
    """Type, message and traceback text of the task that failed in another process."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        # Known by its parts: this must not import Ray for a script that does not.
        trace = getattr(link, "traceback_str", None)
        cause = getattr(link, "cause", None)
        if isinstance(trace, str) and isinstance(cause, BaseException):
            inner = _remote_cause(cause)
            return inner if inner is not None else (type(cause).__name__, str(cause), trace)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return None


def _remote_place(trace: str) -> tuple[str | None, int | None]:
    for file, line in reversed(_REMOTE_FRAME.findall(trace)):
        found = _REMOTE_SNAPSHOT.match(file)
        if found:
            return file[found.end() :], int(line)
    return None, None


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit // 2]}\n…\n{text[-limit // 2 :]}"
