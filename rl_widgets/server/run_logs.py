"""Log files by lines: an index of where every 1,024th line begins, kept while the file grows."""

from __future__ import annotations

import os
import stat
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rl_widgets.server.request import Request
from rl_widgets.server.served import Served
from rl_widgets.store.errors import NotFoundError
from rl_widgets.view.logs import files
from rl_widgets.view.logs.page import lines_of, open_log

MOST_LINES = 1000
#: Bytes that one answer reads at most: lines may be long.
MOST_BYTES = 4 << 20
_EVERY = 1024
_CHUNK = 1 << 22
_HELD = 32
_LAST = 64


@dataclass
class LineIndex:
    """Where lines begin in one file; `size` and `ends` are the bytes and line ends seen so far.

    `last` are the last of these bytes: a file in which others stand there was begun anew.
    """

    identity: tuple[int, int]
    size: int = 0
    ends: int = 0
    begins: list[int] = field(default_factory=lambda: [0])
    last: bytes = b""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def extend(self, path: Path) -> None:
        """Take in what was added to the file. Raises `OSError`."""
        with open_log(path) as file:
            file.seek(self.size - len(self.last))
            if file.read(len(self.last)) != self.last:
                self.size, self.ends, self.begins, self.last = 0, 0, [0], b""
                file.seek(0)
            while chunk := file.read(_CHUNK):
                at = np.flatnonzero(np.frombuffer(chunk, np.uint8) == 10)
                # The line with the number n begins after the n-th line end.
                first = -(self.ends + 1) % _EVERY
                self.begins += (at[first::_EVERY] + self.size + 1).tolist()
                self.ends += len(at)
                self.size += len(chunk)
                self.last = (self.last + chunk)[-_LAST:]


_indexes: OrderedDict[Path, LineIndex] = OrderedDict()
_lock = threading.Lock()


def log_list(served: Served, asked: Request, run_id: str) -> Any:
    """All log files of a run."""
    record = served.table.get(run_id)
    folder = served.workspace.run_folder(record.id)
    found = [file for source in files.sources(folder) for file in files.files(folder, source)]
    return {"files": found}


def log_page(served: Served, asked: Request, run_id: str) -> Any:
    """Lines of a log; without `line` the newest."""
    name = asked.text("file")
    lines = asked.whole("lines", MOST_LINES, 1, MOST_LINES) or MOST_LINES
    line = asked.whole("line", None, 0, 10**12)
    record = served.table.get(run_id)
    path = locate(served.workspace.run_folder(record.id), name)
    index = _index(path)
    with index.lock:
        index.extend(path)
        with open_log(path) as file:
            unfinished = not index.last.endswith(b"\n") and index.size > 0
            total = index.ends + unfinished
            first = max(0, total - lines) if line is None else min(line, total)
            at = index.begins[min(first // _EVERY, len(index.begins) - 1)]
            file.seek(at)
            data = file.read(min(MOST_BYTES, index.size - at))
    skipped = first - (first // _EVERY) * _EVERY
    begin = _after_lines(data, skipped)
    found = lines_of(data[begin:], at + begin)
    if at + len(data) < index.size and len(found) > 1 and not data.endswith(b"\n"):
        # The last one was cut by what is read at most, not by its end.
        found.pop()
    found = found[:lines]
    return {
        "file": name,
        "first": first,
        "lines": [line.segments for line in found],
        "total_lines": total,
        "at_end": first + len(found) >= total,
    }


def _after_lines(data: bytes, count: int) -> int:
    at = 0
    for _ in range(count):
        next_at = data.find(b"\n", at) + 1
        if not next_at:
            return len(data)
        at = next_at
    return at


def _index(path: Path) -> LineIndex:
    status = os.stat(path)
    identity = (status.st_dev, status.st_ino)
    with _lock:
        held = _indexes.get(path)
        if held is None or held.identity != identity or status.st_size < held.size:
            held = _indexes[path] = LineIndex(identity)
        _indexes.move_to_end(path)
        while len(_indexes) > _HELD:
            _indexes.popitem(last=False)
        return held


def locate(folder: Path, name: str) -> Path:
    """The file of a log's name: one that is listed. The folder of a node may be a link, as it is
    while the node runs; nothing in it may lead out again. Raises `NotFoundError`."""
    none = NotFoundError(f"The run has no log {name!r:.200}; `logs` lists what it has.")
    if not name or "\0" in name or ".." in name.split("/"):
        raise none
    own = os.path.realpath(folder)
    for source in files.sources(folder):
        if name != source.name and not (source.folder and name.startswith(f"{source.name}/")):
            continue
        root = os.path.realpath(folder / source.name)
        if "/nodes/" not in source.name and root != os.path.join(own, source.name):
            break
        path = os.path.realpath(folder / name)
        try:
            inside = os.path.commonpath([root, path]) == root
            if inside and stat.S_ISREG(os.stat(path).st_mode):
                return Path(path)
        except OSError:
            break
    raise none
