"""Checkpoints of a run that nobody has to ask for: when, where, and which are kept.

They are written by RLlib itself, in the training process and between two iterations, into the
run's `head/checkpoints`. One that is there is whole: it is written under another name and renamed.
"""

from __future__ import annotations

import contextlib
import json
import numbers
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from rl_widgets.store.logger import RunLogger, from_environment

#: Where they lie, relative to the run's folder.
FOLDER = "head/checkpoints"
#: What is known of a checkpoint, beside RLlib's own files in it.
MANIFEST = "checkpoint.json"

#: Seconds between two checkpoints where nobody has set another interval.
INTERVAL_S = 300.0
#: The best ones that are kept beside the last.
KEEP_BEST = 3
#: Without an interval of the script's own: seconds of training for each second of saving.
TRAINING_FOR_SAVING = 200.0
#: What the best reward has to gain to be saved early, as a part of the range seen so far.
CLEAR_GAIN = 0.1

#: What the name of a folder begins with that is no checkpoint yet, or no longer.
PARTIAL = ".partial-"


@dataclass(frozen=True)
class Manifest:
    """What is known of a checkpoint; `size` in bytes, `seconds` that saving it took, `several`
    whether its training is one of several of its run."""

    attempt: int
    iteration: int
    env_steps: int
    reward: float | None
    time: float
    time_total_s: float
    seconds: float
    size: int
    trial: str
    several: bool = False


@dataclass(frozen=True)
class CheckpointPlan:
    """When to save and what to keep. `stop` are the criteria of the training, flat; `group` is the
    folder under `head/checkpoints` for a training that is not the only one of its run."""

    interval_s: float | None = None
    keep: int = KEEP_BEST
    stop: Mapping[str, float] | None = None
    group: str = ""
    several: bool = False


class Checkpointer:
    """RLlib's `on_train_result`: saves a checkpoint when one is due, and deletes what is too many.

    Due: at the end of the training; when the interval has passed; after a third of it when there
    is none yet or the mean reward has clearly grown. A checkpoint that cannot be saved (full disk)
    is a warning in the run, and training goes on.
    """

    def __init__(self, plan: CheckpointPlan) -> None:
        self._plan = plan
        self._begun = time.monotonic()
        self._last: float | None = None
        self._cost = 0.0
        self._best: float | None = None
        self._range = (float("inf"), float("-inf"))

    def __call__(self, *, algorithm: Any, result: dict[str, Any], **_: Any) -> None:
        found = from_environment()
        if found is None:
            return
        now = time.monotonic()
        reward = reward_of(result)
        if reward is not None:
            self._range = (min(self._range[0], reward), max(self._range[1], reward))
        if not self._due(now, reward) and not reached(self._plan.stop, result):
            return
        run_id, run_folder, logger = found
        # A failure counts as a try: a full disk is not asked again at every iteration.
        self._last = now
        try:
            self._save(algorithm, result, run_folder, logger)
            self._cost = time.monotonic() - now
            if reward is not None:
                self._best = reward if self._best is None else max(reward, self._best)
            self._delete_surplus(run_folder, algorithm, logger)
        except Exception as error:  # noqa: BLE001 - whatever hinders a checkpoint ends no training
            _say_failed(run_id, logger, result, error)
            return
        # A video of the agent as it is in the checkpoint, where one is due.
        with contextlib.suppress(Exception):
            from rl_widgets.rllib.evaluation import at_checkpoint

            at_checkpoint(algorithm, result)

    def started(self) -> None:
        """The training begins now."""
        self._begun = time.monotonic()
        self._last = None

    def _due(self, now: float, reward: float | None) -> bool:
        interval = INTERVAL_S if self._plan.interval_s is None else self._plan.interval_s
        waited = now - (self._begun if self._last is None else self._last)
        if self._plan.interval_s is None and waited < TRAINING_FOR_SAVING * self._cost:
            return False
        if waited >= interval:
            return True
        return waited >= interval / 3 and (self._last is None or self._clearly_better(reward))

    def _clearly_better(self, reward: float | None) -> bool:
        if reward is None:
            return False
        low, high = self._range
        return self._best is None or (
            reward > self._best and reward - self._best >= CLEAR_GAIN * (high - low)
        )

    def _save(
        self, algorithm: Any, result: Mapping[str, Any], run_folder: Path, logger: RunLogger
    ) -> None:
        began = time.monotonic()
        place = self._place(run_folder, algorithm)
        iteration = int(result["training_iteration"])
        attempt = current_attempt()
        name = f"attempt-{attempt}-iteration-{iteration:06d}"
        partial = place / f"{PARTIAL}{name}-{os.getpid()}"
        place.mkdir(parents=True, exist_ok=True)
        try:
            partial.mkdir()
            algorithm.save_checkpoint(str(partial))
            size = size_of(partial)
            manifest = Manifest(
                attempt=attempt,
                iteration=iteration,
                env_steps=int(result["num_env_steps_sampled_lifetime"]),
                reward=reward_of(result),
                time=time.time(),
                time_total_s=float(result["time_total_s"]),
                seconds=time.monotonic() - began,
                size=size,
                trial=trial_of(algorithm),
                several=self._plan.several,
            )
            (partial / MANIFEST).write_text(json.dumps(asdict(manifest)), encoding="utf-8")
            if (place / name).exists():
                shutil.rmtree(place / name)
            os.replace(partial, place / name)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        announce(logger, (place / name).relative_to(run_folder).as_posix(), manifest)

    def _delete_surplus(self, run_folder: Path, algorithm: Any, logger: RunLogger) -> None:
        place = self._place(run_folder, algorithm)
        for name in surplus(complete(place), self._plan.keep):
            # Renamed first: what is half deleted is no checkpoint.
            gone = place / f"{PARTIAL}{name}-{os.getpid()}"
            os.replace(place / name, gone)
            shutil.rmtree(gone, ignore_errors=True)
            announce_removed(logger, (place / name).relative_to(run_folder).as_posix())

    def _place(self, run_folder: Path, algorithm: Any) -> Path:
        place = run_folder / FOLDER / self._plan.group
        return place / trial_of(algorithm) if self._plan.several else place


def complete(place: Path) -> dict[str, Manifest]:
    """The whole checkpoints in a folder, by name, oldest first."""
    found = {}
    names = {f.name for f in fields(Manifest)}
    with contextlib.suppress(FileNotFoundError):
        for folder in place.iterdir():
            if folder.name.startswith(PARTIAL):
                continue
            try:
                values = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
                found[folder.name] = Manifest(**{k: v for k, v in values.items() if k in names})
            except (OSError, ValueError, TypeError, AttributeError):
                continue
    return dict(sorted(found.items(), key=lambda item: (item[1].time, item[0])))


def sweep(place: Path) -> None:
    """Remove what a killed process left half written or half deleted."""
    with contextlib.suppress(FileNotFoundError):
        for folder in place.glob(f"{PARTIAL}*"):
            shutil.rmtree(folder, ignore_errors=True)


def surplus(found: Mapping[str, Manifest], keep: int) -> list[str]:
    """The names to delete: all but the last and the `keep` best by reward."""
    names = list(found)
    ranked = sorted(
        (name for name in names if found[name].reward is not None),
        key=lambda name: (-(found[name].reward or 0.0), -found[name].time),
    )
    kept = {*ranked[:keep], *names[-1:]}
    if not ranked:
        kept |= set(names[-keep:])
    return [name for name in names if name not in kept]


def reached(stop: Mapping[str, float] | None, result: Mapping[str, Any]) -> bool:
    """Whether a result ends the training, as Tune judges it."""
    if not stop:
        return False
    from ray.tune.utils import flatten_dict

    flat = flatten_dict(dict(result))
    return any(name in flat and flat[name] >= value for name, value in stop.items())


def announce(logger: RunLogger, path: str, manifest: Manifest) -> None:
    """Log that a whole checkpoint is at `path` (relative to the run's folder)."""
    reward = "" if manifest.reward is None else f", mean reward {manifest.reward:.2f}"
    logger.log_event(
        "checkpoint",
        f"Checkpoint of iteration {manifest.iteration:,}{reward}",
        step=manifest.iteration,
        env_steps=manifest.env_steps,
        path=path,
        reward=manifest.reward,
        size=manifest.size,
        attempt=manifest.attempt,
        seconds=manifest.seconds,
        time_total_s=manifest.time_total_s,
        trial=manifest.trial,
        several=manifest.several,
    )


def announce_removed(logger: RunLogger, path: str) -> None:
    """Log that the checkpoint at `path` has been deleted."""
    logger.log_event("checkpoint_removed", "Checkpoint deleted: better or newer ones are kept",
                     path=path)  # fmt: skip


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def trial_of(algorithm: Any) -> str:
    """The folder name of the Tune trial that an algorithm trains in; "" outside of Tune."""
    # RLlib takes the trial's own name out of its configuration: `trial_id` is "default" there.
    return str(getattr(getattr(algorithm, "_storage", None), "trial_dir_name", None) or "")


def current_attempt() -> int:
    """The attempt of the run that this process belongs to."""
    return int(os.environ.get("RL_WIDGETS_ATTEMPT", "1"))


def reward_of(result: Mapping[str, Any]) -> float | None:
    """The mean reward of a result; None before any episode has ended."""
    value = result.get("episode_reward_mean")
    return float(value) if isinstance(value, numbers.Real) and value == value else None


def _say_failed(
    run_id: str, logger: RunLogger, result: Mapping[str, Any], error: Exception
) -> None:
    cause = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
    sentence = (
        f"A checkpoint could not be saved ({cause}). Training goes on; the next try comes after "
        "the usual interval. If the disk is full, free some space."
    )
    print(sentence, flush=True)
    with contextlib.suppress(Exception):
        logger.log_event(
            "checkpoint_failed", sentence, step=int(result.get("training_iteration") or 0)
        )
    with contextlib.suppress(Exception):
        from rl_widgets.run import Run

        Run.get_context().workspace.store.runs.warn(run_id, sentence)
