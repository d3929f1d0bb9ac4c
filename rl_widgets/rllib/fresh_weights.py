"""Weights for the env runners from the update that was waited for, not from the one before it.

RLlib's `update` takes the newest weights, then waits for the learner thread's update, and returns
those that it took before: each sample would be one update older than it need be.
"""

from __future__ import annotations

import queue
from typing import Any

from rl_widgets.rllib.learner_mixin import LearnerMixin

#: Where RLlib's `update` leaves the weights.
STATE_AFTER_UPDATE = "_rl_module_state_after_update"


class FreshWeights(LearnerMixin):
    """Mixin over RLlib's learners of IMPALA and APPO."""

    _learner_state: Any
    _learner_state_lock: Any
    _learner_state_queue: queue.Queue[Any]

    def update(self, *args: Any, return_state: bool = False, **kwargs: Any) -> Any:
        """As RLlib's; the weights are those at its end."""
        results = super().update(*args, return_state=return_state, **kwargs)
        # (The learner thread calls RLlib's `Learner.update` itself, never this.)
        if return_state:
            with self._learner_state_lock:
                try:
                    self._learner_state = self._learner_state_queue.get_nowait()
                except queue.Empty:
                    return results
            results[STATE_AFTER_UPDATE] = self._learner_state
        return results
