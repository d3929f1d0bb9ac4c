"""The errors of the record, and the root of all errors of this package.

Each carries one sentence for a person: what happened, why, and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class RLWidgetsError(Exception):
    """Root of every error that this package raises on purpose."""


class UserError(RLWidgetsError, ValueError):
    """What was asked for cannot be: a wrong name, type, bound, file or setting."""


class FieldError(UserError):
    """A field of what a person filled in cannot be; `field` is its name, with dots into it.

    `errors` has it and the other fields that are wrong: a sentence by name.
    """

    def __init__(
        self, sentence: str, field: str, others: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        super().__init__(sentence)
        self.field = field
        self.errors = {field: sentence, **others}


class StoreError(RLWidgetsError):
    """The record could not be read or written (disk full, no permission, locked, damaged)."""


class SchemaError(StoreError):
    """The record was written by a newer version of this package than the one that opens it."""


class NotFoundError(RLWidgetsError, KeyError):
    """There is no run, experiment, metric or file of that name."""

    def __str__(self) -> str:
        # KeyError would show the sentence's repr, quotes and all.
        return str(self.args[0]) if self.args else ""


class ConflictError(RLWidgetsError):
    """What was asked for is at odds with what is going on, such as deleting a target in use."""
