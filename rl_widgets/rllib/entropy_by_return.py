"""The entropy's weight falls with what is won, not with what has been played.

When a game's first points are won is chance: a schedule of env steps ends exploration too soon in
one run and costs another its last points. As in https://arxiv.org/abs/1910.13701, which lowers
epsilon so, the weight follows the returns: `learner_config_dict` has `entropy_by_return`, pairs of
a mean return and a part of `entropy_coeff`, in between along a line. The mean is over the last 25
episodes that ended in what the learner was given; before the first, and where samples are RLlib's
episodes, which end in pieces, the part is that of the lowest return.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from ray.rllib.utils.lambda_defaultdict import LambdaDefaultDict
from ray.rllib.utils.schedules.scheduler import Scheduler

from rl_widgets.rllib.fragments import Fragment
from rl_widgets.rllib.learner_mixin import LearnerMixin
from rl_widgets.rllib.loss_settings import ENTROPY_BY_RETURN

#: Fewer are luck; RLlib's 100 are a hundred thousand env steps behind.
_EPISODES = 25


class EntropyByReturn(LearnerMixin):
    """Mixin over RLlib's learners of IMPALA and APPO."""

    config: Any
    _device: Any
    entropy_coeff_schedulers_per_module: Any

    def build(self) -> None:
        """As RLlib's; where `entropy_by_return` is set, its schedulers follow it."""
        self._last_returns: deque[float] = deque(maxlen=_EPISODES)
        super().build()
        pairs = self.config.learner_config_dict.get(ENTROPY_BY_RETURN)
        if pairs:
            self.entropy_coeff_schedulers_per_module = LambdaDefaultDict(
                lambda module_id: _ByReturn(
                    self.config.get_config_for_module(module_id).entropy_coeff,
                    pairs,
                    self._last_returns,
                    device=self._device,
                )
            )

    def _make_batch_if_necessary(self, training_data: Any) -> Any:
        for fragment in training_data.episodes or ():
            if isinstance(fragment, Fragment):
                self._last_returns.extend(fragment.returns)
        return super()._make_batch_if_necessary(training_data=training_data)


class _ByReturn(Scheduler):
    """RLlib's schedule of env steps, times the part that is due to the returns."""

    def __init__(
        self, schedule: Any, pairs: Sequence[Sequence[float]], returns: deque[float], device: Any
    ) -> None:
        super().__init__(schedule, framework="torch", device=device)
        self._of_return, self._parts = zip(*pairs, strict=True)
        self._returns = returns
        self.update(0)

    def _part(self) -> float:
        mean = np.mean(list(self._returns)) if self._returns else self._of_return[0]
        return float(np.interp(mean, self._of_return, self._parts))

    def update(self, timestep: int) -> float:
        """The weight as of now, which `get_current_value` gives until the next call."""
        self._now = float(super().update(timestep)) * self._part()
        return self._now

    def get_current_value(self) -> torch.Tensor:
        """A scalar on the learner's device."""
        return torch.tensor(self._now, device=self.device)
