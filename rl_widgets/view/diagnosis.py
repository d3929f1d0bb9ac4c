"""What is unusual about how a run learns: a sentence for each finding, with its figures.

Every test looks at medians of stretches, not at single results, and none says anything in the
first minutes, when a policy is random and everything still moves; only what is broken at once (a
loss that is no number, an env runner that died, batches that are dropped) is said at once.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rl_widgets.view import catalogue, progress, wording
from rl_widgets.view.series import Floats, Series, joined

if TYPE_CHECKING:
    from rl_widgets.view.reader import RunReader

#: Before so many seconds and results nothing is said of how the learning goes.
LEAST_SECONDS, LEAST_RESULTS = 120.0, 30
#: Entropy counts as collapsed below this share of its first values.
COLLAPSED = 0.1
#: A reward is flat that has changed by less than this share of its way over `FLAT_SECONDS` and
#: over `FLAT_SHARE` of the run.
FLAT_CHANGE, FLAT_SECONDS, FLAT_SHARE = 0.02, 300.0, 0.4
#: Updates that samples may be old: this, or a few for each sample that is under way.
HIGH_LAG, LAG_PER_REQUEST = 20.0, 4.0
#: A dropped share of what is sampled from which on it is said.
DROPPED = 0.01
#: A value function that explains less than this explains nothing.
EXPLAINS, EXPLAINS_SECONDS = 0.01, 180.0
#: An env runner's restart is news for so long.
NEWS_SECONDS = 600.0
_SMOOTHED = 10
_BINS = 40
_MOST_POINTS = 5000

NOTHING = "Nothing unusual."
TOO_EARLY = "Nothing can be said yet: that takes two minutes of results."
TOO_SHORT = "Nothing can be said: that takes two minutes of results."
NOT_JUDGED = "The script logs neither rewards nor losses, so nothing can be said."


@dataclass(frozen=True)
class Finding:
    """`severity` is 'warning' or 'note'; `figures` is what the sentence rests on."""

    name: str
    sentence: str
    severity: str
    figures: dict[str, float] = field(default_factory=dict)


def diagnose(reader: RunReader) -> tuple[Finding, ...]:
    """What is unusual, warnings first. Raises `StoreError`."""
    with reader.lock:
        known = reader.names()
        losses = [n for n in known if "loss" in n.rpartition("/")[2]]
        entropies = [n for n in known if n.startswith("learner/") and n.endswith("/entropy")]
        reward = reader.metric if catalogue.is_reward(reader.metric) else None
        wanted = {*losses, *entropies, *_NAMES, *catalogue.ENV_STEP_NAMES, reward}
        series = reader.several(name for name in known if name in wanted)
        goal = progress.reward_goal(reader.record.definition)
    rewards = None if reward is None else series.get(reward)
    found: list[Finding | None] = [_not_a_number(name, series[name]) for name in losses]
    found += [_entropy(name, series[name], rewards) for name in entropies]
    found.append(_flat(rewards, goal, usual=not any(f and f.severity == "warning" for f in found)))
    found.append(_lag(series))
    found.append(_dropped(series))
    found.append(_explains_nothing(series.get("learner/vf_explained_var")))
    found.append(_restarts(series.get("num_env_runner_restarts")))
    found.append(_lost_runners(series.get("num_healthy_env_runners")))
    found.append(_shared_cpus(series))
    return tuple(sorted((f for f in found if f is not None), key=lambda f: f.severity != "warning"))


def nothing(reader: RunReader) -> str:
    """What is said of a run without findings."""
    with reader.lock:
        known = reader.names()
        final = reader.record.final
        counts = reader.several(n for n in known if n in catalogue.ITERATION_NAMES)
        judged = catalogue.is_reward(reader.metric) or any(
            n.startswith("learner/") or "loss" in n.rpartition("/")[2] for n in known
        )
    counted = next(iter(counts.values()), None)
    if counted is None or not _long_enough(counted):
        if known and not judged:
            return NOT_JUDGED
        return TOO_SHORT if final else TOO_EARLY
    return NOTHING if judged else NOT_JUDGED


_NAMES = (
    "learner/policy_lag_updates",
    "learner/env_steps_dropped_lifetime",
    "learner/qf_loss",
    "learner/vf_explained_var",
    "num_env_runner_restarts",
    "num_healthy_env_runners",
    "throughput/requests_in_flight",
    "throughput/env_runners",
    "throughput/cpus_per_env_runner",
)


def _finite(series: Series) -> tuple[Floats, Floats, Floats]:
    """Values, env steps (NaN where none are known) and times of the points that are numbers.

    Of a long series, evenly chosen ones: medians of stretches stay, and a view stays quick.
    """
    every = 1 + len(series) // _MOST_POINTS
    # The newest is always among them.
    thin = slice((len(series) - 1) % every, None, every) if len(series) else slice(None)
    values = series.column("value")[thin]
    chosen = np.isfinite(values)
    return (
        values[chosen],
        series.column("env_steps")[thin][chosen],
        series.unpaused()[thin][chosen],
    )


def _long_enough(series: Series, seconds: float = LEAST_SECONDS) -> bool:
    times = series.unpaused()
    return len(times) >= LEAST_RESULTS and bool(times[-1] - times[0] >= seconds)


def _at(steps: Floats, place: int) -> str:
    """'61,000 env steps', or which result it was."""
    if np.isfinite(steps[place]):
        return f"{wording.count(float(steps[place]))} env steps"
    return f"result {place + 1:,}"


def _module(name: str) -> str:
    parts = name.split("/")
    return f" of {wording.shown(parts[1], 40)}" if len(parts) > 2 else ""


def _not_a_number(name: str, series: Series) -> Finding | None:
    values = series.column("value")
    broken = np.flatnonzero(~np.isfinite(values))
    if not len(broken):
        return None
    last = int(broken[-1])
    what = "NaN or infinite" if np.isnan(values[broken]).any() else "infinite"
    learner = (
        " RLlib sets gradients that are not numbers to 0 and goes on; nothing is learned then."
        if name.startswith("learner/")
        else ""
    )
    return Finding(
        "not_a_number",
        f"The loss {wording.shown(name, 40)} is {what} in {len(broken):,} of "
        f"{wording.plural(len(values), 'result')}, last at {_at(series.column('env_steps'), last)}."
        f"{learner}",
        "warning",
        {"results": float(len(values)), "not_a_number": float(len(broken))},
    )


def _smooth(values: Floats) -> Floats:
    """Medians of up to ten neighbours, of shape (n - 9,)."""
    return np.asarray(
        np.median(np.lib.stride_tricks.sliding_window_view(values, _SMOOTHED), axis=1)
    )


def _entropy(name: str, series: Series, rewards: Series | None) -> Finding | None:
    if not _long_enough(series):
        return None
    values, steps, times = _finite(series)
    if len(values) < LEAST_RESULTS:
        return None
    first, now = float(np.median(values[:_SMOOTHED])), float(np.median(values[-_SMOOTHED:]))
    # Entropies of continuous actions may lie below 0 from the start: no share can be had of them.
    if first < 0.05 or now > COLLAPSED * first:
        return None
    above = np.flatnonzero(_smooth(values) > COLLAPSED * first)
    since = int(above[-1]) + 1 if len(above) else 0
    figures = {"first": first, "now": now, "since_env_steps": float(np.nan_to_num(steps[since]))}
    words = (
        f"{wording.number(now)} now, {wording.number(first)} at the start, below a tenth of it "
        f"since {_at(steps, since)}"
    )
    if rewards is not None and _has_risen(rewards, float(times[since])):
        return Finding(
            "entropy",
            f"The policy{_module(name)} has become all but deterministic: entropy {words}. The "
            "reward has risen meanwhile, so this may be as it should be.",
            "note",
            figures,
        )
    return Finding(
        "entropy",
        f"The entropy of the policy{_module(name)} has collapsed: {words}. It hardly tries other "
        "actions any more.",
        "warning",
        figures,
    )


def _has_risen(rewards: Series, since: float) -> bool:
    """Whether rewards now are clearly above all of their first ones, and have not fallen since."""
    values, _, times = _finite(rewards)
    if len(values) < 2 * _SMOOTHED:
        return False
    now = float(np.median(values[-_SMOOTHED:]))
    start = values[: max(_SMOOTHED, len(values) // 20)]
    before = values[times <= since]
    fell = len(before) > 0 and now < float(np.median(before[-_SMOOTHED:]))
    spread = float(values.max() - values.min())
    return not fell and now > float(start.max()) + 0.1 * spread


def _flat(rewards: Series | None, goal: float | None, usual: bool) -> Finding | None:
    """`usual`: nothing else explains that it does not rise."""
    if rewards is None or not _long_enough(rewards, FLAT_SECONDS):
        return None
    values, steps, times = _finite(rewards)
    if len(values) < 2 * _BINS:
        return None
    now = float(np.median(values[-_SMOOTHED:]))
    if goal is not None and now >= goal:
        return None
    edges = np.linspace(0, len(values), _BINS + 1).astype(int)
    medians = np.array([np.median(values[a:b]) for a, b in itertools.pairwise(edges)])
    low, high = np.percentile(values, (5, 95))
    way = abs(goal - float(medians[0])) if goal is not None else 0.0
    tolerance = max(FLAT_CHANGE * way, 0.05 * float(high - low), FLAT_CHANGE * abs(now))
    lowest = np.minimum.accumulate(medians[::-1])[::-1]
    highest = np.maximum.accumulate(medians[::-1])[::-1]
    inside = np.flatnonzero(highest - lowest <= tolerance)
    begin = int(edges[inside[0]])
    seconds = float(times[-1] - times[begin])
    if seconds < FLAT_SECONDS or seconds < FLAT_SHARE * float(times[-1] - times[0]):
        return None
    known = np.isfinite(steps[[begin, -1]]).all()
    length = float(steps[-1] - steps[begin]) if known else float(len(values) - begin)
    unit = "env steps" if known else "results"
    figures = {"reward": now, unit.replace(" ", "_"): length, "seconds": seconds}
    sentence = (
        f"The reward has been flat for {wording.count(length)} {unit} "
        f"({wording.duration(seconds)}), at about {wording.number(now)}."
    )
    risen = float(medians.max() - medians[0]) > max(tolerance, 0.05 * way)
    if not risen and usual:
        sentence += (
            " It has not risen yet, which is usual at first where rewards are rare: Pong stays "
            "near -21 for some hundred thousand env steps."
        )
    return Finding("flat", sentence, "note", figures)


def _lag(series: dict[str, Series]) -> Finding | None:
    lags = series.get("learner/policy_lag_updates")
    # Algorithms with replay learn from old samples on purpose.
    if lags is None or "learner/qf_loss" in series or not _long_enough(lags):
        return None
    values, _, _ = _finite(lags)
    if len(values) < LEAST_RESULTS:
        return None
    lag = float(np.median(values[-2 * _SMOOTHED :]))
    requests = series.get("throughput/requests_in_flight")
    asked = (requests.last() if requests is not None else None) or 0.0
    if lag <= max(HIGH_LAG, LAG_PER_REQUEST * asked):
        return None
    return Finding(
        "policy_lag",
        f"The policy lag is high: samples are {wording.count(lag)} updates old when they are "
        "learned from. Fewer env runners, shorter fragments or fewer epochs make them younger.",
        "warning",
        {"policy_lag_updates": lag},
    )


def _dropped(series: dict[str, Series]) -> Finding | None:
    lost = series.get("learner/env_steps_dropped_lifetime")
    counted = next((series[n] for n in catalogue.ENV_STEP_NAMES if n in series), None)
    if lost is None or counted is None or len(lost) < 5:
        return None
    values, _, times = _finite(lost)
    begin = int(np.searchsorted(times, times[-1] - 60.0)) if len(times) else 0
    if len(values) < 5 or begin >= len(values) - 1:
        return None
    dropped = float(values[-1] - values[begin])
    at = joined(counted, times[[begin, -1]], "value")
    sampled = float(at[1] - at[0])
    if not sampled > 0 or dropped < DROPPED * sampled:
        return None
    share = min(1.0, dropped / sampled)
    return Finding(
        "dropped",
        f"Batches are dropped: {wording.percent(share)} of what was sampled in the last minute was "
        "never learned from, because the learner is slower than the env runners.",
        "warning",
        {"dropped_env_steps": dropped, "sampled_env_steps": sampled},
    )


def _explains_nothing(explained: Series | None) -> Finding | None:
    if explained is None or not _long_enough(explained, EXPLAINS_SECONDS):
        return None
    values, steps, times = _finite(explained)
    if len(values) < LEAST_RESULTS:
        return None
    smooth = _smooth(values)
    above = np.flatnonzero(smooth > EXPLAINS)
    begin = int(above[-1]) + _SMOOTHED if len(above) else 0
    if begin >= len(values) - _SMOOTHED or times[-1] - times[begin] < EXPLAINS_SECONDS:
        return None
    now = float(np.median(values[-_SMOOTHED:]))
    return Finding(
        "value_function",
        "The value function explains nothing of the returns: its explained variance has been "
        f"{wording.number(now)} or so since {_at(steps, begin)}.",
        "note",
        {"vf_explained_var": now, "seconds": float(times[-1] - times[begin])},
    )


def _restarts(restarts: Series | None) -> Finding | None:
    if restarts is None:
        return None
    values, steps, times = _finite(restarts)
    if not len(values) or values[-1] <= 0:
        return None
    rises = np.flatnonzero(np.diff(values, prepend=0.0) > 0)
    last = int(rises[-1]) if len(rises) else 0
    recent = bool(times[-1] - times[last] < NEWS_SECONDS)
    return Finding(
        "restarts",
        f"Env runners were started again {_times(float(values[-1]))}, last at {_at(steps, last)}. "
        "The driver's log says what ended them.",
        "warning" if recent else "note",
        {"restarts": float(values[-1])},
    )


def _lost_runners(healthy: Series | None) -> Finding | None:
    if healthy is None:
        return None
    values, _, _ = _finite(healthy)
    # One result with a runner less may be its restart, which is said by itself.
    if len(values) < 3 or values[-3:].max() >= values.max():
        return None
    most, now = float(values.max()), float(values[-1])
    return Finding(
        "lost_env_runners",
        f"{most - now:.0f} of {wording.plural(round(most), 'env runner')} "
        f"{'is' if most - now == 1 else 'are'} gone; the others go on.",
        "warning",
        {"healthy": now, "most": most},
    )


def _shared_cpus(series: dict[str, Series]) -> Finding | None:
    """More env runners than CPUs: said from the first result on."""
    names = ("throughput/env_runners", "throughput/cpus_per_env_runner")
    known = [_finite(series[name])[0] for name in names if name in series]
    if len(known) < len(names) or not all(len(values) for values in known):
        return None
    runners, each = float(known[0][-1]), float(known[1][-1])
    if not 0 < each < 1:
        return None
    return Finding(
        "shared_cpus",
        f"{wording.plural(round(runners), 'env runner')} share the cluster's CPUs, {each:.2g} for "
        "each: they wait for each other, and each takes memory. As many as CPUs are left beside "
        "the main process sample as fast.",
        "warning",
        {"env_runners": runners, "cpus_per_env_runner": each},
    )


def _times(n: float) -> str:
    return {1: "once", 2: "twice"}.get(round(n), f"{n:.0f} times")
