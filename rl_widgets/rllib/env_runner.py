"""RLlib's env runner, with failures that tell their cause; `vector_env_runner.py` makes it fast.

RLlib's `apply` catches an exception of an environment, sleeps, and ends the process; the caller
sees a dead actor, restarts it up to 1,000 times, and the run stays Running with no step. Here the
exception travels to the caller, where `StrictActorManager` makes it the run's failure. A process
that really died (node lost, killed, out of memory) is still restarted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner
from ray.rllib.utils.actor_manager import FaultTolerantActorManager

from rl_widgets.rllib.failure import ended_for_memory
from rl_widgets.rllib.phases import EnvRunnerClock

#: Seeds of two env runners lie so far apart that their environments never share one.
SEED_STRIDE = 100_000
#: Names under `env_runners` of a result: of each episode that ended, its return and its length.
EPISODE_RETURNS = "episode_returns_this_iter"
EPISODE_LENGTHS = "episode_lengths_this_iter"


class ReportingEnvRunner(SingleAgentEnvRunner):
    """Samples as RLlib does; an exception goes to the caller with its traceback."""

    _clock: EnvRunnerClock | None = None
    _env_runner_state_server: Any

    def __init__(self, *, config: Any, **kwargs: Any) -> None:
        super().__init__(config=config, **kwargs)
        self._clock = EnvRunnerClock(self.metrics, own_process=bool(self.worker_index))
        self._state_server_asked: Any = None
        self._state_server_up = False
        if self.config.seed is not None:
            # RLlib's is seed + worker index, and a vector environment counts on from there: two
            # runners would play games that start alike.
            self._seed = int(self.config.seed) + SEED_STRIDE * int(self.worker_index or 0)

    def sample(self, **kwargs: Any) -> Any:
        """Sample as RLlib does, without waiting for the state server's process to start.

        RLlib blocks on the server's first answer, for 5 to 10 s after everything else is up. Until
        then there is nothing to pull: the first weights were pushed when the algorithm was built.
        """
        assert self._clock is not None
        self._clock.begin()
        episodes = self._sample_without_waiting(**kwargs)
        self._clock.end()
        return episodes

    def sample_get_state_and_metrics(self) -> Any:
        """As RLlib's: samples as a reference into the object store."""
        found = super().sample_get_state_and_metrics()
        assert self._clock is not None
        self._clock.handed_over()
        return found

    def _sample_without_waiting(self, **kwargs: Any) -> Any:
        server: Any = self._env_runner_state_server
        if server is None or self._state_server_answers(server):
            return super().sample(**kwargs)
        self._env_runner_state_server = None
        try:
            return super().sample(**kwargs)
        finally:
            self._env_runner_state_server = server

    def _state_server_answers(self, server: Any) -> bool:
        if not self._state_server_up:
            if self._state_server_asked is None:
                self._state_server_asked = server.get_version.remote()
            ready, _ = ray.wait([self._state_server_asked], timeout=0)
            self._state_server_up = bool(ready)
        return self._state_server_up

    def set_state(self, state: Any) -> None:
        """As RLlib's: among other things, load new weights."""
        began, began_cpu = time.perf_counter(), time.thread_time()
        super().set_state(state)
        if self._clock is not None:
            self._clock.loaded(time.perf_counter() - began, time.thread_time() - began_cpu)

    def _log_episode_metrics(self, length: int, ret: float, sec: float) -> None:
        super()._log_episode_metrics(length, ret, sec)
        # RLlib's own mean is over the episodes of one iteration, whatever the smoothing window
        # says; one lucky game would stop a run. Each return travels, and `results.py` averages.
        self.metrics.log_value(EPISODE_RETURNS, float(ret), reduce="item_series")
        self.metrics.log_value(EPISODE_LENGTHS, int(length), reduce="item_series")

    def apply(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call `func(self, …)`; its exceptions reach the caller."""
        try:
            return func(self, *args, **kwargs)
        except RuntimeError as error:
            # RLlib raises an empty RuntimeError from what an environment raised, and pickle, on
            # the way to the caller, drops causes.
            if error.args or error.__cause__ is None:
                raise
            raise error.__cause__ from None


class StrictActorManager(FaultTolerantActorManager):
    """Tolerates actors that died, raises what an actor's own code raised."""

    #: Seconds spent so far on waiting for what actors were asked for.
    waited_s = 0.0

    def fetch_ready_async_reqs(self, **kwargs: Any) -> Any:
        """Results that are ready. Raises the first error that is no actor's death."""
        began = time.perf_counter()
        results = super().fetch_ready_async_reqs(**kwargs)
        self.waited_s += time.perf_counter() - began
        return _without_application_errors(results)

    def foreach_actor(self, func: Any, **kwargs: Any) -> Any:
        """Results of `func` on the actors. Raises the first error that is no actor's death."""
        return _without_application_errors(super().foreach_actor(func, **kwargs))


def make_strict(env_runner_group: Any) -> None:
    """Let a group of env runners raise what its runners raise."""
    # The group makes its manager itself and offers no place to choose another class.
    env_runner_group._worker_manager.__class__ = StrictActorManager


def _without_application_errors(results: Any) -> Any:
    for result in results.result_or_errors:
        if result.ok:
            continue
        error = result.get()
        if isinstance(error, RayTaskError) and not isinstance(error, RayActorError):
            raise error
        if not isinstance(error, RayError):
            raise error
        if ended_for_memory(error):
            print(
                "Warning: Out of memory: Ray ended an env runner, because its node's memory was "
                "all but full. It is started again; fewer env runners or environments help.",
                flush=True,
            )
    return results
