"""How long a run will take, from the env steps/s that earlier runs of its kind were measured at."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from rl_widgets.backend.arguments import to_argv
from rl_widgets.store.errors import RLWidgetsError
from rl_widgets.view import wording

if TYPE_CHECKING:
    from rl_widgets.workspace import Workspace

RATE: Final = "throughput/env_steps_sampled_per_s"
#: Earlier runs that are looked at, and runs among which they are looked for.
_RUNS, _AMONG = 5, 200
_STEPS = ("timesteps_total", "num_env_steps_sampled_lifetime")
_TIME = "time_total_s"


def measured(environment: str, algorithm: str, ws: Workspace) -> list[float]:
    """Env steps/s of the newest runs of an environment and an algorithm, one median for each."""
    found: list[float] = []
    for record in ws.store.runs.find(limit=_AMONG):
        if _trained(record.definition) != (environment, algorithm):
            continue
        try:
            rates = ws.get_run(record.id).get_metrics(RATE).get(RATE, [])
        except RLWidgetsError:
            continue
        several = rates if isinstance(rates, list) else [rates]
        usable = [r for r in several if isinstance(r, (int, float)) and math.isfinite(r) and r > 0]
        if usable:
            found.append(statistics.median(usable))
        if len(found) == _RUNS:
            break
    return found


def expectation(values: Mapping[str, Any], rates: list[float]) -> str:
    """One sentence on how long a run of these values takes, or that it is not known."""
    stop = values.get("stop") or {}
    limits: list[Any] = [stop.get(_TIME), values.get("max_run_duration_seconds")]
    most: float | None = min((x for x in limits if _positive(x)), default=None)
    most_said = "" if most is None else f" It ends after {wording.duration(most)} at the latest."
    if not rates:
        return (
            "How long a run takes is not known: no earlier run here has this environment and "
            f"algorithm.{most_said}"
        )
    rate = statistics.median(rates)
    source = f"{wording.count(rate)} env steps/s, measured in {wording.plural(len(rates), 'run')}"
    steps = min((stop[name] for name in _STEPS if _positive(stop.get(name))), default=None)
    if steps is None:
        return (
            f"Earlier runs made {source}; when a run reaches its goal is not known.{most_said}"
            if most is None or len(stop) > 1
            else f"{most_said.strip()} That is some {wording.count(rate * most)} env steps at "
            f"{source}."
        )
    seconds = steps / rate
    if most is not None and most < seconds:
        return (
            f"{most_said.strip()} {wording.count(steps)} env steps would take longer, at {source}."
        )
    return (
        f"A run takes about {wording.rough_duration(seconds)} at most: {wording.count(steps)} env "
        f"steps at {source}."
    )


def _trained(definition: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The environment and the algorithm that a run's arguments name."""
    try:
        argv = to_argv(definition.get("script_params") or definition.get("arguments") or [])
    except RLWidgetsError:
        return None, None
    found: dict[str, str] = {}
    for i, word in enumerate(argv):
        name, equals, value = word.partition("=")
        if name in ("--env", "--run") and (equals or i + 1 < len(argv)):
            found[name] = value if equals else argv[i + 1]
    return found.get("--env"), found.get("--run", "IMPALA")


def _positive(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value) and value > 0
