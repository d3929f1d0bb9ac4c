"""The fast env runner against RLlib's own way: same games, same batches, same episode returns."""

import pickle

import gymnasium as gym
import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.utils.metrics import WEIGHTS_SEQ_NO
from ray.tune.registry import register_env

from rl_widgets.rllib.algorithm import prepare
from rl_widgets.rllib.env_runner import EPISODE_LENGTHS, EPISODE_RETURNS, ReportingEnvRunner
from rl_widgets.rllib.fragments import Fragment
from rl_widgets.rllib.vector_env_runner import VectorEnvRunner, why_plain

COLUMNS = (
    Columns.OBS,
    Columns.ACTIONS,
    Columns.ACTION_LOGP,
    Columns.ACTION_DIST_INPUTS,
    Columns.REWARDS,
    Columns.TERMINATEDS,
    Columns.TRUNCATEDS,
    WEIGHTS_SEQ_NO,
)


def config_of(env, **settings):
    return prepare("IMPALA", {"env": env, "seed": 3, "num_gpus": 0, **settings}).config


CARTPOLE = {
    "env": "CartPole-v1",
    "num_envs_per_env_runner": 4,
    "rollout_fragment_length": 16,
    "clip_rewards": 0.5,
}
PENDULUM = {
    "env": "Pendulum-v1",
    "num_envs_per_env_runner": 3,
    "rollout_fragment_length": 70,
    "train_batch_size_per_learner": 210,
}
BREAKOUT = {
    "env": "BreakoutNoFrameskip-v4",
    "num_envs_per_env_runner": 3,
    "rollout_fragment_length": 60,
    "train_batch_size_per_learner": 180,
    "clip_rewards": True,
}
#: Long enough to lose lives in, and no game.
LIVES = BREAKOUT | {"rollout_fragment_length": 70, "train_batch_size_per_learner": 210}


def sampled(runner_class, config, samples):
    torch.manual_seed(0)
    runner = runner_class(config=config, worker_index=1)
    torch.manual_seed(1)  # its network is the same; from here on so are its dice
    try:
        found = [runner.sample() for _ in range(samples)]
        return found, runner.get_metrics()
    finally:
        runner.stop()


def pieces(batch):
    """A batch's pieces of episodes by column, each with the slot after it, in no order.

    A slot that follows no step (an environment that began anew in it) is no piece.
    """
    module = batch.policy_batches["default_policy"]
    mask = module[Columns.LOSS_MASK].numpy()
    ends = np.flatnonzero(~mask) + 1
    found = []
    for begin, end in zip([0, *ends[:-1]], ends, strict=True):
        if mask[begin:end].any():
            found.append({name: module[name][begin:end].numpy() for name in COLUMNS})
    return found


def batch_of(learner, episodes):
    from ray.rllib.core.learner.training_data import TrainingData

    return learner._make_batch_if_necessary(training_data=TrainingData(episodes=episodes))


@pytest.mark.parametrize(
    "settings",
    [CARTPOLE, PENDULUM, BREAKOUT, LIVES],
    ids=["CartPole", "Pendulum", "Breakout", "lives"],
)
def test_the_learner_sees_the_same(settings, learner_of):
    config = config_of(**settings)
    assert config.env_runner_cls is VectorEnvRunner
    # Before the first game ends both have made the same steps.
    samples = 1 if settings is CARTPOLE else 2
    if settings is CARTPOLE:
        config.rollout_fragment_length = 8
    plain, _ = sampled(ReportingEnvRunner, config, samples)
    fast, _ = sampled(VectorEnvRunner, config, samples)
    learner = learner_of(config)
    for episodes, fragments in zip(plain, fast, strict=True):
        assert [type(item) for item in fragments] == [Fragment]
        assert sum(len(episode) for episode in episodes) == len(fragments[0])
        theirs, ours = batch_of(learner, episodes), batch_of(learner, fragments)
        # RLlib counts the slot after each piece as an env step, too.
        assert ours.env_steps() == theirs.env_steps() - len(episodes) == len(fragments[0])
        for name in (*COLUMNS, Columns.LOSS_MASK):
            their_column = theirs.policy_batches["default_policy"][name]
            our_column = ours.policy_batches["default_policy"][name]
            if our_column.is_floating_point() or name == Columns.OBS:
                assert our_column.dtype == their_column.dtype, name
            assert torch.equal(our_column, their_column.to(our_column.dtype)), name
        if settings is LIVES:
            assert ours.policy_batches["default_policy"][Columns.TERMINATEDS].any()
            assert not any(episode.is_terminated for episode in episodes)


def test_a_lost_life_ends_what_a_step_is_worth_where_the_script_wants_it(learner_of):
    by_games = LIVES | {"learner_config_dict": {"zero_discount_on_life_loss": False}}
    for settings, lost in ((LIVES, True), (by_games, False)):
        config = config_of(**settings)
        (fragments,), metrics = sampled(VectorEnvRunner, config, 1)
        batch = batch_of(learner_of(config), fragments).policy_batches["default_policy"]
        assert batch[Columns.TERMINATEDS].any() == lost
        assert EPISODE_RETURNS not in metrics, "an episode is a whole game"


def test_games_that_end_within_a_fragment(learner_of):
    config = config_of(**CARTPOLE)
    plain, their_metrics = sampled(ReportingEnvRunner, config, 12)
    fast, our_metrics = sampled(VectorEnvRunner, config, 12)
    learner = learner_of(config)
    theirs = [piece for episodes in plain for piece in pieces(batch_of(learner, episodes))]
    ours = [piece for fragments in fast for piece in pieces(batch_of(learner, fragments))]
    assert sum(len(f) for fragments in fast for f in fragments) == sum(
        len(piece[Columns.OBS]) - 1 for piece in ours
    )
    # RLlib steps on until it has its number of env steps, so that its pieces are cut elsewhere.
    ends = [piece for piece in ours if piece[Columns.TERMINATEDS].any()]
    assert len(ends) > 10
    last = {piece[Columns.OBS][-1].tobytes(): piece for piece in theirs}
    for piece in ends[:-4]:  # the last ones may be later than where RLlib stopped
        same = last[piece[Columns.OBS][-1].tobytes()]
        length = min(len(piece[Columns.OBS]), len(same[Columns.OBS]))
        for name in COLUMNS:
            np.testing.assert_array_equal(piece[name][-length:], same[name][-length:], name)
    for name in (EPISODE_RETURNS, EPISODE_LENGTHS):
        found, expected = list(our_metrics[name].peek()), list(their_metrics[name].peek())
        assert found[: len(ends) - 4] == expected[: len(ends) - 4]


def test_a_slot_that_only_begins_a_game_is_no_env_step():
    config = config_of(**CARTPOLE)
    fast, metrics = sampled(VectorEnvRunner, config, 12)
    fragments = [fragment for found in fast for fragment in found]
    steps = sum(len(fragment) for fragment in fragments)
    done = sum(
        int((f.columns[Columns.TERMINATEDS] | f.columns[Columns.TRUNCATEDS])[:, :-2].sum())
        for f in fragments
    )
    assert done > 0
    assert steps < 12 * 4 * 16
    assert metrics["num_env_steps_sampled"].peek() == steps
    for fragment in fragments:
        assert not fragment.columns[Columns.REWARDS][~fragment.mask].any()


def test_episodes_for_an_evaluation_are_rllibs():
    config = config_of(**CARTPOLE)
    runner = VectorEnvRunner(config=config, worker_index=1)
    try:
        assert isinstance(runner.sample()[0], Fragment)
        episodes = runner.sample(num_episodes=3, explore=False)
        assert len(episodes) >= 3
        assert all(episode.is_done for episode in episodes)
        assert isinstance(runner.sample()[0], Fragment)
    finally:
        runner.stop()


class Fragile(gym.Env):
    """Fails once, in the second environment's third step."""

    observation_space = gym.spaces.Box(-1, 1, (2,), np.float32)
    action_space = gym.spaces.Discrete(2)
    steps = 0

    def __init__(self, context=None):
        pass

    def reset(self, seed=None, options=None):
        return np.zeros(2, np.float32), {}

    def step(self, action):
        Fragile.steps += 1
        if Fragile.steps == 6:
            raise KeyError("a door that is not there")
        return np.zeros(2, np.float32), 1.0, False, False, {}


def test_an_environment_that_fails_is_made_anew_where_the_script_wants_it():
    Fragile.steps = 0
    register_env("fragile", Fragile)
    small = {"num_envs_per_env_runner": 2, "rollout_fragment_length": 8}
    config = config_of("fragile", restart_failed_sub_environments=True, **small)
    ((fragment,),), _ = sampled(VectorEnvRunner, config, 1)
    assert len(fragment) == 16
    Fragile.steps = 0
    with pytest.raises(RuntimeError) as error:
        sampled(VectorEnvRunner, config_of("fragile", **small), 1)
    assert "a door that is not there" in str(error.value.__cause__)


def test_a_native_vector_environment_and_a_fragment_that_travelled():
    config = config_of(**CARTPOLE, gym_env_vectorize_mode="vector_entry_point")
    fast, metrics = sampled(VectorEnvRunner, config, 12)
    fragments = [pickle.loads(pickle.dumps(fragment)) for (fragment,) in fast]
    lengths = list(metrics[EPISODE_LENGTHS].peek())
    assert len(lengths) > 5
    # CartPole gives 1 a step: what has ended and what is still being played are all env steps.
    assert list(metrics[EPISODE_RETURNS].peek()) == lengths
    rewards = sum(float(f.columns[Columns.REWARDS].sum()) for f in fragments)
    assert rewards == sum(map(len, fragments)) >= sum(lengths)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"batch_mode": "complete_episodes"}, "complete episodes"),
        ({"env_to_module_connector": lambda env, spaces, device: []}, "env_to_module_connector"),
        ({"callbacks_on_episode_end": print}, "on_episode_end"),
    ],
)
def test_what_needs_rllibs_way_gets_it(settings, words):
    config = config_of("CartPole-v1")
    for name, value in settings.items():
        setattr(config, f"_{name}" if "connector" in name else name, value)
    assert words in why_plain(config)


def test_a_recurrent_network_is_sampled_step_by_step(capsys):
    config = config_of("CartPole-v1", model={"use_lstm": True, "max_seq_len": 20})
    runner = VectorEnvRunner(config=config, worker_index=1)
    try:
        assert not isinstance(runner.sample()[0], Fragment)
    finally:
        runner.stop()
    assert "recurrent" in capsys.readouterr().out
