"""What can be done to a run: cancel, resume, delete, and how it is called and kept."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from rl_widgets.backend.liveness import RunLock
from rl_widgets.run import checked_tags
from rl_widgets.server import kernels, run_pages, targets
from rl_widgets.server.request import Request, boolean, mapping
from rl_widgets.server.served import Served
from rl_widgets.store import statuses
from rl_widgets.store.errors import ConflictError, StoreError, UserError

_CHANGES = ("name", "description", "tags", "archived", "pinned")
#: Characters of a name and of a description at most.
_LENGTHS = {"name": 1_000, "description": 100_000}
_MOST_TAGS = 100


def change(served: Served, asked: Request, run_id: str) -> Any:
    """Give a run another name, description, tags; archive it, pin it."""
    given = asked.fields(_CHANGES)
    served.table.get(run_id)
    values: dict[str, Any] = {}
    for name, column in (("name", "display_name"), ("description", "description")):
        if given.get(name) is not None:
            values[column] = _text(name, given[name])
    for name in ("archived", "pinned"):
        if given.get(name) is not None:
            values[name] = boolean(name, given[name])
    tags = mapping("tags", given.get("tags"))
    removed = [name for name, value in tags.items() if value is None]
    added = checked_tags({name: value for name, value in tags.items() if value is not None})
    runs = served.workspace.store.runs
    if len({*runs.get(run_id).tags, *added} - set(removed)) > _MOST_TAGS:
        raise UserError(f"A run has at most {_MOST_TAGS} tags.")
    if values:
        runs.describe(run_id, **values)
    if tags:
        runs.merge(run_id, "tags", added, remove=removed)
    return run_pages.detail(served, Request(), run_id)


def cancel(served: Served, asked: Request, run_id: str) -> Any:
    """Ask for the end of a run."""
    asked.fields(())
    record = served.table.get(run_id)
    if record.final or record.status in (statuses.FINALIZING, statuses.CANCEL_REQUESTED):
        state = "has ended" if record.final else "is ending already"
        raise ConflictError(f"{run_id} {state} ({record.status}).")
    served.workspace.get_run(run_id).cancel()
    return run_pages.detail(served, Request(), run_id)


def resume(served: Served, asked: Request, run_id: str) -> Any:
    """Go on with a run that is over, from its last checkpoint."""
    given = asked.fields(("stop",))
    stop = mapping("stop", given.get("stop")) or None
    record = served.table.get(run_id)
    plan = record.definition
    for group in (plan.get("head"), plan.get("worker")):
        if isinstance(group, dict) and group.get("target"):
            targets.check_allowed(served.limits, group["target"])
    python = kernels.python_of_run(served, record)
    if python is None:
        raise ConflictError(
            "The Python of this server has no Ray to resume a run with, and the one that submitted "
            f"it is not here. Resume it in a notebook: ws.get_run({run_id!r}).resume()."
        )
    try:
        with served.starting:
            check_room(served)
            if python:
                arguments = ["resume", run_id]
                if stop is not None:
                    arguments += ["--stop", kernels.as_json(stop)]
                kernels.command(served, python, f"The Python {python!r:.200}", arguments)
            else:
                served.workspace.get_run(run_id).resume(stop=stop)
    except UserError as error:
        # The request is a good one; it is the run that does not allow it now.
        raise ConflictError(str(error)) from error
    return run_pages.detail(served, Request(), run_id)


def delete(served: Served, asked: Request, run_id: str) -> Any:
    """Delete a run that has ended, with its folder."""
    record = served.table.get(run_id)
    workspace = served.workspace
    folder = workspace.run_folder(record.id)
    if not record.final:
        raise ConflictError(
            f"{run_id} has not ended ({record.status}): cancel it first, then delete it."
        )
    # Whoever resumes it holds the lock from then on.
    lock = RunLock.acquire(folder)
    if lock is None and folder.exists():
        raise ConflictError(
            f"A process still holds {run_id}: it is being resumed, or a cell still logs to it."
        )
    try:
        _remove(folder)
        workspace.store.runs.delete(record.id)
    finally:
        if lock is not None:
            lock.close()


def check_room(served: Served, runs: int = 1) -> None:
    """Raises `ConflictError` where this server allows not so many further runs now."""
    most = served.limits.max_runs
    active = sum(r.role == "parent" for r in served.table.active()) if most else 0
    if most and active < most < active + runs:
        raise ConflictError(
            f"This server allows {most} active runs at a time; there are {active}, and these are "
            f"{runs} more. Ask for fewer."
        )
    if most and active >= most:
        raise ConflictError(
            f"This server allows {most} active runs at a time, and there are as many. Wait for the "
            "end of one, or cancel one."
        )


def _remove(folder: Path) -> None:
    try:
        if folder.is_symlink():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise StoreError(
            f"The run's folder {folder} could not be removed ({error.strerror}); the run is kept."
        ) from error


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LENGTHS[name]:
        raise UserError(f"{name} is a text of at most {_LENGTHS[name]:,} characters.")
    return value
