"""A curve from a CSV file: which of its columns are the x-axes and which the reward."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rl_widgets.store.errors import UserError
from rl_widgets.view import catalogue, wording
from rl_widgets.view.charts.curve import AXES
from rl_widgets.view.series import Floats

#: Larger files are no curve.
MAX_BYTES = 200_000_000

#: What the columns of each x-axis are called, best known first.
AXIS_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "env_steps": (
        "env_steps",
        *catalogue.ENV_STEP_NAMES,
        "total_timesteps",
        "timesteps",
        "global_step",
        "steps",
        "step",
    ),
    "iteration": ("training_iteration", "iteration", "iterations"),
    "time": ("time_total_s", "time_s", "seconds", "elapsed", "time", "wall time", "wall_time"),
}
REWARD_COLUMNS = (
    *catalogue.REWARD_NAMES,
    "rollout/ep_rew_mean",
    "ep_rew_mean",
    "mean_reward",
    "episode_reward",
    "episode_return",
    "reward",
    "return",
    "value",
    "r",
)

# Seconds beyond this are a time since the epoch.
_EPOCH = 1e8


@dataclass(frozen=True)
class CurveFile:
    """The reward of a CSV file, shape (n,), and as much of each x-axis as it has."""

    path: Path
    column: str
    reward: Floats
    axes: Mapping[str, Floats] = field(default_factory=dict)

    def over(self, axis: str) -> tuple[Floats, Floats] | None:
        """x (env steps, iterations or seconds) and y in the order of x; None without that axis."""
        x = self.axes.get(axis)
        if x is None:
            return None
        known = np.isfinite(x)
        order = np.argsort(x[known], kind="stable")
        return x[known][order], self.reward[known][order]

    def missing(self, axis: str) -> str:
        """Why there is nothing over that axis."""
        words = "iterations" if axis == "iteration" else AXES[axis].lower()
        names = " or ".join(AXIS_COLUMNS[axis][:2])
        return (
            f"{wording.shown(self.path.name)} has no column of {words} ({names}), so it is not "
            "drawn over this axis."
        )


def read(path: Path, metric: str = "") -> CurveFile:
    """Read a curve; `metric` is the column that is looked for first.

    Raises `UserError` where there is no such file, or nothing to draw in it.
    """
    import pandas as pd

    name = wording.shown(path.name)
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise UserError(f"There is no file {str(path)!r}.") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{name} cannot be read: {error}.") from None
    if path.is_dir():
        raise UserError(f"{str(path)!r} is a folder; a reference curve is a CSV file.")
    if size > MAX_BYTES:
        raise UserError(f"{name} has {size / 1e6:,.0f} MB; a curve has at most 200 MB.")
    try:
        # Monitor files of Stable-Baselines3 begin with a line of JSON behind a '#'.
        table = pd.read_csv(path, comment="#", skipinitialspace=True)
    except pd.errors.EmptyDataError:
        raise UserError(f"{name} is empty.") from None
    except (OSError, UnicodeError, ValueError) as error:
        reason = wording.shown(str(error).strip().rstrip("."), 160)
        raise UserError(f"{name} cannot be read as CSV: {reason}.") from None
    columns = {str(c).strip(): pd.to_numeric(table[c], errors="coerce") for c in table.columns}
    numbers = {c: values.to_numpy(np.float64) for c, values in columns.items()}
    column = _find(numbers, (metric, *REWARD_COLUMNS), beginning=True)
    if column is None:
        has = wording.shown(", ".join(columns), 160)
        raise UserError(f"{name} has no column of rewards: it has {has}. Name one of them reward.")
    reward = np.where(np.isfinite(numbers[column]), numbers[column], np.nan)
    if not np.isfinite(reward).any():
        raise UserError(f"The column {wording.shown(column)} of {name} has no numbers.")
    axes = {}
    for axis, names in AXIS_COLUMNS.items():
        at = _find(numbers, names)
        if at is not None and np.isfinite(numbers[at]).any():
            axes[axis] = _since_start(numbers[at]) if axis == "time" else numbers[at]
    if not axes:
        has = wording.shown(", ".join(columns), 160)
        raise UserError(
            f"{name} has no column for an x-axis: it has {has}. Name one of them env_steps, "
            "training_iteration or seconds."
        )
    return CurveFile(path, column, reward, axes)


def _find(
    columns: Mapping[str, Floats], names: Iterable[str], beginning: bool = False
) -> str | None:
    """The column of the first of these names; with `beginning`, also one that only begins so."""
    lower = {column.lower(): column for column in columns}
    wanted = [name.lower() for name in names if name]
    for name in wanted:
        if name in lower:
            return lower[name]
    for name in wanted if beginning else ():
        for column, own in lower.items():
            if len(name) > 2 and column.startswith(name):
                return own
    return None


def _since_start(seconds: Floats) -> Floats:
    first = float(np.nanmin(np.where(np.isfinite(seconds), seconds, np.inf)))
    return seconds - first if first > _EPOCH else seconds
