"""The trait of a field: it carries all that a form draws, and says why it refuses a value."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

import traitlets

from rl_widgets.store.errors import FieldError
from rl_widgets.store.mistakes import mistake_in
from rl_widgets.store.mistakes import shown as shown
from rl_widgets.store.text import storable

_order = itertools.count()


class Field(traitlets.TraitType[Any, Any]):
    """A value of one field. `check` returns it converted, or raises `FieldError`.

    `optional`: None is allowed. `needed` says what is missing where a required one is not given.
    Fields are drawn in the order in which they are written down, one `group` after the other;
    `advanced` ones only when asked for. One that is not `drawn` a form keeps as it is.
    """

    #: The type in JSON Schema; None takes any.
    json_type: str | None = None

    def __init__(
        self,
        default: Any = None,
        *,
        label: str,
        help: str = "",
        unit: str = "",
        group: str = "",
        optional: bool = False,
        needed: str = "",
        advanced: bool = False,
        drawn: bool = True,
        examples: Sequence[Any] = (),
    ) -> None:
        super().__init__(default, help=help)
        self.order = next(_order)
        self.label, self.unit, self.group = label, unit, group
        self.optional, self.needed, self.advanced = optional, needed, advanced
        self.drawn, self.examples = drawn, tuple(examples)

    @property
    def required(self) -> bool:
        """Whether there is no object without it."""
        return not self.optional and self.default() is None

    def validate(self, obj: Any, value: Any) -> Any:
        """What traitlets calls at each assignment."""
        return self.check(value)

    def check(self, value: Any) -> Any:
        """The value, converted. Raises `FieldError`."""
        if value is None and self.optional:
            return None
        return self.converted(value)

    def converted(self, value: Any) -> Any:
        """As `check`, for what is not None or may not be."""
        raise NotImplementedError

    def says(self, what: str, value: Any) -> FieldError:
        """`<name> is <what>, not <value>.`"""
        return self.refuses(f"{self.name} is {what}, not {shown(value)}.")

    def refuses(self, sentence: str, inside: str = "") -> FieldError:
        """An error of this field, or of what is `inside` of it."""
        return FieldError(sentence, f"{self.name}.{inside}" if inside else str(self.name))

    def check_json(self, value: Any) -> None:
        """Raises `FieldError` with line and column for a text that is meant as JSON and is none."""
        if mistake := mistake_in(value):
            raise self.refuses(f"{self.name} is {mistake}")

    def schema(self) -> dict[str, Any]:
        """Bounds and choices in JSON Schema's words."""
        return {}


class Whole(Field):
    """A whole number from `low` to `high`."""

    json_type = "integer"

    def __init__(
        self,
        default: int | None = None,
        *,
        low: int,
        high: int,
        floats: bool = False,
        **about: Any,
    ) -> None:
        super().__init__(default, **about)
        self.low, self.high, self.floats = low, high, floats

    def converted(self, value: Any) -> int:
        if self.floats and isinstance(value, float) and value.is_integer():
            value = int(value)
        wrong = isinstance(value, bool) or not isinstance(value, int)
        if wrong or not self.low <= value <= self.high:
            raise self.says(f"a whole number from {self.low} to {self.high:,}", value)
        return int(value)

    def schema(self) -> dict[str, Any]:
        return {"minimum": self.low, "maximum": self.high}


class Number(Field):
    """A number from `low` to `high`."""

    json_type = "number"

    def __init__(
        self, default: float | None = None, *, low: float, high: float, **about: Any
    ) -> None:
        super().__init__(default, **about)
        self.low, self.high = low, high

    def converted(self, value: Any) -> float:
        wrong = isinstance(value, bool) or not isinstance(value, (int, float))
        if wrong or not self.low <= value <= self.high:
            unit = f" ({self.unit})" if self.unit else ""
            raise self.says(f"a number from {self.low:g} to {self.high:,}{unit}", value)
        return value  # type: ignore[no-any-return]

    def schema(self) -> dict[str, Any]:
        return {"minimum": self.low, "maximum": self.high}


class Flag(Field):
    """True or False."""

    json_type = "boolean"

    def converted(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise self.says("True or False", value)
        return value


class Choice(Field):
    """One of some texts."""

    json_type = "string"

    def __init__(self, default: str | None, choices: Sequence[str], **about: Any) -> None:
        super().__init__(default, **about)
        self.choices = tuple(choices)

    def converted(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise self.says(" or ".join(map(repr, self.choices)), value)
        return value

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.choices)}


class Text(Field):
    """A text of at most `longest` characters; `pattern` has to be all of it.

    `refusal` is the sentence for another, beginning after the value.
    """

    json_type = "string"

    def __init__(
        self,
        default: str | None = None,
        *,
        longest: int = 100_000,
        pattern: str = "",
        refusal: str = "",
        **about: Any,
    ) -> None:
        super().__init__(default, **about)
        self.longest, self.refusal = longest, refusal
        self.pattern = re.compile(pattern) if pattern else None

    def converted(self, value: Any) -> str:
        plain = isinstance(value, str) and (
            self.pattern.fullmatch(value) is not None if self.pattern else storable(value)
        )
        if not plain:
            if self.refusal:
                raise self.refuses(f"{shown(value)} {self.refusal}")
            raise self.says("a text without NUL and half characters", value)
        if len(value) > self.longest:
            raise self.refuses(
                f"{self.name} has {len(value):,} characters, at most {self.longest:,}."
            )
        return str(value)

    def schema(self) -> dict[str, Any]:
        found: dict[str, Any] = {"maxLength": self.longest}
        if self.pattern:
            found["pattern"] = f"^({self.pattern.pattern})$"
        return found
