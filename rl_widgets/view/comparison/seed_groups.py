"""Which runs are the same but for their seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rl_widgets.store.runs import RunRecord
from rl_widgets.view import wording

#: How runs are grouped: by what was submitted, not at all, or by the value of a tag ("tag:name").
SEEDS, ALONE, TAG = "seed", "none", "tag:"

_SEED = "seed"
#: What is said twice in a definition, or has no say in how a run learns.
_LEFT_OUT = {"script_params", "stop", "versions", "source_directory", "requirements", "python"}


@dataclass(frozen=True)
class Group:
    """Runs that are shown as one line: their places in the list that was given."""

    label: str
    members: tuple[int, ...]


def groups(records: list[RunRecord], how: str) -> tuple[Group, ...]:
    """The runs in groups, in the order of their first members."""
    found: dict[str, list[int]] = {}
    for i, record in enumerate(records):
        found.setdefault(_key(record, how), []).append(i)
    return tuple(Group(_label(records, members, how), tuple(members)) for members in found.values())


def seed_of(record: RunRecord) -> str:
    """The seed that a run was given, as a text; '' where it was given none."""
    tag = record.tags.get(_SEED)
    if tag not in (None, ""):
        return wording.shown(str(tag), 20)
    config = record.definition.get("config")
    if isinstance(config, Mapping) and config.get(_SEED) is not None:
        return wording.shown(str(config[_SEED]), 20)
    arguments = [str(a) for a in record.definition.get("arguments") or ()]
    for i, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == "--seed" and equals:
            return wording.shown(value, 20)
        if argument == "--seed" and i + 1 < len(arguments):
            return wording.shown(arguments[i + 1], 20)
        found = _object(argument)
        if found is not None and found.get(_SEED) is not None:
            return wording.shown(str(found[_SEED]), 20)
    return ""


def name_of(record: RunRecord) -> str:
    """What a person calls the run."""
    return wording.shown(record.display_name or record.id, 60)


def _key(record: RunRecord, how: str) -> str:
    if how.startswith(TAG):
        value = record.tags.get(how.removeprefix(TAG))
        return f"tag {value}" if value is not None else f"run {record.id}"
    definition = _without_seed(record.definition)
    if how == ALONE or not definition:
        # Nothing is known of what a cell has logged: it is like no other.
        return f"run {record.id}"
    # What began with a checkpoint is no seed of what began with nothing.
    origin = record.tags.get("started_from")
    return json.dumps([record.experiment, origin, definition], sort_keys=True, default=str)


def _without_seed(definition: Mapping[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in definition.items() if k not in _LEFT_OUT}
    config = kept.get("config")
    if isinstance(config, Mapping):
        kept["config"] = {k: v for k, v in config.items() if k != _SEED}
    if "arguments" not in kept:
        return kept if "config" in kept else {}
    arguments: list[Any] = []
    skip = False
    for argument in map(str, kept["arguments"]):
        if skip or argument.startswith("--seed="):
            skip = False
        elif argument == "--seed":
            skip = True
        else:
            found = _object(argument)
            if found is not None:
                found.pop(_SEED, None)
            arguments.append(argument if found is None else found)
    kept["arguments"] = arguments
    return kept


def _object(argument: str) -> dict[str, Any] | None:
    """The JSON object of an argument, also of one such as --config={…}."""
    text = argument.partition("=")[2] if argument.startswith("--") else argument
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    return found if text is argument else {**found, " of": argument.partition("=")[0]}


def _label(records: list[RunRecord], members: list[int], how: str) -> str:
    first = records[members[0]]
    if how.startswith(TAG) and how.removeprefix(TAG) in first.tags:
        name = how.removeprefix(TAG)
        return wording.shown(f"{name} = {first.tags[name]}", 60)
    if len(members) == 1:
        return name_of(first)
    return f"{name_of(first)} and {len(members) - 1} more"
