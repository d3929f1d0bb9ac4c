"""What the learner makes of fragments: V-trace as in the paper, rows that stay whole."""

import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.learner import Learner
from ray.rllib.core.learner.training_data import TrainingData

from rl_widgets.rllib.algorithm import prepare
from rl_widgets.rllib.env_runner import ReportingEnvRunner
from rl_widgets.rllib.fragment_learner import RowBatch, minibatches
from rl_widgets.rllib.vector_env_runner import VectorEnvRunner

STEPS = 12
CONFIG = {
    "env": "CartPole-v1",
    "seed": 5,
    "num_gpus": 0,
    "num_envs_per_env_runner": 4,
    "rollout_fragment_length": STEPS,
    "train_batch_size_per_learner": 4 * STEPS,
}


@pytest.fixture(scope="module")
def config():
    return prepare("IMPALA", CONFIG).config


@pytest.fixture(scope="module")
def learner(config, learner_of):
    return learner_of(config)


def sample(runner_class, config):
    torch.manual_seed(0)
    runner = runner_class(config=config, worker_index=1)
    samples = [runner.sample() for _ in range(4)]
    runner.stop()
    return samples


def by_hand(batch, learner, gamma):
    """Policy and value loss, mean over env steps: equation 1 of the paper, piece by piece."""
    module = learner.module["default_policy"]
    with torch.no_grad():
        out = module.forward_train(batch)
        values = module.compute_values(batch, embeddings=out.get(Columns.EMBEDDINGS)).numpy()
        target = torch.log_softmax(out[Columns.ACTION_DIST_INPUTS], -1)
        target = target.gather(1, batch[Columns.ACTIONS].long()[:, None])[:, 0].numpy()
    mask = batch[Columns.LOSS_MASK].numpy()
    rewards, ended = batch[Columns.REWARDS].numpy(), batch[Columns.TERMINATEDS].numpy()
    rho = np.minimum(1.0, np.exp(target - batch[Columns.ACTION_LOGP].numpy()))
    policy = value = 0.0
    begin = 0
    for end in np.flatnonzero(~mask):
        later = values[end]  # the bootstrap
        correction = 0.0
        for t in reversed(range(begin, end)):
            discount = gamma * (1.0 - ended[t])
            advantage = rho[t] * (rewards[t] + discount * later - values[t])
            delta = rho[t] * (rewards[t] + discount * values[t + 1] - values[t])
            correction = delta + discount * rho[t] * correction
            later = values[t] + correction
            policy -= target[t] * advantage
            value += 0.5 * correction**2
        begin = end + 1
    return policy / mask.sum(), value / mask.sum()


def losses(learner, batch):
    learner._row_length = batch.row_length if isinstance(batch, RowBatch) else None
    columns = batch.policy_batches
    out = learner.module.forward_train(columns)
    learner.metrics.reduce()
    learner.compute_losses(fwd_out=out, batch=columns)
    found = learner.metrics.peek("default_policy")
    return found["mean_pi_loss"].item(), found["mean_vf_loss"].item()


def test_the_losses_are_those_of_the_paper(config, learner):
    games_ended = 0
    for fragments in sample(VectorEnvRunner, config):
        batch = learner._make_batch_if_necessary(training_data=TrainingData(episodes=fragments))
        columns = batch.policy_batches["default_policy"]
        games_ended += int(columns[Columns.TERMINATEDS].sum())
        expected = by_hand(columns, learner, config.gamma)
        assert losses(learner, batch) == pytest.approx(expected, rel=1e-4, abs=1e-5)
    assert games_ended


def test_the_plain_path_keeps_its_bootstrap_too(config, learner):
    module = learner.module["default_policy"]
    for episodes in sample(ReportingEnvRunner, config):
        batch = learner._make_batch_if_necessary(training_data=TrainingData(episodes=episodes))
        columns = batch.policy_batches["default_policy"]
        with torch.no_grad():
            values = module.compute_values(columns)
        mask = columns[Columns.LOSS_MASK]
        losses(learner, batch)
        # The correction of a slot after a piece is its reward less its value: none.
        assert torch.allclose(columns[Columns.REWARDS][~mask], values[~mask], atol=1e-6)


def test_minibatches_are_whole_rows_and_count_each_step_once():
    rows, length = 7, 5
    number = torch.arange(rows * length)
    mask = (number % length != length - 1).clone()
    batch = RowBatch({"number": number, Columns.LOSS_MASK: mask}, int(mask.sum()), length)
    torch.manual_seed(0)
    found = list(minibatches(batch, epochs=3, rows=2, shuffle=True))
    assert len(found) == 3 * 4
    assert sum(part.env_steps() for part in found) == batch.env_steps()
    for epoch in range(3):
        seen = []
        for part in found[4 * epoch : 4 * epoch + 4]:
            numbers = part.policy_batches["default_policy"]["number"].view(-1, length)
            assert len(numbers) in (1, 2)
            for row in numbers:
                assert torch.equal(row, torch.arange(int(row[0]), int(row[0]) + length))
                seen.append(int(row[0]) // length)
        assert sorted(seen) == list(range(rows))
    assert [len(p.policy_batches["default_policy"]["number"]) for p in found[:4]] != [35]
    whole = list(minibatches(batch, epochs=1, rows=None, shuffle=False))
    assert [torch.equal(p.policy_batches["default_policy"]["number"], number) for p in whole] == [
        True
    ]


def test_lean_updates_are_rllibs(config, learner):
    """One update with all gradients at once moves the weights as one with a loop over them."""
    fragments = sample(VectorEnvRunner, config)[0]
    batch = learner._make_batch_if_necessary(training_data=TrainingData(episodes=fragments))
    from ray.rllib.core.learner.torch.torch_learner import TorchLearner

    before = {
        name: value.clone() for name, value in learner.module["default_policy"].state_dict().items()
    }

    def updated(make_optimizer, clip, apply):
        learner.module["default_policy"].load_state_dict(before)
        parameters = list(learner._params.values())
        optimizer = next(iter(learner._named_optimizers.values()))
        name = next(iter(learner._named_optimizers))
        fresh = make_optimizer(parameters)
        fresh.param_groups[0]["lr"] = optimizer.param_groups[0]["lr"]
        learner._named_optimizers[name] = fresh
        learner._optimizer_parameters[fresh] = learner._optimizer_parameters[optimizer]
        learner._row_length = batch.row_length
        columns = batch.policy_batches
        out = learner.module.forward_train(columns)
        loss = learner.compute_losses(fwd_out=out, batch=columns)
        gradients = learner.compute_gradients(loss)
        clipped = clip(
            module_id="default_policy", config=small, module_gradients_dict=dict(gradients)
        )
        apply(clipped)
        learner._named_optimizers[name] = optimizer
        return {
            name: value.clone()
            for name, value in learner.module["default_policy"].state_dict().items()
        }

    small = config.copy(copy_frozen=False)
    small.grad_clip = 0.01
    ours = updated(
        lambda p: torch.optim.Adam(p, fused=True),
        learner.postprocess_gradients_for_module,
        learner.apply_gradients,
    )
    theirs = updated(
        torch.optim.Adam,
        lambda **kwargs: TorchLearner.postprocess_gradients_for_module(learner, **kwargs),
        lambda gradients: TorchLearner.apply_gradients(learner, gradients),
    )
    moved = 0.0
    for name, value in ours.items():
        assert torch.allclose(value, theirs[name], atol=1e-6), name
        moved += float((value - before[name]).abs().sum())
    assert moved > 0.0


def test_an_update_learns_from_minibatches(config, learner):
    fragments = sample(VectorEnvRunner, config)[0]
    batch = learner._make_batch_if_necessary(training_data=TrainingData(episodes=fragments))
    before = {
        name: value.clone() for name, value in learner.module["default_policy"].named_parameters()
    }
    Learner.update(
        learner,
        training_data=TrainingData(batch=batch),
        timesteps={"num_env_steps_sampled_lifetime": 100},
        num_epochs=2,
        minibatch_size=2 * STEPS,
        shuffle_batch_per_epoch=True,
        _no_metrics_reduce=True,
    )
    changed = [
        not torch.equal(v, before[n])
        for n, v in learner.module["default_policy"].named_parameters()
    ]
    assert all(changed)
