"""Atari games by their usual names."""

import numpy as np
import pytest

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
        (None, "--env"),
    ],
)
def test_an_environment_that_does_not_exist(env, words):
    with pytest.raises(EnvironmentNameError, match=words):
        check_environment(env)


@pytest.mark.parametrize("env", ["CartPole-v1", "PongNoFrameskip-v4", "ALE/Breakout-v5", object])
def test_an_environment_that_exists(env):
    check_environment(env)


def test_a_frame_size_that_the_network_does_not_know():
    with pytest.raises(ConfigError, match="42, 64, 84"):
        make_vector_env("PongNoFrameskip-v4", 1, {"dim": 50})
    with pytest.raises(ConfigError, match="'dimm'"):
        make_vector_env("PongNoFrameskip-v4", 1, {"dimm": 42})
