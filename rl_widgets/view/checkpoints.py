"""The checkpoints of a run: which there are, which is best, and what can be begun from them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl_widgets.store import statuses
from rl_widgets.store.runs import RunRecord
from rl_widgets.view import wording
from rl_widgets.view.events import Event
from rl_widgets.view.reader import RunReader

#: Rows of checkpoints that are deleted already; older ones are only counted.
REMOVED_ROWS = 20
#: Seconds of training before the first one, where the script sets nothing.
FIRST_AFTER_S = 100


@dataclass(frozen=True)
class CheckpointRow:
    """One checkpoint; `path` relative to the run's folder, `size` in bytes on the disk."""

    path: str
    name: str
    attempt: int
    iteration: str
    env_steps: str
    reward: str
    time: str
    size: int
    size_text: str
    best: bool
    last: bool
    exists: bool

    @property
    def marks(self) -> str:
        """'best', 'last', 'best, last', 'deleted' or ''."""
        if not self.exists:
            return "deleted"
        return ", ".join(
            word for word, is_so in (("best", self.best), ("last", self.last)) if is_so
        )


@dataclass(frozen=True)
class Checkpoints:
    """All that is said of a run's checkpoints, newest first.

    `message` stands in place of the rows where there are none. `resumable` tells whether a run
    that is over can be gone on with; `resume_text` is the sentence beside it.
    """

    rows: tuple[CheckpointRow, ...]
    summary: str
    message: str
    over: bool
    resumable: bool
    resume_text: str

    @property
    def there(self) -> tuple[CheckpointRow, ...]:
        """Those that are not deleted."""
        return tuple(row for row in self.rows if row.exists)


def checkpoints(reader: RunReader) -> Checkpoints:
    """What there is to say of a run's checkpoints. Costs a look at each that is not deleted."""
    with reader.lock:
        record = reader.record
        found = list(reader.events)
        seconds = reader.series("time_total_s")
        trained = None if seconds is None else seconds.last()
    made = [e for e in found if e.kind == "checkpoint" and isinstance(e.details.get("path"), str)]
    removed = {str(e.details.get("path")): e.id for e in found if e.kind == "checkpoint_removed"}
    folder = reader.run_folder
    there = {e.id for e in made if _is_there(e, removed, folder)}
    kept = [e for e in made if e.id in there]
    scored = [e for e in kept if _reward(e) is not None]
    best = max(scored, key=lambda e: (_reward(e) or 0.0, e.id)).id if scored else None
    last = kept[-1].id if kept else None
    gone = [e for e in made if e.id not in there]
    shown = sorted((*kept, *gone[-REMOVED_ROWS:]), key=lambda e: -e.id)
    rows = tuple(_row(e, e.id in there, e.id == best, e.id == last) for e in shown)
    resumable, resume_text = _resume(record, bool(kept))
    return Checkpoints(
        rows=rows,
        summary=_summary(kept, len(made)),
        message="" if rows else _nothing(record, trained),
        over=record.final,
        resumable=resumable,
        resume_text=resume_text,
    )


def resume_code(record: RunRecord) -> str:
    """Python that goes on with the run; for a completed one with twice as much to reach."""
    argument = ""
    if record.status == statuses.COMPLETED:
        argument = f"stop={_stop(record, further=True)!r}"
    return f"{_run(record.id)}run.resume({argument})"


def new_run_code(record: RunRecord, row: CheckpointRow) -> str:
    """Python that begins a new run with a checkpoint's weights and settings to be changed."""
    params = record.definition.get("script_params")
    changes = ""
    config = params.get("--config") if isinstance(params, Mapping) else None
    if isinstance(config, str):
        try:
            config = json.loads(config)
        except ValueError:
            config = None
    if isinstance(config, Mapping):
        changes = f'\n    script_params={{"--config": {dict(config)!r}}},'
    return (
        f"{_run(record.id)}new = run.new_run_from(\n    {row.name!r},"
        f"\n    stop={_stop(record, further=False)!r},{changes}\n)\nnew"
    )


def download_code(run_id: str, prefix: str) -> str:
    """Python that copies files of the run into a folder of the person's own."""
    return f'{_run(run_id)}run.download_files(prefix={prefix!r}, output_directory=".")'


def _run(run_id: str) -> str:
    return f"run = ws.get_run({run_id!r})\n"


def _stop(record: RunRecord, further: bool) -> dict[str, Any]:
    stop = record.definition.get("stop")
    if not isinstance(stop, Mapping) or not stop:
        return {"time_total_s": 3600}
    grow = 2 if further else 1
    return {
        name: value * grow if isinstance(value, (int, float)) and not _is_score(name) else value
        for name, value in stop.items()
    }


def _is_score(name: str) -> bool:
    return "reward" in name or "return" in name


def _is_there(event: Event, removed: Mapping[str, int], folder: Path) -> bool:
    path = str(event.details["path"])
    return removed.get(path, 0) < event.id and (folder / path).is_dir()


def _reward(event: Event) -> float | None:
    value = event.details.get("reward")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value == value:
        return float(value)
    return None


def _row(event: Event, exists: bool, best: bool, last: bool) -> CheckpointRow:
    path = str(event.details["path"])
    size = event.details.get("size")
    size = int(size) if isinstance(size, (int, float)) and size == size else 0
    return CheckpointRow(
        path=path,
        name=wording.shown(path.rsplit("/", 1)[-1], 60),
        attempt=event.attempt,
        iteration=wording.count(event.iteration),
        env_steps=wording.count(event.env_steps),
        reward=wording.number(_reward(event)),
        time=wording.clock(event.time),
        size=size,
        size_text=wording.size(size),
        best=best,
        last=last,
        exists=exists,
    )


def _summary(kept: list[Event], made: int) -> str:
    if not made:
        return ""
    total = sum(int(e.details.get("size") or 0) for e in kept)
    words = f"{wording.plural(len(kept), 'checkpoint')} on the disk, {wording.size(total)}"
    if made > len(kept):
        words += f"; {made - len(kept):,} of {made:,} were deleted (the best and the last are kept)"
    return f"{words}."


def _resume(record: RunRecord, kept: bool) -> tuple[bool, str]:
    if not record.final or not kept:
        return False, ""
    if record.status == statuses.COMPLETED:
        return False, "The run has reached its goal. With more to reach it goes on from the last:"
    return True, "The run can go on from its last checkpoint, as a new attempt of the same run."


def _nothing(record: RunRecord, trained: float | None) -> str:
    if record.role == "interactive":
        return "A run without a cluster has no checkpoints."
    if _switched_off(record.definition):
        return "No checkpoints: the script's arguments switch them off (--checkpoint-freq 0)."
    if record.final:
        return (
            "The run ended before its first checkpoint, so it cannot be resumed: submit it again."
        )
    if trained is not None and trained > 2 * FIRST_AFTER_S:
        return (
            "No checkpoint yet. The script sets when one is made, or does not train by "
            "rl_widgets.rllib.tune.run."
        )
    return f"No checkpoint yet: the first one comes after {FIRST_AFTER_S} s of training."


def _switched_off(definition: Mapping[str, Any]) -> bool:
    argv = [str(a) for a in definition.get("arguments") or ()]
    if "--checkpoint-at-end" in argv:
        return False
    following = dict(itertools.pairwise(argv))
    return following.get("--checkpoint-freq") == "0" or "--checkpoint-freq=0" in argv
