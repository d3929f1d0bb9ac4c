"""How a run ended, found from what its job left, and written down."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rl_widgets.store import statuses
from rl_widgets.store.database import Store


@dataclass(frozen=True)
class Outcome:
    """A final state; `error` as the record keeps it, `worker` the state of the worker child."""

    status: str
    message: str = ""
    error: dict[str, Any] | None = None
    worker: str = statuses.COMPLETED
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def failed(cls, message: str, worker: str = statuses.COMPLETED, **details: Any) -> Outcome:
        """The run failed; `message` is the sentence that a person reads first."""
        error = {"message": message, **details}
        return cls(statuses.FAILED, message=message, error=error, worker=worker)

    @classmethod
    def canceled(cls, reason: str) -> Outcome:
        """The run was ended by somebody or by a limit."""
        return cls(statuses.CANCELED, message=reason, worker=statuses.CANCELED)


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object that another process writes by renaming; None while it is not there."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def of_exit(exit_record: dict[str, Any]) -> Outcome:
    """The outcome that the entry bootstrap's `job/exit.json` tells."""
    code = exit_record.get("exit_code")
    exception = exit_record.get("exception")
    if code == 0:
        return Outcome(statuses.COMPLETED)
    if isinstance(exception, dict):
        where = ""
        if exception.get("file"):
            where = f" ({exception['file']}, line {exception.get('line')})"
        text = str(exception.get("message", "")).strip()
        kind = str(exception.get("type", "Exception"))
        return Outcome.failed(
            f"{kind}: {text}{where}" if text else f"{kind}{where}", **exception_details(exception)
        )
    return Outcome.failed(
        f"The entry script ended with exit code {code}. Its last lines are in driver_log.txt.",
        type="ExitCode",
        exit_code=code,
    )


def exception_details(exception: dict[str, Any]) -> dict[str, Any]:
    """What the record keeps of an exception."""
    names = ("type", "file", "line", "traceback")
    details = {name: exception.get(name) for name in names}
    details["exception_message"] = exception.get("message")
    return details


def write(store: Store, run_id: str, outcome: Outcome) -> None:
    """Write the end of a run and of its children and nodes, and give back its nodes."""
    now = time.time()
    children = {"head": outcome.status, "worker": outcome.worker}
    for child in store.runs.children(run_id):
        store.runs.set(child.id, status=children[child.role], ended=now, message="")
        for node in store.nodes.of([child.id]):
            if node.state != "dead":
                store.nodes.set(child.id, node.name, state="ended", ended=now)
    if outcome.warnings:
        store.runs.warn(run_id, *outcome.warnings)
    store.runs.set(
        run_id, status=outcome.status, ended=now, error=outcome.error, message=outcome.message
    )
    store.leases.release(run_id)
