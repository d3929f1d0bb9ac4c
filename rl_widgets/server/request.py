"""What a request asks for, checked: every parameter by its type and bounds."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from rl_widgets.store.errors import RLWidgetsError, UserError

#: Bytes of a body at most: fields of a form, no files.
MAX_BODY = 1 << 20
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


class ForbiddenError(RLWidgetsError):
    """What was asked for is not allowed on this server."""


@dataclass(frozen=True)
class Request:
    """Query and body of one request. Every method raises `UserError`."""

    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """A text; the last one where several are given."""
        given = self.query.get(name)
        return given[-1] if given else default

    def whole(self, name: str, default: int | None, low: int, high: int) -> int | None:
        """A whole number in low..high."""
        given = self.text(name)
        if not given:
            return default
        if not _WHOLE.fullmatch(given) or not low <= int(given) <= high:
            raise UserError(
                f"{name} is a whole number from {low:,} to {high:,}, not {given!r:.60}."
            )
        return int(given)

    def number(self, name: str, default: float | None, low: float, high: float) -> float | None:
        """A number in low..high."""
        given = self.text(name)
        if not given:
            return default
        try:
            value = float(given)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise UserError(f"{name} is a number from {low:g} to {high:g}, not {given!r:.60}.")
        return value

    def flag(self, name: str) -> bool:
        """1 or 0, by default 0."""
        given = self.text(name, "0")
        if given not in ("0", "1"):
            raise UserError(f"{name} is 0 or 1, not {given!r:.60}.")
        return given == "1"

    def choice(self, name: str, options: Collection[str], default: str) -> str:
        """One of some words."""
        given = self.text(name, default)
        if given not in options:
            raise UserError(f"{name} is one of {', '.join(options)}, not {given!r:.60}.")
        return given

    def names(self, name: str, most: int) -> list[str]:
        """All texts of a parameter that may be repeated, each once."""
        found = list(dict.fromkeys(self.query.get(name, ())))
        if not 1 <= len(found) <= most:
            raise UserError(f"{name} is given once to {most} times, not {len(found)} times.")
        return found

    def fields(self, known: Collection[str], needed: Collection[str] = ()) -> Mapping[str, Any]:
        """The body: an object with no other names than these."""
        unknown = [name for name in self.body if name not in known]
        if unknown:
            raise UserError(f"There is no field {unknown[0]!r:.60}; there are {', '.join(known)}.")
        missing = [name for name in needed if self.body.get(name) is None]
        if missing:
            raise UserError(f"The field {missing[0]!r} is needed.")
        return self.body


def read_body(data: bytes) -> Mapping[str, Any]:
    """A body of JSON as an object; without one, an empty object. Raises `UserError`."""
    if not data.strip():
        return {}
    try:
        value = json.loads(data, parse_constant=_no_constant)
        # What no database keeps, such as half a character, is found before it gets there.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise UserError(f"The body of the request is no JSON ({error!s:.120}).") from error
    if not isinstance(value, dict):
        raise UserError(f"The body of the request is a JSON object, not {type(value).__name__}.")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number that JSON knows")


def whole(name: str, value: Any, low: int, high: int) -> int:
    """A whole number of a body. Raises `UserError`."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise UserError(f"{name} is a whole number from {low:,} to {high:,}, not {value!r:.60}.")
    return value


def text(name: str, value: Any) -> str:
    """A text of a body. Raises `UserError`."""
    if not isinstance(value, str):
        raise UserError(f"{name} is a text, not {value!r:.60}.")
    return value


def boolean(name: str, value: Any) -> bool:
    """true or false of a body. Raises `UserError`."""
    if not isinstance(value, bool):
        raise UserError(f"{name} is true or false, not {value!r:.60}.")
    return value


def mapping(name: str, value: Any) -> dict[str, Any]:
    """An object of a body; none is an empty one. Raises `UserError`."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UserError(f"{name} is an object, not {value!r:.60}.")
    return value
