"""Which logs a run has: the entry script's, the supervisor's, and each node's of Ray."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

#: The most files of one source that are listed.
MOST_FILES = 500
_DEPTH = 3

_PROCESS = re.compile(r"^(?:python-core-)?worker-[0-9a-f]+[-_](?:[0-9a-f]+[-_])?(\d+)\.(\w+)$")
_PROCESS_PART = {"out": "output", "err": "errors", "log": "Ray core"}
#: What is most often looked for comes first.
_FIRST = ("raylet.out", "raylet.err", "gcs_server.out", "gcs_server.err", "ray_start.log")


@dataclass(frozen=True)
class LogSource:
    """A log, or a folder of them. `name` is its path in the run's folder; `child` whose it is."""

    name: str
    label: str
    child: str | None
    folder: bool = True


@dataclass(frozen=True)
class LogFile:
    """One file: `name` is its path in the run's folder, `title` what a person calls it."""

    name: str
    label: str
    title: str
    size: int


def sources(run_folder: Path, child: str | None = None) -> list[LogSource]:
    """Where there are logs, of the whole run or of one child ('head' or 'worker')."""
    driver, supervisor = "head/driver_log.txt", "supervisor.log"
    found = []
    if (run_folder / driver).is_file():
        found.append(LogSource(driver, "Entry script (driver_log.txt)", "head", folder=False))
    for role in ("head", "worker"):
        nodes = run_folder / role / "nodes"
        for name in sorted(_folders(nodes), key=_natural):
            found.append(LogSource(f"{role}/nodes/{name}", f"Node {name}", role))
    if any(_walk(run_folder / "head" / "logs", run_folder / "head" / "logs")):
        found.append(LogSource("head/logs", "The script's ./logs", "head"))
    if (run_folder / supervisor).is_file():
        found.append(LogSource(supervisor, "Supervisor (supervisor.log)", None, folder=False))
    return [source for source in found if child is None or source.child == child]


def usual(found: list[LogSource]) -> LogSource | None:
    """What is shown until a person chooses: the entry script's, before it the supervisor's."""
    single = [source for source in found if not source.folder]
    return next(iter([*single, *found]), None)


def files(run_folder: Path, source: LogSource) -> list[LogFile]:
    """The files of a source, with their sizes in bytes."""
    root = run_folder / source.name
    if not source.folder:
        try:
            return [LogFile(source.name, root.name, root.name, root.stat().st_size)]
        except OSError:
            return []
    node = "./logs" if source.name == "head/logs" else root.name
    found = []
    for name, size in _walk(root, root):
        label = _label(name)
        found.append(LogFile(f"{source.name}/{name}", label, f"{node}: {label}", size))
    return sorted(found, key=_rank)[:MOST_FILES]


def _walk(root: Path, folder: Path, depth: int = 0) -> list[tuple[str, int]]:
    """Files below a folder, by their paths from `root`; a link inside that leads out is none."""
    found: list[tuple[str, int]] = []
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError:
        return found
    for entry in entries:
        try:
            if entry.is_symlink() and not _inside(root, entry.path):
                continue
            if entry.is_dir(follow_symlinks=False):
                if depth < _DEPTH:
                    found += _walk(root, Path(entry.path), depth + 1)
            elif entry.is_file():
                name = Path(entry.path).relative_to(root).as_posix()
                found.append((name, entry.stat().st_size))
        except OSError:
            continue
        if len(found) >= 4 * MOST_FILES:
            break
    return found


def _inside(root: Path, path: str) -> bool:
    inside = os.path.realpath(root)
    return os.path.commonpath([inside, os.path.realpath(path)]) == inside


def _folders(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(folder) if entry.is_dir()]
    except OSError:
        return []


def _label(name: str) -> str:
    found = _PROCESS.match(name)
    if found is None:
        return name
    return f"process {found.group(1)}: {_PROCESS_PART.get(found.group(2), found.group(2))}"


def _rank(file: LogFile) -> tuple[int, list[int | str]]:
    """A script's own output first, then Ray's main processes; empty files last."""
    name = file.name.rpartition("/")[2]
    group = 3
    if _PROCESS.match(name) and not name.startswith("python-core"):
        group = 1 if name.endswith(".err") else 0
    elif name in _FIRST:
        group = 2
    return (group if file.size else group + 4, _natural(file.label))


def _natural(name: str) -> list[int | str]:
    """'worker-2' before 'worker-10'."""
    parts = re.split(r"(\d+)", name)
    return [int(part) if i % 2 else part for i, part in enumerate(parts)]
