"""A field's value as the text of its control, and back; what cannot be read stays a text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

#: The numbers that the panel's forms read, too (labextension/src/form/field_text.ts).
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?\s*", re.IGNORECASE)


class Nothing:
    """The value of a field that is left empty; `NOTHING` is the one object."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = Nothing()


def kinds_of(schema: Mapping[str, Any]) -> set[str]:
    """The types of JSON that a field takes, null left out; all of them are the empty set."""
    kinds = schema.get("type", ())
    return {kinds} - {"null"} if isinstance(kinds, str) else set(kinds) - {"null"}


def read(text: str, schema: Mapping[str, Any]) -> Any:
    """The value that a text means, `NOTHING` for an empty one.

    A text that means none is returned as it is, so that the check says why it is refused.
    """
    if not text.strip():
        return NOTHING
    kinds = kinds_of(schema)
    if kinds & {"array"} and (items := schema.get("items")):
        return _listed(text, items)
    if kinds <= {"integer", "number"} and kinds:
        return _number(text, whole=kinds == {"integer"})
    if kinds == {"string", "integer"}:
        digits = text.strip()
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else text
    if kinds and kinds <= {"string"}:
        return text
    return _json(text)


def written(value: Any, schema: Mapping[str, Any]) -> str:
    """The text of a value."""
    if value is NOTHING:
        return ""
    if isinstance(value, str):
        takes_words = kinds_of(schema) & {"string", "array"} or read(value, schema) == value
        return _drawable(value if takes_words else json.dumps(value, ensure_ascii=False))
    items = schema.get("items") or {}
    if isinstance(value, list) and items.get("type") == "string" and _all(value, str):
        return _drawable("\n".join(value))
    if isinstance(value, list) and items.get("type") == "integer" and _all(value, int):
        return ", ".join(map(str, value))
    return _drawable(_dumped(value))


def wordy(schema: Mapping[str, Any]) -> bool:
    """Whether a field's text has several lines."""
    kinds = kinds_of(schema)
    return bool(kinds & {"object"} or (schema.get("items") or {}).get("type") == "string")


def _all(values: list[Any], kind: type) -> bool:
    return all(isinstance(one, kind) and not isinstance(one, bool) for one in values)


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return str(type(value).__name__)


def _drawable(text: str) -> str:
    """Without half characters, which no page can be sent."""
    return text.encode("utf-8", "replace").decode() if _halves(text) else text


def _halves(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)


def _listed(text: str, items: Mapping[str, Any]) -> Any:
    if text.lstrip().startswith("["):
        return _json(text)
    if items.get("type") == "integer":
        words = text.replace(",", " ").split()
        numbers = [_number(word, whole=True) for word in words]
        return text if any(isinstance(one, str) for one in numbers) else numbers
    return [line.strip() for line in text.splitlines() if line.strip()]


def _number(text: str, *, whole: bool) -> Any:
    if not _NUMBER.fullmatch(text):
        return text
    try:
        return int(text)
    except ValueError:
        found = float(text)
    if not math.isfinite(found):
        return text
    return int(found) if whole and found.is_integer() else found


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        pass
    if text.lstrip()[:1] in '{["':
        return text
    found = _number(text, whole=False)
    return text if isinstance(found, str) else found


def _no_constant(name: str) -> NoReturn:
    # What is typed stays a text then, of which the check says why it is refused.
    raise ValueError(name)
