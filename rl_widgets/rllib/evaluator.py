"""The process that plays with the policy as it is: greedy episodes, their rewards and a video.

It runs beside the training on what the CPUs have left (Linux's idle class), asks Ray for no CPU,
and logs what it finds into the run itself: the training waits for nothing.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl_widgets.rllib import video
from rl_widgets.rllib.atari import looks_like_atari
from rl_widgets.rllib.errors import VideoError
from rl_widgets.rllib.pictures import AtariPictures, Pictures, RenderedPictures
from rl_widgets.store.logger import RunLogger, from_environment

#: Episodes of one evaluation, as long as they take no more CPU time than this together; one is
#: played whatever it takes.
MAX_EPISODES = 5
EPISODES_CPU_S = 4.0
#: Env steps after which an episode is cut: a greedy policy may do the same for ever.
MAX_STEPS = 10_000
#: Steps after which RLlib's record of an episode is cut; it holds every observation.
_RECORD_STEPS = 200


@dataclass(frozen=True)
class Request:
    """What to evaluate: when the weights were as they are, and why (as in the event)."""

    iteration: int
    env_steps: int
    reason: str = "evaluation"


@dataclass(frozen=True)
class Episode:
    """One greedy episode: its return, its env steps, whether it was cut."""

    reward: float
    length: int
    cut: bool = False


@dataclass(frozen=True)
class Outcome:
    """What an evaluation took and found; `note` is a sentence that is worth saying once."""

    cpu_s: float
    text: str
    note: str = ""


class Evaluator:
    """Plays episodes without exploration, in a process of its own."""

    def __init__(self, config: bytes, videos: int, partial: str) -> None:
        """`config`: a pickled `AlgorithmConfig` for evaluation; `videos`: how many are kept;
        `partial`: the name of the file while a video is written."""
        take_spare_time()
        # What is heavy comes after that, in what nobody else needs.
        import torch
        from ray import cloudpickle

        torch.set_num_threads(1)
        self._player = Player(cloudpickle.loads(config))
        self._videos, self._partial = videos, partial
        self._note = ""
        if videos and not video.encoder_installed():
            self._videos, self._note = 0, video.HOW_TO_INSTALL

    def evaluate(self, state: Any, request: Request) -> Outcome | None:
        """Play with the weights in `state` and log what came out; None where there are none yet."""
        if state is None:
            return None
        found = from_environment()
        assert found is not None, "only a job has evaluations"
        _, run_folder, logger = found
        began = time.process_time()
        self._player.take(state)
        recording = self._record(run_folder) if self._videos else None
        episodes = [self._player.play(recording)]
        shown = ""
        if recording is not None:
            # At once: whoever waits for the end of the training sees it, whatever comes next.
            shown = self._keep(run_folder, logger, request, episodes[0], recording)
        while len(episodes) < MAX_EPISODES and time.process_time() - began < EPISODES_CPU_S:
            episodes.append(self._player.play())
        log(logger, request, episodes)
        text = said(request, episodes) + shown
        print(text, flush=True)
        note, self._note = self._note, ""
        return Outcome(time.process_time() - began, text, note)

    def _record(self, run_folder: Path) -> Recording | None:
        try:
            return Recording(self._player.pictures(), run_folder / video.FOLDER / self._partial)
        except VideoError as error:
            self._no_more_videos(error)
            return None

    def _keep(
        self,
        run_folder: Path,
        logger: RunLogger,
        request: Request,
        episode: Episode,
        recording: Recording,
    ) -> str:
        folder = run_folder / video.FOLDER
        attempt = int(os.environ.get("RL_WIDGETS_ATTEMPT", "1"))
        name = video.new_name(attempt, request.env_steps, episode.reward)
        try:
            size = recording.finish(folder / name)
        except VideoError as error:
            self._no_more_videos(error)
            return ""
        logger.log_event(
            "video",
            f"Video of a greedy episode: reward {episode.reward:g}",
            step=request.iteration,
            env_steps=request.env_steps,
            path=f"{video.FOLDER}/{name}",
            size=size,
            reward=episode.reward,
            length=episode.length,
            shown=recording.steps,
            seconds=round(recording.seconds, 1),
            speed=recording.speed,
            cut=episode.cut,
            reason=request.reason,
        )
        for file in video.surplus(video.files_in(folder), self._videos):
            with contextlib.suppress(OSError):
                (folder / file.name).unlink()
        return f"; video of {size / 1e3:,.0f} kB"

    def _no_more_videos(self, error: VideoError) -> None:
        # Nothing of it will be better the next time.
        self._videos, self._note = 0, str(error)


class Recording:
    """The video of one episode while it is played; `steps` of it are in the video.

    What goes wrong is raised at the end, as a `VideoError`: the episode is played to its end.
    """

    def __init__(self, pictures: Pictures, partial: Path) -> None:
        self.steps = 0
        self.speed = pictures.speed
        self._pictures = pictures
        self._writer = video.VideoWriter(partial, pictures.fps, pictures.scale)
        self._trouble: VideoError | None = None

    @property
    def seconds(self) -> float:
        """What the video lasts."""
        return self._writer.seconds

    def reset(self, seed: int) -> None:
        """The episode begins."""
        self._take(lambda: self._pictures.reset(seed))

    def step(self, action: Any) -> None:
        """The episode goes on."""
        if self._trouble is None and not self._writer.full:
            self._take(lambda: self._pictures.step(action))
            self.steps += 1

    def finish(self, path: Path) -> int:
        """The episode is over: the video is called `path`; returns its size in bytes."""
        self._pictures.close()
        if self._trouble is not None:
            raise self._trouble
        return self._writer.close(path)

    def _take(self, draw: Callable[[], Any]) -> None:
        try:
            self._writer.add(draw())
        except VideoError as error:
            self._trouble = error
            self._writer.discard()


class Player:
    """RLlib's environment, network and connectors for one episode at a time, without exploring."""

    def __init__(self, config: Any) -> None:
        from ray.rllib.core import (
            COMPONENT_ENV_TO_MODULE_CONNECTOR,
            COMPONENT_MODULE_TO_ENV_CONNECTOR,
        )
        from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner

        self._config = config
        self._runner = SingleAgentEnvRunner(config=config, worker_index=0)
        parts = dict(self._runner.get_checkpointable_components())
        self._to_module = parts[COMPONENT_ENV_TO_MODULE_CONNECTOR]
        self._to_env = parts[COMPONENT_MODULE_TO_ENV_CONNECTOR]
        # Starts differ from one episode to the next, and are the same in a run of the same seed.
        self._seed = 1_000_000 + int(config.seed or 0)

    def take(self, state: Any) -> None:
        """Take weights and connector states, as an env runner does."""
        self._runner.set_state(state)

    def pictures(self) -> Pictures:
        """What an episode looks like. Raises `VideoError` where nothing draws it."""
        if isinstance(self._config.env, str) and looks_like_atari(self._config.env):
            return AtariPictures(self._config.env, self._config.env_config)
        return RenderedPictures(self._runner.env)

    def play(self, recording: Recording | None = None) -> Episode:
        """Play one episode to its end, or to `MAX_STEPS`."""
        from ray.rllib.core.columns import Columns
        from ray.rllib.env.single_agent_episode import SingleAgentEpisode
        from ray.rllib.utils.spaces.space_utils import unbatch

        env, module = self._runner.env, self._runner.module
        self._seed += 1
        observations, infos = env.reset(seed=self._seed)
        if recording is not None:
            recording.reset(self._seed)
        record = SingleAgentEpisode(
            observation_space=env.single_observation_space, action_space=env.single_action_space
        )
        record.add_env_reset(observation=unbatch(observations)[0], infos=infos[0])
        reward, length = 0.0, 0
        while not record.is_done and length < MAX_STEPS:
            shared: dict[str, Any] = {}
            batch = self._to_module(
                rl_module=module, batch={}, episodes=[record], explore=False, shared_data=shared
            )
            chosen = self._to_env(
                rl_module=module,
                batch=module.forward_inference(batch),
                episodes=[record],
                explore=False,
                shared_data=shared,
            )
            actions = chosen.pop(Columns.ACTIONS)
            for_env = chosen.pop(Columns.ACTIONS_FOR_ENV, actions)
            observations, rewards, terminated, truncated, infos = env.step(for_env)
            length += 1
            reward += float(rewards[0])
            record.add_env_step(
                observation=unbatch(observations)[0],
                action=unbatch(actions)[0],
                reward=rewards[0],
                infos=infos[0],
                terminated=terminated[0],
                truncated=truncated[0],
                extra_model_outputs={key: value[0] for key, value in chosen.items()},
            )
            if recording is not None:
                recording.step(for_env)
            if length % _RECORD_STEPS == 0 and not record.is_done:
                record = record.cut(len_lookback_buffer=self._config.episode_lookback_horizon)
        return Episode(reward, length, cut=not record.is_done)


def log(logger: RunLogger, request: Request, episodes: list[Episode]) -> None:
    """Log an evaluation as points of its own series, at the env steps of its weights."""
    rewards = [episode.reward for episode in episodes]
    logger.log_metrics(
        {
            "evaluation/episode_reward_mean": sum(rewards) / len(rewards),
            "evaluation/episode_reward_min": min(rewards),
            "evaluation/episode_reward_max": max(rewards),
            "evaluation/episode_len_mean": sum(e.length for e in episodes) / len(episodes),
            "evaluation/episodes": len(episodes),
        },
        step=request.iteration,
        env_steps=request.env_steps,
    )


def said(request: Request, episodes: list[Episode]) -> str:
    """An evaluation in one line, for the log."""
    mean = sum(episode.reward for episode in episodes) / len(episodes)
    played = "1 episode" if len(episodes) == 1 else f"mean of {len(episodes)} episodes"
    steps = sum(episode.length for episode in episodes)
    return (
        f"Greedy evaluation with the weights of {request.env_steps:,} env steps: reward "
        f"{mean:.2f} ({played}, {steps:,} env steps)"
    )


def take_spare_time() -> None:
    """Have this process run on what the CPUs have left."""
    with contextlib.suppress(OSError):
        os.nice(19)
    if hasattr(os, "SCHED_IDLE"):
        # Ray's processes are at nice 15 already: beside them, 19 would still take a quarter.
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
