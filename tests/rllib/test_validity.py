"""Nothing that a form accepts is refused by RLlib's own `validate()`: random settings of all."""

from __future__ import annotations

import json
import random
import types
import typing
from typing import Any

import pytest

from rl_widgets.forms.settings import check_settings, check_together
from rl_widgets.rllib import catalogue
from rl_widgets.rllib.algorithm import prepare
from rl_widgets.rllib.errors import ConfigError
from rl_widgets.rllib.settings import is_search_space

#: How often settings are drawn for each algorithm.
DRAWN = 150
ENVIRONMENTS = ("CartPole-v1", "Pendulum-v1", "PongNoFrameskip-v4")
#: Values of each kind, and those that stand at a limit of some setting.
VALUES: dict[Any, list[Any]] = {
    int: [0, 1, 2, 3, 7, 16, 32, 50, 100, 128, 256, 500, 1000, 4000, 100_000, -1],
    float: [0.0, 1e-5, 1e-3, 0.1, 0.5, 0.9, 1.0, 1.5, 10.0, -0.1],
    bool: [True, False],
    str: ["", "x", "auto", "sampler", "dataset", "complete_episodes", "async", "norm", "mse"],
    dict: [{}, {"a": 1}, {"type": "EpisodeReplayBuffer"}, {"type": "x"}, {"type": 1}],
    list: [[], [[]], ["x"], ["default_policy"], [1, 2], [2, 1], [[0, 0.1]], [[0, 1], [9, 0.1]],
           [[5, 1], [9, 2]], [[0, 1], [9]], [[0, 0.1], [9, 0.2], [5, 0.1]], [[0, "a"], [9, 1]]],
}  # fmt: skip
#: Settings that have much to do with each other.
TOGETHER = ("rollout_fragment_length", "train_batch_size_per_learner", "minibatch_size",
            "num_envs_per_env_runner", "num_env_runners", "num_learners", "lr", "batch_mode",
            "output", "evaluation_duration", "n_step", "input_")  # fmt: skip
#: What those that learn from recorded data are run with.
RECORDED = {"input_": ["/data"], "dataset_num_iters_per_learner": 1, "evaluation_interval": 1}


def _value(drawn: random.Random, annotation: Any) -> Any:
    if drawn.random() < 0.2:
        return drawn.choice([None, *drawn.choice(list(VALUES.values()))])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return _value(drawn, drawn.choice(typing.get_args(annotation)))
    kind = typing.get_origin(annotation) or annotation
    return drawn.choice(VALUES.get(kind, [None, "a.path", {}, []]))


def _config(drawn: random.Random, algorithm: str) -> dict[str, Any]:
    known = catalogue.default_config(algorithm).settings
    recorded = algorithm in ("BC", "CQL", "IQL", "MARWIL") and drawn.random() < 0.9
    config: dict[str, Any] = dict(RECORDED) if recorded else {}
    for _ in range(drawn.choice([0, 1, 1, 2, 2, 3])):
        names = [name for name in TOGETHER if name in known]
        name = drawn.choice(names if drawn.random() < 0.4 else sorted(known))
        config[name] = _value(drawn, known[name].annotation)
    return config


@pytest.mark.parametrize("algorithm", catalogue.algorithms())
def test_rllib_refuses_nothing_that_a_form_accepts(algorithm: str) -> None:
    drawn, accepted = random.Random(algorithm), 0
    for _ in range(DRAWN):
        environment, config = drawn.choice(ENVIRONMENTS), _config(drawn, algorithm)
        said = check_settings("config", algorithm, config)
        said = said or check_together(algorithm, environment, config)
        assert all(s.endswith((".", ")", "?")) and "\n" not in s for s in said.values()), said
        if said or any(is_search_space(value) for value in config.values()):
            continue
        accepted += 1
        try:
            prepared = prepare(algorithm, {"env": environment, **config})
            prepared.config.copy(copy_frozen=False).validate()
        except Exception as error:
            pytest.fail(f"{environment}, {json.dumps(config)}: {error!r:.500}")
    assert accepted > DRAWN / 8


#: What is wrong between settings, by algorithm: the setting that is named, words of the sentence.
WRONG = [
    ("IMPALA", {"minibatch_size": 33}, "minibatch_size", "a multiple of the 50 env steps"),
    ("IMPALA", {"sgd_minibatch_size": 4000}, "sgd_minibatch_size", "no more than the 400"),
    ("IMPALA", {"vtrace": False}, "vtrace", "leave it out"),
    ("APPO", {"learner_queue_size": 3}, "learner_queue_size", "simple_queue_size"),
    ("PPO", {"rollout_fragment_length": 3000}, "rollout_fragment_length", "'auto' or 2000"),
    ("PPO", {"train_batch_size": 100}, "train_batch_size", "more than the 100 env steps"),
    ("PPO", {"num_learners": 64}, "num_learners", "more than the 62 env steps"),
    ("PPO", {"use_gae": False}, "use_gae", "complete_episodes"),
    ("DQN", {"n_step": 5, "sample_batch_size": 4}, "sample_batch_size", "set it to 5 or more"),
    ("DQN", {"n_step": [5, 1]}, "n_step", "such as [1, 5]"),
    ("SAC", {"replay_buffer_config": {"type": "x"}}, "replay_buffer_config", "must be 'Episode"),
    ("BC", {}, "input_", "recorded data"),
    ("MARWIL", {**RECORDED, "beta": 0.5, "postprocess_inputs": False}, "postprocess_inputs", "it"),
    ("IQL", {**RECORDED, "expectile": 1}, "expectile", "between 0 and 1"),
    ("CQL", {**RECORDED, "dataset_num_iters_per_learner": 0}, "dataset_num_iters_per_learner", "1"),
    ("DreamerV3", {"num_learners": 3}, "num_learners", "a multiple of 3"),
    ("PPO", {"custom_resources_per_learner": {"CPU": 1}}, "custom_resources_per_learner", "'CPU'"),
    ("IMPALA", {"output": "/data"}, "output", "'complete_episodes'"),
    ("IMPALA", {"policies_to_train": ["x"]}, "policies_to_train", "'default_policy'"),
    ("IMPALA", {"evaluation_parallel_to_training": True}, "evaluation_parallel_to_training", "1"),
]  # fmt: skip


@pytest.mark.parametrize(("algorithm", "config", "name", "words"), WRONG)
def test_a_form_and_a_script_say_the_same_of_the_setting_that_has_to_change(
    algorithm: str, config: dict[str, Any], name: str, words: str
) -> None:
    assert not check_settings("config", algorithm, config)
    said = check_together(algorithm, "CartPole-v1", config)
    assert words in said[name]
    with pytest.raises(ConfigError) as refused:
        prepare(algorithm, {"env": "CartPole-v1", **config})
    assert str(refused.value) == next(iter(said.values()))
