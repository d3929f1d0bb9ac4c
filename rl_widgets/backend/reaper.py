"""Looks after runs whose supervisor is gone: whoever looks at such a run next calls this."""

from __future__ import annotations

import math
import time
from pathlib import Path

from rl_widgets.backend import outcome as outcomes
from rl_widgets.backend.cluster_record import RECORD_NAME, sweep
from rl_widgets.backend.liveness import RunLock
from rl_widgets.backend.outcome import Outcome
from rl_widgets.store import statuses
from rl_widgets.store.database import Store
from rl_widgets.store.errors import NotFoundError
from rl_widgets.store.ingest import SpoolReader
from rl_widgets.store.runs import RunRecord


def look_after(store: Store, workspace: Path, run_id: str, seconds: float = math.inf) -> None:
    """End a run whose supervisor is gone: its processes, its rows, its leases.

    Costs one query and one lock while the supervisor lives. What was logged meanwhile is taken in
    for `seconds`; where that was not all of it, the rest and the run's end are the next call's.
    """
    try:
        run = store.runs.get(run_id)
    except NotFoundError:
        return
    if run.parent is not None:
        run = store.runs.get(run.parent)
    folder = workspace / "runs" / run.id
    spool = SpoolReader(store.metrics, run.id, folder)
    if run.role == "interactive":
        spool.take_in(seconds)
    if run.final or spool.behind:
        return
    lock = RunLock.acquire(folder)
    if lock is None:
        if folder.exists():
            return
        outcomes.write(store, run.id, Outcome.failed("The run's folder was removed."))
        return
    try:
        # It may have ended in the moment between the look at its state and at its lock.
        run = store.runs.get(run.id)
        if run.final:
            return
        sweep_run(folder, run.id)
        spool.take_in(seconds)
        if spool.behind:
            return
        outcomes.write(store, run.id, _outcome(run, folder))
    finally:
        lock.close()


def sweep_run(folder: Path, run_id: str) -> None:
    """End every process that is left of a run, and remove its temporary folder."""
    sweep(run_id, folder / RECORD_NAME)


def _outcome(run: RunRecord, folder: Path) -> Outcome:
    if run.role == "interactive":
        return Outcome(
            statuses.COMPLETED,
            warnings=["The process that logged this run ended without run.complete()."],
        )
    exit_record = outcomes.read_json(folder / "job" / "exit.json")
    if exit_record is not None:
        # The entry script had ended; only the clean-up was cut off, and is done now.
        return outcomes.of_exit(exit_record)
    if run.cancel_requested is not None:
        return Outcome.canceled(run.cancel_reason or "Canceled.")
    return Outcome.failed(
        "The run's supervisor ended before the run did (killed, or the machine went down; seen at "
        f"{time.strftime('%H:%M:%S', time.gmtime())} UTC). What was logged is kept; submit the run "
        "again, or look at supervisor.log among its files.",
        worker=statuses.FAILED,
        type="SupervisorGone",
    )
