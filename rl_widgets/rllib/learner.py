"""Learners that fail instead of hanging, and that refuse to learn from NaN.

IMPALA's learner runs in a thread with no handler: after an exception there, `update()` waits for
ever on an event that nobody sets, or on a queue that nobody empties. And RLlib sets NaN gradients
to 0 with a warning, so a run whose loss is NaN goes on as if it learned.
"""

from __future__ import annotations

import queue
import threading
import time
from functools import cache
from typing import Any

from rl_widgets.rllib.learner_mixin import LearnerMixin
from rl_widgets.rllib.phases import LearnerClock

_POLL_S = 0.25


class _LearnerThreadGuard:
    """Remembers what ended the learner thread and raises it where the main thread waits."""

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None
        self.error: BaseException | None = None

    def watch(self, thread: threading.Thread) -> None:
        """Keep the exception that ends `thread`; other threads' go where they went before."""
        self.thread = thread
        previous = threading.excepthook

        def keep(arguments: threading.ExceptHookArgs) -> None:
            if arguments.thread is thread:
                self.error = arguments.exc_value
            previous(arguments)

        threading.excepthook = keep

    def check(self) -> None:
        """Raise what ended the thread, if anything did."""
        if self.error is not None:
            raise self.error
        if self.thread is not None and not self.thread.is_alive():
            raise RuntimeError("The learner thread ended without an error; training cannot go on.")


class _GuardedEvent(threading.Event):
    def __init__(self, guard: _LearnerThreadGuard) -> None:
        super().__init__()
        self._guard = guard

    def wait(self, timeout: float | None = None) -> bool:
        if timeout is not None:
            return super().wait(timeout)
        while not super().wait(_POLL_S):
            self._guard.check()
        return True


class _GuardedQueue(queue.Queue[Any]):
    """Of the batches for the learner thread. Tells `clock` what becomes of that thread's time."""

    def __init__(
        self, maxsize: int, guard: _LearnerThreadGuard, clock: LearnerClock | None = None
    ) -> None:
        super().__init__(maxsize)
        self._guard = guard
        self._clock = clock
        self._done: float | None = None

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        began = time.perf_counter()
        if self._clock is not None and self._done is not None:
            # Between an update and the next batch the thread makes its weights ready.
            self._clock.gave_weights(began - self._done)
            self._done = None
        item = super().get(block, timeout)
        if self._clock is not None:
            self._clock.waited(time.perf_counter() - began)
        return item

    def task_done(self) -> None:
        super().task_done()
        self._done = time.perf_counter()

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        if self._clock is not None:
            self._clock.queued(self.qsize())
        if not block or timeout is not None:
            super().put(item, block, timeout)
            return
        while True:
            try:
                super().put(item, True, _POLL_S)
            except queue.Full:
                self._guard.check()
            else:
                return


class FailFastLearner(LearnerMixin):
    """Mixin over any torch learner of RLlib; `fail_fast` puts it in front."""

    config: Any
    metrics: Any
    _learner_thread: threading.Thread | None = None

    def build(self) -> None:
        """Build as RLlib does; a learner thread, if there is one, is watched."""
        guard = self._guard = _LearnerThreadGuard()
        self._clock = LearnerClock(self.metrics)
        super().build()
        thread = getattr(self, "_learner_thread", None)
        if thread is None:
            return
        # The thread waits for its first batch now, so nothing has used the event yet.
        self._agg_event = _GuardedEvent(guard)
        guard.watch(thread)

    @property
    def _learner_thread_in_queue(self) -> Any:
        """The batches for the learner thread, where there is one."""
        try:
            return self.__dict__["_in_queue"]
        except KeyError:
            raise AttributeError("There is no learner thread.") from None

    @_learner_thread_in_queue.setter
    def _learner_thread_in_queue(self, made: Any) -> None:
        # A plain queue would wait for ever for a thread that has ended. (A circular buffer drops.)
        plain = type(made) is queue.Queue
        guarded = _GuardedQueue(made.maxsize, self._guard, self._clock) if plain else made
        self.__dict__["_in_queue"] = guarded

    def update(self, *args: Any, **kwargs: Any) -> Any:
        """As RLlib's; its time is taken."""
        self._clock.called()
        return super().update(*args, **kwargs)

    def _make_batch_if_necessary(self, *args: Any, **kwargs: Any) -> Any:
        batch = super()._make_batch_if_necessary(*args, **kwargs)
        # On the learner thread a batch is there already, and nothing is made.
        if threading.current_thread() is not self._learner_thread:
            self._clock.built(in_update=self._learner_thread is None)
        return batch

    def before_gradient_based_update(self, *, timesteps: dict[str, Any]) -> None:
        """As RLlib's; the update begins here."""
        self._clock.update_begins()
        super().before_gradient_based_update(timesteps=timesteps)

    def after_gradient_based_update(self, *, timesteps: dict[str, Any]) -> None:
        """As RLlib's; the update ends here."""
        super().after_gradient_based_update(timesteps=timesteps)
        self._clock.update_ends()

    def compute_losses(self, *, fwd_out: dict[str, Any], batch: dict[str, Any]) -> dict[str, Any]:
        """Losses by module, as RLlib's. Raises `FloatingPointError` when one is not finite."""
        losses: dict[str, Any] = super().compute_losses(fwd_out=fwd_out, batch=batch)
        for module, loss in losses.items():
            total = loss.get("total_loss") if isinstance(loss, dict) else loss
            value = float(total.detach()) if total is not None else 0.0
            if value - value != 0.0:  # NaN and infinities, without importing math per update
                raise FloatingPointError(
                    f"The loss of module {module!r} is {value}: training cannot go on. Usual "
                    "causes are a learning rate that is too high, rewards or observations that "
                    "are not finite, or a loss of your own that divides by zero."
                )
        return losses


@cache
def fail_fast(learner_class: type) -> type:
    """A learner class with `FailFastLearner` in front of it; IMPALA's and APPO's learn better.

    They take fragments beside episodes, and their V-trace keeps its bootstrap; weights are newer.
    """
    from ray.rllib.algorithms.impala.impala_learner import IMPALALearner

    mixins: tuple[type, ...] = (FailFastLearner,)
    if issubclass(learner_class, IMPALALearner):
        from rl_widgets.rllib.entropy_by_return import EntropyByReturn
        from rl_widgets.rllib.fragment_learner import FragmentLearner
        from rl_widgets.rllib.fresh_weights import FreshWeights
        from rl_widgets.rllib.lean_updates import LeanUpdates
        from rl_widgets.rllib.vtrace import BootstrappedVTrace

        mixins += (
            FreshWeights, EntropyByReturn, FragmentLearner, BootstrappedVTrace, LeanUpdates,
        )  # fmt: skip
        if _has_rllibs_loss(learner_class):
            from rl_widgets.rllib.trust_region import TrustRegionLoss

            mixins = (FailFastLearner, TrustRegionLoss, *mixins[1:])
    return type(f"FailFast{learner_class.__name__}", (*mixins, learner_class), {})


def _has_rllibs_loss(learner_class: Any) -> bool:
    """Whether a learner's loss is RLlib's own; a script's is left alone."""
    from ray.rllib.algorithms.appo.torch.appo_torch_learner import APPOTorchLearner
    from ray.rllib.algorithms.impala.torch.impala_torch_learner import IMPALATorchLearner

    own = learner_class.compute_loss_for_module
    return own in (
        IMPALATorchLearner.compute_loss_for_module,
        APPOTorchLearner.compute_loss_for_module,
    )
