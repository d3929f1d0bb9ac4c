"""What can be trained here: names of environments, algorithms and presets to choose from."""

from __future__ import annotations

import contextlib
import importlib.util
from functools import cache

from rl_widgets.forms.settings import presets_of
from rl_widgets.rllib import catalogue
from rl_widgets.rllib.atari import atari_names
from rl_widgets.rllib.environments import missing, registered_by_packages

#: Named first: each trains within minutes.
_FIRST = ("CartPole-v1", "PongNoFrameskip-v4")


def environments() -> list[str]:
    """Names of environments that a script can make here; those to begin with first. [] without
    gymnasium."""
    try:
        import gymnasium
    except ImportError:
        return []
    return _environments(len(gymnasium.registry))


@cache
def _environments(_count: int) -> list[str]:
    import gymnasium

    names = {
        name
        for name, spec in gymnasium.registry.items()
        if not (str(spec.entry_point).startswith("ale_py") or missing(spec))
        and registered_by_packages(spec)
    }
    with contextlib.suppress(ImportError):  # no Atari games here
        names |= set(atari_names())
    rest = sorted(names - set(_FIRST), key=lambda name: (name.startswith("ALE/"), name))
    return [*(n for n in _FIRST if n in names), *rest]


def algorithms() -> list[str]:
    """Names of RLlib 2.60's algorithms."""
    return sorted(catalogue.algorithms())


def presets(algorithm: object) -> list[str]:
    """The presets of an algorithm; [] for what is none."""
    return presets_of(algorithm) if isinstance(algorithm, str) else []


def trains_here() -> bool:
    """Whether this Python has what trains."""
    try:
        return all(importlib.util.find_spec(name) is not None for name in ("ray", "torch"))
    except (ImportError, ValueError):
        return False
