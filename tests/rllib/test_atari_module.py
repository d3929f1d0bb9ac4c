"""The network of Atari games, against what it is said to compute."""

import gymnasium as gym
import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns

from rl_widgets.rllib.atari import FRAME_SIZES
from rl_widgets.rllib.atari_module import CONTRAST, AtariModule


def module_for(frames: int, dim: int) -> AtariModule:
    torch.manual_seed(3)
    return AtariModule(
        observation_space=gym.spaces.Box(0, 255, (frames, dim, dim), np.uint8),
        action_space=gym.spaces.Discrete(6),
        model_config={},
    )


@pytest.mark.parametrize("dim", FRAME_SIZES)
@pytest.mark.parametrize("frames", [1, 4])
def test_it_sees_the_newest_frame_without_its_mean_and_what_changed(frames, dim):
    # Doubles: of single ones, some unit's sign is now and then another.
    module = module_for(frames, dim).double()
    # A bright background, beside which little moves.
    observations = torch.randint(180, 200, (5, frames, dim, dim), dtype=torch.uint8)

    scaled = observations.double() * (CONTRAST / 255.0)
    newest = scaled[:, -1:]
    seen = [newest - newest.mean((2, 3), keepdim=True), scaled[:, 1:] - scaled[:, :-1]]
    expected = module.features(torch.cat(seen, 1))

    found = module.forward_train({Columns.OBS: observations})[Columns.EMBEDDINGS]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)

    weights = [*module.features.parameters()]
    for by_frames, by_weights in zip(
        torch.autograd.grad(expected.square().sum(), weights),
        torch.autograd.grad(found.square().sum(), weights),
        strict=True,
    ):
        scale = float(by_frames.abs().max())
        torch.testing.assert_close(by_weights, by_frames, rtol=1e-4, atol=1e-5 * scale)


def test_a_checkpoint_holds_weights_and_nothing_else():
    assert set(module_for(4, 42).get_state()) == {
        *(f"features.{layer}.{name}" for layer in (0, 2, 5) for name in ("weight", "bias")),
        *(f"{head}.{name}" for head in ("policy", "value") for name in ("weight", "bias")),
    }


def test_no_layer_of_it_differs_in_training():
    """`AtariModule.train` does not go through its layers, so none may need to be told."""
    kinds = {type(layer) for layer in module_for(4, 42).features}
    assert kinds == {torch.nn.Conv2d, torch.nn.Flatten, torch.nn.Linear, torch.nn.ReLU}
