"""Atari games by their usual names."""

import importlib.util

import numpy as np
import pytest

from rl_widgets.forms import installed
from rl_widgets.rllib.atari import atari_names, looks_like_atari, make_vector_env
from rl_widgets.rllib.environments import check_environment
from rl_widgets.rllib.errors import ConfigError, EnvironmentNameError


@pytest.mark.parametrize("dim", [42, 64, 84])
@pytest.mark.parametrize("name", ["PongNoFrameskip-v4", "ALE/Pong-v5"])
def test_frames_are_uint8_channels_first(name, dim):
    env = make_vector_env(name, 2, {"dim": dim})
    try:
        frames, _ = env.reset(seed=0)
        assert frames.shape == (2, 4, dim, dim)
        assert frames.dtype == np.uint8
        assert env.single_action_space.n == 6
    finally:
        env.close()


def test_a_seed_repeats_the_games():
    def play():
        env = make_vector_env("PongNoFrameskip-v4", 3, {})
        frames, _ = env.reset(seed=7)
        dice = np.random.default_rng(1)
        for _ in range(30):
            frames, *_ = env.step(dice.integers(0, 6, 3))
        env.close()
        return frames

    assert (play() == play()).all()


def test_rewards_are_the_games_own_and_not_clipped():
    env = make_vector_env("SpaceInvadersNoFrameskip-v4", 4, {})
    env.reset(seed=1)
    dice = np.random.default_rng(1)
    largest = 0.0
    for _ in range(400):
        _, rewards, *_ = env.step(dice.integers(0, env.single_action_space.n, 4))
        largest = max(largest, float(rewards.max()))
    env.close()
    assert largest > 1.0


def test_names_of_both_kinds():
    assert atari_names()["MsPacmanNoFrameskip-v4"].rom == "ms_pacman"
    assert atari_names()["ALE/Pong-v5"].repeat_action_probability == 0.25
    assert not looks_like_atari("CartPole-v1")


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ("PongNoFrameSkip-v4", "'PongNoFrameskip-v4'"),
        ("PongoNoFrameskip-v4", "'PongNoFrameskip-v4'"),
        ("ALE/Pongg-v5", "'ALE/Pong-v5'"),
        ("Pong-v4", "Did you mean"),
        ("CartPole", "'CartPole-v"),
        ("CartPole-v9", "'CartPole-v"),
        ("CratPole-v1", "'CartPole-v1'"),
        ("CartPole.v1", "'CartPole-v1'"),
        ("gymnasium.no_such_module.Env", "no environment"),
        ("rl_widgets.rllib.atari.no_such_module.Env", "no environment"),
        ("Ant-v2", "has no more"),
        (None, "--env"),
    ],
)
def test_an_environment_that_does_not_exist(env, words):
    with pytest.raises(EnvironmentNameError, match=words):
        check_environment(env)


CLASS_PATH = "gymnasium.envs.classic_control.cartpole.CartPoleEnv"


@pytest.mark.parametrize(
    "env", ["CartPole-v1", "PongNoFrameskip-v4", "ALE/Breakout-v5", CLASS_PATH, object]
)
@pytest.mark.parametrize("here", [True, False])
def test_an_environment_that_exists(env, here):
    check_environment(env, here=here)


@pytest.mark.parametrize(
    ("env", "module", "package"),
    [
        ("LunarLander-v3", "Box2D", "gymnasium[box2d]"),
        ("Ant-v5", "mujoco", "gymnasium[mujoco]"),
        ("phys2d/CartPole-v1", "jax", "gymnasium[jax]"),
    ],
)
def test_what_an_environment_needs_is_named(monkeypatch, env, module, package):
    found = importlib.util.find_spec
    for there in (False, True):
        monkeypatch.setattr(
            importlib.util, "find_spec",
            lambda name, *a, there=there: there or None if name == module else found(name, *a),
        )  # fmt: skip
        installed._environments.cache_clear()
        assert (env in installed.environments()) == there
        if there:
            check_environment(env)
        else:
            with pytest.raises(EnvironmentNameError) as refused:
                check_environment(env)
            assert module in str(refused.value)
            assert f"pip install '{package}'" in str(refused.value)
    installed._environments.cache_clear()


def test_the_list_has_the_games_under_both_names():
    names = installed.environments()
    assert names[:2] == ["CartPole-v1", "PongNoFrameskip-v4"]
    assert {"ALE/Pong-v5", "Acrobot-v1", "BreakoutNoFrameskip-v4"} <= set(names)
    for name in names:
        check_environment(name, here=False)


def test_what_one_python_has_registered_is_known_there_alone():
    import gymnasium
    from ray.tune.registry import _global_registry, register_env

    gymnasium.register("Here-v0", entry_point="gymnasium.envs.classic_control:CartPoleEnv")
    register_env("here_too", lambda _: None)
    try:
        for env in ("Here-v0", "here_too"):
            check_environment(env)
            with pytest.raises(EnvironmentNameError, match="in this Python alone"):
                check_environment(env, here=False)
        assert "Here-v0" not in installed.environments()
    finally:
        del gymnasium.registry["Here-v0"]
        _global_registry.unregister("env_creator", "here_too")


def test_a_frame_size_that_the_network_does_not_know():
    with pytest.raises(ConfigError, match="42, 64, 84"):
        make_vector_env("PongNoFrameskip-v4", 1, {"dim": 50})
    with pytest.raises(ConfigError, match="'dimm'"):
        make_vector_env("PongNoFrameskip-v4", 1, {"dimm": 42})
