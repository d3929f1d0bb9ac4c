"""The loss of IMPALA and APPO with what they need to learn from few samples.

Several passes over a batch, and advantages normalised to a deviation of 1, make use of every env
step; without a bound, the policy then leaves the samples behind within one batch, and its entropy
falls to 0. So each sample has a trust region: one whose action has become more than `1 + trust`
times as probable as it was when the learner began with the batch, or less than `1 - trust` times,
pulls no further that way. The region is not about the policy that sampled: that one is some updates
older, and V-trace corrects for it (a proximal apart from the behaviour policy, as in
https://arxiv.org/abs/2110.00641).

- IMPALA: V-trace's policy gradient (https://arxiv.org/abs/1802.01561), without the samples that
  have left their region in the direction of their advantage.
- APPO: PPO's clipped surrogate (https://arxiv.org/abs/1707.06347), with `clip_param` as the region.

Targets and advantages are V-trace's in both, with the traces of its remark 2 (`trace_lambda`). They
are made once for a batch, along its rows; its minibatches are of single steps, drawn from all rows:
steps that follow each other say much the same, and a gradient from a few rows goes astray.
`learner_config_dict` of the configuration has the settings; without "trust", or with None, the loss
is RLlib's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns

from rl_widgets.rllib.fragment_learner import RowBatch
from rl_widgets.rllib.learner_mixin import LearnerMixin
from rl_widgets.rllib.loss_settings import LAMBDA, NORMALIZE, TRUST

#: Column of a batch: log-probabilities of its actions when the learner began with it.
START_LOGP = "start_logp"
#: Slots at once, for these.
_CHUNK = 256


class TrustRegionLoss(LearnerMixin):
    """Mixin over RLlib's torch learners of IMPALA and APPO."""

    config: Any
    metrics: Any
    module: Any
    entropy_coeff_schedulers_per_module: Any
    #: Slots of a row of the batch; None where its rows are episodes of any length.
    _row_length: int | None

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Any, fwd_out: dict[str, Any]
    ) -> Any:
        """The loss of a batch of shape (rows * slots, …)."""
        settings = config.learner_config_dict
        if settings.get(TRUST) is None or "seq_lens" in batch:
            return super().compute_loss_for_module(
                module_id=module_id, config=config, batch=batch, fwd_out=fwd_out
            )
        module = self.module[module_id].unwrapped()
        real = batch[Columns.LOSS_MASK].float()
        steps = real.sum().clamp(min=1.0)
        policy = module.get_train_action_dist_cls().from_logits(fwd_out[Columns.ACTION_DIST_INPUTS])
        logp = policy.logp(batch[Columns.ACTIONS])
        values = module.compute_values(batch, embeddings=fwd_out.get(Columns.EMBEDDINGS))
        log_ratio = (logp.detach() - batch[Columns.ACTION_LOGP]) * real
        if Columns.ADVANTAGES in batch:
            targets, advantages = batch[Columns.VALUE_TARGETS], batch[Columns.ADVANTAGES]
        else:
            length = self._row_length or len(real)
            targets, advantages = _estimated(config, batch, values.detach(), log_ratio, length)
        # The region is about the policy that the batch finds, not about the one that sampled it:
        # that one is some updates old, and a part of the samples would have left before the start.
        start = batch.get(START_LOGP, batch[Columns.ACTION_LOGP])
        ratio = ((logp - start) * real).exp()
        if hasattr(config, "clip_param"):
            trust = config.clip_param
            gain = torch.minimum(
                advantages * ratio, advantages * ratio.clamp(1.0 - trust, 1.0 + trust)
            )
        else:
            trust = settings[TRUST]
            gain = advantages * logp * ~left_region(ratio, advantages, trust)
        policy_loss = -(gain * real).sum() / steps
        value_loss = 0.5 * ((values - targets).square() * real).sum() / steps
        entropy = (policy.entropy() * real).sum() / steps
        coefficient = self.entropy_coeff_schedulers_per_module[module_id].get_current_value()
        with torch.no_grad():
            left = (left_region(ratio, advantages, trust) * real).sum() / steps
            # Schulman's estimator of the divergence from the policy that sampled: never negative.
            divergence = ((log_ratio.exp() - 1.0 - log_ratio) * real).sum() / steps
        self.metrics.log_dict(
            {
                "policy_loss": policy_loss.detach(),
                "vf_loss": value_loss.detach(),
                "entropy": entropy.detach(),
                "kl_from_behaviour": divergence,
                "left_trust_region": left,
                "vf_explained_var": _explained(values.detach(), targets, real, steps),
            },
            key=module_id,
            window=1,
        )
        return policy_loss + config.vf_loss_coeff * value_loss - coefficient * entropy

    def _create_iterator_if_necessary(self, *, training_data: Any, **kwargs: Any) -> Any:
        batch = training_data.batch
        if isinstance(batch, RowBatch) and self.config.learner_config_dict.get(TRUST) is not None:
            training_data.batch = self._steps(batch)
        return super()._create_iterator_if_necessary(training_data=training_data, **kwargs)

    def _steps(self, batch: RowBatch) -> RowBatch:
        """The real steps of a batch, each by itself, with what its row makes known of it."""
        columns = dict(batch.policy_batches[DEFAULT_MODULE_ID])
        logp, values = self._evaluated(columns[Columns.OBS], columns[Columns.ACTIONS])
        real = columns[Columns.LOSS_MASK].float()
        log_ratio = (logp - columns[Columns.ACTION_LOGP]) * real
        columns[START_LOGP] = logp
        columns[Columns.VALUE_TARGETS], columns[Columns.ADVANTAGES] = _estimated(
            self.config, columns, values, log_ratio, batch.row_length
        )
        chosen = columns[Columns.LOSS_MASK].nonzero().squeeze(1)
        return RowBatch(
            {name: column.index_select(0, chosen) for name, column in columns.items()},
            batch.env_steps(),
            row_length=1,
        )

    def _evaluated(
        self, observations: torch.Tensor, actions: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probabilities of actions, and values, by the policy as it is now."""
        module = self.module[DEFAULT_MODULE_ID].unwrapped()
        distribution = module.get_train_action_dist_cls()
        logp, values = [], []
        with torch.no_grad():
            for part, chosen in zip(observations.split(_CHUNK), actions.split(_CHUNK), strict=True):
                batch = {Columns.OBS: part}
                out = module.forward_train(batch)
                logp.append(distribution.from_logits(out[Columns.ACTION_DIST_INPUTS]).logp(chosen))
                values.append(module.compute_values(batch, embeddings=out.get(Columns.EMBEDDINGS)))
        return torch.cat(logp), torch.cat(values)

    def _update_module_kl_coeff(self, module_id: str, config: Any) -> None:
        # RLlib's APPO bounds its steps by a penalty; here the trust region does.
        if config.learner_config_dict.get(TRUST) is None:
            super()._update_module_kl_coeff(module_id=module_id, config=config)


def _estimated(
    config: Any, batch: Any, values: torch.Tensor, log_ratio: torch.Tensor, row_length: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Targets of the values and advantages of a batch of whole rows, each of shape (slots,)."""
    settings = config.learner_config_dict
    real = batch[Columns.LOSS_MASK].float()
    rows = (-1, row_length)
    targets, advantages = vtrace(
        log_ratio=log_ratio.view(rows),
        mask=real.view(rows),
        rewards=batch[Columns.REWARDS].float().view(rows),
        terminateds=batch[Columns.TERMINATEDS].view(rows),
        values=values.view(rows),
        gamma=config.gamma,
        trace_lambda=settings.get(LAMBDA, 1.0),
    )
    advantages = advantages.flatten()
    if settings.get(NORMALIZE, False):
        advantages = normalized(advantages, real, real.sum().clamp(min=1.0))
    return targets.flatten(), advantages


def vtrace(
    *,
    log_ratio: torch.Tensor,
    mask: torch.Tensor,
    rewards: torch.Tensor,
    terminateds: torch.Tensor,
    values: torch.Tensor,
    gamma: float,
    trace_lambda: float = 1.0,
) -> tuple[torch.Tensor, torch.Tensor]:
    """V-trace's targets and advantages, each (rows, slots) as all that is given.

    `log_ratio`: log of the target's by the behaviour policy's probability of the action. A slot
    whose `mask` is 0 follows the last step of each piece of an episode; from its value that step is
    bootstrapped, unless the episode terminated there. Truncation levels of both ratios are 1.
    """
    ratios = log_ratio.exp().clamp(max=1.0)
    discounts = gamma * (1.0 - terminateds.float()) * mask
    following = torch.cat([values[:, 1:], values[:, :1]], 1)
    if values.shape[1] == 1 or bool(mask[:, -1].any()):
        # A minibatch of RLlib's ends anywhere: its last step has nothing to be bootstrapped from.
        following[:, -1] = values[:, -1]
    deltas = mask * ratios * (rewards + discounts * following - values)
    traces = discounts * trace_lambda * ratios
    corrections = _accumulated(deltas, traces)
    targets = values + corrections
    next_targets = torch.cat([targets[:, 1:], following[:, -1:]], 1)
    next_values = trace_lambda * next_targets + (1.0 - trace_lambda) * following
    advantages = mask * ratios * (rewards + discounts * next_values - values)
    return targets, advantages


def normalized(advantages: torch.Tensor, mask: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """Advantages with mean 0 and deviation 1 over what is not masked."""
    mean = (advantages * mask).sum() / steps
    deviation = (((advantages - mean).square() * mask).sum() / steps).sqrt()
    return (advantages - mean) / (deviation + 1e-8) * mask


def left_region(ratio: torch.Tensor, advantages: torch.Tensor, trust: float) -> torch.Tensor:
    """Whether a sample's ratio has left [1 - trust, 1 + trust] the way its advantage points."""
    above = (advantages > 0) & (ratio > 1.0 + trust)
    return above | ((advantages < 0) & (ratio < 1.0 - trust))


def _accumulated(deltas: torch.Tensor, traces: torch.Tensor) -> torch.Tensor:
    """x[t] = deltas[t] + traces[t] * x[t + 1], along each row."""
    # Sixty small operations: NumPy's cost a fifth of torch's.
    device, steps = deltas.device, deltas.cpu().numpy().T
    factors = traces.cpu().numpy().T
    found = np.empty_like(steps)
    sums = np.zeros_like(steps[0])
    for t in range(len(steps) - 1, -1, -1):
        sums = steps[t] + factors[t] * sums
        found[t] = sums
    return torch.from_numpy(np.ascontiguousarray(found.T)).to(device)


def _explained(
    values: torch.Tensor, targets: torch.Tensor, mask: torch.Tensor, steps: torch.Tensor
) -> torch.Tensor:
    """The part of the targets' variance that the values explain; 1 is all of it."""

    def variance(of: torch.Tensor) -> torch.Tensor:
        mean = (of * mask).sum() / steps
        return ((of - mean).square() * mask).sum() / steps

    return 1.0 - variance(targets - values) / (variance(targets) + 1e-8)
