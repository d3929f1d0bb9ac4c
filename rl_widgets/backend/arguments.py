"""`script_params` as the argument list of the entry script, read as a shell would read it."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from rl_widgets.store.errors import UserError

#: By name, or as the finished list of arguments.
ScriptParams = Mapping[str, Any] | Sequence[str]


def to_argv(script_params: ScriptParams) -> list[str]:
    """The arguments in order. `""` and None are bare flags, numbers become text, dicts and lists
    JSON; a text loses its outer quotes, and one with spaces and no quotes becomes several
    arguments, unless it is JSON.

    Raises `UserError` for names that are no text, broken quotes and broken JSON.
    """
    if not isinstance(script_params, Mapping):
        return _finished(script_params)
    argv: list[str] = []
    for name, value in script_params.items():
        if not isinstance(name, str) or not name.strip():
            raise UserError(
                f"The names in script_params are texts such as '--run', not {name!r:.60}."
            )
        argv.append(name)
        argv += _values(name, value)
    return argv


def json_of(script_params: ScriptParams, name: str) -> dict[str, Any] | None:
    """The JSON object that a parameter holds, or None where it holds something else."""
    argv = to_argv(script_params)
    value = next((a.partition("=")[2] for a in argv if a.startswith(f"{name}=")), None)
    if value is None and name in argv[:-1]:
        value = argv[argv.index(name) + 1]
    if value is None:
        return None
    try:
        found = json.loads(value)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _finished(arguments: Sequence[str]) -> list[str]:
    if isinstance(arguments, (str, bytes)) or not all(isinstance(a, str) for a in arguments):
        raise UserError("script_params is a dict of names and values, or a list of texts.")
    if any("\0" in a for a in arguments):
        raise UserError("script_params has a NUL character, which no argument can hold.")
    return list(arguments)


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
