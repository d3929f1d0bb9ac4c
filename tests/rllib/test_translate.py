"""Old names, new names, wrong names."""

import contextlib
import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl_widgets.rllib.errors import ConfigError
from rl_widgets.rllib.names import OLD_MODEL_NAMES, OLD_NAMES, Computed, Gone, Refused, Renamed
from rl_widgets.rllib.settings import algorithm_class, known_settings
from rl_widgets.rllib.translate import translate


@functools.cache
def default(algorithm="IMPALA"):
    return algorithm_class(algorithm).get_default_config()


def settings_of(config, algorithm="IMPALA"):
    return translate(config, algorithm, default(algorithm)).settings


def test_the_articles_dictionary():
    translation = translate(
        {
            "env": "PongNoFrameskip-v4",
            "num_gpus": 1,
            "num_workers": 13,
            "callbacks": {"on_train_result": print},
            "sample_batch_size": 50,
            "train_batch_size": 1000,
            "num_sgd_iter": 2,
            "num_data_loader_buffers": 2,
            "model": {"dim": 42},
        },
        "IMPALA",
        default(),
    )
    assert translation.settings == {
        "num_gpus_per_learner": 1,
        "num_env_runners": 13,
        "rollout_fragment_length": 50,
        "train_batch_size_per_learner": 1000,
        "num_epochs": 2,
    }
    assert translation.frame_size == 42
    assert translation.legacy_callbacks == {"on_train_result": print}
    assert len(translation.notes) == 1
    assert "num_data_loader_buffers" in translation.notes[0]


@pytest.mark.parametrize(
    "name", [name for name, fate in OLD_NAMES.items() if isinstance(fate, Renamed)]
)
def test_a_renamed_setting_exists_in_some_algorithm(name):
    new = OLD_NAMES[name].to
    assert any(new in known_settings(default(a)) for a in ("IMPALA", "PPO", "DQN", "APPO"))


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"num_workers": 2}, {"num_env_runners": 2}),
        ({"num_env_runners": 2}, {"num_env_runners": 2}),
        ({"num_envs_per_worker": 4}, {"num_envs_per_env_runner": 4}),
        ({"sample_batch_size": 20}, {"rollout_fragment_length": 20}),
        ({"rollout_fragment_length": 20}, {"rollout_fragment_length": 20}),
        ({"rollout_fragment_length": "auto"}, {"rollout_fragment_length": "auto"}),
        ({"num_gpus": 0}, {"num_gpus_per_learner": 0}),
        ({"num_gpus": 0.5}, {"num_gpus_per_learner": 0.5}),
        ({"num_gpus": 2}, {"num_gpus_per_learner": 1, "num_learners": 2}),
        (
            {"num_gpus": 2, "train_batch_size": 1000},
            {"num_gpus_per_learner": 1, "num_learners": 2, "train_batch_size_per_learner": 500},
        ),
        ({"lr_schedule": [[0, 0.1], [9, 0.01]]}, {"lr": [[0, 0.1], [9, 0.01]]}),
        ({"lr_schedule": None, "lr": 0.1}, {"lr": 0.1}),
        ({"entropy_coeff_schedule": [[0, 0.1], [9, 0.0]]}, {"entropy_coeff": [[0, 0.1], [9, 0.0]]}),
        ({"num_workers": 2.0}, {"num_env_runners": 2}),
        ({"min_iter_time_s": 5}, {"min_time_s_per_iteration": 5}),
        ({"num_cpus_per_worker": 0.5}, {"num_cpus_per_env_runner": 0.5}),
        (
            {"evaluation_num_episodes": 3},
            {"evaluation_duration": 3, "evaluation_duration_unit": "episodes"},
        ),
        ({"lr": {"grid_search": [1, 2]}}, {"lr": {"grid_search": [1, 2]}}),
        ({"observation_filter": "NoFilter"}, {}),
        ({"opt_type": "adam"}, {}),
    ],
)
def test_settings(config, expected):
    assert settings_of(config) == expected


def test_settings_of_another_algorithm():
    assert settings_of({"sgd_minibatch_size": 64, "lambda": 0.9, "clip_param": 0.2}, "PPO") == {
        "minibatch_size": 64,
        "lambda_": 0.9,
        "clip_param": 0.2,
    }


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"num_worker": 2}, ["num_worker", "Did you mean 'num_workers'"]),
        ({"learning_rate": 0.1}, ["neither in RLlib 2.60 nor"]),
        ({"num_envrunners": 2}, ["'num_env_runners'"]),
        ({"_skip_learners": True}, ["_skip_learners"]),
        ({"num_workers": "two"}, ["'num_workers'", "num_env_runners", "a whole number"]),
        ({"num_workers": True}, ["a whole number"]),
        ({"num_workers": 1.5}, ["a whole number"]),
        ({"num_workers": -1}, ["at least 0", "from 0"]),
        ({"num_workers": None}, ["null"]),
        ({"lr": "fast"}, ["a number"]),
        ({"lr": float("nan")}, ["finite"]),
        ({"lr": -1.0}, ["from 0 to 10"]),
        ({"gamma": 1.5}, ["from 0 to 1"]),
        ({"num_gpus": -1}, ["at least 0"]),
        ({"num_gpus": 1.5}, ["whole number"]),
        ({"num_gpus": "1"}, ["a whole number or a number"]),
        ({"train_batch_size": 0}, ["from 1 to 1,000,000,000"]),
        ({"num_workers": 2, "num_env_runners": 2}, ["same thing"]),
        ({"train_batch_size": 5, "train_batch_size_per_learner": 5}, ["same thing"]),
        ({"num_gpus": 2, "train_batch_size": 5}, ["multiple of 2"]),
        ({"observation_filter": "MeanStdFilter"}, ["MeanStdFilter", "connector"]),
        ({"opt_type": "rmsprop"}, ["Adam"]),
        ({"replay_proportion": 0.5}, ["APPO"]),
        ({"framework": "tf"}, ["torch"]),
        ({"horizon": 100}, ["max_episode_steps"]),
        ({"clip_param": 0.2}, ["IMPALA has no setting"]),
        ({"sgd_minibatch_siz": 2}, ["sgd_minibatch_size"]),
        ({"model": {"dimm": 42}}, ["'dimm'", "'dim'"]),
        ({"model": {"fcnet_hiddens": "many"}}, ["model.fcnet_hiddens", "a list"]),
        ({"model": {"custom_model": "mine"}}, ["RLModule"]),
        ({"model": 3}, ["dictionary"]),
        ({"callbacks": {"on_episode_end": print}}, ["on_episode_end", "RLlibCallback"]),
        ({"callbacks": {"on_train_result": 3}}, ["must be a function"]),
        ({"callbacks": "mine"}, ["RLlibCallback"]),
    ],
)
def test_what_is_wrong_is_said(config, words):
    with pytest.raises(ConfigError) as error:
        settings_of(config)
    said = str(error.value)
    assert any(word in said for word in words), said
    assert "\n" not in said


@pytest.mark.parametrize("name", [n for n, fate in OLD_NAMES.items() if isinstance(fate, Gone)])
def test_a_setting_without_effect_is_said(name):
    translation = translate({name: "anything"}, "IMPALA", default())
    assert translation.settings == {}
    assert name in translation.notes[0]


@pytest.mark.parametrize("name", [n for n, fate in OLD_NAMES.items() if isinstance(fate, Refused)])
def test_a_setting_whose_effect_is_lost_is_an_error_unless_it_asks_for_nothing(name):
    with pytest.raises(ConfigError, match=name):
        settings_of({name: "something of mine"})
    for inert in OLD_NAMES[name].inert:
        assert settings_of({name: inert}) == {}


@pytest.mark.parametrize("name", sorted(OLD_MODEL_NAMES))
def test_old_names_of_the_model(name):
    fate = OLD_MODEL_NAMES[name]
    if isinstance(fate, Refused):
        with pytest.raises(ConfigError, match=name):
            settings_of({"model": {name: "something of mine"}})
    else:
        assert isinstance(fate, (Renamed, Computed))


@settings(deadline=None, max_examples=60)
@given(st.text(min_size=1, max_size=30))
def test_no_name_is_ever_ignored(name):
    known = known_settings(default())
    if name in known or name in OLD_NAMES or name in ("env", "model_config"):
        return
    with pytest.raises(ConfigError):
        settings_of({name: 1})


@settings(deadline=None, max_examples=80)
@given(
    st.sampled_from(sorted(known_settings(default()))),
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
)
def test_any_value_passes_or_is_a_clear_error(name, value):
    with contextlib.suppress(ConfigError):
        assert set(settings_of({name: value})) <= set(known_settings(default()))
