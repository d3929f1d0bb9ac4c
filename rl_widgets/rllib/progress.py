"""One line for each training result, instead of Tune's tables that repeat themselves."""

from __future__ import annotations

from typing import Any

from ray.tune import Callback


class ProgressLines(Callback):
    """Prints a line when a trial starts, has a result, fails or ends."""

    def __init__(self, several: bool = False) -> None:
        self._several = several

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        print(f"{self._name(trial)}started; results in {trial.path}", flush=True)

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        print(f"{self._name(trial)}{result_line(result)}", flush=True)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        reached = stop_reason(trial.stopping_criterion or {}, trial.last_result or {})
        print(f"{self._name(trial)}ended: {reached}", flush=True)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        print(f"{self._name(trial)}failed", flush=True)

    def _name(self, trial: Any) -> str:
        return f"[{trial.trial_id}] " if self._several else ""


def result_line(result: dict[str, Any]) -> str:
    """A result in one line: iteration, time, env steps, steps/s, reward."""
    steps = int(result.get("num_env_steps_sampled_lifetime") or 0)
    seconds = float(result.get("time_this_iter_s") or 0.0)
    fresh = float((result.get("env_runners") or {}).get("num_env_steps_sampled") or 0.0)
    parts = [
        f"iteration {result.get('training_iteration')}",
        f"{float(result.get('time_total_s') or 0.0):.0f} s",
        f"{steps:,} env steps",
    ]
    if seconds > 0 and fresh == fresh:
        parts.append(f"{fresh / seconds:,.0f}/s")
    episodes = int(result.get("episodes_total") or 0)
    if "episode_reward_mean" in result:
        counted = int(result.get("episodes_in_mean") or episodes)
        parts.append(
            f"reward {result['episode_reward_mean']:.2f} (mean of {counted} of {episodes} episodes)"
        )
    else:
        parts.append("no episode has ended yet")
    return " | ".join(parts)


def stop_reason(criteria: Any, result: dict[str, Any]) -> str:
    """Which stop criterion a last result has reached, in words."""
    from ray.tune.utils import flatten_dict

    flat = flatten_dict(result)
    if isinstance(criteria, dict):
        for name, value in criteria.items():
            if name in flat and flat[name] >= value:
                return f"{name} reached {flat[name]:g} (stop at {value:g})"
    return "no more to do"
