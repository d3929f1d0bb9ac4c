"""From an environment's name to something that RLlib can make, or a clear error."""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
from functools import cache
from importlib import metadata
from importlib.machinery import PathFinder
from itertools import accumulate
from typing import Any, Final

from rl_widgets.rllib.atari import atari_names, looks_like_atari, make_vector_env
from rl_widgets.rllib.errors import EnvironmentNameError, nearest

#: What environments of gymnasium import, by the module they are in; and what pip calls it.
_NEEDS: Final = {
    "gymnasium.envs.box2d": ("Box2D", "box2d"),
    "gymnasium.envs.mujoco": ("mujoco", "mujoco"),
    "gymnasium.envs.phys2d": ("jax", "jax"),
    "gymnasium.envs.tabular": ("jax", "jax"),
}


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


def check_environment(env: Any, *, here: bool = True) -> None:
    """Raise `EnvironmentNameError` when there is no environment of that name, or when it needs what
    is not installed.

    `here` False: another process is to make it, which knows nothing that this one has registered.
    """
    if env is None:
        raise EnvironmentNameError(
            'No environment is named: set "env" in the configuration, or --env on the command line.'
        )
    if not isinstance(env, str) or (here and _registered_with_ray(env)):
        return
    if looks_like_atari(env):
        if env not in atari_names():
            raise EnvironmentNameError(
                f"There is no Atari environment {env!r}.{nearest(env, atari_names())}"
            )
        return
    if _is_class_path(env):
        return  # RLlib imports it and says what is wrong with it
    import gymnasium

    try:
        spec = gymnasium.spec(env)
    except (gymnasium.error.Error, ImportError) as error:
        if _registered_with_ray(env):
            raise EnvironmentNameError(_registered_here(env)) from None
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
    if not here and ":" not in env and not registered_by_packages(spec):
        raise EnvironmentNameError(_registered_here(env))
    if lacking := missing(spec):
        raise EnvironmentNameError(f"{env!r} {lacking}")


def missing(spec: Any) -> str:
    """What an environment of gymnasium needs and this Python has not, said after its name; ''."""
    if callable(spec.entry_point):
        if getattr(spec.entry_point, "__module__", "") != "gymnasium.envs":
            return ""
        return "is a name that gymnasium keeps for an environment that it has no more."
    module = str(spec.entry_point or "").partition(":")[0]
    for part, (needed, extra) in _NEEDS.items():
        if module.startswith(part) and importlib.util.find_spec(needed) is None:
            return f"needs {needed}, which is not installed: pip install 'gymnasium[{extra}]'."
    return ""


def registered_by_packages(spec: Any) -> bool:
    """Whether every Python with these packages knows an environment of gymnasium, and not this
    process alone."""
    own = _names_of_gymnasium()
    if not own or spec.id in own:
        return True
    plugins = metadata.entry_points(group="gymnasium.envs")
    root = str(spec.entry_point).partition(":")[0].partition(".")[0]
    return root in {plugin.module.partition(".")[0] for plugin in plugins}


@cache
def _names_of_gymnasium() -> frozenset[str]:
    """What gymnasium registers when it is imported, read from its source; empty where that reads
    otherwise than expected."""
    import gymnasium.envs

    try:
        source = inspect.getsource(gymnasium.envs)
    except (OSError, TypeError):
        return frozenset()
    found = frozenset(re.findall(r'\bid="([^"]+)"', source))
    return found if "CartPole-v1" in found else frozenset()


def _registered_here(env: str) -> str:
    return (
        f"{env!r} is registered in this Python alone, and the training is in another, which does "
        f"not know it. Name the installed module that registers it, such as 'my_module:{env}', or "
        "submit a script of your own that registers it (ReinforcementLearningEstimator)."
    )


def _is_class_path(env: str) -> bool:
    """Whether a name is that of a class in a module that there is. Imports nothing."""
    *modules, last = env.split(".")
    if not modules or not last.isidentifier():
        return False
    places: Any = None
    for depth, name in enumerate(accumulate(modules, "{}.{}".format)):
        try:
            find = PathFinder.find_spec if depth else importlib.util.find_spec
            found = find(name, places)
        except (ImportError, ValueError):  # of '__main__', among others
            return name in sys.modules
        if found is None or (depth and places is None):
            return False
        places = found.submodule_search_locations
    return True


def register_atari(env: str) -> None:
    """Make an Atari game known to RLlib under its usual name."""
    from ray.tune.registry import register_env

    register_env(env, AtariCreator(env))


def _registered_with_ray(env: str) -> bool:
    if "ray.tune.registry" not in sys.modules:
        return False
    from ray.tune.registry import ENV_CREATOR, _global_registry

    return bool(_global_registry.contains(ENV_CREATOR, env))
