"""What the loss can be told, and that the entropy's weight follows the returns."""

import numpy as np
import pytest
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.utils.metrics import NUM_ENV_STEPS_SAMPLED_LIFETIME

from rl_widgets.rllib.algorithm import prepare
from rl_widgets.rllib.env_runner import EPISODE_RETURNS
from rl_widgets.rllib.errors import ConfigError

CARTPOLE = {"env": "CartPole-v1", "num_envs_per_env_runner": 4, "rollout_fragment_length": 64}
PONG = {"env": "PongNoFrameskip-v4"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trust", "much"),
        ("trust", -0.1),
        ("trust", True),
        ("trace_lambda", 1.1),
        ("normalize_advantages", 1),
        ("zero_discount_on_life_loss", "yes"),
        ("entropy_by_return", []),
        ("entropy_by_return", [[0, 1.0], [0, 0.5]]),
        ("entropy_by_return", [[10, 1.0], [0, 0.5]]),
        ("entropy_by_return", [[0, 1.0], [10, -0.5]]),
        ("entropy_by_return", [[0, 1.0, 2.0]]),
        ("entropy_by_return", [0, 1.0]),
        ("entropy_by_return", {"0": 1.0}),
    ],
)
def test_a_setting_of_the_loss_that_cannot_be_is_refused(name, value):
    with pytest.raises(ConfigError, match=rf"^learner_config_dict\.{name} is .*; it must be "):
        prepare("IMPALA", {**CARTPOLE, "learner_config_dict": {name: value}})


def test_a_learners_own_settings_pass():
    own = {"mine": object, "entropy_by_return": None}
    config = prepare("IMPALA", {**CARTPOLE, "learner_config_dict": own}).config
    assert config.learner_config_dict == own
    # Another algorithm's learner may mean something else by our names.
    prepare("PPO", {"env": "CartPole-v1", "learner_config_dict": {"trust": "much"}})


def test_tune_may_choose_a_setting_of_the_loss():
    choice = {"grid_search": [0.1, 0.2]}
    config = prepare("IMPALA", {**CARTPOLE, "learner_config_dict": {"trust": choice}}).config
    assert config.learner_config_dict["trust"] == choice
    whole = {"grid_search": [{"trust": 0.1}, {"trust": 0.2}]}
    config = prepare("IMPALA", {**PONG, "learner_config_dict": whole}).config
    assert config.learner_config_dict == whole


def test_a_scripts_own_weight_of_the_entropy_is_what_it_says():
    of_loss = prepare("APPO", PONG).config.learner_config_dict
    assert of_loss["entropy_by_return"]
    of_loss = prepare("APPO", {**PONG, "entropy_coeff": 0.01}).config.learner_config_dict
    assert "entropy_by_return" not in of_loss
    assert of_loss["trust"]
    mine = {"learner_config_dict": {"entropy_by_return": [[0, 1.0], [5, 0.5]]}}
    config = prepare("APPO", {**PONG, "entropy_coeff": 0.01, **mine}).config
    assert config.learner_config_dict["entropy_by_return"] == [[0, 1.0], [5, 0.5]]


@pytest.mark.parametrize("algorithm", ["IMPALA", "APPO"])
def test_the_entropys_weight_follows_the_returns(algorithm, learner_of):
    config = prepare(
        algorithm,
        {
            **CARTPOLE,
            "num_gpus": 0,
            "entropy_coeff": [[0, 0.2], [1000, 0.1]],
            "learner_config_dict": {"entropy_by_return": [[5, 1.0], [100, 0.0]]},
        },
    ).config
    runner = config.env_runner_cls(config=config, worker_index=1)
    try:
        fragments = runner.sample()
        returns = runner.get_metrics()[EPISODE_RETURNS].peek()
    finally:
        runner.stop()
    assert len(returns) > 2
    assert [found for fragment in fragments for found in fragment.returns] == list(returns)
    learner = learner_of(config)

    def weight(env_steps):
        learner.before_gradient_based_update(timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: env_steps})
        schedule = learner.entropy_coeff_schedulers_per_module["default_policy"]
        logged = learner.metrics.peek(("default_policy", "curr_entropy_coeff"))
        assert float(schedule.get_current_value()) == pytest.approx(float(logged))
        return float(logged)

    # No episode has ended: all of it.
    assert weight(0) == pytest.approx(0.2)
    learner._make_batch_if_necessary(training_data=TrainingData(episodes=fragments))
    part = np.interp(np.mean(returns[-25:]), [5, 100], [1, 0])
    assert 0 < part < 1
    assert weight(0) == pytest.approx(0.2 * part)
    assert weight(500) == pytest.approx(0.15 * part)
    # Only the last 25 count.
    fragments[0].returns = [100.0] * 25
    learner._make_batch_if_necessary(training_data=TrainingData(episodes=fragments))
    assert weight(0) == 0.0
