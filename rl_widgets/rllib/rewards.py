"""Reward clipping where it belongs: in what is learned from, not in what is reported.

RLlib 2.60's new API stack knows `clip_rewards` and does nothing with it. Clipping in the
environment would make every reported episode return wrong for games that score more than 1 at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ray.rllib.connectors.connector_v2 import ConnectorV2
from ray.rllib.core.columns import Columns


class ClipRewards(ConnectorV2):
    """Learner connector piece: rewards clipped to [-limit, limit] in the train batch only."""

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


class ClipRewardsBuilder:
    """What `config.learners(learner_connector=…)` takes; a class, because Tune pickles it."""

    def __init__(self, limit: float) -> None:
        self.limit = limit

    def __call__(self, input_observation_space: Any, input_action_space: Any) -> Any:
        return ClipRewards(input_observation_space, input_action_space, limit=self.limit)
