"""The steps around a gradient, without a loop in Python over parameters.

RLlib clips, checks and applies the gradients of each parameter by itself: on a CPU that is several
milliseconds for each minibatch, as much as a small network takes for its gradient. Here each is one
call for all parameters (torch's `foreach` and `fused`), with the same result.
"""

from __future__ import annotations

from typing import Any

import torch

from rl_widgets.rllib.learner_mixin import LearnerMixin

#: Keeps a step small where gradients all but vanish; torch's 1e-8 does not.
ADAM_EPSILON = 1e-5


class LeanUpdates(LearnerMixin):
    """Mixin over RLlib's torch learners; what it does not know goes RLlib's way."""

    config: Any
    metrics: Any
    _module: Any
    #: The norm of all gradients, from clipping them; None where they were not clipped.
    _norm: torch.Tensor | None = None

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """As RLlib's: Adam; all parameters are stepped at once."""
        parameters = self.get_parameters(self._module[module_id])
        self.register_optimizer(
            module_id=module_id,
            optimizer=torch.optim.Adam(parameters, eps=ADAM_EPSILON, fused=True),
            params=parameters,
            lr_or_lr_schedule=config.lr,
        )

    def postprocess_gradients_for_module(
        self, *, module_id: str, config: Any, module_gradients_dict: dict[Any, Any]
    ) -> dict[Any, Any]:
        """As RLlib's; by the global norm, all are clipped at once."""
        optimizers = self.get_optimizers_for_module(module_id)
        self._norm = None
        known = config.grad_clip and config.grad_clip_by == "global_norm" and len(optimizers) == 1
        if not known or any(g is None for g in module_gradients_dict.values()):
            found: dict[Any, Any] = super().postprocess_gradients_for_module(
                module_id=module_id, config=config, module_gradients_dict=module_gradients_dict
            )
            return found
        # The keys are the parameters, whose gradients these are.
        norm = torch.nn.utils.clip_grad_norm_(
            list(module_gradients_dict), config.grad_clip, foreach=True
        )
        if len(self._module) == 1:
            self._norm = norm
        name = optimizers[0][0]
        self.metrics.log_value((module_id, f"gradients_{name}_global_norm"), norm, window=1)
        return module_gradients_dict

    def apply_gradients(self, gradients_dict: dict[Any, Any]) -> None:
        """As RLlib's; whether they are finite is seen from their norm."""
        norm, self._norm = self._norm, None
        plain = self._grad_scalers is None and self._lr_scheduler_classes is None
        if norm is None or not plain or not bool(torch.isfinite(norm)):
            super().apply_gradients(gradients_dict)
            return
        for parameter, gradient in gradients_dict.items():
            self._params[parameter].grad = gradient
        for optimizer in self._named_optimizers.values():
            optimizer.step()
