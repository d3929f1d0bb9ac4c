"""Goes on with a run that is over, and begins a new one where a run's checkpoint stands."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rl_widgets.backend import snapshot, submission
from rl_widgets.backend.arguments import ScriptParams, json_of, to_argv
from rl_widgets.backend.cluster_record import write_json
from rl_widgets.backend.liveness import RunLock
from rl_widgets.backend.plan import Plan
from rl_widgets.store import statuses
from rl_widgets.store.database import Store
from rl_widgets.store.errors import StoreError, UserError
from rl_widgets.store.logger import EVENTS, RunLogger
from rl_widgets.store.metrics import Payload
from rl_widgets.store.runs import RunRecord

#: What `rl_widgets.rllib.restore` reads, relative to the run's folder.
RESTORE_FILE = "job/restore.json"
#: Where a new run keeps the checkpoint that its weights come from.
START_FOLDER = "head/checkpoints/start"

#: What tells of the last attempt's job and cluster.
_OF_AN_ATTEMPT = ("go", "arrived.json", "started.json", "exit.json", "trainer.json", "restore.json")


@dataclass(frozen=True)
class Announced:
    """A checkpoint that the run was told of and that is still there, whole."""

    path: str
    attempt: int
    iteration: int
    env_steps: int
    reward: float | None
    time_total_s: float
    trial: str
    several: bool


def announced(store: Store, run_id: str, folder: Path) -> list[Announced]:
    """The checkpoints of a run that are still there, in the order in which they were made."""
    ids = [run_id, *(child.id for child in store.runs.children(run_id))]
    kinds = {f"{EVENTS}checkpoint", f"{EVENTS}checkpoint_removed"}
    series = {s.id: s.name for s in store.metrics.series(ids) if s.name in kinds}
    found: dict[str, Announced] = {}
    for point in store.metrics.payloads(list(series)) if series else []:
        path = point.payload.get("path") if isinstance(point.payload, Mapping) else None
        if not isinstance(path, str):
            continue
        found.pop(path, None)
        if series[point.series] == f"{EVENTS}checkpoint":
            found[path] = _announced(path, point)
    return [c for c in found.values() if (folder / c.path).is_dir()]


def resume(
    store: Store,
    workspace: Path,
    run: RunRecord,
    stop: Mapping[str, Any] | None = None,
    script_params: Mapping[str, Any] | None = None,
) -> RunRecord:
    """Go on with a run that is over, as its next attempt, from its last whole checkpoint.

    Raises `UserError` where there is no way back, with nothing changed.
    """
    folder = workspace / "runs" / run.id
    submitted = _plan(run)
    _check_over(run)
    if run.status == statuses.COMPLETED and stop is None and not script_params:
        raise UserError(
            f"{run.id} is Completed: it has reached what it was to stop at. Give it more to reach: "
            'run.resume(stop={"time_total_s": 7200}).'
        )
    checkpoint = _last_of_one_training(announced(store, run.id, folder), run.id)
    plan = changed(submitted, stop, script_params)
    _check_parts(folder, plan)
    _check_targets(store, plan)
    lock = RunLock.acquire(folder)
    if lock is None:
        raise UserError(f"{run.id} is being ended or resumed at this moment: try again in a while.")
    try:
        current = store.runs.get(run.id)
        _check_over(current)
        attempt = current.attempt + 1
        _clear(folder, current.attempt)
        tell_where_to_begin(folder, checkpoint, weights_only=False)
        record = store.runs.reopen(run.id, attempt, plan.as_definition())
        store.nodes.add(submission.nodes_of(run.id, plan))
        where = f"iteration {checkpoint.iteration:,}, {checkpoint.env_steps:,} env steps"
        RunLogger.to_spool(folder, "head", attempt).log_event(
            "resumed",
            f"Resumed as attempt {attempt} from the checkpoint of {where}",
            step=checkpoint.iteration,
            env_steps=checkpoint.env_steps,
            attempt=attempt,
            from_checkpoint=checkpoint.path,
        )
        _mark_log(folder, f"attempt {attempt}, from the checkpoint of {where}")
        submission.start_supervisor(workspace, run.id, folder, lock)
    except OSError as error:
        raise StoreError(
            f"The run's folder {folder} could not be written ({error.strerror}). Free some space."
        ) from error
    finally:
        lock.close()
    return record


def new_run(
    store: Store,
    workspace: Path,
    run: RunRecord,
    path: str | None,
    stop: Mapping[str, Any] | None,
    script_params: Mapping[str, Any] | None,
    tags: dict[str, Any],
) -> RunRecord:
    """Submit a new run of the same snapshot, with the weights of a checkpoint of `run`.

    Raises `UserError` where there is no such checkpoint, or no snapshot.
    """
    folder = workspace / "runs" / run.id
    submitted = _plan(run)
    there = announced(store, run.id, folder)
    checkpoint = (
        _last_of_one_training(there, run.id) if path is None else _named(there, path, run.id)
    )
    plan = changed(submitted, stop, script_params)
    _check_parts(folder, plan)
    _check_targets(store, plan)
    environment = json.loads((folder / submission.ENVIRONMENT_FILE).read_text(encoding="utf-8"))
    return submission.submit(
        store,
        workspace,
        run.experiment,
        plan,
        snapshot.examine(folder / "snapshot", plan.entry_script),
        environment,
        {**tags, "started_from": f"{run.id}/{checkpoint.path}"},
        [],
        prepare=_starting_from(folder, checkpoint),
    )


def tell_where_to_begin(folder: Path, checkpoint: Announced, weights_only: bool) -> None:
    """Write for the job which checkpoint it begins with."""
    write_json(
        folder / RESTORE_FILE,
        {
            "path": checkpoint.path,
            "time_total_s": checkpoint.time_total_s,
            "weights_only": weights_only,
        },
    )


def changed(
    plan: Plan, stop: Mapping[str, Any] | None, script_params: Mapping[str, Any] | None
) -> Plan:
    """The plan with other script parameters; `stop` and dicts take the place of the old ones."""
    if script_params is not None and not isinstance(script_params, Mapping):
        raise UserError(f"script_params is a dict, not {type(script_params).__name__}.")
    if stop is not None and not (isinstance(stop, Mapping) and stop):
        raise UserError('stop is a dict such as {"time_total_s": 7200}.')
    changes = dict(script_params or {})
    if stop is not None:
        changes["--stop"] = dict(stop)
    if not changes:
        return plan
    to_argv(changes)
    params: ScriptParams = plan.script_params
    if isinstance(params, Mapping):
        new: dict[str, Any] | list[str] = {**params, **changes}
    else:
        new = _replaced(list(params), changes)
    return replace(
        plan, script_params=new, arguments=to_argv(new), stop=json_of(new, "--stop") or None
    )


def _replaced(argv: list[str], changes: Mapping[str, Any]) -> list[str]:
    """A finished list of arguments with some options given other values."""
    for name, value in changes.items():
        written = to_argv({name: value})
        at = next((i for i, a in enumerate(argv) if a == name or a.startswith(f"{name}=")), None)
        if at is None:
            argv = [*argv, *written]
            continue
        end = at + 1
        if argv[at] == name:
            while end < len(argv) and not argv[end].startswith("--"):
                end += 1
        argv = [*argv[:at], *written, *argv[end:]]
    return argv


def _plan(run: RunRecord) -> Plan:
    try:
        return Plan.from_definition(run.definition)
    except (KeyError, TypeError, AttributeError):
        raise UserError(
            f"{run.id} was not submitted: it was logged by a script or cell of its own, or "
            "imported. It has no entry script that could go on."
        ) from None


def _check_over(run: RunRecord) -> None:
    if not run.final:
        raise UserError(
            f"{run.id} is not over ({run.status}), so there is nothing to resume. run.cancel() "
            "ends it; it can be resumed then."
        )


def _check_parts(folder: Path, plan: Plan) -> None:
    for part in (f"snapshot/{plan.entry_script}", submission.ENVIRONMENT_FILE):
        if not (folder / part).is_file():
            raise UserError(
                f"The run's snapshot is gone ({folder / part} is missing), so its script cannot be "
                "started again. Submit a new run."
            )


def _check_targets(store: Store, plan: Plan) -> None:
    for name, wanted in plan.requests().items():
        target = store.targets.get(name)
        if target is None or target.max_nodes < wanted:
            has = "is gone" if target is None else f"has at most {target.max_nodes}"
            raise UserError(
                f"The run needs {wanted} nodes of the compute target {name!r}, which {has}. Create "
                "or update the target first."
            )


def _last_of_one_training(found: Iterable[Announced], run_id: str) -> Announced:
    checkpoints = list(found)
    if not checkpoints:
        raise UserError(
            f"{run_id} has no checkpoint to go on from. A run of rl_widgets.rllib.tune.run has its "
            "first one after 100 seconds of training, unless its script sets checkpoint_freq=0."
        )
    last = checkpoints[-1]
    trials = {c.trial for c in checkpoints if c.attempt == last.attempt}
    # One of several says so, also while it is the only one that has begun.
    if len(trials) > 1 or last.several:
        raise UserError(
            f"{run_id} is of several trainings, and none of them stands for the whole "
            "run. Begin a new run with the weights of one: run.new_run_from(checkpoint='…')."
        )
    return last


def _named(found: list[Announced], path: str, run_id: str) -> Announced:
    chosen = next((c for c in found if path in (c.path, c.path.rsplit("/", 1)[-1])), None)
    if chosen is None:
        names = ", ".join(c.path.rsplit("/", 1)[-1] for c in found[-8:]) or "none"
        raise UserError(f"{run_id} has no checkpoint {path!r:.120}. There are: {names}.")
    return chosen


def _announced(path: str, point: Payload) -> Announced:
    details = point.payload
    reward = details.get("reward")
    return Announced(
        path=path,
        attempt=point.attempt,
        iteration=int(point.step or 0),
        env_steps=int(point.env_steps or 0),
        reward=float(reward) if isinstance(reward, (int, float)) else None,
        time_total_s=float(details.get("time_total_s") or 0.0),
        trial=str(details.get("trial") or ""),
        several=bool(details.get("several")),
    )


def _starting_from(source: Path, checkpoint: Announced) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        shutil.copytree(source / checkpoint.path, folder / START_FOLDER)
        tell_where_to_begin(folder, replace(checkpoint, path=START_FOLDER), weights_only=True)

    return prepare


def _clear(folder: Path, attempt: int) -> None:
    """Take away what tells of the last attempt; its nodes' logs are kept beside."""
    for name in _OF_AN_ATTEMPT:
        (folder / "job" / name).unlink(missing_ok=True)
    for part in ("head", "worker"):
        logs = folder / part / "nodes"
        kept = folder / part / f"attempt-{attempt}" / "nodes"
        if logs.is_dir() and not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            logs.rename(kept)


def _mark_log(folder: Path, words: str) -> None:
    with (
        contextlib.suppress(OSError),
        (folder / "head" / "driver_log.txt").open("a", encoding="utf-8") as log,
    ):
        log.write(f"\n----- {words} -----\n")
