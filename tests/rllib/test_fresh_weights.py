"""The weights that a learner's `update` returns (rllib/fresh_weights.py)."""

from __future__ import annotations

import inspect
import queue
import threading

from rl_widgets.rllib.fresh_weights import STATE_AFTER_UPDATE, FreshWeights


class RLlibsOrder:
    """What RLlib's `update` does: it takes the newest weights, waits for an update, returns."""

    def __init__(self):
        self._learner_state = None
        self._learner_state_lock = threading.Lock()
        self._learner_state_queue = queue.Queue(maxsize=1)
        self.updates = 0

    def update(self, return_state=False):
        if return_state and not self._learner_state_queue.empty():
            self._learner_state = self._learner_state_queue.get_nowait()
        self.updates += 1
        if self.updates % 2:  # the learner thread's update, that is waited for
            self._learner_state_queue.put_nowait(f"after update {self.updates}")
        found = {"loss": 1.0}
        if return_state and self._learner_state:
            found[STATE_AFTER_UPDATE] = self._learner_state
        return found


class Learner(FreshWeights, RLlibsOrder):
    pass


def test_weights_are_those_of_the_update_that_was_waited_for():
    assert STATE_AFTER_UPDATE not in RLlibsOrder().update(return_state=True)  # one update late
    learner = Learner()
    assert learner.update(return_state=True)[STATE_AFTER_UPDATE] == "after update 1"
    # Without newer ones, the last.
    assert learner.update(return_state=True)[STATE_AFTER_UPDATE] == "after update 1"
    assert learner.update(return_state=True)[STATE_AFTER_UPDATE] == "after update 3"


def test_nobody_asked_nothing_is_taken():
    learner = Learner()
    assert learner.update() == {"loss": 1.0}
    assert not learner._learner_state_queue.empty()


def test_rllib_still_has_the_names_that_this_rests_on():
    from ray.rllib.algorithms.impala import impala_learner

    source = inspect.getsource(impala_learner)
    for name in (STATE_AFTER_UPDATE, "_learner_state_queue", "_learner_state_lock"):
        assert name in source
