"""Back from a checkpoint: a run that is resumed, a trial that Tune starts again, a new run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rl_widgets.rllib.checkpoints import (
    FOLDER,
    Checkpointer,
    CheckpointPlan,
    complete,
    current_attempt,
    sweep,
    trial_of,
)
from rl_widgets.store.logger import from_environment

#: Names the checkpoint that a job begins with; `rl_widgets.backend.resume` writes it.
RESTORE_FILE = "job/restore.json"

_WEIGHTS = ("learner_group", "learner", "rl_module")


class Restorer:
    """RLlib's `on_algorithm_init`: begins where a checkpoint left off.

    A trial that Tune starts again after a failure goes on from its own last checkpoint; a resumed
    run from the one that `job/restore.json` names; a new run takes only the weights of that.
    """

    def __init__(self, plan: CheckpointPlan, checkpointer: Checkpointer | None = None) -> None:
        self._plan = plan
        self._checkpointer = checkpointer

    def __call__(self, *, algorithm: Any, **_: Any) -> None:
        found = from_environment()
        if found is None:
            return
        run_folder = found[1]
        place = run_folder / FOLDER / self._plan.group
        trial = trial_of(algorithm)
        if self._plan.several:
            place = place / trial
        sweep(place)
        own = {
            name: manifest
            for name, manifest in complete(place).items()
            if manifest.attempt == current_attempt() and manifest.trial == trial
        }
        if own:
            name = max(own, key=lambda n: own[n].iteration)
            restore(algorithm, place / name, own[name].time_total_s)
        elif not self._plan.group:
            self._as_told(algorithm, run_folder)
        if self._checkpointer is not None:
            self._checkpointer.started()

    def _as_told(self, algorithm: Any, run_folder: Path) -> None:
        try:
            told = json.loads((run_folder / RESTORE_FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        path = run_folder / told["path"]
        if told.get("weights_only"):
            restore_weights(algorithm, path)
        elif self._plan.several:
            return  # it is the state of one training, and none stands for the others
        else:
            restore(algorithm, path, float(told.get("time_total_s") or 0.0))
        print(f"Goes on from the checkpoint {told['path']}.", flush=True)


def restore(algorithm: Any, path: Path, time_total_s: float) -> None:
    """Put an algorithm into the state of a checkpoint: weights, optimizer, counters, iteration."""
    algorithm.load_checkpoint(str(path))
    # RLlib's own state has the iteration; the seconds are Tune's, and it keeps them elsewhere.
    algorithm._time_total = time_total_s


def restore_weights(algorithm: Any, path: Path) -> None:
    """Take the weights of a checkpoint and nothing else. Raises `ConfigError` where they do not
    fit the network."""
    from rl_widgets.rllib.errors import ConfigError

    try:
        algorithm.restore_from_path(str(path.joinpath(*_WEIGHTS)), component="/".join(_WEIGHTS))
    except Exception as error:
        raise ConfigError(
            f"The weights of the checkpoint {path.name} do not fit this training's network "
            f"({type(error).__name__}: {error}). Keep the environment and the model settings of "
            "the run that they come from."
        ) from error
