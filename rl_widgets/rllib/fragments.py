"""What a `VectorEnvRunner` samples: whole arrays of all its environments, in place of episodes.

A row is what one environment went through: T steps and one slot for the observation after them. An
environment that has ended takes one step to begin anew (`AutoresetMode.NEXT_STEP`), and that slot
holds the last observation of the episode. So each piece of an episode is followed by one slot that
is masked out of the loss and from whose observation the value is bootstrapped: what RLlib's learner
connectors make of episodes (`AddOneTsToEpisodesAndTruncate`), without making it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(eq=False)
class Fragment:
    """Arrays of shape (environments, T + 1, …) by column, named as RLlib names them.

    `len()` is the number of env steps: slots that only began an episode or hold the last
    observation are none.
    """

    columns: dict[str, Array]
    #: (environments, T + 1), bool: the slots that are env steps.
    mask: Array
    #: How many updates the weights had seen that chose the actions.
    weights_seq_no: int
    #: Of the episodes that ended in it, one after the other; rewards as the game has them.
    returns: list[float] = field(default_factory=list)
    _steps: int = field(default=-1)

    @classmethod
    def empty(cls, environments: int, steps: int, weights_seq_no: int) -> Fragment:
        """Room for so many steps."""
        return cls({}, np.zeros((environments, steps + 1), bool), weights_seq_no)

    def put(self, name: str, slot: int, item: Array) -> None:
        """Write what all environments have in one slot, (environments, …)."""
        if name not in self.columns:
            self.columns[name] = np.empty((*self.mask.shape, *item.shape[1:]), item.dtype)
        self.columns[name][:, slot] = item

    def __len__(self) -> int:
        if self._steps < 0:
            self._steps = int(self.mask.sum())
        return self._steps

    @property
    def row_length(self) -> int:
        """Slots of a row: T + 1."""
        return int(self.mask.shape[1])


def joined(fragments: list[Fragment], name: str) -> Array:
    """One column of all rows of all fragments, (rows * slots, …); a copy that may be written."""
    arrays = [fragment.columns[name] for fragment in fragments]
    return np.concatenate(arrays).reshape(-1, *arrays[0].shape[2:])
