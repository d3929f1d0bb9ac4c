"""Writes down what an algorithm runs with after translation, presets and RLlib's own checks."""

from __future__ import annotations

import json
import logging
import math
import os
import platform
import re
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from rl_widgets.rllib.settings import known_settings

_log = logging.getLogger(__name__)

#: In the run's folder; `rl_widgets.view.configuration` reads it.
FILE = Path("head") / "algorithm_config.json"

_PACKAGES = ("rl-widgets", "ray", "torch", "gymnasium", "ale-py", "numpy")

#: Settings that `AlgorithmConfig.to_dict` has under a name of before.
_OTHER_KEY = {"create_env_on_local_worker": "create_env_on_driver", "input_": "input"}

#: What RLlib works out from other settings, where it was not given.
_WORKED_OUT = {"train_batch_size_per_learner", "model_config", "learner_class", "rl_module_spec"}

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_LONGEST_TEXT = 2_000
_MOST_ITEMS = 200
_DEEPEST = 8


class EffectiveConfig:
    """RLlib's `on_algorithm_init`: writes the algorithm's configuration into the run's folder.

    `said_as` are the settings that the script gave, by their name in 2.60 and as it named them;
    `notes` is what was said of the translation. Outside of a job it does nothing.
    """

    def __init__(self, said_as: Mapping[str, str], notes: list[str]) -> None:
        self._said_as = dict(said_as)
        self._notes = notes

    def __call__(self, *, algorithm: Any, **kwargs: Any) -> None:
        folder = os.environ.get("RL_WIDGETS_RUN_FOLDER")
        if not folder:
            return
        try:
            content = describe(algorithm.config, type(algorithm), self._said_as, self._notes)
            _write(Path(folder) / FILE, content)
        except Exception:  # noqa: BLE001 a training does not end for want of its settings
            _log.warning("The algorithm's configuration could not be written", exc_info=True)


def describe(
    config: Any, algorithm: Any, said_as: Mapping[str, str], notes: list[str]
) -> dict[str, Any]:
    """All settings of an `AlgorithmConfig` with RLlib's defaults, as JSON values.

    `settings` has for each `name`, `group` (the method of the configuration that takes it),
    `value`, `default`, and `said_as` (None for what the script did not give).
    """
    default = algorithm.get_default_config()
    values, defaults = config.to_dict(), default.to_dict()
    said_as = {"env": "env", **said_as}
    rows = [("env", "environment")] + [(s.name, s.method) for s in known_settings(default).values()]
    return {
        "algorithm": algorithm.__name__,
        "written": time.time(),
        "settings": [
            {
                "name": name,
                "group": group,
                "value": plain(_value(config, values, name)),
                "default": plain(_value(default, defaults, name)),
                "said_as": said_as.get(name),
            }
            for name, group in rows
        ],
        "notes": list(notes),
        "versions": {"python": platform.python_version(), **_versions()},
    }


def plain(value: Any, depth: int = 0) -> Any:
    """Any value as JSON: numbers, texts, lists and dicts stay, the rest becomes its name."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return value[:_LONGEST_TEXT]
    if depth < _DEEPEST and isinstance(value, Mapping):
        items = list(value.items())[:_MOST_ITEMS]
        return {str(k)[:_LONGEST_TEXT]: plain(v, depth + 1) for k, v in items}
    if depth < _DEEPEST and isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item, depth + 1) for item in list(value)[:_MOST_ITEMS]]
    if hasattr(value, "__qualname__"):
        return f"{getattr(value, '__module__', '')}.{value.__qualname__}".lstrip(".")
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 an object that cannot be shown still has a class
        text = " at 0x0"
    if _ADDRESS.search(text):
        return f"{type(value).__module__}.{type(value).__qualname__}"
    return text[:_LONGEST_TEXT]


def _value(config: Any, values: Mapping[str, Any], name: str) -> Any:
    found = [key for key in (name, f"_{name}", f"callbacks_{name}") if key in values]
    found += [_OTHER_KEY[name]] if name in _OTHER_KEY else []
    value = next((values[key] for key in found if values.get(key) is not None), None)
    if value is not None or (found and name not in _WORKED_OUT):
        return value
    try:
        return getattr(config, name, None)
    except Exception:  # noqa: BLE001 a property of RLlib that needs what is not there yet
        return None


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(content), encoding="utf-8")
    os.replace(partial, path)
