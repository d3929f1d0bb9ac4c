"""What a form says, as plain data: for the HTML and the text that a saved notebook keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FormHeader:
    """The state of a form, in words."""

    status: str


@dataclass(frozen=True)
class FormView:
    """`rows` are labels with values, `errors` labels with sentences, `svg` the cluster's picture.

    `again` is the code that shows a run that was submitted, or ''.
    """

    title: str
    header: FormHeader
    rows: tuple[tuple[str, str], ...]
    errors: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    code: str = ""
    svg: str = ""
    runs: tuple[str, ...] = ()
    again: str = ""
    trouble: str = ""
    revision: int = 0
    #: A form never ends.
    final: bool = False
