"""Atari games as ALE's own vector environment, behind the names that everyone knows.

`PongNoFrameskip-v4` is the game of the literature: no sticky actions, up to 30 no-ops at the start,
frames skipped by 4 with the maximum over the last two, grey, square, stacked by 4. `ALE/Pong-v5`
is the same game with sticky actions (0.25) and no no-ops, as gymnasium registers it. ALE does all
of it in C++ for many games at once; observations are uint8, (stack, dim, dim), channels first.

Rewards are the game's own: an episode's return is the score on the screen. What the learner sees is
clipped to ±1 and ends with a life (see `rl_widgets.rllib.learned`); an episode is a whole game, not
a life.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from rl_widgets.rllib.errors import ConfigError
from rl_widgets.store.mistakes import shown

#: Edge lengths in pixels that a frame may be scaled to; the network is made for these.
FRAME_SIZES = (42, 64, 84)
#: The one of these where none is given. With 64 Pong needs fewer env steps, each of more CPU.
FRAME_SIZE = 42
#: One action lasts so many frames of the game: one env step.
FRAMES_PER_STEP = 4
#: Frames seen at once.
STACK = 4

_LEGACY = re.compile(r"^(?P<game>[A-Za-z0-9]+)NoFrameskip-v4$")
_ALE = re.compile(r"^ALE/(?P<game>[A-Za-z0-9]+)-v5$")


@dataclass(frozen=True)
class AtariGame:
    """A game as ALE's vector environment takes it."""

    rom: str
    repeat_action_probability: float
    noop_max: int


@cache
def atari_names() -> dict[str, AtariGame]:
    """All environment names that run on the native path, with their game."""
    from ale_py import roms

    games: dict[str, AtariGame] = {}
    for rom in roms.get_all_rom_ids():
        title = "".join(part.capitalize() for part in rom.split("_"))
        games[f"{title}NoFrameskip-v4"] = AtariGame(rom, 0.0, 30)
        games[f"ALE/{title}-v5"] = AtariGame(rom, 0.25, 0)
    return games


def looks_like_atari(name: str) -> bool:
    """Whether a name has the form of an Atari environment, known or not."""
    return bool(_LEGACY.match(name) or _ALE.match(name))


def make_vector_env(
    name: str,
    num_envs: int,
    settings: Mapping[str, Any],
    screen: Mapping[str, int] | None = None,
) -> Any:
    """Make `num_envs` games at once.

    `settings`: `dim` (42, 64 or 84 pixels), `num_threads` (emulator threads, 0 = one for each CPU),
    `full_action_space` (bool). Raises `ConfigError` for anything else. With `screen` ("height" and
    "width" in pixels), observations are the last picture alone, in colour: (1, height, width, 3).
    """
    from ale_py.vector_env import AtariVectorEnv

    game = atari_names()[name]
    check_env_config(name, settings)
    dim = frame_size(settings.get("dim", FRAME_SIZE))
    return AtariVectorEnv(
        game.rom,
        num_envs,
        num_threads=int(settings.get("num_threads", 1)),
        repeat_action_probability=game.repeat_action_probability,
        full_action_space=bool(settings.get("full_action_space", False)),
        img_height=dim if screen is None else screen["height"],
        img_width=dim if screen is None else screen["width"],
        grayscale=screen is None,
        stack_num=STACK if screen is None else 1,
        frameskip=FRAMES_PER_STEP,
        noop_max=game.noop_max,
        use_fire_reset=True,
        episodic_life=False,
        reward_clipping=False,
    )


def check_env_config(name: str, settings: Mapping[str, Any]) -> None:
    """Raise `ConfigError` for settings that a game has not."""
    known = ("dim", "full_action_space", "num_threads")
    for key in sorted(set(settings) - set(known)):
        raise ConfigError(f"env_config of {name} has no {shown(key)}; it knows {', '.join(known)}.")
    frame_size(settings.get("dim", FRAME_SIZE))
    threads = settings.get("num_threads", 0)
    if isinstance(threads, bool) or not isinstance(threads, int) or not 0 <= threads <= 1_000:
        raise ConfigError(
            f"num_threads in env_config of {name} is {shown(threads)}; it is a whole number from 0 "
            "(one for each CPU) to 1,000."
        )


def frame_size(dim: Any) -> int:
    """Check a frame's edge length in pixels."""
    if isinstance(dim, bool) or dim not in FRAME_SIZES:
        raise ConfigError(
            f"model.dim is {shown(dim)}; frames of Atari games are scaled to one of "
            f"{', '.join(map(str, FRAME_SIZES))} pixels. Choose one of these."
        )
    return int(dim)
