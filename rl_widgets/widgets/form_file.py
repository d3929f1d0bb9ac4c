"""A form's values as a YAML file."""

from __future__ import annotations

import os
from typing import Any

from rl_widgets.fields.specification import Fields, fields_of, unknown
from rl_widgets.forms import document
from rl_widgets.forms.checking import Checked
from rl_widgets.store.errors import FieldError, UserError


def load(cls: type[Fields], path: str | os.PathLike[str]) -> dict[str, Any]:
    """The values of a file. Raises `UserError` with line and column of what cannot be read, and of
    names that no field has."""
    found = document.load(os.fspath(path))
    known = fields_of(cls)
    strange = {name: unknown(name, known) for name in found.values if name not in known}
    if strange:
        raise UserError("\n".join(found.located(strange)))
    return found.values


def save(cls: type[Fields], checked: Checked, path: str | os.PathLike[str]) -> None:
    """Write a file of values that are not their field's default. Raises `UserError`."""
    for name, sentence in checked.errors.items():
        raise FieldError(sentence, name)
    document.save(checked.values, os.fspath(path), cls)
