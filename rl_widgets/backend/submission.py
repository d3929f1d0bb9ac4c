"""Makes a checked plan a run: its folder, its rows, its supervisor."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rl_widgets.backend import snapshot
from rl_widgets.backend.liveness import RunLock
from rl_widgets.backend.plan import NodeGroup, Plan
from rl_widgets.store import statuses
from rl_widgets.store.database import Store
from rl_widgets.store.errors import StoreError
from rl_widgets.store.nodes import NodeRecord
from rl_widgets.store.runs import RunRecord

RUN_TYPE = "reinforcementlearning"
ENVIRONMENT_FILE = "environment.json"


def new_run_id(experiment: str) -> str:
    """`<experiment>_<unix seconds>_<8 hex digits>`."""
    return f"{experiment}_{int(time.time())}_{uuid.uuid4().hex[:8]}"


def submit(
    store: Store,
    workspace: Path,
    experiment: str,
    plan: Plan,
    source: snapshot.Source,
    environment: dict[str, str],
    tags: dict[str, Any],
    warnings: list[str],
    prepare: Callable[[Path], None] | None = None,
) -> RunRecord:
    """Write the run with its two children and start its supervisor; returns at once.

    `prepare` may lay something into the run's folder before anything starts. Raises `StoreError`
    where the workspace cannot be written, with nothing left of the run.
    """
    run_id = new_run_id(experiment)
    folder = workspace / "runs" / run_id
    try:
        _make_folder(folder, source, environment)
        if prepare is not None:
            prepare(folder)
        lock = RunLock.acquire(folder)
        assert lock is not None, "nobody else knows the folder yet"
        try:
            record = _write(store, run_id, experiment, plan, tags, warnings)
            start_supervisor(workspace, run_id, folder, lock)
        finally:
            lock.close()
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise StoreError(
            f"The run's folder {folder} could not be written ({error.strerror}). Free some space "
            "or choose another workspace folder by RL_WIDGETS_HOME."
        ) from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return record


def _make_folder(folder: Path, source: snapshot.Source, environment: dict[str, str]) -> None:
    folder.mkdir(parents=True)
    for part in ("spool", "job", "head/logs", "head/outputs", "worker", "snapshot"):
        (folder / part).mkdir(parents=True)
    # Variables may be secrets: for this user's eyes alone, and not in the record.
    fd = os.open(folder / ENVIRONMENT_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        json.dump(environment, file)
    snapshot.take(source, folder / "snapshot")


def _write(
    store: Store,
    run_id: str,
    experiment: str,
    plan: Plan,
    tags: dict[str, Any],
    warnings: list[str],
) -> RunRecord:
    now = time.time()
    common: dict[str, Any] = {"experiment": experiment, "type": RUN_TYPE, "created": now}
    parent = RunRecord(
        id=run_id,
        role="parent",
        target=plan.head.target,
        tags=tags,
        definition=plan.as_definition(),
        warnings=warnings,
        **common,
    )
    groups = {"head": plan.head, "worker": plan.worker}
    children = [
        RunRecord(
            id=f"{run_id}_{role}",
            role=role,
            parent=run_id,
            # Workers that share the head's one local node have no lease of their own.
            target=group.target or plan.head.target,
            **common,
        )
        for role, group in groups.items()
        if group is not None
    ]
    record = store.runs.add(parent, children, plan.requests())
    store.nodes.add(nodes_of(run_id, plan))
    return record


def nodes_of(run_id: str, plan: Plan) -> list[NodeRecord]:
    """The nodes of a run as they are before it begins."""
    nodes = _nodes(f"{run_id}_head", "head", plan.head)
    if plan.worker is not None:
        nodes += _nodes(f"{run_id}_worker", "worker", plan.worker)
    return nodes


def _nodes(child: str, role: str, group: NodeGroup) -> list[NodeRecord]:
    return [
        NodeRecord(
            run=child,
            name=role if role == "head" else f"{role}-{i}",
            position=i,
            state="waiting",
            cpus=group.cpus,
            gpus=group.gpus,
            memory=group.memory,
        )
        for i in range(group.node_count)
    ]


def start_supervisor(workspace: Path, run_id: str, folder: Path, lock: RunLock) -> None:
    """Start the supervisor as nobody's child, with the run's lock already held by it."""
    command = [sys.executable, "-m", "rl_widgets.backend.supervisor"]
    command += [str(workspace), run_id, str(lock.fd)]
    with open(folder / "supervisor.log", "ab") as log:
        # The shell ends at once and leaves the supervisor to the system, so that no notebook
        # kernel has to collect it and none can take it along.
        shell = subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lock.fd,),
            start_new_session=True,
            cwd=folder,
            env=_supervisor_environment(),
            check=False,
        )
    if shell.returncode:
        raise StoreError(
            f"The supervisor of {run_id} could not be started (exit code {shell.returncode}); "
            f"{folder / 'supervisor.log'} may say more."
        )


def _supervisor_environment() -> dict[str, str]:
    """Ours without Ray's variables: they would point the supervisor at another cluster."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    for name in ("RL_WIDGETS_RUN_ID", "RL_WIDGETS_RUN_FOLDER", "RL_WIDGETS_ATTEMPT"):
        kept.pop(name, None)
    return kept


def start_interactive(
    store: Store, workspace: Path, experiment: str, display_name: str
) -> tuple[RunRecord, RunLock]:
    """A run without a cluster, owned by this process through the lock that is returned."""
    run_id = new_run_id(experiment)
    folder = workspace / "runs" / run_id
    (folder / "spool").mkdir(parents=True)
    lock = RunLock.acquire(folder)
    assert lock is not None, "nobody else knows the folder yet"
    now = time.time()
    record = RunRecord(
        id=run_id,
        experiment=experiment,
        role="interactive",
        type="interactive",
        status=statuses.RUNNING,
        display_name=display_name,
        created=now,
        started=now,
    )
    return store.runs.add(record, [], {}), lock
