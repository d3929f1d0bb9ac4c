"""What the learner sees of rewards and ends where that is not what is reported.

Done in the environment, either would make every reported episode wrong: its return where rewards
are clipped, its end where a life counts as one. So both happen where a train batch is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from ray.rllib.connectors.connector_v2 import ConnectorV2
from ray.rllib.core.columns import Columns

#: Name of what an environment's infos tell about lives.
LIVES = "lives"


class ClipRewards(ConnectorV2):
    """Learner connector piece: rewards clipped to [-limit, limit] in the train batch only.

    RLlib 2.60's new API stack knows `clip_rewards` and does nothing with it.
    """

    def __init__(self, *args: Any, limit: float = 1.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limit = limit

    def __call__(self, *, rl_module: Any, batch: Any, episodes: Any, **kwargs: Any) -> Any:
        for episode in self.single_agent_episode_iterator(episodes, agents_that_stepped_only=False):
            rewards = np.asarray(episode.get_rewards(slice(0, len(episode))), dtype=np.float32)
            self.add_n_batch_items(
                batch,
                Columns.REWARDS,
                items_to_add=np.clip(rewards, -self.limit, self.limit),
                num_items=len(episode),
                single_agent_episode=episode,
            )
        return batch


class ZeroDiscountOnLifeLoss(ConnectorV2):
    """Learner connector piece: a step that loses a life is terminal in the train batch.

    As IMPALA was trained on Atari games (https://arxiv.org/abs/1802.01561, table G.1): without it,
    a ball that is lost in Breakout costs nothing that a return would tell. For episodes that end
    in the slot after their last step (`AddOneTsToEpisodesAndTruncate`).
    """

    def __call__(self, *, rl_module: Any, batch: Any, episodes: Any, **kwargs: Any) -> Any:
        batch.pop(Columns.TERMINATEDS, None)
        for episode in self.single_agent_episode_iterator(episodes, agents_that_stepped_only=False):
            slots = len(episode)
            lives = lives_of(episode.get_infos(slice(0, slots)))
            terminateds = np.zeros(slots, bool)
            if lives is not None:
                terminateds[:-1] = lives[1:] < lives[:-1]
            if slots > 1:
                terminateds[-2] |= bool(episode.is_terminated)
            self.add_n_batch_items(
                batch,
                Columns.TERMINATEDS,
                items_to_add=terminateds,
                num_items=slots,
                single_agent_episode=episode,
            )
        return batch


class AsLearned:
    """What `config.learners(learner_connector=…)` takes; a class, because Tune pickles it."""

    def __init__(self, clip: float | None, *, zero_discount_on_life_loss: bool = False) -> None:
        self.clip = clip
        self.zero_discount_on_life_loss = zero_discount_on_life_loss

    def __call__(self, observation_space: Any, action_space: Any) -> list[ConnectorV2]:
        pieces: list[ConnectorV2] = []
        if self.clip is not None:
            pieces.append(ClipRewards(observation_space, action_space, limit=self.clip))
        if self.zero_discount_on_life_loss:
            pieces.append(ZeroDiscountOnLifeLoss(observation_space, action_space))
        return pieces


def lives_of(infos: Sequence[Mapping[str, Any]]) -> npt.NDArray[np.int64] | None:
    """Lives left, one for each info; None where an environment has no such thing."""
    try:
        return np.fromiter((info[LIVES] for info in infos), np.int64, len(infos))
    except KeyError:
        return None
