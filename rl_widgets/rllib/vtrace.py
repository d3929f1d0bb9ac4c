"""V-trace with the bootstrap that RLlib's loses.

RLlib follows each piece of an episode by one slot with its last observation, whose discount and
reward are 0. There V-trace's own correction is then -rho * V, and the recursion subtracts at the
last real step what had just been added as its bootstrap: measured on policy, with V = 5 everywhere
and no rewards, targets of 0 and advantages of -5 where 5 and 0 are right. The end of each fragment
is learned as if the game were over there. With the value itself as that slot's reward the
correction is 0, and target and advantage of the last step are those of the paper
(https://arxiv.org/abs/1802.01561, equation 1).
"""

from __future__ import annotations

from typing import Any

from rl_widgets.rllib.learner_mixin import LearnerMixin


class BootstrappedVTrace(LearnerMixin):
    """Mixin over RLlib's learners of IMPALA and APPO."""

    module: Any

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Any, fwd_out: dict[str, Any]
    ) -> Any:
        """As RLlib's, with a bootstrap at the end of each piece of an episode."""
        import torch
        from ray.rllib.core.columns import Columns

        module = self.module[module_id].unwrapped()
        with torch.no_grad():
            values = module.compute_values(batch, embeddings=fwd_out.get(Columns.EMBEDDINGS))
        rewards, mask = batch[Columns.REWARDS], batch[Columns.LOSS_MASK]
        batch[Columns.REWARDS] = torch.where(mask.bool(), rewards, values.to(rewards.dtype))
        return super().compute_loss_for_module(
            module_id=module_id, config=config, batch=batch, fwd_out=fwd_out
        )
