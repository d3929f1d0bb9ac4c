"""The greedy evaluation beside a training: what is asked for, what is played, what is logged."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from rl_widgets.rllib import evaluator, tune, video
from rl_widgets.rllib.algorithm import prepare
from rl_widgets.rllib.errors import ConfigError
from rl_widgets.rllib.evaluation import Evaluation, EvaluationPlan, evaluation_config, take_plan
from rl_widgets.rllib.evaluator import Evaluator, Player, Request
from rl_widgets.store import logger as logger_module


class Corridor(gym.Env):
    """Ends after ten steps; the reward is 1 for each action 1."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 25}  # noqa: RUF012
    observation_space = gym.spaces.Box(-1, 1, (4,), np.float32)
    action_space = gym.spaces.Discrete(2)
    render_mode: str | None = None

    def __init__(self, context: Any = None) -> None:
        self.context = dict(context or {})
        self.steps = 0

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.steps = 0
        return self.np_random.uniform(-1, 1, 4).astype(np.float32), {}

    def step(self, action: Any) -> Any:
        self.steps += 1
        over = self.steps >= self.context.get("length", 10)
        return self.np_random.uniform(-1, 1, 4).astype(np.float32), float(action), over, False, {}

    def render(self) -> Any:
        if self.render_mode != "rgb_array":
            return None
        if "trouble" in self.context:
            raise RuntimeError(self.context["trouble"])
        return np.full((48, 64, 3), self.steps, np.uint8)


class Dark(Corridor):
    """Draws nothing."""

    metadata = {"render_modes": []}  # noqa: RUF012


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run in whose job this process is."""
    folder = tmp_path / "run"
    (folder / "spool").mkdir(parents=True)
    monkeypatch.setenv("RL_WIDGETS_RUN_ID", "run_1_0badcafe")
    monkeypatch.setenv("RL_WIDGETS_RUN_FOLDER", str(folder))
    monkeypatch.setenv("RL_WIDGETS_ATTEMPT", "1")
    logger_module._context_logger.cache_clear()
    return folder


def logged(folder: Path) -> list[dict[str, Any]]:
    """All that was logged into a run."""
    lines: list[str] = []
    for path in sorted((folder / "spool").glob("*.jsonl")):
        lines += path.read_text().splitlines()
    return sorted((json.loads(line) for line in lines), key=lambda record: record["t"])


def events(folder: Path) -> list[dict[str, Any]]:
    return [r["p"]["events/video"] for r in logged(folder) if "events/video" in r.get("p", {})]


def points(folder: Path) -> list[dict[str, float]]:
    return [
        {**r["m"], "env_steps": r["e"], "iteration": r["s"]}
        for r in logged(folder)
        if "evaluation/episode_reward_mean" in r.get("m", {})
    ]


def config_of(env: Any, **settings: Any) -> Any:
    return evaluation_config(prepare("IMPALA", {"env": env, **settings}).config)


def evaluator_of(
    config: Any, monkeypatch: pytest.MonkeyPatch, videos: int = 20
) -> tuple[Evaluator, Any]:
    """An evaluator in this process, and the state of an untrained policy."""
    from ray import cloudpickle

    monkeypatch.setattr(evaluator, "take_spare_time", lambda: None)
    made = Evaluator(cloudpickle.dumps(config), videos, ".partial-test.mp4")
    return made, Player(config)._runner.get_state()


# -- what a script asks for ------------------------------------------------------------------------


def test_there_is_an_evaluation_without_asking() -> None:
    plan, rest = take_plan({"env": "CartPole-v1"})
    assert plan == EvaluationPlan()
    assert plan.first_s == 60
    assert plan.stretches
    callbacks = prepare("IMPALA", {"env": "CartPole-v1"}).config.callbacks_on_train_result
    assert any(isinstance(callback, Evaluation) for callback in callbacks)
    assert rest == {"env": "CartPole-v1"}


def test_a_scripts_own_interval_is_kept_to() -> None:
    plan, rest = take_plan({"env": "x", "evaluation_interval_s": 20, "evaluation_videos": 3})
    assert plan == EvaluationPlan(interval_s=20, first_s=20, videos=3, stretches=False)
    assert rest == {"env": "x"}
    plan, _ = take_plan({"evaluation_videos": False})
    assert plan is not None
    assert plan.videos == 0


@pytest.mark.parametrize("given", [{"evaluation_interval_s": 0}, {"evaluation_interval": 5}])
def test_none_where_the_script_wants_none_or_rllibs(given: dict[str, Any]) -> None:
    assert take_plan(given)[0] is None
    config = prepare("IMPALA", {"env": "CartPole-v1", **given}).config
    callbacks = config.callbacks_on_train_result
    assert not any(isinstance(callback, Evaluation) for callback in callbacks)
    assert (config.evaluation_interval or 0) == given.get("evaluation_interval", 0)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"evaluation_interval_s": -1}, "seconds between two evaluations"),
        ({"evaluation_interval_s": True}, "seconds between two evaluations"),
        ({"evaluation_interval_s": "60"}, "seconds between two evaluations"),
        ({"evaluation_interval_s": float("nan")}, "seconds between two evaluations"),
        ({"evaluation_interval_s": 9, "evaluation_interval": 5}, "cannot both be given"),
        ({"evaluation_videos": -1}, "number of videos"),
        ({"evaluation_videos": 1.5}, "number of videos"),
    ],
)
def test_what_makes_no_sense_is_said(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        prepare("IMPALA", {"env": "CartPole-v1", **given})


def test_the_scripts_callbacks_are_about_the_training() -> None:
    def on_episode_step(**_: Any) -> None:
        raise AssertionError("this is no training")

    config = config_of("CartPole-v1", on_episode_step=on_episode_step, num_workers=2)
    assert config.callbacks_on_episode_step is None
    assert config.callbacks_on_train_result is None
    assert (config.num_env_runners, config.num_envs_per_env_runner) == (0, 1)
    assert config.explore is False


# -- what is played --------------------------------------------------------------------------------


def test_an_evaluation_is_logged_with_its_video(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, state = evaluator_of(config_of(Corridor), monkeypatch)
    outcome = made.evaluate(state, Request(7, 4200))
    assert outcome is not None
    assert outcome.note == ""
    [point] = points(job)
    assert (point["env_steps"], point["iteration"]) == (4200, 7)
    assert point["evaluation/episodes"] == evaluator.MAX_EPISODES
    assert point["evaluation/episode_len_mean"] == 10
    assert (
        0
        <= point["evaluation/episode_reward_min"]
        <= point["evaluation/episode_reward_mean"]
        <= point["evaluation/episode_reward_max"]
        <= 10
    )
    [event] = events(job)
    path = job / event["path"]
    assert path.parent == job / video.FOLDER
    assert path.stat().st_size == event["size"] < video.MAX_BYTES
    assert (event["length"], event["shown"], event["reason"]) == (10, 10, "evaluation")
    # Eleven pictures: the first is that of the reset.
    assert event["seconds"] == pytest.approx(11 / 25, abs=0.1)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_same_policy_acts_the_same_without_exploring(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of a policy that explores, ten actions would hardly ever be all alike.
    config = config_of(Corridor, seed=3)
    first, second = Player(config), Player(config)
    second.take(first._runner.get_state())
    assert [first.play().reward for _ in range(4)] == [second.play().reward for _ in range(4)]


def test_a_policy_that_never_ends_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluator, "MAX_STEPS", 450)
    player = Player(config_of(Corridor, env_config={"length": 10**9}))
    episode = player.play()
    assert (episode.length, episode.cut) == (450, True)


def test_a_policy_with_a_memory_remembers_over_the_whole_episode() -> None:
    player = Player(
        config_of(Corridor, env_config={"length": 450}, model={"use_lstm": True, "max_seq_len": 8})
    )
    assert player.play().length == 450


@pytest.mark.parametrize("env", ["PongNoFrameskip-v4"])
def test_a_game_is_recorded_in_colour(env: str, job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import av

    monkeypatch.setattr(evaluator, "MAX_STEPS", 40)
    made, state = evaluator_of(config_of(env), monkeypatch)
    assert made.evaluate(state, Request(1, 10)) is not None
    [event] = events(job)
    assert event["cut"] is True
    assert event["speed"] == 2.0
    with av.open(str(job / event["path"])) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 41
    assert frames[0].shape == (420, 320, 3)
    # Pong's ground is brown, its paddles orange and green: no grey picture.
    assert (frames[-1].max(axis=2).astype(int) - frames[-1].min(axis=2)).mean() > 20


@pytest.mark.parametrize(
    ("env", "settings", "words"),
    [
        (Dark, {}, "draws no pictures"),
        (Corridor, {"trouble": "no display"}, "cannot be drawn. no display"),
    ],
)
def test_without_pictures_there_is_an_evaluation_all_the_same(
    env: Any, settings: Any, words: str, job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, state = evaluator_of(config_of(env, env_config=settings), monkeypatch)
    first, second = (made.evaluate(state, Request(i, i * 10)) for i in (1, 2))
    assert first is not None
    assert second is not None
    assert words in first.note
    # Said once.
    assert second.note == ""
    assert len(points(job)) == 2
    assert events(job) == []


def test_without_an_encoder_one_sentence_tells_how_to_get_it(
    job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "encoder_installed", lambda: False)
    made, state = evaluator_of(config_of(Corridor), monkeypatch)
    outcome = made.evaluate(state, Request(1, 10))
    assert outcome is not None
    assert 'pip install "rl-widgets[video]"' in outcome.note
    assert len(points(job)) == 1


def test_only_so_many_videos_are_kept(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, state = evaluator_of(config_of(Corridor), monkeypatch, videos=3)
    for i in range(1, 7):
        made.evaluate(state, Request(i, i * 100))
    assert len(events(job)) == 6
    left = video.files_in(job / video.FOLDER)
    assert len(left) == 3
    assert left[-1].env_steps == 600


def test_no_weights_yet_is_no_evaluation(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = evaluator_of(config_of(Corridor), monkeypatch)
    assert made.evaluate(None, Request(1, 10)) is None
    assert points(job) == []


# -- beside a training -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Any:
    import ray
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    folder = tmp_path_factory.mktemp("run")
    for name in ("spool", "head", "job"):
        (folder / name).mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_raylet_start_wait_time_s", "120")
        patch.setenv("RAY_agent_register_timeout_ms", "120000")
        patch.setenv("RL_WIDGETS_RUN_ID", "run_1_0badcafe")
        patch.setenv("RL_WIDGETS_RUN_FOLDER", str(folder))
        ray.init(
            address="local", num_cpus=2, num_gpus=0, include_dashboard=False, log_to_driver=False,
            logging_level="ERROR",
        )  # fmt: skip
    yield folder
    ray.shutdown()


class Broken(Corridor):
    """Only the training's own copies can be stepped."""

    def step(self, action: Any) -> Any:
        if self.render_mode == "rgb_array":
            raise KeyError("a door that is not there")
        return super().step(action)


def stop_when(folder: Path, condition: Any, seconds: float = 150) -> Any:
    """A stop criterion of Tune: the training ends when the run's folder shows something."""
    deadline = time.monotonic() + seconds

    def stop(_trial: str, _result: dict[str, Any]) -> bool:
        return bool(condition()) or time.monotonic() > deadline

    return stop


@pytest.mark.cluster
@pytest.mark.long
@pytest.mark.parametrize("algorithm", ["IMPALA", "PPO"])
def test_evaluations_come_beside_the_training_and_at_its_end(
    cluster: Path, tmp_path: Path, algorithm: str
) -> None:
    before, recorded = len(points(cluster)), len(events(cluster))
    tune.run(
        algorithm,
        config={"env": Corridor, "num_workers": 1, "evaluation_interval_s": 1, "lr": 0.01},
        stop=stop_when(cluster, lambda: len(points(cluster)) >= before + 2),
        local_dir=tmp_path,
        verbose=0,
    )
    found, videos = points(cluster)[before:], events(cluster)[recorded:]
    assert len(found) >= 2
    steps = [point["env_steps"] for point in found]
    assert steps == sorted(steps)
    assert 0 < steps[0] < steps[-1]
    assert {event["reason"] for event in videos} >= {"evaluation"}
    # The policy learns to do the one thing that is rewarded: what is evaluated is what was learned.
    assert videos[-1]["reason"] in ("end", "evaluation")
    assert not list((cluster / video.FOLDER).glob(".partial*"))


@pytest.mark.cluster
@pytest.mark.long
def test_rllibs_own_evaluation_is_in_the_same_series(cluster: Path, tmp_path: Path) -> None:
    before = len(points(cluster))
    tune.run(
        "IMPALA",
        config={
            "env": Corridor,
            "num_workers": 1,
            "evaluation_interval": 2,
            "evaluation_duration": 3,
        },
        stop={"training_iteration": 4},
        local_dir=tmp_path,
        verbose=0,
    )
    found = points(cluster)[before:]
    assert [point["iteration"] for point in found] == [2, 4]
    assert all(point["evaluation/episode_len_mean"] == 10 for point in found)
    assert all(point["evaluation/episodes"] >= 3 for point in found)


@pytest.mark.cluster
@pytest.mark.long
def test_an_evaluation_that_fails_ends_no_training(
    cluster: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = len(points(cluster))
    analysis = tune.run(
        "IMPALA",
        config={"env": Broken, "num_workers": 1, "evaluation_interval_s": 1},
        stop={"time_total_s": 25},
        local_dir=tmp_path,
        verbose=0,
    )
    assert analysis.trials[0].status == "TERMINATED"
    assert len(points(cluster)) == before
