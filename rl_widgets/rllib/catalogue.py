"""RLlib 2.60's settings and metrics as a file, for where no Ray is: forms, servers, `--dry-run`.

`catalogue.json` is read from RLlib itself; a test holds the two against each other. To write it
again, after a new Ray: `python -m rl_widgets.rllib.catalogue`.
"""

from __future__ import annotations

import collections.abc
import inspect
import json
import re
import types
import typing
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from rl_widgets.rllib.settings import Setting, known_settings

FILE = Path(__file__).with_name("catalogue.json")

_NAMES: dict[Any, str] = {
    int: "int",
    float: "float",
    bool: "bool",
    str: "str",
    dict: "dict",
    list: "list",
    tuple: "list",
    type(None): "none",
}
_KINDS = {name: kind for kind, name in _NAMES.items() if kind is not tuple}


class CataloguedConfig:
    """What `translate` asks of an algorithm's default configuration, out of the file.

    Attributes are the settings' defaults; those that are no JSON read as an object.
    """

    def __init__(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        self.settings = {
            name: Setting(name, about["method"], decoded(about["type"]))
            for name, about in settings.items()
        }
        self.help = {name: about.get("help", "") for name, about in settings.items()}
        self.defaults = {n: about.get("default", object()) for n, about in settings.items()}

    def __getattr__(self, name: str) -> Any:
        if name in ("settings", "defaults", "help") or name not in self.defaults:
            raise AttributeError(name)
        return self.defaults[name]


@cache
def algorithms() -> tuple[str, ...]:
    """The algorithms of RLlib 2.60 by name."""
    return tuple(_read()["algorithms"])


@cache
def default_config(algorithm: str) -> CataloguedConfig:
    """The settings of an algorithm. Raises `KeyError` for one that there is not."""
    file = _read()
    own = file["algorithms"][algorithm]
    shared = {n: about for n, about in file["settings"].items() if n not in own["without"]}
    return CataloguedConfig({**shared, **own["settings"]})


@cache
def metric_names() -> frozenset[str]:
    """The names of metrics that RLlib itself uses."""
    return frozenset(_read()["metrics"])


@cache
def model_types() -> dict[str, Any]:
    """The keys of the new API stack's model configuration, with their types."""
    return {name: decoded(kind) for name, kind in _read()["model"].items()}


@cache
def _read() -> dict[str, Any]:
    return json.loads(FILE.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def decoded(kind: Any) -> Any:
    """An annotation of the file, as `settings.check_value` reads it."""
    if isinstance(kind, list):
        return typing.Union[tuple(decoded(one) for one in kind)]  # noqa: UP007 - made of a tuple
    if isinstance(kind, dict):
        if "choices" in kind:
            return typing.Literal[tuple(kind["choices"])]
        if "list" in kind:
            return types.GenericAlias(list, (decoded(kind["list"]),))
        return type(kind["object"], (), {})
    special = {"any": Any, "callable": collections.abc.Callable, "type": type[Any]}
    return special[kind] if kind in special else _KINDS[kind]


def encoded(annotation: Any) -> Any:
    """An annotation of RLlib as JSON."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return [encoded(part) for part in inner]
    if origin is typing.Literal:
        return {"choices": list(inner)}
    if origin is list and inner:
        return {"list": encoded(inner[0])}
    if origin is type:
        return "type"
    if collections.abc.Callable in (origin, annotation) or annotation is typing.Callable:
        return "callable"
    if (origin or annotation) in _NAMES:
        return _NAMES[origin or annotation]
    # Classes are said by their names; RLlib checks them itself.
    if isinstance(annotation, typing.ForwardRef):
        return {"object": annotation.__forward_arg__}
    kind = origin or annotation
    return {"object": kind.__name__} if isinstance(kind, type) else "any"


def build() -> dict[str, Any]:
    """The file's content, from the installed Ray."""
    import typing as t

    from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
    from ray.rllib.algorithms.registry import ALGORITHMS
    from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig

    from rl_widgets.rllib.settings import algorithm_class
    from rl_widgets.rllib.stopping import rllib_metrics

    shared = _settings(AlgorithmConfig())
    found = {}
    for name in sorted(ALGORITHMS):
        try:
            own = _settings(algorithm_class(name).get_default_config())
        except (ImportError, NotImplementedError):
            continue  # the base class, and what wants a package that nobody here has
        found[name] = {
            "settings": {key: about for key, about in own.items() if shared.get(key) != about},
            "without": sorted(set(shared) - set(own)),
        }
    model = t.get_type_hints(DefaultModelConfig)
    return {
        "settings": shared,
        "algorithms": found,
        "metrics": sorted(rllib_metrics()),
        "model": {key: encoded(kind) for key, kind in sorted(model.items())},
    }


def _settings(config: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, setting in sorted(known_settings(config).items()):
        about: dict[str, Any] = {"method": setting.method, "type": encoded(setting.annotation)}
        try:
            default = getattr(config, name, None)
        except (NotImplementedError, ValueError):  # properties that want a whole algorithm
            default = object()
        if _is_json(default):
            about["default"] = default
        said = _help(type(config), setting)
        if said:
            about["help"] = said
        found[name] = about
    return found


def _help(config_class: type, setting: Setting) -> str:
    """The first sentence of what RLlib says of a setting in its method's `Args:`."""
    for owner in config_class.__mro__:
        text = inspect.cleandoc(getattr(owner.__dict__.get(setting.method), "__doc__", None) or "")
        match = re.search(rf"^ {{4}}{setting.name}: *((?:.|\n {{8}})+)", text, re.MULTILINE)
        if match:
            words = " ".join(match[1].split()).replace("`", "")
            return re.split(r"(?<=[a-z)0-9])\. |: - ", words)[0].rstrip(".:")[:300] + "."
    return ""


def _is_json(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError):
        return False


if __name__ == "__main__":
    FILE.write_text(json.dumps(build(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
