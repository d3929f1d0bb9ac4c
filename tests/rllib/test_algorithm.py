"""From a script's dictionary to RLlib's configuration, without a cluster."""

import pytest

from rl_widgets.rllib.algorithm import prepare
from rl_widgets.rllib.errors import ConfigError
from rl_widgets.rllib.presets import preset

ARTICLE = {
    "env": "PongNoFrameskip-v4",
    "num_gpus": 1,
    "num_workers": 13,
    "sample_batch_size": 50,
    "train_batch_size": 1000,
    "num_sgd_iter": 2,
    "num_data_loader_buffers": 2,
    "model": {"dim": 42},
}


def test_the_articles_configuration():
    config = prepare("IMPALA", ARTICLE).config
    assert config.num_env_runners == 13
    assert config.num_gpus_per_learner == 1
    assert config.num_learners == 0
    assert config.num_epochs == 2
    # Whole samples make up the batch of 1000 exactly.
    assert 1000 % (config.num_envs_per_env_runner * config.rollout_fragment_length) == 0
    assert config.train_batch_size_per_learner == 1000
    assert config.env_config["dim"] == 42
    assert config.gym_env_vectorize_mode == "vector_entry_point"


@pytest.mark.parametrize(
    ("given", "envs", "batch"),
    [
        ({"sample_batch_size": 50, "train_batch_size": 1000}, 20, 1000),
        ({"sample_batch_size": 50, "train_batch_size": 1000, "num_workers": 2}, 10, 1000),
        ({"sample_batch_size": 50, "train_batch_size": 1000, "num_workers": 13}, 5, 1000),
        ({"sample_batch_size": 50}, 20, 1000),
        ({"sample_batch_size": 1}, 32, 1024),
        ({"sample_batch_size": 500}, 8, 4000),
        ({"sample_batch_size": 50, "num_envs_per_worker": 3}, 3, 1024),
        ({}, 8, 1024),
    ],
)
def test_of_short_fragments_a_sample_has_more_environments(given, envs, batch):
    config = prepare("IMPALA", {"env": "PongNoFrameskip-v4", **given}).config
    assert config.num_envs_per_env_runner == envs
    assert config.train_batch_size_per_learner == batch


@pytest.mark.parametrize(
    ("given", "minibatch"),
    [
        ({"sample_batch_size": 50, "train_batch_size": 1000, "num_sgd_iter": 2}, 150),
        ({"num_sgd_iter": 1}, 128),
        ({"num_sgd_iter": 6}, 256),
        ({"num_sgd_iter": 1, "sgd_minibatch_size": 384}, 384),
        ({}, 256),
    ],
)
def test_with_fewer_epochs_minibatches_are_smaller(given, minibatch):
    config = prepare("IMPALA", {"env": "PongNoFrameskip-v4", **given}).config
    assert config.minibatch_size == minibatch


def test_what_was_fitted_is_said():
    given = {"sample_batch_size": 50, "train_batch_size": 1000, "num_sgd_iter": 2}
    notes = prepare("IMPALA", {"env": "PongNoFrameskip-v4", **given}).notes
    assert any("Environments for each env runner: 20 instead of 8" in note for note in notes)
    assert any("Env steps a minibatch: 150 instead of 256" in note for note in notes)
    assert not prepare("IMPALA", {"env": "PongNoFrameskip-v4"}).notes


def test_the_articles_request_needs_14_cpus_and_a_gpu_on_the_head():
    prepared = prepare("IMPALA", ARTICLE)
    bundles = prepared.algorithm.default_resource_request(prepared.config.to_dict()).bundles
    assert sum(bundle.get("CPU", 0) for bundle in bundles) == 14
    assert bundles[0]["GPU"] == 1
    assert bundles[0]["node:__internal_head__"] == 0.001


def test_the_traps_of_rllibs_defaults_are_gone():
    config = prepare("IMPALA", {"env": "CartPole-v1"}).config
    assert config.timeout_s_sampler_manager > 0
    assert config.min_time_s_per_iteration <= 2
    assert config.delay_between_env_runner_restarts_s <= 1
    assert config.create_env_on_local_worker


@pytest.mark.parametrize("algorithm", ["IMPALA", "APPO", "PPO", "DQN"])
@pytest.mark.parametrize("env", ["CartPole-v1", "PongNoFrameskip-v4"])
def test_presets_hold_for_other_algorithms(algorithm, env):
    config = prepare(algorithm, {"env": env}).config
    config.validate()
    assert config.env == env


def test_what_the_script_sets_comes_before_the_preset():
    config = prepare("IMPALA", {"env": "CartPole-v1", "lr": 0.5, "num_workers": 3}).config
    assert config.lr == 0.5
    assert config.num_env_runners == 3
    assert preset("IMPALA", atari=False)["lr"] != 0.5


def test_a_batch_that_samples_cannot_make_up_is_said():
    notes = prepare(
        "IMPALA",
        {"env": "CartPole-v1", "train_batch_size": 1000, "num_envs_per_worker": 6},
    ).notes
    assert any("updates take 1200" in note for note in notes)


def test_the_seed_reaches_rllib():
    assert prepare("IMPALA", {"env": "CartPole-v1"}, seed=5).config.seed == 5
    assert prepare("IMPALA", {"env": "CartPole-v1", "seed": 6}, seed=5).config.seed == 6


def test_frame_sizes_of_an_environment_without_frames_are_said():
    assert any("model.dim" in note for note in
               prepare("IMPALA", {"env": "CartPole-v1", "model": {"dim": 42}}).notes)  # fmt: skip


def test_the_model_of_other_environments_is_rllibs():
    config = prepare("PPO", {"env": "CartPole-v1", "model": {"fcnet_hiddens": [32]}}).config
    assert config.model_config["fcnet_hiddens"] == [32]


@pytest.mark.parametrize(
    ("run", "config", "words"),
    [
        ("IMPALLA", {"env": "CartPole-v1"}, "Did you mean 'IMPALA'"),
        (None, {"env": "CartPole-v1"}, "--run"),
        ("SAC", {"env": "Pendulum-v1", "lr": 0.1}, "actor_lr, critic_lr and alpha_lr"),
        ("IMPALA", {"env": "CartPole-v1", "rl_module_spec": 1}, "it must be RLModuleSpec or"),
        ("IMPALA", {"env": "CartPole-v1", "learner_class": 1}, "'learner_class' is 1"),
        ("IMPALA", {"env": "PongNoFrameskip-v4", "model": {"dim": 50}}, "42, 64, 84"),
        ("IMPALA", {"env": "PongNoFrameskip-v4", "model": {"use_lstm": True}}, "use_lstm"),
        ("IMPALA", {"env": "PongNoFrameskip-v4", "env_config": {"dimm": 42}}, "has no 'dimm'"),
        (
            "IMPALA",
            {"env": "CartPole-v1", "clip_rewards": True, "learner_connector": print},
            "ClipRewards",
        ),
    ],
)
def test_what_cannot_be_is_said(run, config, words):
    with pytest.raises(ConfigError, match=words):
        prepare(run, config)


def test_rewards_of_atari_games_are_clipped_for_the_learner_alone():
    config = prepare("IMPALA", {"env": "BreakoutNoFrameskip-v4"}).config
    assert config._learner_connector.clip == 1.0
    assert config._learner_connector.zero_discount_on_life_loss
    as_they_are = {
        "env": "BreakoutNoFrameskip-v4",
        "clip_rewards": False,
        "learner_config_dict": {"zero_discount_on_life_loss": False},
    }
    assert prepare("IMPALA", as_they_are).config._learner_connector is None
