"""Our env runner: RLlib's, with failures that tell their cause. The fast one will stand here too.

RLlib's `apply` catches an exception of an environment, sleeps, and ends the process; the caller
sees a dead actor, restarts it up to 1,000 times, and the run stays Running with no step. Here the
exception travels to the caller, where `StrictActorManager` makes it the run's failure. A process
that really died (node lost, killed, out of memory) is still restarted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ray.exceptions import RayActorError, RayError
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner
from ray.rllib.utils.actor_manager import FaultTolerantActorManager

#: Seeds of two env runners lie so far apart that their environments never share one.
SEED_STRIDE = 100_000


class ReportingEnvRunner(SingleAgentEnvRunner):  # type: ignore[misc]
    """Samples as RLlib does; an exception goes to the caller with its traceback."""

    def __init__(self, *, config: Any, **kwargs: Any) -> None:
        super().__init__(config=config, **kwargs)
        if self.config.seed is not None:
            # RLlib's is seed + worker index, and a vector environment counts on from there: two
            # runners would play games that start alike.
            self._seed = int(self.config.seed) + SEED_STRIDE * int(self.worker_index or 0)

    def apply(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call `func(self, …)`; its exceptions reach the caller."""
        return func(self, *args, **kwargs)


class StrictActorManager(FaultTolerantActorManager):  # type: ignore[misc]
    """Tolerates actors that died, raises what an actor's own code raised."""

    def fetch_ready_async_reqs(self, **kwargs: Any) -> Any:
        """Results that are ready. Raises the first error that is no actor's death."""
        return _without_application_errors(super().fetch_ready_async_reqs(**kwargs))

    def foreach_actor(self, func: Any, **kwargs: Any) -> Any:
        """Results of `func` on the actors. Raises the first error that is no actor's death."""
        return _without_application_errors(super().foreach_actor(func, **kwargs))


def make_strict(env_runner_group: Any) -> None:
    """Let a group of env runners raise what its runners raise."""
    # The group makes its manager itself and offers no place to choose another class.
    env_runner_group._worker_manager.__class__ = StrictActorManager


def _without_application_errors(results: Any) -> Any:
    from ray.exceptions import RayTaskError

    for result in results.result_or_errors:
        if result.ok:
            continue
        error = result.get()
        if isinstance(error, RayTaskError) and not isinstance(error, RayActorError):
            raise error
        if not isinstance(error, RayError):
            raise error
    return results
