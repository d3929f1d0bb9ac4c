"""The files of a run: a list, and each by its name, as something that cannot act in the page."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import Iterator
from concurrent.futures import Executor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from rl_widgets.backend import files
from rl_widgets.server import run_logs
from rl_widgets.server.encoding import encoded
from rl_widgets.server.handler import AUTH_RESOURCE, EXPECTED, sentence_of, status_of
from rl_widgets.server.request import Request
from rl_widgets.server.served import Served
from rl_widgets.store.errors import NotFoundError
from rl_widgets.store.text import is_unicode
from rl_widgets.view import wording

MOST_FILES = 5_000
_FOLDERS = ("head", "worker", "outputs", "logs")

#: What is shown in the page: pictures and videos, by the endings of their names.
_SHOWN = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}
_TEXTS = {".txt", ".log", ".out", ".err", ".json", ".jsonl", ".csv", ".py", ".md", ".yaml", ".yml"}


def file_list(served: Served, asked: Request, run_id: str) -> Any:
    """All files of a run with their sizes, and what the whole run takes on the disk."""
    record = served.table.get(run_id)
    folder = served.workspace.run_folder(record.id)
    found: list[dict[str, Any]] = []
    more = False
    for name in _names(folder):
        if len(found) == MOST_FILES:
            more = True
            break
        try:
            status = _locate(folder, record.role, name).stat()
        except (OSError, NotFoundError):
            # It went in this moment, or a link leads out of the run's folder.
            continue
        found.append(
            {
                "path": name,
                "size": status.st_size,
                "modified": status.st_mtime,
                "kind": _kind(name),
                "text": f"{wording.shown(name, 120)} ({wording.size(status.st_size)})",
            }
        )
    disk = files.disk_size(folder)
    count = f"The first {MOST_FILES:,} files" if more else wording.plural(len(found), "file")
    summary = f"{count}; the whole run takes {wording.size(disk)} on the disk."
    return {"files": found, "bytes": disk, "more": more, "summary": summary}


def _names(folder: Path) -> Iterator[str]:
    """Paths in the run's folder; no linked folder is walked, wherever it leads."""
    yield "supervisor.log"
    for top in _FOLDERS:
        for directory, inner, names in os.walk(folder / top):
            inner.sort()
            base = Path(directory).relative_to(folder)
            found = ((base / name).as_posix() for name in sorted(names))
            # What is no UTF-8 has no address.
            yield from filter(is_unicode, found)


def find(served: Served, run_id: str, name: str) -> Path:
    """A file of a run by its name. Raises `NotFoundError`."""
    record = served.table.get(run_id)
    folder = served.workspace.run_folder(record.id)
    try:
        return _locate(folder, record.role, name)
    except NotFoundError as error:
        # The logs of a node that runs lie elsewhere, behind a link that the run has made.
        with contextlib.suppress(NotFoundError):
            return run_logs.locate(folder, name)
        raise error from None


def _locate(folder: Path, role: str, name: str) -> Path:
    path = files.locate(folder, role, name)
    root, real = os.path.realpath(folder), os.path.realpath(path)
    if os.path.commonpath([root, real]) != root or not stat.S_ISREG(os.stat(real).st_mode):
        raise NotFoundError(f"{name!r:.200} is no file inside of the run's own folder.")
    # A link may lead out and in again, to what is kept there for this user alone.
    return files.locate(Path(root), role, os.path.relpath(real, root))


def _kind(name: str) -> str:
    ending = os.path.splitext(name)[1].lower()
    shown = _SHOWN.get(ending, "")
    if shown:
        return shown.partition("/")[0]
    return "text" if ending in _TEXTS else "other"


class FileHandler(JupyterHandler, web.StaticFileHandler):
    """One file, or the ranges of it that are asked for.

    A picture or a video is shown, everything else is an attachment; none of them may run scripts,
    load anything, or reach the page.
    """

    auth_resource = AUTH_RESOURCE

    def initialize(self, served: Served, pool: Executor) -> None:  # type: ignore[override]
        self._served = served
        self._pool = pool
        self._found: Path | None = None
        # What `StaticFileHandler` else takes from its route.
        self.root = ""
        self.default_filename = None
        self.allowed_symlink_directory = None

    @property
    def content_security_policy(self) -> str:
        return f"{super().content_security_policy}; default-src 'none'; sandbox"

    @web.authenticated
    @authorized
    async def get(self, run_id: str, path: str) -> None:  # type: ignore[override]
        await self._send(run_id, path, include_body=True)

    @web.authenticated
    @authorized
    async def head(self, run_id: str, path: str) -> None:  # type: ignore[override]
        await self._send(run_id, path, include_body=False)

    async def _send(self, run_id: str, path: str, include_body: bool) -> None:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(
                self._pool, partial(find, self._served, run_id, path)
            )
        except EXPECTED as error:
            self._refuse(status_of(error), sentence_of(error))
            return
        self._found = found
        self.root = str(found.parent)
        if self.get_query_argument("download", "0") == "1" or found.suffix.lower() not in _SHOWN:
            self.set_attachment_header(found.name)
        await web.StaticFileHandler.get(self, found.name, include_body=include_body)

    def get_content_type(self) -> str:
        assert self._found is not None
        ending = self._found.suffix.lower()
        if ending in _TEXTS:
            return "text/plain; charset=utf-8"
        return _SHOWN.get(ending, "application/octet-stream")

    def set_headers(self) -> None:
        super().set_headers()
        # Kept by the browser, asked for again each time: a file may grow.
        self.set_header("Cache-Control", "private, no-cache")

    def compute_etag(self) -> str | None:
        # Of size and time: the whole file would have to be read for its own.
        assert self._found is not None
        try:
            status = self._found.stat()
        except OSError:
            return None  # it was removed meanwhile: what follows says so
        return f'"{status.st_mtime_ns:x}-{status.st_size:x}"'

    def get_modified_time(self) -> datetime | None:
        return None if self._found is None else super().get_modified_time()

    def get_login_url(self) -> str:
        # A file is asked for by the page, which has nothing of a login form in its place.
        raise web.HTTPError(403)

    def _refuse(self, status: int, sentence: str) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(encoded({"message": sentence, "reason": "not_found"}))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        said = getattr(error, "log_message", None) or "The file cannot be given."
        self.set_header("Content-Type", "application/json")
        self.finish(encoded({"message": said, "reason": "refused"}))
