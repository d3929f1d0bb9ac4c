"""Learning from fragments: whole arrays become a batch, and minibatches are whole rows of it.

RLlib cuts a batch of rows that are T + 1 long every T slots, so that V-trace's traces end at other
places than the fragments do, and a minibatch's last row is bootstrapped by a value of its first;
shuffled, its minibatches are made of single steps. Here a row stays a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.metrics import WEIGHTS_SEQ_NO

from rl_widgets.rllib.fragments import Fragment, joined
from rl_widgets.rllib.learned import AsLearned
from rl_widgets.rllib.learner_mixin import LearnerMixin


class RowBatch(MultiAgentBatch):
    """A batch of one module; columns are tensors of shape (rows * row_length, …).

    A row is a fragment and the slots after its pieces of episodes, or a single step.
    """

    def __init__(self, columns: dict[str, Any], env_steps: int, row_length: int) -> None:
        super().__init__({DEFAULT_MODULE_ID: SampleBatch(columns)}, env_steps)
        self.row_length = row_length


def batch_of(fragments: list[Fragment], clip: float | None = None) -> RowBatch:
    """The batch of some fragments; with `clip`, rewards within [-clip, clip]."""
    import torch

    length = fragments[0].row_length
    columns = {name: torch.from_numpy(joined(fragments, name)) for name in fragments[0].columns}
    columns[Columns.LOSS_MASK] = torch.from_numpy(
        np.concatenate([fragment.mask for fragment in fragments]).reshape(-1)
    )
    columns[WEIGHTS_SEQ_NO] = torch.from_numpy(
        np.concatenate(
            [np.full(fragment.mask.size, fragment.weights_seq_no) for fragment in fragments]
        )
    )
    if clip is not None:
        columns[Columns.REWARDS].clamp_(-clip, clip)
    return RowBatch(columns, sum(len(fragment) for fragment in fragments), length)


def minibatches(
    batch: RowBatch, *, epochs: int, rows: int | None, shuffle: bool
) -> Iterator[RowBatch]:
    """All rows of a batch, `epochs` times over, so many at a time (None: all), in equal parts.

    The env steps of a minibatch are its part of the batch's over all epochs: none counts twice.
    """
    import torch

    whole = batch.policy_batches[DEFAULT_MODULE_ID]
    length = batch.row_length
    columns = {name: column.unflatten(0, (-1, length)) for name, column in whole.items()}
    total = columns[Columns.LOSS_MASK].shape[0]
    parts = 1 if rows is None else max(1, -(-total // max(1, rows)))
    ends = [total * (part + 1) // parts for part in range(parts)]
    left = batch.env_steps()
    for epoch in range(epochs):
        if shuffle and parts > 1:
            order = torch.randperm(total, device=columns[Columns.LOSS_MASK].device)
        for part, end in enumerate(ends):
            begin = ends[part - 1] if part else 0
            if shuffle and parts > 1:
                rows_now = order[begin:end]
                chosen = {name: col.index_select(0, rows_now) for name, col in columns.items()}
            else:
                chosen = {name: column[begin:end] for name, column in columns.items()}
            steps = left // ((epochs - epoch) * parts - part)
            left -= steps
            yield RowBatch(
                {name: column.flatten(0, 1) for name, column in chosen.items()}, steps, length
            )


class FragmentLearner(LearnerMixin):
    """Mixin over RLlib's learners of IMPALA and APPO. Episodes are learned from as ever."""

    config: Any
    _row_length: int | None = None

    def _make_batch_if_necessary(self, training_data: Any) -> Any:
        episodes = training_data.episodes
        if episodes and all(isinstance(episode, Fragment) for episode in episodes):
            connector = self.config._learner_connector
            clip = connector.clip if isinstance(connector, AsLearned) else None
            return batch_of(episodes, clip)
        if isinstance(training_data.batch, RowBatch):
            return training_data.batch
        return super()._make_batch_if_necessary(training_data=training_data)

    def _create_iterator_if_necessary(
        self,
        *,
        training_data: Any,
        num_epochs: int = 1,
        minibatch_size: int | None = None,
        shuffle_batch_per_epoch: bool = False,
        **kwargs: Any,
    ) -> Any:
        batch = training_data.batch
        if not isinstance(batch, RowBatch):
            self._row_length = None
            return super()._create_iterator_if_necessary(
                training_data=training_data,
                num_epochs=num_epochs,
                minibatch_size=minibatch_size,
                shuffle_batch_per_epoch=shuffle_batch_per_epoch,
                **kwargs,
            )
        self._row_length = batch.row_length
        return minibatches(
            batch,
            epochs=num_epochs,
            rows=minibatch_size and minibatch_size // max(1, batch.row_length - 1),
            shuffle=shuffle_batch_per_epoch,
        )

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Any, fwd_out: dict[str, Any]
    ) -> Any:
        """As RLlib's; V-trace runs along whole rows."""
        if self._row_length is not None:
            config = _WithRowLength(config, self._row_length)
        return super().compute_loss_for_module(
            module_id=module_id, config=config, batch=batch, fwd_out=fwd_out
        )


class _WithRowLength:
    """A configuration whose fragments are as long as a batch's rows."""

    def __init__(self, config: Any, row_length: int) -> None:
        self._config, self._row_length = config, row_length

    def get_rollout_fragment_length(self, worker_index: int = 0) -> int:
        return self._row_length

    def __getattr__(self, name: str) -> Any:
        return getattr(self._config, name)
