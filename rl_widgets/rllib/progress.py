"""One line for each training result, instead of Tune's tables that repeat themselves."""

from __future__ import annotations

from typing import Any

from ray.tune import Callback

from rl_widgets.rllib.stopping import reached


class ProgressLines(Callback):
    """Prints a line when a trial starts, has a result, fails or ends.

    `criteria`: what the trials stop at, as `check_stop` gives it.
    """

    def __init__(self, several: bool = False, criteria: Any = None) -> None:
        self._several, self._criteria = several, criteria

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        print(f"{self._name(trial)}started; results in {trial.path}", flush=True)

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        print(f"{self._name(trial)}{result_line(result)}", flush=True)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        criteria = self._criteria if isinstance(self._criteria, dict) else {}
        why = reached(criteria, trial.last_result or {}) or "no more to do"
        print(f"{self._name(trial)}ended: {why}", flush=True)

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
