"""The files of a run with their sizes, and what the whole run takes on the disk."""

from __future__ import annotations

import base64
import io
import mimetypes
import zipfile
from dataclasses import dataclass
from pathlib import Path

from rl_widgets.backend import files
from rl_widgets.view import wording

#: Files that are listed at most, and that one answer shows at most.
LISTED = 5_000
SHOWN = 200
#: Bytes that are handed to a page as a link; more is copied by code.
LINKED = 5_000_000


@dataclass(frozen=True)
class FileRow:
    """One file; `name` relative to the run's folder, `size` in bytes."""

    name: str
    size: int
    text: str


@dataclass(frozen=True)
class RunFiles:
    """The files whose names hold a search; `disk` are the bytes of the whole run."""

    rows: tuple[FileRow, ...]
    matching: int
    summary: str
    disk: int


def run_files(run_folder: Path, search: str = "", shown: int = SHOWN) -> RunFiles:
    """List a run's files, also while it runs. Reads the folder, so not for every tick."""
    listed, cut = files.sized(run_folder, "parent", LISTED)
    words = search.lower().split()
    matching = [(n, s) for n, s in listed if all(w in n.lower() for w in words)]
    rows = tuple(
        FileRow(name, size, f"{wording.shown(name, 120)}  ({wording.size(size)})")
        for name, size in matching[:shown]
    )
    disk = files.disk_size(run_folder)
    count = f"More than {LISTED:,} files" if cut else wording.plural(len(listed), "file")
    summary = f"{count}; the whole run takes {wording.size(disk)} on the disk."
    if words:
        summary += f" {wording.plural(len(matching), 'name holds', 'names hold')} the search."
    if len(matching) > shown:
        summary += f" The first {shown:,} are shown."
    return RunFiles(rows, len(matching), summary, disk)


def file_link(path: Path) -> str | None:
    """A data: URL of a file; None where it is too large for one."""
    if path.stat().st_size > LINKED:
        return None
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def folder_link(folder: Path) -> str | None:
    """A data: URL of a zip of a folder; None where it is too large for one."""
    inside = sorted(p for p in folder.rglob("*") if p.is_file())
    if sum(p.stat().st_size for p in inside) > 4 * LINKED:
        return None
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for path in inside:
            archive.write(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")
    if packed.tell() > LINKED:
        return None
    return f"data:application/zip;base64,{base64.b64encode(packed.getvalue()).decode()}"
