"""The loss of IMPALA and APPO: V-trace's targets, and samples that pull no further."""

import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.training_data import TrainingData

from rl_widgets.rllib.algorithm import prepare
from rl_widgets.rllib.errors import ConfigError
from rl_widgets.rllib.fragment_learner import RowBatch
from rl_widgets.rllib.presets import PRESETS
from rl_widgets.rllib.trust_region import START_LOGP, left_region, normalized, vtrace

GAMMA = 0.9


@pytest.fixture
def rows():
    """Four rows of nine slots: masked at the end of each, and where an episode ended before."""
    dice = torch.Generator().manual_seed(4)
    shape = (4, 9)
    mask, terminated = torch.ones(shape), torch.zeros(shape, dtype=torch.bool)
    mask[:, -1] = 0
    terminated[1, 3], mask[1, 4] = True, 0  # an end
    mask[2, 6] = 0  # a time limit: no end, and its value counts
    return {
        "log_ratio": 0.5 * torch.randn(shape, generator=dice) * mask,
        "mask": mask,
        "rewards": torch.randn(shape, generator=dice) * mask,
        "terminateds": terminated,
        "values": torch.randn(shape, generator=dice),
        "gamma": GAMMA,
    }


def by_hand(rows, trace_lambda):
    """The paper's sums (equation 1, remark 2), step by step."""
    shape = tuple(rows["mask"].shape)
    ratios = np.minimum(1.0, np.exp(rows["log_ratio"].numpy()))
    mask, rewards, values = (rows[n].numpy() for n in ("mask", "rewards", "values"))
    goes_on = GAMMA * ~rows["terminateds"].numpy()
    targets, advantages = values.copy(), np.zeros(shape)
    for row, slot in np.argwhere(mask):
        factor, at = 1.0, slot
        while mask[row, at]:
            delta = rewards[row, at] + goes_on[row, at] * values[row, at + 1] - values[row, at]
            targets[row, slot] += factor * ratios[row, at] * delta
            factor *= goes_on[row, at] * trace_lambda * ratios[row, at]
            at += 1
    for row, slot in np.argwhere(mask):
        mixed = trace_lambda * targets[row, slot + 1] + (1 - trace_lambda) * values[row, slot + 1]
        gain = rewards[row, slot] + goes_on[row, slot] * mixed - values[row, slot]
        advantages[row, slot] = ratios[row, slot] * gain
    return targets, advantages


@pytest.mark.parametrize("trace_lambda", [1.0, 0.95, 0.0])
def test_targets_are_the_papers(rows, trace_lambda):
    targets, advantages = vtrace(**rows, trace_lambda=trace_lambda)
    expected_targets, expected_advantages = by_hand(rows, trace_lambda)
    np.testing.assert_allclose(targets, expected_targets, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(advantages, expected_advantages, rtol=1e-5, atol=1e-6)


def test_rows_behind_each_other_are_one_long_row(rows):
    flat = {k: v.reshape(1, -1) if isinstance(v, torch.Tensor) else v for k, v in rows.items()}
    for one, many in zip(vtrace(**flat), vtrace(**rows), strict=True):
        torch.testing.assert_close(one.view(4, 9) * rows["mask"], many * rows["mask"])


def test_a_cut_in_the_middle_of_an_episode_changes_nothing_before_its_end(rows):
    cut = {k: v[:1, :5] if isinstance(v, torch.Tensor) else v for k, v in rows.items()}
    targets, _ = vtrace(**cut)
    assert torch.isfinite(targets).all()


def test_advantages_are_normalised_over_real_steps(rows):
    mask = rows["mask"].flatten()
    advantages = 7.0 + torch.arange(36.0)
    found = normalized(advantages, mask, mask.sum())
    real = found[mask > 0]
    assert abs(float(real.mean())) < 1e-5
    assert float(real.std(correction=0)) == pytest.approx(1.0, abs=1e-4)
    assert not found[mask == 0].any()


def test_a_sample_leaves_its_region_only_the_way_its_advantage_points():
    ratio = torch.tensor([1.3, 1.3, 0.7, 0.7, 1.1])
    advantages = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0])
    assert left_region(ratio, advantages, 0.2).tolist() == [True, False, False, True, False]


@pytest.mark.parametrize("algorithm", ["IMPALA", "APPO"])
def test_a_sample_outside_its_region_has_no_gradient(algorithm, learner_of):
    config = prepare(
        algorithm,
        {
            "env": "CartPole-v1",
            "num_envs_per_env_runner": 2,
            "rollout_fragment_length": 4,
            "learner_config_dict": {"trust": 0.1},
            **({"clip_param": 0.1} if algorithm == "APPO" else {}),
        },
    ).config
    learner = learner_of(config)
    module = learner.module["default_policy"]
    slots = 10
    batch = {
        Columns.OBS: torch.randn(slots, 4),
        Columns.ACTIONS: torch.zeros(slots, dtype=torch.long),
        Columns.REWARDS: torch.ones(slots),
        Columns.TERMINATEDS: torch.zeros(slots, dtype=torch.bool),
        Columns.LOSS_MASK: torch.tensor([1, 1, 1, 1, 0] * 2, dtype=torch.bool),
    }
    learner._row_length = 5

    def pulls(behaviour):
        out = module.forward_train(batch)
        logits = out[Columns.ACTION_DIST_INPUTS]
        logits.retain_grad()
        logp = torch.log_softmax(logits.detach(), -1)[:, 0]
        loss = learner.compute_loss_for_module(
            module_id="default_policy",
            config=config.copy(copy_frozen=False).training(vf_loss_coeff=0, entropy_coeff=0),
            batch={**batch, Columns.ACTION_LOGP: logp + behaviour},
            fwd_out=out,
        )
        loss.backward()
        return bool(logits.grad.abs().max() > 0)

    learner.entropy_coeff_schedulers_per_module["default_policy"]._curr_value = torch.tensor(0.0)
    # Far more probable than when it was sampled, and of a positive advantage.
    assert not pulls(-1.0)
    assert pulls(0.0)


def test_a_preset_is_named_and_one_that_is_not_there_is_refused():
    pong = {"env": "PongNoFrameskip-v4"}
    assert prepare("IMPALA", pong).config.lr == PRESETS["impala-pong"]["lr"]
    chosen = prepare("IMPALA", {**pong, "preset": "impala-atari", "num_epochs": 1}).config
    assert (chosen.lr, chosen.num_epochs) == (PRESETS["impala-atari"]["lr"], 1)
    with pytest.raises(ConfigError, match=r"none of IMPALA: there are impala-pong, impala-atari"):
        prepare("IMPALA", {**pong, "preset": "appo-pong"})
    with pytest.raises(ConfigError, match="it has none"):
        prepare("PPO", {**pong, "preset": "fast"})


def test_one_setting_of_the_loss_leaves_the_others():
    config = prepare(
        "IMPALA", {"env": "PongNoFrameskip-v4", "learner_config_dict": {"trust": 0.3}}
    ).config
    assert config.learner_config_dict == {
        "trust": 0.3,
        "trace_lambda": 1.0,
        "normalize_advantages": True,
        "zero_discount_on_life_loss": True,
    }


def test_minibatches_are_of_single_steps_with_what_their_rows_make_of_them(learner_of):
    """Targets and advantages are made along whole rows, before steps of all rows are mixed."""
    config = prepare(
        "IMPALA",
        {
            "env": "CartPole-v1",
            "num_envs_per_env_runner": 3,
            "rollout_fragment_length": 4,
            "learner_config_dict": {
                "trust": 0.1,
                "trace_lambda": 0.95,
                "normalize_advantages": True,
            },
        },
    ).config
    learner = learner_of(config)
    module = learner.module["default_policy"]
    rows, length = 3, 5
    mask = torch.tensor([[1, 1, 1, 1, 0], [1, 0, 1, 1, 0], [1, 1, 1, 1, 0]], dtype=torch.bool)
    terminated = torch.zeros(rows, length, dtype=torch.bool)
    terminated[1, 0] = True
    dice = torch.Generator().manual_seed(1)
    whole = {
        Columns.OBS: torch.randn(rows * length, 4, generator=dice),
        Columns.ACTIONS: torch.randint(0, 2, (rows * length,), generator=dice),
        Columns.ACTION_LOGP: -torch.rand(rows * length, generator=dice),
        Columns.REWARDS: torch.randn(rows * length, generator=dice) * mask.flatten(),
        Columns.TERMINATEDS: terminated.flatten(),
        Columns.LOSS_MASK: mask.flatten(),
    }
    steps = int(mask.sum())
    with torch.no_grad():
        out = module.forward_train({Columns.OBS: whole[Columns.OBS]})
        logits = torch.log_softmax(out[Columns.ACTION_DIST_INPUTS], -1)
        logp = logits.gather(1, whole[Columns.ACTIONS][:, None])[:, 0]
        values = module.unwrapped().compute_values({Columns.OBS: whole[Columns.OBS]})
        targets, advantages = vtrace(
            log_ratio=((logp - whole[Columns.ACTION_LOGP]) * mask.flatten()).view(rows, length),
            mask=mask.float(),
            rewards=whole[Columns.REWARDS].view(rows, length),
            terminateds=terminated,
            values=values.view(rows, length),
            gamma=config.gamma,
            trace_lambda=0.95,
        )
        advantages = normalized(advantages.flatten(), mask.flatten().float(), mask.sum())

    torch.manual_seed(2)
    found = list(
        learner._create_iterator_if_necessary(
            training_data=TrainingData(batch=RowBatch(whole, steps, length)),
            num_epochs=2,
            minibatch_size=4,
            shuffle_batch_per_epoch=True,
        )
    )
    assert sum(part.env_steps() for part in found) == steps
    parts = [part.policy_batches["default_policy"] for part in found]
    assert {len(part[Columns.REWARDS]) for part in parts} <= {3, 4}
    of_row = {}
    for part in parts:
        for i, observation in enumerate(part[Columns.OBS]):
            [slot] = (whole[Columns.OBS] == observation).all(1).nonzero().flatten().tolist()
            assert part[Columns.LOSS_MASK][i]
            assert torch.isclose(part[Columns.ADVANTAGES][i], advantages[slot], atol=1e-5)
            assert torch.isclose(part[Columns.VALUE_TARGETS][i], targets.flatten()[slot], atol=1e-5)
            assert torch.isclose(part[START_LOGP][i], logp[slot], atol=1e-5)
            of_row.setdefault(slot, []).append(slot)
    assert {len(times) for times in of_row.values()} == {2}
    assert sorted(of_row) == mask.flatten().nonzero().flatten().tolist()
    # The steps of one minibatch are of several rows.
    slots = [
        {int((whole[Columns.OBS] == o).all(1).nonzero()[0]) // length for o in p[Columns.OBS]}
        for p in parts
    ]
    assert max(len(rows_in) for rows_in in slots) > 1
