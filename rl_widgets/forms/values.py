"""Fields whose values are JSON: settings, stop criteria, seeds, and what is varied."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from rl_widgets.fields.mapping import ReadOnly
from rl_widgets.fields.trait import Field, shown
from rl_widgets.store.mistakes import json_mistake
from rl_widgets.store.text import storable

MOST_SEEDS = 50
_LARGEST_SEED = 2**31 - 1
_DEEPEST = 50


class Json(Field):
    """An object of JSON, or the text of one: a mistake in it is shown by line and column."""

    json_type = "object"

    def converted(self, value: Any) -> Any:
        if isinstance(value, str):
            value = self._read(value)
        if not isinstance(value, Mapping):
            raise self.says("an object", value)
        self._check(value, 0)
        return ReadOnly(value)

    def _read(self, text: str) -> Any:
        if not text.strip():
            return {}
        try:
            return json.loads(text, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            where = json_mistake(text, error).splitlines()[0]
            raise self.refuses(f"{self.name} is {where}") from None
        except (ValueError, RecursionError) as error:
            raise self.refuses(f"{self.name}: {error}.") from None

    def _check(self, value: Any, depth: int) -> None:
        if depth > _DEEPEST:
            raise self.refuses(f"{self.name} has more than {_DEEPEST} levels.")
        if isinstance(value, Mapping):
            for name, one in value.items():
                if not isinstance(name, str) or not storable(name):
                    raise self.refuses(f"{self.name}: {shown(name)} is no name; names are texts.")
                self._check(one, depth + 1)
        elif isinstance(value, (list, tuple)):
            for one in value:
                self._check(one, depth + 1)
        elif isinstance(value, float) and not math.isfinite(value):
            raise self.refuses(f"{self.name} holds {value}; JSON has finite numbers only.")
        elif isinstance(value, str):
            if not storable(value):
                raise self.refuses(f"{self.name} holds a text with NUL or half characters.")
        elif value is not None and not isinstance(value, (bool, int, float)):
            raise self.refuses(f"{self.name} holds {shown(value)}, which JSON cannot.")

    def schema(self) -> dict[str, Any]:
        return {"type": ["object", "string", "null"], "additionalProperties": True}


class Stop(Json):
    """Stop criteria: numbers by the names of results."""


class Seeds(Field):
    """Whole numbers, one run for each; one number alone is a list of one."""

    json_type = "array"

    def converted(self, value: Any) -> list[int]:
        self.check_json(value)
        given = list(value) if isinstance(value, (list, tuple)) else [value]
        wrong = [
            one
            for one in given
            if isinstance(one, bool) or not isinstance(one, int) or not 0 <= one <= _LARGEST_SEED
        ]
        if wrong:
            raise self.refuses(
                f"{self.name} are whole numbers from 0 to {_LARGEST_SEED:,}, not {shown(wrong[0])}."
            )
        if len(set(given)) != len(given) or len(given) > MOST_SEEDS:
            raise self.refuses(
                f"{self.name} are up to {MOST_SEEDS} different numbers, not {shown(given)}."
            )
        return given

    def schema(self) -> dict[str, Any]:
        return {
            "type": ["array", "integer", "null"],
            "items": {"type": "integer", "minimum": 0, "maximum": _LARGEST_SEED},
            "maxItems": MOST_SEEDS,
        }


class Vary(Json):
    """One or two settings with a list of values each: a run for each of them."""

    def converted(self, value: Any) -> Any:
        found = super().converted(value)
        if len(found) > 2:
            raise self.refuses(f"{self.name} has {len(found)} settings; one or two can be varied.")
        for name, values in found.items():
            if not isinstance(values, (list, tuple)) or not values:
                raise self.refuses(
                    f"{self.name}.{name} is a list of values, such as [0.001, 0.0001], not "
                    f"{shown(values)}.",
                    name,
                )
        return ReadOnly({name: list(values) for name, values in found.items()})


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number that JSON knows; give a finite one")
