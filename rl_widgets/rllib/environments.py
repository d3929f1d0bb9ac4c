"""From an environment's name to something that RLlib can make, or a clear error."""

from __future__ import annotations

import sys
from typing import Any

from rl_widgets.rllib.atari import atari_names, looks_like_atari, make_vector_env
from rl_widgets.rllib.errors import EnvironmentNameError, nearest


class AtariCreator:
    """What RLlib calls on each env runner; a class, because it travels by pickle."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, context: Any) -> Any:
        settings = dict(context)
        return make_vector_env(self.name, int(settings.pop("num_envs", 1)), settings)


def is_atari(env: Any) -> bool:
    """Whether an environment runs on ALE's own vector environment."""
    return isinstance(env, str) and looks_like_atari(env)


def check_environment(env: Any) -> None:
    """Raise `EnvironmentNameError` when there is no environment of that name."""
    if env is None:
        raise EnvironmentNameError(
            'No environment is named: set "env" in the configuration, or --env on the command line.'
        )
    if not isinstance(env, str) or _registered_with_ray(env):
        return
    if looks_like_atari(env):
        if env not in atari_names():
            raise EnvironmentNameError(
                f"There is no Atari environment {env!r}.{nearest(env, atari_names())}"
            )
        return
    if "." in env and "/" not in env:
        return  # a class path; RLlib imports it and says what is wrong with it
    import gymnasium

    try:
        spec = gymnasium.spec(env)
    except (gymnasium.error.Error, ImportError) as error:
        names = [*gymnasium.registry, *atari_names()]
        raise EnvironmentNameError(
            f"There is no environment {env!r}.{nearest(env, names)} Environments are gymnasium's, "
            "Atari games such as 'PongNoFrameskip-v4', and what the script registers with "
            f"ray.tune.register_env. (gymnasium says: {error})"
        ) from None
    if str(spec.entry_point).startswith("ale_py"):
        # Whole colour frames, one by one: it would train, far too slowly to learn anything.
        raise EnvironmentNameError(
            f"{env!r} plays without the preprocessing that learning needs."
            f"{nearest(env, atari_names())}"
        )


def register_atari(env: str) -> None:
    """Make an Atari game known to RLlib under its usual name."""
    from ray.tune.registry import register_env

    register_env(env, AtariCreator(env))


def _registered_with_ray(env: str) -> bool:
    if "ray.tune.registry" not in sys.modules:
        return False
    from ray.tune.registry import ENV_CREATOR, _global_registry

    return bool(_global_registry.contains(ENV_CREATOR, env))
