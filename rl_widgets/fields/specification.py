"""An object with fields: what it is made of, and which values cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import traitlets

from rl_widgets.fields.trait import Field, shown
from rl_widgets.store.errors import FieldError
from rl_widgets.store.nearest import nearest

#: Fields that a sentence names; an algorithm has hundreds.
_LISTED = 40


class Fields(traitlets.HasTraits):
    """A configurable object, whose traits are its fields.

    Raises `FieldError` for values that cannot be, at construction and at each assignment.
    """

    #: What a form of it is called, and what it is.
    title = ""
    about = ""
    #: Groups in the order in which a form shows them; those not named here come after.
    groups: tuple[str, ...] = ()
    #: Values with which a new form begins; {} for none.
    begins: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, **values: Any) -> None:
        checked, errors = collect(type(self), values)
        for name, sentence in errors.items():
            raise FieldError(sentence, name)
        super().__init__(**checked)

    @classmethod
    def across(cls, values: Mapping[str, Any], errors: dict[str, str]) -> None:
        """Add what is wrong between fields; `values` has all fields but those of `errors`."""


def fields_of(cls: type[traitlets.HasTraits]) -> dict[str, Field]:
    """The fields of a class by name, in their order."""
    found = [(n, t) for n, t in cls.class_traits().items() if isinstance(t, Field)]
    groups = getattr(cls, "groups", ())
    places = {group: place for place, group in enumerate(groups)}
    found.sort(key=lambda item: (places.get(item[1].group, len(places)), item[1].order))
    return dict(found)


def collect(cls: type[Fields], values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values that can be, converted, with the defaults of fields that are not given or None;
    and a sentence for each field that cannot."""
    known = fields_of(cls)
    errors = {name: unknown(name, known) for name in map(str, values) if name not in known}
    found: dict[str, Any] = {}
    for name, field in known.items():
        given = values.get(name)
        if given is None and not field.required:
            found[name] = field.default()
        elif given is None and field.needed:
            errors[name] = f"{name} is needed: {field.needed}."
        else:
            try:
                found[name] = field.check(given)
            except FieldError as error:
                errors |= error.errors
    cls.across(found, errors)
    return found, errors


def unknown(name: str, known: Mapping[str, Any]) -> str:
    """The sentence for a name that no field has."""
    listed = ", ".join([*known][:_LISTED]) + (" and others" if len(known) > _LISTED else "")
    return f"There is no field {shown(name)}.{nearest(name, known) or f' There are {listed}.'}"
