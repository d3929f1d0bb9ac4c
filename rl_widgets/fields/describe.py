"""The fields of a class as a subset of JSON Schema, from which any form can be drawn."""

from __future__ import annotations

from typing import Any

from rl_widgets.fields.specification import Fields, fields_of
from rl_widgets.fields.trait import Field


def describe(cls: type[Fields]) -> dict[str, Any]:
    """Type, title, description, default, bounds and choices of each field in its order.

    Beside JSON Schema's words: `x-order`, `x-group`, `x-unit`, and `x-advanced` for what a form
    shows only when asked. `examples` has the values with which a new form begins, `x-kept` the
    fields that a form draws no control for and keeps as they are.
    """
    fields = {name: field for name, field in fields_of(cls).items() if field.drawn}
    kept = {name: _about(field) for name, field in fields_of(cls).items() if not field.drawn}
    return {
        **({"examples": [dict(cls.begins)]} if cls.begins else {}),
        "type": "object",
        "title": cls.title,
        "description": cls.about,
        "properties": {
            name: {**_about(field), "x-order": i} for i, (name, field) in enumerate(fields.items())
        },
        "required": [name for name, field in fields.items() if field.required],
        **({"x-kept": kept} if kept else {}),
        "additionalProperties": False,
    }


def _about(field: Field) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if field.json_type is not None:
        found["type"] = [field.json_type, "null"] if field.optional else field.json_type
    # Sentences call a field by its name, wherever they are read.
    same = field.label.casefold().replace(" ", "_") == field.name
    name = "" if same else f"In code: {field.name}."
    found |= {"title": field.label, "description": f"{field.help} {name}".strip()}
    default = field.default()
    if default is not None:
        found["default"] = plain(default)
    found |= field.schema()
    if "enum" in found and field.optional:
        found["enum"] = [*found["enum"], None]
    if field.examples:
        found["examples"] = plain(field.examples)
    found["x-group"] = field.group
    if field.unit:
        found["x-unit"] = field.unit
    if field.advanced:
        found["x-advanced"] = True
    return found


def plain(value: Any) -> Any:
    """A default as JSON has it: tuples are lists."""
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value
