"""Checkpoints that the script has asked Tune for, told to the run as our own are."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ray.tune import Callback

from rl_widgets.rllib.checkpoints import (
    Manifest,
    announce,
    announce_removed,
    current_attempt,
    reward_of,
    size_of,
)
from rl_widgets.store.errors import RLWidgetsError
from rl_widgets.store.logger import from_environment


class AnnounceCheckpoints(Callback):
    """Checkpoints of the script's own settings, as events of the run."""

    def __init__(self, several: bool = False) -> None:
        self._several = several
        self._told: dict[str, Path] = {}

    def on_checkpoint(
        self, iteration: int, trials: list[Any], trial: Any, checkpoint: Any, **info: Any
    ) -> None:
        """Tune has a whole checkpoint."""
        with contextlib.suppress(RLWidgetsError, OSError):
            self._saved(
                Path(checkpoint.path), trial.last_result or {}, str(trial.path).rsplit("/", 1)[-1]
            )

    def on_trial_save(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """It has also deleted what was too many."""
        with contextlib.suppress(RLWidgetsError, OSError):
            self._look()

    def _saved(self, path: Path, result: Mapping[str, Any], trial: str) -> None:
        found = from_environment()
        if found is None:
            return
        _, run_folder, logger = found
        run_folder = run_folder.resolve()
        if not path.resolve().is_relative_to(run_folder):
            return
        name = path.resolve().relative_to(run_folder).as_posix()
        manifest = Manifest(
            attempt=current_attempt(),
            iteration=int(result.get("training_iteration") or 0),
            env_steps=int(result.get("num_env_steps_sampled_lifetime") or 0),
            reward=reward_of(result),
            time=time.time(),
            time_total_s=float(result.get("time_total_s") or 0.0),
            seconds=0.0,
            size=size_of(path),
            trial=trial,
            several=self._several,
        )
        self._told[name] = path
        announce(logger, name, manifest)

    def _look(self) -> None:
        found = from_environment()
        for name, path in list(self._told.items()):
            if found is not None and not path.exists():
                del self._told[name]
                announce_removed(found[2], name)
