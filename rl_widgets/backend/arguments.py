"""`script_params` as the argument list of the entry script, read as a shell would read it."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping
from typing import Any

from rl_widgets.store.errors import UserError


def to_argv(script_params: Mapping[str, Any]) -> list[str]:
    """The arguments in order. `""` and None are bare flags, numbers become text, dicts and lists
    JSON; a text loses its outer quotes, and one with spaces and no quotes becomes several
    arguments, unless it is JSON.

    Raises `UserError` for names that are no text, broken quotes and broken JSON.
    """
    argv: list[str] = []
    for name, value in script_params.items():
        if not isinstance(name, str) or not name.strip():
            raise UserError(
                f"The names in script_params are texts such as '--run', not {name!r:.60}."
            )
        argv.append(name)
        argv += _values(name, value)
    return argv


def json_of(script_params: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """The JSON object that a parameter holds, or None where it holds something else."""
    if name not in script_params:
        return None
    values = _values(name, script_params[name])
    if len(values) != 1:
        return None
    try:
        found = json.loads(values[0])
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _values(name: str, value: Any) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, (dict, list)):
        try:
            return [json.dumps(value, allow_nan=False)]
        except (TypeError, ValueError) as error:
            raise UserError(
                f"script_params[{name!r}] cannot be written as JSON: {error}."
            ) from error
    if isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"script_params[{name!r}] is {value}, which no script can read.")
    if isinstance(value, (bool, int, float)):
        return [str(value)]
    if not isinstance(value, str):
        raise UserError(
            f"script_params[{name!r}] is a text, a number, a dict or a list, not "
            f"{type(value).__name__}."
        )
    if "\0" in value:
        raise UserError(f"script_params[{name!r}] has a NUL character, which no argument can hold.")
    words = [value] if _is_json(name, value) else _split(name, value)
    for word in words:
        _is_json(name, word)
    return words


def _split(name: str, value: str) -> list[str]:
    try:
        words = shlex.split(value)
    except ValueError as error:
        raise UserError(
            f"script_params[{name!r}] cannot be read as a shell would read it ({error}): "
            f"{value!r:.120}"
        ) from error
    return words or [""]


def _is_json(name: str, text: str) -> bool:
    """Whether a text is JSON; one that begins as an object or a list has to be."""
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(
            f"script_params[{name!r}] is no valid JSON: {error.msg} in line {error.lineno}, column "
            f"{error.colno} of {text[:200]}"
        ) from error
    return True
