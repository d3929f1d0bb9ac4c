"""The files of a run: what is listed, and that no name leads out of the run's folder."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path, PurePosixPath

from rl_widgets.store.errors import NotFoundError, StoreError, UserError

#: Of a parent run's own folder, what is shown beside the children's files.
_PARENT_FILES = ("supervisor.log",)


def names(run_folder: Path, role: str) -> list[str]:
    """Paths relative to the child's folder; a parent's are `head/…`, `worker/…` and its own."""
    if role in ("head", "worker"):
        return _below(run_folder / role)
    found = [name for name in _PARENT_FILES if (run_folder / name).is_file()]
    for part in ("head", "worker"):
        found += [f"{part}/{name}" for name in _below(run_folder / part)]
    return found


def sized(run_folder: Path, role: str, limit: int) -> tuple[list[tuple[str, int]], bool]:
    """Names as `names` gives them, with their sizes in bytes, and whether there are more than
    `limit`."""
    listed = names(run_folder, role)
    root = run_folder / role if role in ("head", "worker") else run_folder
    found = []
    for name in listed[:limit]:
        # A file may go in this moment: a checkpoint that is deleted, a log that is moved.
        with contextlib.suppress(OSError):
            found.append((name, (root / name).stat().st_size))
    return found, len(listed) > limit


def disk_size(folder: Path) -> int:
    """Bytes of all files below a folder, what links lead to not counted."""
    total = 0
    for directory, _, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(directory, name)).st_size
    return total


def locate(run_folder: Path, role: str, name: str) -> Path:
    """The file of that name. Raises `NotFoundError`, and `UserError` for a name that leads out."""
    path = _inside(run_folder, role, name)
    if not path.is_file():
        raise NotFoundError(
            f"The run has no file {name!r:.200}; run.get_file_names() lists what it has."
        )
    return path


def download(source: Path, destination: Path) -> Path:
    """Copy a file, whole or not at all. Raises `StoreError` where it cannot be written."""
    partial = destination.with_name(f".{destination.name}.part")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, partial)
        os.replace(partial, destination)
    except OSError as error:
        raise StoreError(f"{destination} cannot be written ({error.strerror}).") from error
    return destination


def upload(run_folder: Path, role: str, name: str, source: Path) -> None:
    """Add a file to a run. Raises `UserError` where there is one of that name, or no source."""
    target = _inside(run_folder, "head" if role in ("parent", "interactive") else role, name)
    if target.exists():
        raise UserError(f"The run has a file {name!r:.200} already; choose another name.")
    if not source.is_file():
        raise UserError(f"There is no file {str(source)!r} to add to the run.")
    download(source, target)


def _below(folder: Path) -> list[str]:
    found = []
    # Links are followed: while a run runs, its nodes' logs and the script's folders are links.
    seen = set()
    for directory, subdirectories, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(directory)
        if real in seen:
            subdirectories.clear()
            continue
        seen.add(real)
        subdirectories.sort()
        base = Path(directory).relative_to(folder)
        found += [
            (base / name).as_posix() for name in sorted(files) if (Path(directory) / name).is_file()
        ]
    return found


def _inside(run_folder: Path, role: str, name: str) -> Path:
    pure = PurePosixPath(name)
    if not name or "\0" in name or pure.is_absolute() or ".." in pure.parts:
        raise UserError(f"{name!r:.200} is no name of a run's file: a relative path without '..'.")
    root = run_folder / role if role in ("head", "worker") else run_folder
    if role in ("parent", "interactive") and pure.parts[0] not in (
        "head",
        "worker",
        "outputs",
        "logs",
        *_PARENT_FILES,
    ):
        raise NotFoundError(f"The run has no file {name!r:.200}.")
    return root / pure
