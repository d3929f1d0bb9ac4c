"""Fields that hold several values: names with texts, lists of texts, arguments of a script.

Their values are read-only, so that a change is always an assignment, which is checked and seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, NoReturn

from rl_widgets.backend import requirements
from rl_widgets.backend.arguments import to_argv
from rl_widgets.backend.errors import ClusterError
from rl_widgets.backend.node_command import OBJECT_STORE_MINIMUM
from rl_widgets.backend.node_environment import check_variables
from rl_widgets.fields.trait import Field, shown
from rl_widgets.store.errors import FieldError, UserError
from rl_widgets.store.text import storable

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*([kmgt]?)b?", re.IGNORECASE)
_MOST_BYTES = 1 << 60
_UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}


class ReadOnly(MutableMapping[str, Any]):
    """A mapping that cannot be changed in place; equal to a dict of the same.

    It has the names that change one, so that each of them says what to do. Raises `UserError`.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(self._values)

    def __setitem__(self, name: str, value: Any) -> None:
        raise _read_only("mapping", f"{{**old, {shown(name)}: {shown(value)}}}")

    def __delitem__(self, name: str) -> None:
        example = f"{{name: value for name, value in old.items() if name != {shown(name)}}}"
        raise _read_only("mapping", example)

    def __ior__(self, other: Any) -> ReadOnly:
        self.update(other)
        return self


class ReadOnlyList(list[Any]):
    """A list that cannot be changed in place. Raises `UserError`."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise _read_only("list", "[*old, value]")

    def __reduce__(self) -> Any:
        # A copy of one is built by `append`.
        return list, ([*self],)


class ReadOnlyDict(dict[str, Any]):
    """A dict inside of a mapping that cannot be changed in place. Raises `UserError`.

    Unlike `ReadOnly` it is a dict, which JSON and its readers ask for.
    """

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise _read_only("dict", "{**old, name: value}")

    def __reduce__(self) -> Any:
        return dict, (dict(self),)


for _name in (
    *("__setitem__", "__delitem__", "__ior__", "clear", "pop", "popitem", "setdefault", "update"),
):
    setattr(ReadOnlyDict, _name, ReadOnlyDict._refuse)
for _name in (
    *("__setitem__", "__delitem__", "__iadd__", "__imul__", "append", "clear", "extend"),
    *("insert", "pop", "remove", "reverse", "sort"),
):
    setattr(ReadOnlyList, _name, ReadOnlyList._refuse)


def read_only(value: Any) -> Any:
    """Plain JSON as what cannot be changed in place, however deep; all else as it is."""
    if isinstance(value, dict):
        return ReadOnlyDict({name: read_only(one) for name, one in value.items()})
    if isinstance(value, list):
        return ReadOnlyList(read_only(one) for one in value)
    return value


def _read_only(kind: str, example: str) -> UserError:
    return UserError(
        f"This {kind} is read-only, so that every change is checked: assign a whole new one, such "
        f"as {example}."
    )


class Texts(Field):
    """Names with texts, such as tags; `longest` of each in characters."""

    json_type = "object"

    def __init__(
        self,
        default: Any = None,
        *,
        longest_name: int = 250,
        longest: int = 10_000,
        **about: Any,
    ) -> None:
        super().__init__(default, **about)
        self.longest_name, self.longest = longest_name, longest

    def converted(self, value: Any) -> Any:
        self.check_json(value)
        if not isinstance(value, Mapping):
            raise self.refuses(
                f'{self.name} are names with texts, such as {{"NAME": "value"}}, not '
                f"{shown(value)}."
            )
        for name, text in value.items():
            self.check_name(name)
            self.check_text(name, text)
        return ReadOnly(value)

    def check_name(self, name: Any) -> None:
        """Raises `FieldError` for what is no name here."""
        most = self.longest_name
        if not isinstance(name, str) or not 0 < len(name) <= most or not storable(name):
            raise self.refuses(
                f"{self.name}: {shown(name)} is no name; it is a text of 1 to {most} characters."
            )

    def check_text(self, name: str, text: Any) -> None:
        """Raises `FieldError` for what is no text."""
        if not isinstance(text, str) or len(text) > self.longest or not storable(text):
            raise self.refuses(
                f"{self.name}[{shown(name)}] is a text of at most {self.longest:,} characters, not "
                f"{shown(text)}.",
                name,
            )

    def schema(self) -> dict[str, Any]:
        return {"additionalProperties": {"type": "string"}}


class Variables(Texts):
    """Environment variables. With `inherited`, None takes the one of whoever submits."""

    def __init__(self, default: Any = None, *, inherited: bool = False, **about: Any) -> None:
        super().__init__(default, **about)
        self.inherited = inherited

    def converted(self, value: Any) -> Any:
        found = super().converted(value)
        try:
            check_variables({name: text or "" for name, text in found.items()})
        except ClusterError as error:
            raise self.refuses(str(error)) from None
        return found

    def check_name(self, name: Any) -> None:
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            raise self.refuses(
                f"{shown(name)} cannot name an environment variable: letters, digits and '_', not "
                "beginning with a digit."
            )

    def check_text(self, name: str, text: Any) -> None:
        if text is None and self.inherited:
            return
        if not isinstance(text, str) or not storable(text):
            raise self.refuses(
                f"The environment variable {name} is a text without NUL characters, not "
                f"{type(text).__name__}.",
                name,
            )

    def schema(self) -> dict[str, Any]:
        kinds: Any = ["string", "null"] if self.inherited else "string"
        return {"additionalProperties": {"type": kinds}}


class Packages(Field):
    """Requirements as pip has them."""

    json_type = "array"

    def converted(self, value: Any) -> Any:
        self.check_json(value)
        if isinstance(value, str) or not isinstance(value, (list, tuple)):
            what = "one text" if isinstance(value, str) else shown(value)
            raise self.refuses(f"{self.name} is a list of texts, such as ['numpy>=2'], not {what}.")
        try:
            requirements.missing(value)
        except UserError as error:
            raise self.refuses(str(error)) from None
        return read_only(list(value))

    def schema(self) -> dict[str, Any]:
        return {"items": {"type": "string"}}


class Bytes(Field):
    """An amount of memory: a number of bytes, or a text such as '24g'. None is the default."""

    def converted(self, value: Any) -> Any:
        amount = bytes_of(value)
        if amount is None or not OBJECT_STORE_MINIMUM <= amount < _MOST_BYTES:
            raise self.refuses(
                f"{self.name} is a number of bytes or a text such as '24g', at least "
                f"{OBJECT_STORE_MINIMUM >> 20} MiB; not {shown(value)}."
            )
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "integer", "null"]}


def bytes_of(value: Any) -> int | None:
    """Bytes of 1073741824 or '1g'; None for what is no such amount."""
    if isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
        return int(float(match[1]) * (1 << _UNITS[match[2].lower()]))
    return value if isinstance(value, int) and not isinstance(value, bool) else None


class Arguments(Field):
    """The arguments of an entry script: a dict by name, or the finished list."""

    def converted(self, value: Any) -> Any:
        self.check_json(value)
        if not isinstance(value, (Mapping, list, tuple)):
            raise self.refuses(f"{self.name} is a dict, not {type(value).__name__}.")
        try:
            to_argv(value)
        except FieldError:
            raise
        except UserError as error:
            raise self.refuses(str(error)) from None
        if not isinstance(value, Mapping):
            return read_only(list(value))
        return ReadOnly({name: read_only(one) for name, one in value.items()})

    def schema(self) -> dict[str, Any]:
        return {"type": ["object", "array", "null"]}
