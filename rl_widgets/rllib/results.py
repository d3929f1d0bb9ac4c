"""What is done with each training result, in the trainable and before Tune's stop test.

0.8.3's names are written beside 2.60's, so that `episode_reward_mean` stops a run and reads as it
always did, and all that matters goes into the run by one write. A name whose value does not exist
yet (the mean reward before any episode has ended) is absent, never NaN.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from rl_widgets.rllib.env_runner import EPISODE_LENGTHS, EPISODE_RETURNS, make_strict
from rl_widgets.rllib.phases import TrainingClock
from rl_widgets.store.logger import held_back

#: 2.60's name under `env_runners` -> 0.8.3's name at the top.
EPISODE_NAMES = {
    "episode_return_mean": "episode_reward_mean",
    "episode_return_min": "episode_reward_min",
    "episode_return_max": "episode_reward_max",
    "episode_len_mean": "episode_len_mean",
}

#: A learner's own name -> ours; where both columns exist, the later line wins. RLlib's `pi_loss`
#: and `vf_loss` of IMPALA are sums over the batch, its `mean_…` are what is minimized.
LEARNER_NAMES = {
    "total_loss": "total_loss",
    "policy_loss": "policy_loss",
    "mean_pi_loss": "policy_loss",
    "vf_loss": "vf_loss",
    "mean_vf_loss": "vf_loss",
    "qf_loss": "qf_loss",
    "td_error_mean": "td_error_mean",
    "entropy": "entropy",
    "mean_kl_loss": "kl",
    "kl_from_behaviour": "kl",
    "left_trust_region": "left_trust_region",
    "vf_explained_var": "vf_explained_var",
    "curr_entropy_coeff": "entropy_coeff",
    "default_optimizer_learning_rate": "lr",
    "gradients_default_optimizer_global_norm": "gradient_norm",
}

#: RLlib's name of the policy lag, which counts the update that learns from the samples, too.
UPDATES_SINCE_SAMPLED = "diff_num_grad_updates_vs_sampler_policy"

DEFAULT_MODULE = "default_policy"


def on_algorithm_init(*, algorithm: Any, **kwargs: Any) -> None:
    """Called once by RLlib when the algorithm stands."""
    if algorithm.env_runner_group is not None:
        make_strict(algorithm.env_runner_group)


class ResultCallback:
    """RLlib's `on_train_result`: 0.8.3's names, the script's own callbacks, then the run's metrics.

    `legacy` takes 0.8.3's one argument, a dictionary with "result" and "trainer"; `functions` are
    called as RLlib 2.60 calls them.
    """

    def __init__(
        self,
        legacy: Callable[[dict[str, Any]], Any] | None = None,
        functions: list[Callable[..., Any]] | None = None,
    ) -> None:
        self._legacy = legacy
        self._functions = functions or []
        self._window: EpisodeWindow | None = None
        self._run: Any = None
        self._interval: int | None = None
        self._clock: TrainingClock | None = None

    def __call__(
        self, *, algorithm: Any, result: dict[str, Any], metrics_logger: Any = None, **kwargs: Any
    ) -> None:
        if self._window is None:
            self._window = EpisodeWindow(algorithm.config.metrics_num_episodes_for_smoothing)
            self._interval = getattr(algorithm.config, "evaluation_interval", None)
        add_old_names(result, self._window)
        for function in self._functions:
            function(algorithm=algorithm, metrics_logger=metrics_logger, result=result, **kwargs)
        in_a_job = bool(os.environ.get("RL_WIDGETS_RUN_FOLDER"))
        own: dict[str, float] = {}
        if self._legacy is not None and in_a_job:
            with held_back() as own:
                call_legacy(self._legacy, algorithm, result)
        elif self._legacy is not None:
            call_legacy(self._legacy, algorithm, result)
        if in_a_job:
            if self._clock is None:
                self._clock = TrainingClock()
                self._clock.watch(algorithm)
            phases = self._clock.metrics(algorithm, result)
            self._log(result, {**phases, **own})

    def _log(self, result: Mapping[str, Any], own: Mapping[str, float]) -> None:
        from rl_widgets import Run

        if self._run is None:
            self._run = Run.get_context()
        metrics = metrics_of(result)
        if self._interval and int(result["training_iteration"]) % self._interval:
            # RLlib repeats its last evaluation in every result until the next one.
            metrics = {n: v for n, v in metrics.items() if not n.startswith("evaluation/")}
        for name, value in own.items():
            # The NaN that stands for "no episode yet" was put there by us.
            if not (name in EPISODE_NAMES.values() and value != value):
                metrics[name] = value
        self._run.log_metrics(
            metrics,
            step=int(result["training_iteration"]),
            env_steps=int(result["num_env_steps_sampled_lifetime"]),
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_run": None, "_clock": None}  # an open file stays where it is


class EpisodeWindow:
    """Returns and lengths of the last `size` episodes, which the means are over."""

    def __init__(self, size: int) -> None:
        self.returns: deque[float] = deque(maxlen=size)
        self.lengths: deque[int] = deque(maxlen=size)
        self.total = 0

    def add(self, sampled: dict[str, Any]) -> None:
        """Take the episodes of an iteration out of a result's `env_runners`, in place.

        Where the env runner did not send each episode (one of the script's own), RLlib's means
        stand as they are.
        """
        returns = _items(sampled.pop(EPISODE_RETURNS, None))
        lengths = _items(sampled.pop(EPISODE_LENGTHS, None))
        self.returns.extend(returns)
        self.lengths.extend(int(length) for length in lengths)
        if self.returns:
            sampled["episode_return_mean"] = sum(self.returns) / len(self.returns)
            sampled["episode_return_min"] = min(self.returns)
            sampled["episode_return_max"] = max(self.returns)
            sampled["episode_len_mean"] = sum(self.lengths) / len(self.lengths)


def add_old_names(result: dict[str, Any], window: EpisodeWindow) -> None:
    """Write 0.8.3's names into a result of 2.60, in place; 2.60's episode means are made right."""
    sampled = result.setdefault("env_runners", {})
    window.add(sampled)
    for new, old in EPISODE_NAMES.items():
        value = _number(sampled.get(new))
        if value is not None and not math.isnan(value):
            result[old] = value
    before = window.total
    window.total = int(_number(sampled.get("num_episodes_lifetime")) or before)
    if not before:
        # The first result of a resumed run: its earlier episodes are none of this iteration's.
        new_ones = _number(sampled.get("num_episodes"))
        # RLlib gives NaN where no sample has come yet.
        unknown = new_ones is None or math.isnan(new_ones)
        before = 0 if unknown else max(0, window.total - int(new_ones or 0))
    result["episodes_total"] = window.total
    result["episodes_this_iter"] = max(0, window.total - before)
    result["episodes_in_mean"] = len(window.returns) or min(
        window.total, window.returns.maxlen or window.total
    )
    steps = int(_number(result.get("num_env_steps_sampled_lifetime")) or 0)
    result["num_env_steps_sampled_lifetime"] = steps
    result["timesteps_total"] = steps
    health = result.get("fault_tolerance") or {}
    result["num_healthy_workers"] = health.get("num_healthy_workers", 0)


def _items(value: Any) -> list[Any]:
    """What a metric of single items holds. RLlib gives the bare number where there is one item."""
    if value is None:
        return []
    return list(value) if hasattr(value, "__iter__") else [value]


def call_legacy(
    function: Callable[[dict[str, Any]], Any], algorithm: Any, result: dict[str, Any]
) -> None:
    """Call a callback of 0.8.3; what it writes into `info["result"]` is kept."""
    # 0.8.3 gave NaN before the first episode's end, and callbacks of its time index without asking.
    shown = {old: math.nan for old in EPISODE_NAMES.values() if old not in result}
    placeholders = dict(shown)
    shown.update(result)
    function({"trainer": algorithm, "algorithm": algorithm, "result": shown})
    for key, value in shown.items():
        if key in placeholders and value is placeholders[key]:
            continue
        result[key] = value


def metrics_of(result: Mapping[str, Any]) -> dict[str, float]:
    """The metrics of a result that are logged into the run, by name; all are numbers."""
    found: dict[str, Any] = {
        name: result.get(name)
        for name in (
            "episode_reward_mean",
            "episode_reward_min",
            "episode_reward_max",
            "episode_len_mean",
            "episodes_total",
            "episodes_this_iter",
            "episodes_in_mean",
            "num_env_steps_sampled_lifetime",
            "training_iteration",
            "time_total_s",
        )
    }
    learners = result.get("learners") or {}
    everything = learners.get("__all_modules__") or {}
    found["num_env_steps_trained_lifetime"] = everything.get("num_env_steps_trained_lifetime")
    seconds = _number(result.get("time_this_iter_s")) or 0.0
    trained = _number(everything.get("num_env_steps_trained")) or 0.0
    # NaN is RLlib's for what nobody counted: an iteration without an update has no loss.
    updated = not math.isnan(trained)
    if seconds > 0.0:
        sampled = _number((result.get("env_runners") or {}).get("num_env_steps_sampled")) or 0.0
        found["throughput/env_steps_sampled_per_s"] = (
            0.0 if math.isnan(sampled) else sampled / seconds
        )
        found["throughput/env_steps_trained_per_s"] = trained / seconds if updated else 0.0
    for module, stats in learners.items():
        if module == "__all_modules__" or not isinstance(stats, Mapping):
            continue
        prefix = "learner/" if module == DEFAULT_MODULE else f"learner/{module}/"
        for theirs, ours in LEARNER_NAMES.items():
            value = _number(stats.get(theirs))
            if value is not None and (updated or not math.isnan(value)):
                found[prefix + ours] = value
        lag = _number(stats.get(UPDATES_SINCE_SAMPLED))
        if lag is not None and not math.isnan(lag):
            found[f"{prefix}policy_lag_updates"] = max(0.0, lag - 1.0)
    group = result.get("learner_group") or {}
    found["learner/env_steps_dropped_lifetime"] = group.get("learner_group_ts_dropped_lifetime")
    found |= _evaluation_of(result)
    health = result.get("fault_tolerance") or {}
    found["num_healthy_env_runners"] = health.get("num_healthy_workers")
    found["num_env_runner_restarts"] = health.get("num_remote_worker_restarts")
    numbers = {name: _number(value) for name, value in found.items()}
    return {name: value for name, value in numbers.items() if value is not None}


def _evaluation_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """What RLlib's own evaluation found, in the names of the one beside the training."""
    evaluated = (result.get("evaluation") or {}).get("env_runners") or {}
    # Where our env runner played, each episode's return and length are there.
    returns = [r for r in map(_number, _items(evaluated.get(EPISODE_RETURNS))) if r is not None]
    lengths = [n for n in map(_number, _items(evaluated.get(EPISODE_LENGTHS))) if n is not None]
    found = {f"evaluation/{old}": evaluated.get(new) for new, old in EPISODE_NAMES.items()} | {
        "evaluation/episodes": len(returns) or evaluated.get("num_episodes")
    }
    if returns:
        found |= {
            "evaluation/episode_reward_mean": sum(returns) / len(returns),
            "evaluation/episode_reward_min": min(returns),
            "evaluation/episode_reward_max": max(returns),
        }
    if lengths:
        found["evaluation/episode_len_mean"] = sum(lengths) / len(lengths)
    mean = _number(found["evaluation/episode_reward_mean"])
    return found if mean is not None and not math.isnan(mean) else {}


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, (str, bytes, Mapping, list, tuple)):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
