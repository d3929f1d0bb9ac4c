"""How fast a run samples and learns, where its seconds go, and what limits it now.

All figures are measured, over the last minute of the run: `throughput/phase_*_s` are the seconds
that one env runner and one learner spent on each of their parts (`rl_widgets.rllib.phases`). A
script that logs none of this has its env steps per second shown, and nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rl_widgets.view import bottleneck, catalogue, wording
from rl_widgets.view.bottleneck import Figures
from rl_widgets.view.facts import Fact
from rl_widgets.view.series import Series

if TYPE_CHECKING:
    from rl_widgets.view.reader import RunReader

#: Seconds that figures are means over; where results come seldom, the last few of them.
WINDOW, FEWEST_RESULTS = 60.0, 5
#: Less than this is too little to say what limits a run.
LEAST_RESULTS, LEAST_SECONDS = 2, 10.0

PREFIX = "throughput/"
#: Metric of a phase -> what it is called, in the order of the bar.
ENV_RUNNER_PHASES = {
    "emulation": "emulation",
    "inference": "inference",
    "connectors": "RLlib's own Python",
    "handover": "handing over samples",
    "weights": "fetching weights",
    "idle": "waiting for the learner",
}
LEARNER_PHASES = {
    "learner": "updates",
    "batches": "building batches",
    "learner_weights": "giving out weights",
    "learner_idle": "waiting for samples",
}
_MEASURED = (
    *(f"{PREFIX}phase_{name}_s" for name in (*ENV_RUNNER_PHASES, *LEARNER_PHASES)),
    *(
        PREFIX + name
        for name in (
            "env_steps_sampled_per_s",
            "env_steps_trained_per_s",
            "env_runner_cpu_wait_s",
            "env_runners",
            "learner_queue",
            "requests_in_flight",
            "machines",
            "logical_cpus",
            "machine_cores",
            "machine_cores_busy",
        )
    ),
    "learner/policy_lag_updates",
    "learner/env_steps_dropped_lifetime",
    "num_env_steps_trained_lifetime",
)


@dataclass(frozen=True)
class Phase:
    """A part of somebody's time; `share` of it in 0..1."""

    name: str
    label: str
    share: float
    text: str


@dataclass(frozen=True)
class PhaseBar:
    """Where the time of env runners, or of the learner, goes; `sentence` says it in words."""

    name: str
    label: str
    phases: tuple[Phase, ...]
    sentence: str


@dataclass(frozen=True)
class Throughput:
    """`limit` is one sentence on what limits the run, `kind` its short name."""

    limit: str
    kind: str
    tiles: tuple[Fact, ...] = ()
    bars: tuple[PhaseBar, ...] = ()
    note: str = ""
    figures: Figures = field(default_factory=Figures)


def throughput(reader: RunReader) -> Throughput:
    """The figures and the sentence of a run as it stands. Raises `StoreError`."""
    with reader.lock:
        known = reader.names()
        cpu = [n for n in known if n.startswith("resources/") and n.endswith("/cpu")]
        wanted = (*_MEASURED, *catalogue.ITERATION_NAMES, *catalogue.ENV_STEP_NAMES, *cpu)
        there = set(known)
        series = reader.several(name for name in wanted if name in there)
        final, running = reader.record.final, reader.record.started is not None
    steps = _first(series, catalogue.ENV_STEP_NAMES)
    window = _window(_first(series, catalogue.ITERATION_NAMES) or steps)
    figures = _figures(series, cpu, steps, window)
    kind, limit = bottleneck.limit(figures)
    if not running:
        kind, limit = "unknown", "Not known yet: the script has not started."
    elif kind != "unknown" and final:
        limit = f"When the run ended: {bottleneck.begun_small(limit)}"
    return Throughput(
        limit=limit,
        kind=kind,
        tiles=_tiles(series, figures),
        bars=_bars(figures),
        note="" if window is None else _note(window, figures),
        figures=figures,
    )


@dataclass(frozen=True)
class _Window:
    """Points later than `after` and not later than `to` count (seconds since 1970)."""

    after: float
    to: float
    results: int

    @property
    def seconds(self) -> float:
        return self.to - self.after


def _window(results: Series | None) -> _Window | None:
    if results is None:
        return None
    times = results.column("time")
    attempts = results.column("attempt")
    times = times[attempts == attempts[-1]] if len(times) else times
    if len(times) < 2:
        return None
    begin = min(int(np.searchsorted(times, times[-1] - WINDOW)), len(times) - 1 - FEWEST_RESULTS)
    begin = max(0, min(begin, len(times) - 2))
    if times[-1] <= times[begin]:
        return None
    return _Window(float(times[begin]), float(times[-1]), len(times) - 1 - begin)


def _first(series: dict[str, Series], names: tuple[str, ...]) -> Series | None:
    return next((series[n] for n in names if n in series and len(series[n])), None)


def _inside(series: Series | None, window: _Window) -> np.ndarray:
    if series is None:
        return np.empty(0)
    times, values = series.column("time"), series.column("value")
    chosen = (times > window.after) & (times <= window.to) & np.isfinite(values)
    return values[chosen]


def _figures(
    series: dict[str, Series], cpu: list[str], steps: Series | None, window: _Window | None
) -> Figures:
    if window is None:
        return Figures()

    def share(metric: str) -> float | None:
        values = _inside(series.get(PREFIX + metric), window)
        return float(values.sum()) / window.seconds if len(values) else None

    def mean(name: str) -> float | None:
        values = _inside(series.get(name), window)
        return float(values.mean()) if len(values) else None

    def latest(metric: str) -> float | None:
        values = _inside(series.get(PREFIX + metric), window)
        return float(values[-1]) if len(values) else None

    def pace(counted: Series | None) -> float | None:
        if counted is None:
            return None
        at, values = counted.column("time"), counted.column("value")
        chosen = (at >= window.after) & (at <= window.to) & np.isfinite(values)
        at, values = at[chosen], values[chosen]
        if len(values) < 2 or at[-1] <= at[0]:
            return None
        return max(0.0, float((values[-1] - values[0]) / (at[-1] - at[0])))

    nodes = [value for name in cpu if (value := mean(name)) is not None]
    return Figures(
        seconds=window.seconds,
        enough=window.results >= LEAST_RESULTS and window.seconds >= LEAST_SECONDS,
        env_runner=_known({p: share(f"phase_{p}_s") for p in ENV_RUNNER_PHASES}),
        learner=_known({p: share(f"phase_{p}_s") for p in LEARNER_PHASES}),
        cpu_wait=share("env_runner_cpu_wait_s"),
        env_runners=latest("env_runners"),
        cores=latest("machine_cores"),
        cores_busy=mean(f"{PREFIX}machine_cores_busy"),
        run_cores=sum(nodes) if nodes else None,
        logical_cpus=latest("logical_cpus"),
        sampled_per_s=pace(steps),
        trained_per_s=pace(series.get("num_env_steps_trained_lifetime")),
        dropped_per_s=pace(series.get("learner/env_steps_dropped_lifetime")),
    )


def _known(shares: dict[str, float | None]) -> dict[str, float]:
    return {name: share for name, share in shares.items() if share is not None}


def _tiles(series: dict[str, Series], figures: Figures) -> tuple[Fact, ...]:
    def last(name: str) -> float | None:
        found = series.get(name)
        return None if found is None else found.last()

    def recent(name: str) -> float | None:
        found = series.get(name)
        return None if found is None else found.recent()

    sampled = recent(catalogue.SPEED_NAMES[0])
    trained = recent(f"{PREFIX}env_steps_trained_per_s")
    # With minibatches RLlib counts each of them as the whole batch: that is no pace of anything.
    counted = trained is not None and trained < 10 * (sampled or 0.0)
    found = [
        Fact("sampled", "sampled, env steps/s", wording.count(sampled)),
        Fact("sampled_mean", "sampled, last minute", wording.count(figures.sampled_per_s)),
        Fact("trained", "trained, env steps/s", wording.count(trained if counted else None)),
        Fact(
            "trained_mean",
            "trained, last minute",
            wording.count(figures.trained_per_s if counted else None),
        ),
        Fact("env_runners", "env runners", wording.count(figures.env_runners)),
        Fact("learner_queue", "batches that wait", wording.number(last(f"{PREFIX}learner_queue"))),
        Fact("requests", "samples asked for", wording.count(last(f"{PREFIX}requests_in_flight"))),
        Fact(
            "policy_lag",
            "policy lag, updates",
            wording.number(last("learner/policy_lag_updates")),
        ),
    ]
    if figures.run_cores is not None:
        of = "" if figures.cores is None else f" of {figures.cores:.0f}"
        found.append(Fact("cores", "cores in use", f"{figures.run_cores:.1f}{of}"))
    if figures.logical_cpus is not None and figures.cores is not None:
        words = f"{figures.logical_cpus:.0f} on {wording.plural(round(figures.cores), 'core')}"
        found.append(Fact("logical_cpus", "logical CPUs", words))
    return tuple(fact for fact in found if fact.text != "—")


def _bars(figures: Figures) -> tuple[PhaseBar, ...]:
    runners = round(figures.env_runners or 0)
    each = "the env runner" if runners == 1 else f"each of {runners} env runners (mean)"
    bars = (
        _bar("env_runner", f"Time of {each}", ENV_RUNNER_PHASES, figures.env_runner),
        _bar("learner", "Time of the learner", LEARNER_PHASES, figures.learner),
    )
    return tuple(bar for bar in bars if bar is not None)


def _bar(
    name: str, label: str, labels: dict[str, str], shares: dict[str, float]
) -> PhaseBar | None:
    if not shares:
        return None
    total = sum(shares.values())
    # Samples and updates do not begin and end with an iteration: the sum is near 1, not 1.
    scale = 1.0 / total if total > 1.0 else 1.0
    rows = [(key, words, shares[key] * scale) for key, words in labels.items() if key in shares]
    rest = 1.0 - sum(share for _, _, share in rows)
    if rest >= 0.005:
        rows.append(("other", "other", rest))
    phases = tuple(
        Phase(key, words, share, f"{words} {wording.percent(share)}") for key, words, share in rows
    )
    return PhaseBar(name, label, phases, f"{label}: {', '.join(p.text for p in phases)}.")


def _note(window: _Window, figures: Figures) -> str:
    if not figures.env_runner and not figures.learner:
        return ""
    measured = f"Measured over the last {wording.duration(window.seconds)}."
    return f"{bottleneck.apart_from_cores(figures)} {measured}".strip()
