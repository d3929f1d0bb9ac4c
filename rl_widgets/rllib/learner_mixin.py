"""The base of what is put in front of RLlib's learners (`learner.py` says in which order)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # A mixin calls and reads what the learner behind it has.
    from ray.rllib.core.learner.torch.torch_learner import TorchLearner as LearnerMixin
else:
    LearnerMixin = object

__all__ = ["LearnerMixin"]
