"""What a form consists of: an entry for each field and, in mappings, for each known name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from rl_widgets.fields.describe import describe
from rl_widgets.fields.mapping import ReadOnly, read_only
from rl_widgets.fields.specification import Fields, fields_of, unknown
from rl_widgets.forms.code import plain
from rl_widgets.store.errors import FieldError, UserError
from rl_widgets.widgets.field_text import NOTHING, written

#: Fields that a search finds are counted, not drawn, beyond these.
MOST_FOUND = 12


@dataclass(frozen=True)
class Entry:
    """A field at `path`: 'lr' of the field 'config' is at 'config.lr'.

    `advanced` ones are drawn when they are searched for, or have a value. `part`: what the fields
    in a mapping are called within their group.
    """

    path: str
    schema: Mapping[str, Any] = field(hash=False)
    group: str
    advanced: bool
    part: str = ""

    @property
    def title(self) -> str:
        """The label."""
        return str(self.schema.get("title") or self.path)

    def matches(self, words: str) -> bool:
        """Whether a search for all of the words finds it."""
        known = f"{self.path} {self.title} {self.schema.get('description', '')}".lower()
        return all(word in known for word in words.lower().replace("_", " ").split()) or all(
            word in known for word in words.lower().split()
        )


def entries(cls: type[Fields], members: Mapping[str, type[Fields]]) -> list[Entry]:
    """The entries in the order of the form. `members` has the fields of what is in a mapping."""
    found: list[Entry] = []
    for name, schema in _described(cls).items():
        group = schema["x-group"]
        if name in members:
            inside = _described(members[name])
            part = next(iter(inside.values()))["x-group"]
            found += [
                Entry(f"{name}.{member}", inner, group, bool(inner.get("x-advanced")), part)
                for member, inner in inside.items()
            ]
        found.append(Entry(name, schema, group, bool(schema.get("x-advanced"))))
    return found


@cache
def _described(cls: type[Fields]) -> Mapping[str, Mapping[str, Any]]:
    """Of an algorithm's settings there are hundreds, at each change of one of them."""
    found: Mapping[str, Mapping[str, Any]] = describe(cls)["properties"]
    return found


def taken(cls: type[Fields], values: Any) -> ReadOnly:
    """What was given, read-only and as JSON has it, without None. Raises `UserError`."""
    if not isinstance(values, Mapping):
        kind = type(values).__name__
        raise UserError(f"values is a dict of values by the names of fields, not {kind}.")
    known = fields_of(cls)
    found = {}
    for name, value in values.items():
        if name not in known:
            raise FieldError(unknown(str(name), known), str(name))
        try:
            as_plain = plain(value)
        except (AttributeError, RecursionError):
            known[name].check(value)  # which says it better
            kind = type(value).__name__
            raise FieldError(f"{name} cannot be an object of {kind}.", name) from None
        if as_plain is not None:
            found[name] = read_only(as_plain)
    return ReadOnly(found)


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """The value of a path, or `NOTHING`."""
    name, dot, member = path.partition(".")
    value = values.get(name, NOTHING)
    if not dot:
        return value
    return value.get(member, NOTHING) if isinstance(value, Mapping) else NOTHING


def plain_at(values: Mapping[str, Any], path: str) -> Any:
    """The value of a path with plain dicts, or `NOTHING`."""
    value = value_at(values, path)
    return value if value is NOTHING else plain(value)


def words_of(value: Any, schema: Mapping[str, Any]) -> str:
    """A value as its control has it."""
    return written(plain(value), schema)


def with_value(values: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Values with another at a path; `NOTHING` takes it out."""
    name, dot, member = path.partition(".")
    if dot:
        inside = values.get(name)
        changed = dict(inside) if isinstance(inside, Mapping) else {}
        if value is NOTHING:
            changed.pop(member, None)
        else:
            changed[member] = value
        value = changed or NOTHING
    found = dict(values)
    if value is NOTHING:
        found.pop(name, None)
    else:
        found[name] = value
    return found


def at_fields(errors: Mapping[str, str], paths: set[str]) -> dict[str, dict[str, str]]:
    """Errors by the path at which they are shown: the nearest one there is, else ''."""
    found: dict[str, dict[str, str]] = {}
    for name, sentence in errors.items():
        path = name
        while path and path not in paths:
            path = path.rpartition(".")[0]
        found.setdefault(path, {})[name] = sentence
    return found


def changed(
    old: Mapping[str, Any], new: Mapping[str, Any], listed: Sequence[Entry]
) -> list[tuple[Entry, Any]]:
    """The entries whose values differ, each with its new value or `NOTHING`; of a mapping with
    known names these, and not the whole."""
    found = [
        (entry, value_at(new, entry.path))
        for entry in listed
        if value_at(old, entry.path) != value_at(new, entry.path)
    ]
    inside = {entry.path.partition(".")[0] for entry, _ in found if "." in entry.path}
    return [(entry, value) for entry, value in found if entry.path not in inside]
