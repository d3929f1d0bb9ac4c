"""A greedy evaluation at an interval, which the training does not wait for.

RLlib's own evaluation counts in iterations, wants a CPU for itself, and the iteration it belongs to
ends when its last episode does. Here a process at the lowest priority (`evaluator.py`) is handed
the weights every few minutes, and logs episodes and videos by itself. Where the script sets RLlib's
`evaluation_interval`, RLlib evaluates and this one rests.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rl_widgets.rllib.errors import ConfigError
from rl_widgets.rllib.evaluator import Evaluator, Outcome, Request
from rl_widgets.rllib.presets import EVALUATION
from rl_widgets.rllib.video import FOLDER
from rl_widgets.store.logger import from_environment
from rl_widgets.store.mistakes import shown

#: Keys of a script's configuration that are ours and not RLlib's.
INTERVAL = "evaluation_interval_s"
VIDEOS = "evaluation_videos"

#: Without an interval of the script's own, evaluations take at most this part of the machine.
CPU_SHARE = 0.01
#: The part of the interval after which a checkpoint may have its evaluation early.
CHECKPOINT_AFTER = 1 / 3
#: After so many failures in a row there are no more tries.
MAX_FAILURES = 3
#: How long the end of a training waits for the evaluation of its last weights.
LAST_EVALUATION_S = 20.0

SEVERAL_AGENTS = (
    "There are no greedy evaluations beside the training where an environment has several agents; "
    "set 'evaluation_interval' (iterations) to have RLlib evaluate."
)


@dataclass(frozen=True)
class EvaluationPlan:
    """When to evaluate, in seconds, and how many videos to keep (0: none are made)."""

    interval_s: float = EVALUATION["interval_s"]
    first_s: float = EVALUATION["first_s"]
    videos: int = EVALUATION["videos"]
    #: Whether the interval grows with what an evaluation costs.
    stretches: bool = True


def take_plan(config: Mapping[str, Any]) -> tuple[EvaluationPlan | None, dict[str, Any]]:
    """What a script's configuration says of evaluation, and the rest of the configuration.

    The plan is None where the script wants none or has RLlib evaluate. Raises `ConfigError`.
    """
    rest = dict(config)
    interval, videos = rest.pop(INTERVAL, None), rest.pop(VIDEOS, None)
    plan = EvaluationPlan()
    if videos is not None:
        if isinstance(videos, bool):
            videos = plan.videos if videos else 0
        if not isinstance(videos, int) or videos < 0:
            raise ConfigError(
                f"{VIDEOS!r} is {shown(videos)}; it must be the number of videos that are kept "
                "(0: none are made)."
            )
        plan = replace(plan, videos=videos)
    if interval is not None:
        number = isinstance(interval, (int, float)) and not isinstance(interval, bool)
        if not number or not 0 <= interval <= sys.float_info.max:
            raise ConfigError(
                f"{INTERVAL!r} is {shown(interval)}; it must be the seconds between two "
                "evaluations (0: none are made). RLlib's own, in iterations, is "
                "'evaluation_interval'."
            )
        if interval and "evaluation_interval" in rest:
            raise ConfigError(
                f"{INTERVAL!r} and 'evaluation_interval' cannot both be given: the one evaluates "
                "beside the training, every so many seconds; the other is RLlib's own, every so "
                "many iterations. Leave one out."
            )
        plan = replace(
            plan,
            interval_s=float(interval),
            first_s=min(plan.first_s, float(interval)),
            stretches=False,
        )
    if interval == 0 or "evaluation_interval" in rest:
        return None, rest
    return plan, rest


class Evaluation:
    """RLlib's `on_train_result` that hands out the weights when an evaluation is due.

    It belongs into the list of callbacks after those that complete the result. Outside of a run's
    job it does nothing. An evaluation that fails is said, and training goes on.
    """

    _evaluator: Any = None
    #: The evaluation that is being made, and since when.
    _asked: Any = None
    _asked_at = 0.0
    #: When the next one is due; None before the first result.
    _next: float | None = None
    #: The newest weights that there are, and the env steps of those evaluated last.
    _newest: Request | None = None
    _evaluated = -1
    _failures = 0
    _over = False

    def __init__(self, plan: EvaluationPlan) -> None:
        self.plan = plan

    @cached_property
    def _partial(self) -> str:
        """The name of a video that is not whole yet: this training's own."""
        return f".partial-{secrets.token_hex(4)}.mp4"

    def __call__(self, *, algorithm: Any, result: Mapping[str, Any], **_: Any) -> None:
        if self._over or from_environment() is None:
            return
        self._collect()
        now = time.monotonic()
        if self._next is None:
            self._next = now + self.plan.first_s
            _before(algorithm, "cleanup", self._end)
            if algorithm.config.is_multi_agent:
                self._over = True
                print(f"Note: {SEVERAL_AGENTS}", flush=True)
                return
        self._newest = _request(result, "evaluation")
        if now >= self._next:
            self._begin(algorithm, self._newest)
        elif self._evaluator is None and now >= self._next - self.plan.first_s / 2:
            # On what the CPUs have left, importing RLlib takes its time.
            self._ready(algorithm)

    def at_checkpoint(self, algorithm: Any, result: Mapping[str, Any]) -> bool:
        """Evaluate the weights of a checkpoint; tells whether, for not each one is worth it."""
        if self._over or self._asked is not None or self._next is None:
            return False
        wait = self._next - time.monotonic()
        if wait > self.plan.interval_s * (1 - CHECKPOINT_AFTER):
            return False
        return self._begin(algorithm, _request(result, "checkpoint"))

    def _begin(self, algorithm: Any, request: Request) -> bool:
        if self._asked is not None:
            return False
        if not self._ready(algorithm):
            return False
        try:
            self._asked = self._evaluator.evaluate.remote(weights(algorithm), request)
        except Exception as error:  # noqa: BLE001 whatever hinders an evaluation ends no training
            self._failed(error)
            return False
        self._asked_at = time.monotonic()
        self._next = self._asked_at + self.plan.interval_s
        self._evaluated = request.env_steps
        return True

    def _ready(self, algorithm: Any) -> bool:
        """Have a process that evaluates; tells whether there is one. It starts by and by."""
        if self._evaluator is None:
            try:
                self._evaluator = _start(algorithm, self.plan.videos, self._partial)
            except Exception as error:  # noqa: BLE001 as below
                self._failed(error)
        return self._evaluator is not None

    def _collect(self, timeout: float = 0.0) -> None:
        """Take the outcome of the evaluation that is being made, if it is there."""
        if self._asked is None:
            return
        import ray

        ready, _ = ray.wait([self._asked], timeout=timeout)
        if not ready:
            return
        asked, self._asked = self._asked, None
        try:
            outcome: Outcome | None = ray.get(asked)
        except Exception as error:  # noqa: BLE001 an environment may raise anything
            self._failed(error)
            return
        self._failures = 0
        if outcome is None:
            self._next = time.monotonic()
            return
        if outcome.note:
            print(f"Note: {outcome.note}", flush=True)
        if self.plan.stretches:
            apart = outcome.cpu_s / (CPU_SHARE * (os.cpu_count() or 1))
            self._next = self._asked_at + max(self.plan.interval_s, apart)

    def _failed(self, error: Exception) -> None:
        from rl_widgets.rllib.failure import original_error

        cause = original_error(error)
        self._failures += 1
        self._kill()
        self._next = time.monotonic() + self.plan.interval_s
        again = "The next one is tried in its time."
        if self._failures >= MAX_FAILURES:
            self._over = True
            again = f"After {self._failures} failures in a row there are no more tries."
        print(
            f"Note: The evaluation failed ({type(cause).__name__}: {cause}); the training goes on. "
            f"{again}",
            flush=True,
        )

    def _end(self, algorithm: Any) -> None:
        """The training ends: what the last weights can do is what a person wants to see most."""
        if self._over or self._evaluator is None:
            return
        self._over = True
        deadline = time.monotonic() + LAST_EVALUATION_S
        try:
            self._collect(LAST_EVALUATION_S)
            newest = self._newest
            if newest is not None and newest.env_steps > self._evaluated and not self._failures:
                self._begin(algorithm, replace(newest, reason="end"))
                self._collect(max(0.0, deadline - time.monotonic()))
        finally:
            self._kill()

    def _kill(self) -> None:
        evaluator, self._evaluator = self._evaluator, None
        asked, self._asked = self._asked, None
        if evaluator is not None:
            import ray

            with contextlib.suppress(Exception):
                ray.kill(evaluator)
                if asked is not None:
                    # Until it is gone: what it still writes would be left behind.
                    ray.wait([asked], timeout=5.0)
            found = from_environment()
            if found is not None:
                with contextlib.suppress(OSError):
                    (found[1] / FOLDER / self._partial).unlink()

    def __getstate__(self) -> dict[str, Any]:
        return {"plan": self.plan}  # a process stays where it is


def at_checkpoint(algorithm: Any, result: Mapping[str, Any]) -> bool:
    """Have the weights of a checkpoint evaluated and recorded, where this is due; tells whether.

    `result` is the training result that the checkpoint belongs to. Returns at once.
    """
    callbacks = algorithm.config.callbacks_on_train_result
    for callback in callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]:
        if isinstance(callback, Evaluation):
            return callback.at_checkpoint(algorithm, result)
    return False


def weights(algorithm: Any) -> Any:
    """The state of an env runner with the newest weights; a reference where it lies elsewhere."""
    server = getattr(algorithm, "_env_runner_state_server", None)
    if server is not None:
        # What IMPALA's env runners pull: weights and filters, without a copy in this process.
        return server.pull.remote()
    from ray.rllib.core import (
        COMPONENT_ENV_TO_MODULE_CONNECTOR,
        COMPONENT_LEARNER,
        COMPONENT_MODULE_TO_ENV_CONNECTOR,
        COMPONENT_RL_MODULE,
    )

    state = algorithm.learner_group.get_state(
        components=f"{COMPONENT_LEARNER}/{COMPONENT_RL_MODULE}", inference_only=True
    )[COMPONENT_LEARNER]
    connectors = [COMPONENT_ENV_TO_MODULE_CONNECTOR, COMPONENT_MODULE_TO_ENV_CONNECTOR]
    if algorithm.env_runner is not None:
        state |= algorithm.env_runner.get_state(components=connectors)
    elif algorithm.env_to_module_connector is not None:
        state[connectors[0]] = algorithm.env_to_module_connector.get_state()
        state[connectors[1]] = algorithm.module_to_env_connector.get_state()
    return state


def evaluation_config(config: Any) -> Any:
    """A training's `AlgorithmConfig` for one environment on its own, without exploring.

    The script's callbacks are left out: they are about the training.
    """
    from ray.rllib.callbacks.callbacks import RLlibCallback

    own = config.get_evaluation_config_object()
    for name in vars(own):
        if name.startswith("callbacks_on_"):
            setattr(own, name, None)
    own.callbacks_class = RLlibCallback
    own.num_env_runners = 0
    own.num_envs_per_env_runner = 1
    own.num_gpus_per_env_runner = 0
    own.explore = False
    if isinstance(own.env_config, dict) and "num_threads" in own.env_config:
        own.env_config = {**own.env_config, "num_threads": 1}
    return own


def _start(algorithm: Any, videos: int, partial: str) -> Any:
    import ray
    from ray import cloudpickle
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = ray.get_runtime_context().get_node_id()
    # Beside the training, and outside of its placement group, which has no room for it.
    remote = ray.remote(
        num_cpus=0,
        num_gpus=0,
        max_restarts=0,
        scheduling_strategy=NodeAffinitySchedulingStrategy(here, soft=False),
    )(Evaluator)
    return remote.remote(cloudpickle.dumps(evaluation_config(algorithm.config)), videos, partial)


def _request(result: Mapping[str, Any], reason: str) -> Request:
    return Request(
        int(result["training_iteration"]), int(result["num_env_steps_sampled_lifetime"]), reason
    )


def _before(algorithm: Any, method: str, action: Any) -> None:
    """Have `action(algorithm)` carried out before a method of this one object.

    RLlib has no callback for the end of a training.
    """
    original = getattr(algorithm, method)

    def both(*args: Any, **kwargs: Any) -> Any:
        action(algorithm)
        return original(*args, **kwargs)

    setattr(algorithm, method, both)
