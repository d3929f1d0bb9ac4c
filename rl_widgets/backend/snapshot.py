"""The snapshot of a run: a copy of its source directory, made at submit.

`.amlignore`, else `.gitignore`, of the source directory says what is left out. A link is copied as
what it points to, as long as that lies inside of the source directory.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pathspec

from rl_widgets.store.errors import UserError
from rl_widgets.store.text import is_unicode

MAX_BYTES = 300 * 1024 * 1024
MAX_FILES = 2_000
#: What is never part of an experiment's source.
ALWAYS_IGNORED = (".git/", "__pycache__/", ".ipynb_checkpoints/", ".rl_widgets/", ".venv/")


@dataclass(frozen=True)
class Source:
    """The files of a snapshot (paths relative to `directory`) and their size in bytes."""

    directory: Path
    files: tuple[Path, ...]
    size: int


def examine(directory: str | os.PathLike[str], entry_script: str) -> Source:
    """Find what goes into the snapshot, and that it can be taken.

    Raises `UserError` where the directory or the entry script is missing or unreadable, a link
    leads outside, or there is more than 300 MB or 2,000 files.
    """
    # `os.path` says no, where `Path` raises, to a name that no file can have.
    root = Path(os.path.expanduser(str(directory)))
    if not os.path.isdir(root):
        what = "is a file, not a directory" if os.path.exists(root) else "does not exist"
        raise UserError(
            f"source_directory {str(directory)!r:.200} {what} (looked for at "
            f"{str(root.absolute())[:300]}). Name the directory that holds the entry script."
        )
    root = root.resolve()
    _check_entry_script(root, entry_script)
    ignored = _rules(root)
    found: list[tuple[Path, int]] = []
    for path in _walk(root, ignored, ()):
        size = _readable_size(root, path)
        found.append((path, size))
    total = sum(size for _, size in found)
    if len(found) > MAX_FILES or total > MAX_BYTES:
        raise UserError(_too_large(root, found, total))
    files = tuple(path for path, _ in found)
    if Path(os.path.normpath(entry_script)) not in files:
        raise UserError(
            f"entry_script {entry_script!r:.200} is left out of the snapshot by .amlignore or "
            ".gitignore: take it out of there."
        )
    return Source(root, files, total)


def take(source: Source, destination: Path) -> None:
    """Copy the files of `source` into `destination`. Raises `UserError` where one cannot be."""
    for relative in source.files:
        target = destination / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(source.directory / relative, target)
        except OSError as error:
            raise UserError(
                f"{source.directory / relative} could not be copied into the run's snapshot "
                f"({error.strerror})."
            ) from error


def _check_entry_script(root: Path, entry_script: str) -> None:
    if not isinstance(entry_script, str) or not entry_script.strip():
        raise UserError(
            "entry_script is needed: the name of a Python file inside of source_directory."
        )
    path = root / entry_script
    if os.path.isabs(entry_script) or not path.resolve().is_relative_to(root):
        raise UserError(
            f"entry_script {entry_script!r:.200} lies outside of source_directory {str(root)!r}: "
            "give its path relative to that directory."
        )
    if not os.path.isfile(path):
        near = sorted(p.name for p in root.glob("*.py"))[:8]
        there = f" Python files there: {', '.join(near)}." if near else " It has no Python file."
        raise UserError(
            f"entry_script {entry_script!r:.200} is no file in source_directory {str(root)!r}."
            f"{there}"
        )


def _rules(root: Path) -> pathspec.GitIgnoreSpec:
    lines: list[str] = list(ALWAYS_IGNORED)
    for name in (".amlignore", ".gitignore"):
        try:
            text = (root / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        lines += text.splitlines()
        break
    try:
        return pathspec.GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise UserError(
            f"The ignore file in {root} has a pattern that is none: {error}."
        ) from error


def _walk(
    root: Path,
    ignored: pathspec.GitIgnoreSpec,
    seen: tuple[Path, ...],
    relative: Path = Path(),
) -> Iterator[Path]:
    folder = root / relative
    real = folder.resolve()
    if not real.is_relative_to(root):
        raise UserError(
            f"{relative} in source_directory {str(root)!r} is a link that leads outside "
            f"(to {real}). Copy what it points to into the directory, or list it in .amlignore."
        )
    if real in seen:
        return  # a link to a folder above it
    try:
        entries = sorted(os.listdir(folder))
    except OSError as error:
        raise UserError(
            f"{folder} cannot be read ({error.strerror}). Change its permissions, or list it in "
            ".amlignore."
        ) from error
    for name in entries:
        path = relative / name
        if (root / path).is_dir():
            if not ignored.match_file(f"{path.as_posix()}/"):
                yield from _walk(root, ignored, (*seen, real), path)
        elif not ignored.match_file(path.as_posix()):
            yield path


def _readable_size(root: Path, relative: Path) -> int:
    path = root / relative
    if not is_unicode(str(relative)):
        raise UserError(
            f"{str(relative)!r} in source_directory {str(root)!r} has a name that is not UTF-8. "
            "Rename it, or list it in .amlignore."
        )
    real = path.resolve()
    if not real.is_relative_to(root):
        raise UserError(
            f"{relative} in source_directory {str(root)!r} is a link that leads outside (to "
            f"{real}). Copy the file into the directory, or list it in .amlignore."
        )
    if not real.exists():
        raise UserError(
            f"{relative} in source_directory {str(root)!r} is a link to nothing. Remove it, or "
            "list it in .amlignore."
        )
    if not real.is_file():
        raise UserError(
            f"{relative} in source_directory {str(root)!r} is neither a file nor a directory (a "
            "pipe, socket or device). List it in .amlignore."
        )
    if not os.access(path, os.R_OK):
        raise UserError(
            f"{relative} in source_directory {str(root)!r} cannot be read. Change its "
            "permissions, or list it in .amlignore."
        )
    return path.stat().st_size


def _too_large(root: Path, found: list[tuple[Path, int]], total: int) -> str:
    largest = sorted(found, key=lambda item: -item[1])[:3]
    names = ", ".join(f"{path} ({size / 1e6:,.1f} MB)" for path, size in largest)
    return (
        f"source_directory {str(root)!r} is too large for a snapshot: {total / 1e6:,.0f} MB in "
        f"{len(found):,} files, at most {MAX_BYTES >> 20} MB and {MAX_FILES:,} files. The largest: "
        f"{names}. List what the run does not need in .amlignore."
    )
