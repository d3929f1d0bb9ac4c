"""What a sentence on a wrong value shows of it."""

from __future__ import annotations

import json
from typing import Any

#: Characters of a refused value that a sentence shows.
_SHOWN = 60


def shown(value: Any) -> str:
    """A value as a sentence shows it: its literal, cut."""
    try:
        return f"{value!r:.{_SHOWN}}"
    except (ValueError, RecursionError):  # a number of over 4,300 digits, or endless levels
        return f"a {type(value).__name__} too long to be shown"


def json_mistake(text: str, error: json.JSONDecodeError) -> str:
    """Where and why a text is no JSON, with the place shown beneath."""
    lines = text.splitlines() or [""]
    line = lines[min(error.lineno, len(lines)) - 1]
    start = max(0, error.colno - 31)
    shown_part = line[start : error.colno + 29]
    hint = ""
    if text.startswith("'") or "'" in shown_part:
        hint = " JSON puts names and text in double quotes."
    elif any(word in text for word in ("True", "False", "None")):
        hint = " JSON writes true, false and null."
    return (
        f"not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}.{hint}\n"
        f"  {shown_part}\n  {' ' * (error.colno - 1 - start)}^"
    )


def mistake_in(value: Any) -> str:
    """As `json_mistake` in one line, of a text that begins as an object or a list of JSON and is
    none; else ''."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return ""
    try:
        json.loads(value)
    except json.JSONDecodeError as error:
        return json_mistake(value, error).splitlines()[0]
    except (ValueError, RecursionError):
        pass
    return ""
