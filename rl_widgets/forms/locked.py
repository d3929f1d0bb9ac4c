"""Fields that a teacher locks: which can be, and what a form does not let a person change."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from rl_widgets.fields.specification import Fields, fields_of, unknown
from rl_widgets.forms import installed
from rl_widgets.forms.code import plain
from rl_widgets.forms.settings import settings_of, translated
from rl_widgets.forms.stopping import StopFields
from rl_widgets.forms.training import TrainingFields
from rl_widgets.rllib.errors import ConfigError
from rl_widgets.store.errors import FieldError, UserError
from rl_widgets.store.mistakes import shown

#: What 'config' and 'vary' call that which has a field of its own, by the field; the page's forms
#: have the same (labextension/src/form/entries.ts).
IN_CONFIG: Final[Mapping[str, str]] = {
    "environment": "env",
    "preset": "preset",
    "evaluation_interval_s": "evaluation_interval_s",
    "evaluation_videos": "evaluation_videos",
    "seeds": "seed",
}
_GIVEN_BY: Final = {f"config.{setting}": field for field, setting in IN_CONFIG.items()}


def members_of(cls: type[Fields], values: Mapping[str, Any]) -> dict[str, type[Fields]]:
    """The fields of what is in a mapping, by the mapping's name."""
    if not issubclass(cls, TrainingFields):
        return {}
    return {"config": settings_of(_algorithm(values)), "stop": StopFields}


def lockable(cls: type[Fields], values: Mapping[str, Any]) -> list[str]:
    """The names that can be locked, such as 'environment' or 'config.lr'."""
    inside = members_of(cls, values)
    members = [f"{name}.{member}" for name, of in inside.items() for member in fields_of(of)]
    return [*fields_of(cls), *(name for name in members if name not in _GIVEN_BY)]


def mistakes(locked: Any, cls: type[Fields], values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a list of names: a sentence by its place, 'locked' or 'locked[1]'."""
    if isinstance(locked, str) or not isinstance(locked, Sequence):
        return {
            "locked": "locked is a list of names of fields, such as ['environment'], not "
            f"{shown(locked)}."
        }
    known = lockable(cls, values)
    if len(locked) > len(known):
        return {"locked": f"locked has {len(locked):,} names: there are fewer fields."}
    found = {}
    for i, name in enumerate(locked):
        if not isinstance(name, str):
            found[f"locked[{i}]"] = f"locked has names of fields, and {shown(name)} is none."
        elif name in _GIVEN_BY and issubclass(cls, TrainingFields):
            found[f"locked[{i}]"] = f"{name!r} is given by the field {_GIVEN_BY[name]}: lock that."
        elif name not in known:
            found[f"locked[{i}]"] = _unknown(name, known)
    return found


def names(locked: Any, cls: type[Fields], values: Mapping[str, Any]) -> tuple[str, ...]:
    """The names, each once. Raises `UserError` for what is no field."""
    for sentence in mistakes(locked, cls, values).values():
        raise UserError(sentence)
    return tuple(dict.fromkeys(locked))


def is_locked(path: str, locked: Collection[str]) -> bool:
    """Also what is in a locked mapping, and a mapping with a locked part; a locked setting is not
    varied either, and a setting that a locked field gives is not given by itself."""
    holds = "config" if path == "vary" else path
    inside = any(f"{name}.".startswith(f"{holds}.") for name in locked)
    again = any(path == f"config.{IN_CONFIG.get(name)}" for name in locked)
    return path in locked or path.partition(".")[0] in locked or inside or again


def given_again(
    locked: Collection[str], cls: type[Fields], values: Mapping[str, Any]
) -> dict[str, str]:
    """A sentence for each setting that gives what a locked field does, by its place."""
    if not issubclass(cls, TrainingFields):
        return {}
    return {
        f"{field}.{IN_CONFIG[name]}": f"{IN_CONFIG[name]!r} in {field} is given by the field "
        f"{name}, which is locked: leave it out of {field}."
        for field in ("config", "vary")
        for name in locked
        if IN_CONFIG.get(name) in _mapping(cls, values, field)
    }


def changed(
    locked: Collection[str], cls: type[Fields], old: Mapping[str, Any], new: Mapping[str, Any]
) -> dict[str, str]:
    """A sentence for each locked name that has another value in `new`, by the name."""
    return {
        name: f"{name!r} is locked in this form, and the file has another value."
        for name in locked
        if _in_force(cls, old, name) != _in_force(cls, new, name)
    } | given_again(locked, cls, new)


def _in_force(cls: type[Fields], values: Mapping[str, Any], path: str) -> list[Any]:
    """The value at a path, or the default of a field that is not given; of settings, also the
    values that it is varied over. What is not there is no part of the list."""
    name, dot, member = path.partition(".")
    if name == "config":
        config, varied = _mapping(cls, values, name), _mapping(cls, values, "vary")
        choices = [
            _in_todays_names(values, {one: value})
            for one, listed in varied.items()
            for value in (listed if isinstance(listed, list) else [listed])
        ]
        found = [_in_todays_names(values, config), *choices]
        return [one[member] for one in found if member in one] if dot else [config, varied]
    if dot:
        inside = _mapping(cls, values, name)
        return [inside[member]] if member in inside else []
    given = values.get(name)
    return [plain(fields_of(cls)[name].default() if given is None else given)]


def _mapping(cls: type[Fields], values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A mapping's value, read from its text if that is one; {} of what cannot be."""
    given = values.get(name)
    if isinstance(given, str):
        try:
            given = fields_of(cls)[name].converted(given)
        except FieldError:
            return {}
    return plain(given) if isinstance(given, Mapping) else {}


def _in_todays_names(values: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings in names of RLlib 2.60, whichever they were given in."""
    found: dict[str, Any] = {}
    for name, value in config.items():
        try:
            known = translated(_algorithm(values), {name: value})
        except ConfigError:  # it is said where it stands
            found[name] = value
        else:
            found |= plain(known.settings)
            if known.model:
                found["model_config"] = plain(known.model)
    return found


def _algorithm(values: Mapping[str, Any]) -> str:
    algorithm = values.get("algorithm", "IMPALA")
    return algorithm if algorithm in installed.algorithms() else "IMPALA"


def _unknown(name: str, known: Sequence[str]) -> str:
    """Of a name in a mapping, the nearest one is in it, too."""
    mapping, dot, _ = name.partition(".")
    inside = [one for one in known if dot and one.startswith(f"{mapping}.")]
    return unknown(name, dict.fromkeys(inside or [one for one in known if "." not in one]))
