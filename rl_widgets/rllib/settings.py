"""What RLlib 2.60 itself can be told: names, types and bounds, read from `AlgorithmConfig`.

Each setting belongs to one of the configuration's methods (`training(lr=…)`); the methods'
signatures are the list of names and their annotations the types. Nothing is listed by hand but
bounds, which RLlib does not state.
"""

from __future__ import annotations

import inspect
import math
import re
import sys
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from rl_widgets.rllib.errors import ConfigError, nearest
from rl_widgets.store.mistakes import mistake_in, shown

#: The methods of `AlgorithmConfig` that take settings, in its own order.
METHODS: Final = (
    "python_environment",
    "resources",
    "environment",
    "env_runners",
    "learners",
    "training",
    "evaluation",
    "callbacks",
    "offline_data",
    "multi_agent",
    "reporting",
    "checkpointing",
    "debugging",
    "fault_tolerance",
    "rl_module",
    "experimental",
)

#: Lowest and highest value, both allowed; None is open.
BOUNDS: Final[dict[str, tuple[float | None, float | None]]] = {
    "lr": (0.0, 10.0),
    "gamma": (0.0, 1.0),
    "lambda_": (0.0, 1.0),
    "entropy_coeff": (0.0, None),
    "vf_loss_coeff": (0.0, None),
    "grad_clip": (0.0, None),
    "num_envs_per_env_runner": (1, 100_000),
    "rollout_fragment_length": (1, 10**9),
    "train_batch_size_per_learner": (1, 10**9),
    "minibatch_size": (1, 10**9),
    "num_epochs": (1, 10**6),
    "max_requests_in_flight_per_env_runner": (1, 10_000),
    "broadcast_interval": (1, None),
    "learner_queue_size": (1, None),
    "metrics_num_episodes_for_smoothing": (1, None),
    "min_time_s_per_iteration": (0.0, None),
    "seed": (0, 2**31 - 1),
    "num_env_runners": (0, 100_000),
    "num_learners": (0, 10_000),
    "vtrace_clip_rho_threshold": (0.0, None),
    "vtrace_clip_pg_rho_threshold": (0.0, None),
    "beta": (0.0, 1.0),
    "expectile": (0.0, 1.0),
    "evaluation_duration": (1, None),
    "offline_evaluation_interval": (0, None),
    "n_step": (1, None),
    "policy_map_capacity": (1, None),
    "evaluation_interval": (0, None),
}

#: Counts, sizes, waits and rates, by their names. Not restarts: -1 is any number of them to Ray.
_NEVER_NEGATIVE = re.compile(
    r"(^|_)num_(?!.*(restarts|iters))|timeout|_interval|_(size|horizon|slots|concurrency|skips)$"
    r"|_lr$|(^|_)batch_(size|length)_|^burn_?in_len$|^max_requests_"
    r"|^delay_between_|_timesteps_per_|_env_steps_per_|_rows_per_file$|_wait_ms$"
)

#: The texts that a setting takes, which RLlib says in its code only.
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "batch_mode": ("truncate_episodes", "complete_episodes"),
    "count_steps_by": ("env_steps", "agent_steps"),
    "evaluation_duration": ("auto",),
    "evaluation_duration_unit": ("episodes", "timesteps"),
    "grad_clip_by": ("value", "norm", "global_norm"),
    "gym_env_vectorize_mode": ("sync", "async", "vector_entry_point"),
    "num_cpus_per_learner": ("auto",),
    "offline_evaluation_type": ("eval_loss", "is", "pdis"),
    "rollout_fragment_length": ("auto",),
    "target_entropy": ("auto",),
    "td_error_loss_fn": ("huber", "mse"),
}

#: Settings whose classes and functions RLlib takes as such, never by their path.
_NO_PATHS: Final = frozenset(
    {
        "offline_data_class",
        "offline_eval_runner_class",
        "policies_to_train",
        "prelearner_buffer_class",
        "prelearner_class",
    }
)


@dataclass(frozen=True)
class Setting:
    """One setting of an algorithm: the method that takes it and the type it wants."""

    name: str
    method: str
    annotation: Any


def algorithm_class(name: str | type) -> Any:
    """The RLlib algorithm of a name such as "IMPALA". Raises `ConfigError` for another."""
    from ray.rllib.algorithms.registry import ALGORITHMS

    if isinstance(name, type):
        return name
    names = list(ALGORITHMS)
    if name not in names:
        raise ConfigError(
            f"RLlib 2.60 has no algorithm {shown(name)}.{nearest(str(name), names)} "
            f"It has {', '.join(sorted(names))}."
        )
    return ALGORITHMS[name]()[0]


def known_settings(config: Any) -> dict[str, Setting]:
    """The settings that an algorithm's configuration takes on the new API stack, by name."""
    catalogued: dict[str, Setting] | None = getattr(config, "settings", None)
    if isinstance(catalogued, dict):  # no RLlib here: out of `catalogue.json`
        return catalogued
    config_class: Any = type(config)
    return _settings_of(config_class)


@cache
def _settings_of(config_class: Any) -> dict[str, Setting]:
    from ray.rllib.algorithms.algorithm_config import NotProvided

    found: dict[str, Setting] = {}
    for method in METHODS:
        for owner in config_class.__mro__:
            function = owner.__dict__.get(method)
            if not inspect.isfunction(function):
                continue
            for parameter in inspect.signature(function).parameters.values():
                if parameter.kind is not parameter.KEYWORD_ONLY:
                    continue
                # A default other than NotProvided marks what RLlib has deprecated.
                if parameter.default is NotProvided and not parameter.name.startswith("_"):
                    found.setdefault(
                        parameter.name, Setting(parameter.name, method, parameter.annotation)
                    )
    return found


def check_value(name: str, value: Any, annotation: Any, *, said_as: str | None = None) -> Any:
    """Check type and bounds of a value; returns it, whole floats as int where an int is wanted.

    Search spaces of Tune pass: their values are not known yet. Raises `ConfigError`.
    """
    if name.startswith("num_cpus_"):
        annotation = annotation | float  # RLlib says int, Ray takes half a CPU as well
    elif name == "input_":
        annotation = annotation | list[str]  # several files or folders
    label = f"{name!r}" if said_as in (None, name) else f"{said_as!r} ({name} in RLlib 2.60)"
    if is_search_space(value):
        return value
    if isinstance(value, float) and value.is_integer() and not _fits(value, annotation):
        value = int(value)  # JSON written by other programs says 2.0 for 2
    if not _fits(value, annotation):
        if mistake := mistake_in(value):
            raise ConfigError(f"{label} is {mistake}")
        raise ConfigError(
            f"{label} is {shown(value)}, of type {type(value).__name__}; it must be "
            f"{describe(annotation)}."
        )
    if isinstance(value, str):
        _check_text(name, label, value, annotation)
    for number in _numbers(value):
        if not math.isfinite(number):
            raise ConfigError(f"{label} is {shown(value)}; it must be a finite number.")
    if isinstance(value, (list, tuple)) and _takes_schedules(annotation):
        _check_schedule(name, label, value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        _check_bounds(name, label, value)
    return value


def _check_text(name: str, label: str, value: str, annotation: Any) -> None:
    choices = CHOICES.get(name)
    if choices is not None and value not in choices:
        number = ["a number"] if _fits(0.5, annotation) else ["a whole number"]
        wanted = " or ".join([*(number if _fits(1, annotation) else []), *map(repr, choices)])
        raise ConfigError(f"{label} is {shown(value)}; it must be {wanted}.")
    if name in _NO_PATHS:
        raise ConfigError(
            f"{label} is {shown(value)}; it must be the class or the function itself, which a "
            "script of your own can give."
        )


def bounds(name: str) -> tuple[float | None, float | None]:
    """The lowest and the highest value of a setting, both allowed; None is open."""
    return BOUNDS.get(name, (0, None) if _NEVER_NEGATIVE.search(name) else (None, None))


def _check_bounds(name: str, label: str, value: float) -> None:
    low, high = bounds(name)
    if (low is not None and value < low) or (high is not None and value > high):
        least, most = (
            f"{one:,}" if isinstance(one, int) else f"{one:g}" for one in (low or 0, high or 0)
        )
        span = f"at least {least}" if high is None else f"from {least} to {most}"
        raise ConfigError(f"{label} is {shown(value)}; it must be {span}.")


def _check_schedule(name: str, label: str, value: Sequence[Any]) -> None:
    pairs = [one for one in value if isinstance(one, (list, tuple)) and len(one) == 2]
    steps = [one[0] for one in pairs if all(_fits(number, float) for number in one)]
    if not len(steps) == len(value) >= 2 or steps[0] != 0 or sorted(steps) != steps:
        raise ConfigError(
            f"{label} is {shown(value)}; a schedule has two or more pairs of an env step and a "
            "value, in order from env step 0, such as [[0, 0.001], [1000000, 0.0001]]."
        )
    for step, number in pairs:
        _check_bounds(name, f"{label} at env step {step}", number)


def is_search_space(value: Any) -> bool:
    """Whether Tune will choose the value: `{"grid_search": […]}`, `tune.uniform(…)` and so on."""
    if isinstance(value, dict):
        return set(value) == {"grid_search"}
    # No value can be of a class whose module was never loaded; a form's server has no Ray.
    sample = sys.modules.get("ray.tune.search.sample")
    return sample is not None and isinstance(value, sample.Domain)


def describe(annotation: Any) -> str:
    """A type in words: 'a whole number or None'."""
    words: dict[Any, str] = {
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        str: "text",
        dict: "a dictionary",
        list: "a list",
        type(None): "None",
    }
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        parts: list[str] = []
        for part in typing.get_args(annotation):
            word = describe(part)
            if word not in parts:
                parts.append(word)
        return " or ".join(parts)
    if origin in (list, tuple):
        return "a list"
    if origin is dict:
        return "a dictionary"
    if origin is typing.Literal:
        return " or ".join(repr(choice) for choice in typing.get_args(annotation))
    if isinstance(annotation, typing.ForwardRef):
        return annotation.__forward_arg__
    return words.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _fits(value: Any, annotation: Any) -> bool:
    if annotation in (inspect.Parameter.empty, Any) or isinstance(
        annotation, (str, typing.TypeVar)
    ):
        return True
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, part) for part in typing.get_args(annotation))
    if origin is typing.Literal:
        return value in typing.get_args(annotation)
    if origin is dict or annotation is dict:
        return isinstance(value, dict)
    if origin in (list, tuple) or annotation in (list, tuple):
        if not isinstance(value, (list, tuple)):
            return False
        inner = typing.get_args(annotation)
        if origin is list and inner:
            return all(_fits(item, inner[0]) for item in value)
        return True
    if annotation is bool:
        return isinstance(value, bool)
    if annotation is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if annotation is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if annotation is str:
        return isinstance(value, str)
    if annotation is type(None):
        return value is None
    # Classes, callables and the like: RLlib checks them itself, with better words.
    if isinstance(value, str):  # the path of a class or a function
        return origin is type or _callable(annotation)
    if "Collection" in (getattr(origin, "__name__", ""), getattr(annotation, "__name__", "")):
        return isinstance(value, (list, tuple, set, frozenset))
    return not isinstance(value, (bool, int, float, dict, list))


def _takes_schedules(annotation: Any) -> bool:
    """Whether a value may be a list of lists: pairs of env steps and values."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return any(_takes_schedules(part) for part in typing.get_args(annotation))
    inner = typing.get_args(annotation)
    if typing.get_origin(annotation) is not list or not inner:
        return False
    return (typing.get_origin(inner[0]) or inner[0]) in (list, tuple)


def _callable(annotation: Any) -> bool:
    return typing.get_origin(annotation) is Callable or annotation is Callable


def _numbers(value: Any) -> list[float]:
    if isinstance(value, bool):
        return []
    if isinstance(value, (int, float)):
        # A whole number has no largest one: what no float holds is as good as endless.
        return [float(value) if abs(value) <= sys.float_info.max else math.inf]
    if isinstance(value, (list, tuple)):
        return [number for item in value for number in _numbers(item)]
    return []
