"""The fast env runner of IMPALA and APPO: whole arrays of all environments, no object for a step.

Each step of the vector environment is one inference and one write into each column of a `Fragment`.
Everything around it (weights that are pulled, failures, metrics, evaluation by episodes) is
`ReportingEnvRunner`'s. Where a training needs what RLlib does for each step and episode
(`why_plain` says where), that runner samples.
"""

from __future__ import annotations

import math
import time
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from ray.rllib.callbacks.callbacks import RLlibCallback
from ray.rllib.core.columns import Columns
from ray.rllib.utils.metrics import RLMODULE_INFERENCE_TIMER
from ray.rllib.utils.spaces.space_utils import clip_action, unsquash_action

from rl_widgets.rllib.env_runner import ReportingEnvRunner
from rl_widgets.rllib.fragments import Array, Fragment
from rl_widgets.rllib.learned import AsLearned, lives_of

#: Callbacks that are called with episodes, of which there are none here.
_EPISODE_CALLBACKS = (
    "on_episode_created",
    "on_episode_start",
    "on_episode_step",
    "on_episode_end",
    "on_sample_end",
)
_OF_THE_MODEL = (Columns.ACTIONS, Columns.ACTION_LOGP, Columns.ACTION_DIST_INPUTS)


def why_plain(config: Any) -> str:
    """Why a configuration needs RLlib's own way of sampling; empty where it does not."""
    if config.is_multi_agent:
        return "it has several agents"
    for name, said in (
        ("_env_to_module_connector", "an env_to_module_connector"),
        ("_module_to_env_connector", "a module_to_env_connector"),
    ):
        if getattr(config, name) is not None:
            return f"it has {said} of its own"
    connector = config._learner_connector
    if connector is not None and not isinstance(connector, AsLearned):
        return "it has a learner_connector of its own"
    if not (
        config.add_default_connectors_to_env_to_module_pipeline
        and config.add_default_connectors_to_module_to_env_pipeline
        and config.add_default_connectors_to_learner_pipeline
    ):
        return "it leaves RLlib's default connectors out"
    if config.batch_mode != "truncate_episodes":
        return "it samples complete episodes"
    if config.num_aggregator_actors_per_learner:
        return "it has aggregator actors, which make batches of episodes"
    classes = config.callbacks_class
    for callbacks in classes if isinstance(classes, (list, tuple)) else [classes]:
        for name in _EPISODE_CALLBACKS:
            if getattr(callbacks, name, None) is not getattr(RLlibCallback, name):
                return f"its callbacks have {name}"
    for name in _EPISODE_CALLBACKS:
        if getattr(config, f"callbacks_{name}", None):
            return f"it has a callback {name}"
    return ""


class VectorEnvRunner(ReportingEnvRunner):
    """Samples one `Fragment` at a time; what that cannot do, as its base class does."""

    def __init__(self, *, config: Any, **kwargs: Any) -> None:
        super().__init__(config=config, **kwargs)
        self._why_plain = why_plain(self.config) or self._why_not_these_spaces()
        connector = self.config._learner_connector
        self._lives_count = (
            isinstance(connector, AsLearned) and connector.zero_discount_on_life_loss
        )
        self._forget_games()
        self._ended: list[tuple[int, float, float]] = []
        first = 1 if self.config.num_env_runners else 0
        if self._why_plain and (self.worker_index or 0) == first:
            print(f"Note: Sampled step by step, as RLlib does: {self._why_plain}.", flush=True)

    def _why_not_these_spaces(self) -> str:
        if self.env is None or self.module is None:
            return "there is nothing to sample with"
        if self.module.is_stateful():
            return "the network is recurrent"
        if not isinstance(self.env.single_observation_space, gym.spaces.Box):
            return "observations are no array (Box)"
        if not isinstance(self.env.single_action_space, (gym.spaces.Discrete, gym.spaces.Box)):
            return "actions are neither Discrete nor Box"
        if self.env.metadata.get("autoreset_mode") is not AutoresetMode.NEXT_STEP:
            return "the environment does not reset on the next step (AutoresetMode.NEXT_STEP)"
        return ""

    def _sample(
        self,
        *,
        num_timesteps: int | None = None,
        num_episodes: int | None = None,
        explore: bool,
        random_actions: bool = False,
        force_reset: bool = False,
    ) -> list[Any]:
        if self._why_plain or num_timesteps is None or not explore or random_actions:
            if self._observations is not None:
                self._forget_games()
                self._needs_initial_reset = True
            episodes: list[Any] = super()._sample(
                num_timesteps=num_timesteps,
                num_episodes=num_episodes,
                explore=explore,
                random_actions=random_actions,
                force_reset=force_reset,
            )
            return episodes
        if force_reset or self._needs_initial_reset or self._observations is None:
            self._begin_games()
        fragment = None
        while fragment is None:  # an environment that failed is made anew and begins again
            fragment = self._fragment(math.ceil(num_timesteps / self.num_envs))
        self._log_env_steps(metric=self._metrics_num_env_steps_sampled, num_steps=len(fragment))
        self._increase_sampled_metrics(len(fragment), len(fragment.returns))
        return [fragment]

    def _forget_games(self) -> None:
        self._observations: Any = None
        self._resetting = np.zeros(self.num_envs, bool)
        self._returns = np.zeros(self.num_envs)
        self._lengths = np.zeros(self.num_envs, np.int64)
        self._lives = np.zeros(self.num_envs, np.int64)
        self._began = np.full(self.num_envs, time.perf_counter())

    def _begin_games(self) -> None:
        self._forget_games()
        seed = self._seed if self._needs_initial_reset else None
        self._observations, infos = self._try_env_reset(seed=seed)
        self._lost_lives(infos)
        self._ongoing_episodes_for_metrics.clear()
        self._needs_initial_reset = False

    def _fragment(self, steps: int) -> Fragment | None:
        """Step all environments so often; None where one failed and all were begun again."""
        fragment = Fragment.empty(self.num_envs, steps, self._weights_seq_no)
        for t in range(steps):
            observations = _as_learned(self._observations)
            fragment.put(Columns.OBS, t, observations)
            with self.metrics.log_time(RLMODULE_INFERENCE_TIMER):
                chosen, for_env = self._act(observations, t)
            results = self._try_env_step(for_env)
            if isinstance(results, str):  # ENV_STEP_FAILURE
                self._begin_games()
                return None
            self._observations, rewards, terminateds, truncateds, infos = results
            playing = ~self._resetting
            fragment.mask[:, t] = playing
            for name, item in chosen.items():
                fragment.put(name, t, item)
            rewards = np.where(playing, rewards, 0.0)
            fragment.put(Columns.REWARDS, t, rewards.astype(np.float32))
            final = terminateds | self._lost_lives(infos)
            fragment.put(Columns.TERMINATEDS, t, final & playing)
            fragment.put(Columns.TRUNCATEDS, t, truncateds & playing)
            fragment.returns += self._count(playing, rewards, terminateds | truncateds)
        fragment.put(Columns.OBS, steps, _as_learned(self._observations))
        _fill_slots_without_step(fragment)
        return fragment

    def _lost_lives(self, infos: Any) -> Any:
        """Which environments have lost a life since the last infos, where that counts."""
        lives = lives_of(infos) if self._lives_count else None
        if lives is None:
            return False
        lost, self._lives = lives < self._lives, lives
        return lost

    def _act(self, observations: Array, t: int) -> tuple[dict[str, Array], Array]:
        """What the network chooses, by column, and the actions as the environment takes them."""
        runners = self.config.num_env_runners or 1
        sampled = self.num_env_steps_sampled_lifetime // runners + t * self.num_envs
        with torch.inference_mode():
            out = self.module.forward_exploration(
                {Columns.OBS: torch.from_numpy(observations).to(self._device)}, t=sampled * runners
            )
            if Columns.ACTIONS not in out:
                distribution = self.module.get_exploration_action_dist_cls().from_logits(
                    out[Columns.ACTION_DIST_INPUTS]
                )
                out[Columns.ACTIONS] = distribution.sample()
                if Columns.ACTION_LOGP not in out:
                    out[Columns.ACTION_LOGP] = distribution.logp(out[Columns.ACTIONS])
        chosen = {name: out[name].cpu().numpy() for name in _OF_THE_MODEL if name in out}
        actions = chosen[Columns.ACTIONS]
        if Columns.ACTIONS_FOR_ENV in out:
            return chosen, out[Columns.ACTIONS_FOR_ENV].cpu().numpy()
        return chosen, self._for_env(actions)

    def _for_env(self, actions: Array) -> Array:
        space = self.env.single_action_space
        if not isinstance(space, gym.spaces.Box):
            return actions
        if self.config.normalize_actions:
            return np.asarray(unsquash_action(actions, space))
        if self.config.clip_actions:
            return np.asarray(clip_action(actions, space))
        return actions

    def _count(self, playing: Array, rewards: Array, done: Array) -> list[float]:
        """Add a step to the games that are being played, and end those that are done.

        The returns of these.
        """
        self._returns += rewards
        self._lengths += playing
        returns: list[float] = self._returns[done].tolist()
        if returns:
            now = time.perf_counter()
            for index in np.flatnonzero(done):
                self._ended.append(
                    (
                        int(self._lengths[index]),
                        float(self._returns[index]),
                        now - float(self._began[index]),
                    )
                )
            self._returns[done], self._lengths[done], self._began[done] = 0.0, 0, now
        self._resetting = done
        return returns

    def get_metrics(self) -> Any:
        """As RLlib's: the metrics since the last call, each episode that ended among them."""
        ended, self._ended = self._ended, []
        for length, value, seconds in ended:
            self._log_episode_metrics(length, value, seconds)
        return super().get_metrics()


def _as_learned(observations: Array) -> Array:
    """RLlib's learner casts doubles, too; anything else stays what it is."""
    return observations.astype(np.float32) if observations.dtype == np.float64 else observations


def _fill_slots_without_step(fragment: Fragment) -> None:
    """Make the slots that follow a piece of an episode what RLlib makes of them.

    They repeat the last action; the last step of a piece that no episode's end has ended counts as
    truncated.
    """
    columns, mask = fragment.columns, fragment.mask
    for name in (Columns.REWARDS, Columns.TERMINATEDS, Columns.TRUNCATEDS):
        columns[name][:, -1] = 0
    columns[Columns.TRUNCATEDS][:, -2] |= mask[:, -2] & ~columns[Columns.TERMINATEDS][:, -2]
    for row, slot in np.argwhere(~mask):
        if slot:
            for name in _OF_THE_MODEL:
                if name in columns:
                    columns[name][row, slot] = columns[name][row, slot - 1]
