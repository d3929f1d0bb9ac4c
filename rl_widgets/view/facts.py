"""The figures of a run's summary: how far it is, how fast, how good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rl_widgets.view import catalogue, progress, wording
from rl_widgets.view.series import Series


@dataclass(frozen=True)
class Fact:
    """One figure of the summary line: what it is, and its value in words."""

    name: str
    label: str
    text: str


def facts(
    series: Callable[[str], Series | None],
    main_name: str | None,
    rows: tuple[progress.Criterion, ...],
    final: bool,
) -> tuple[Fact, ...]:
    """The figures of a run. `series` gives what is held of a metric, `main_name` is the one that
    the run is judged by, `rows` are its stop criteria."""

    def first(names: tuple[str, ...]) -> Series | None:
        return next((held for name in names if (held := series(name)) is not None), None)

    iterations = first(catalogue.ITERATION_NAMES)
    steps = first(catalogue.ENV_STEP_NAMES)
    speed = first(catalogue.SPEED_NAMES)
    main = series(main_name or "")
    iteration = None if iterations is None else iterations.last()
    env_steps = None if steps is None else steps.last()
    if main is not None:
        iteration = main.last("step") if iteration is None else iteration
        env_steps = main.last("env_steps") if env_steps is None else env_steps
    per_second = None if speed is None else speed.recent()
    if per_second is None and steps is not None:
        per_second = _pace(steps)
    name = main_name or ""
    is_reward = not name or catalogue.is_reward(name)
    label = "reward (mean)" if is_reward else wording.shown(name, 32)
    best = None if main is None else _best(main)
    found = [
        Fact("iteration", "iteration", wording.count(iteration)),
        Fact("env_steps", "env steps", wording.count(env_steps)),
        Fact("speed", "env steps/s", wording.count(per_second)),
        Fact("reward", label, wording.number(None if main is None else main.last())),
        Fact("best", "best", wording.number(best)),
    ]
    if not final:
        found.append(Fact("time_left", "time left", progress.time_left(rows) or "—"))
    return tuple(found)


def _pace(steps: Series) -> float | None:
    """Env steps a second over the last ten results."""
    values, times = steps.column("value")[-11:], steps.column("time")[-11:]
    if len(values) < 2 or times[-1] <= times[0] or not np.isfinite(values[[0, -1]]).all():
        return None
    return float((values[-1] - values[0]) / (times[-1] - times[0]))


def _best(series: Series) -> float | None:
    values = series.column("value")
    finite = values[np.isfinite(values)]
    return float(finite.max()) if len(finite) else None
