"""All that a view of a run shows at one moment."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from rl_widgets.view.catalogue import Group
from rl_widgets.view.charts.curve import Curve
from rl_widgets.view.children import ChildRow
from rl_widgets.view.diagnosis import Finding
from rl_widgets.view.events import Event
from rl_widgets.view.facts import Fact
from rl_widgets.view.failure import Failure
from rl_widgets.view.header import Header
from rl_widgets.view.logs.tail import LogTail
from rl_widgets.view.progress import Criterion


@dataclass(frozen=True)
class RunView:
    """A run in words and numbers; `revision` grows with each one that says something new.

    `trouble` is a sentence while the record cannot be read; the rest is then as it was last seen.
    """

    revision: int
    header: Header
    failure: Failure | None
    warnings: tuple[str, ...]
    facts: tuple[Fact, ...]
    criteria: tuple[Criterion, ...]
    children: tuple[ChildRow, ...]
    groups: tuple[Group, ...]
    curve: Curve
    chart_message: str
    log: LogTail
    events: tuple[Event, ...] = ()
    trouble: str = ""
    #: One sentence on what limits the run; '' where nothing is known of it.
    limit: str = ""
    #: What is unusual about how it learns.
    findings: tuple[Finding, ...] = ()

    @property
    def final(self) -> bool:
        """Whether the run has ended."""
        return self.header.final

    def fact(self, name: str) -> str:
        """The text of one of the facts, '—' where there is none."""
        return next((fact.text for fact in self.facts if fact.name == name), "—")

    def summary(self) -> str:
        """The facts on one line."""
        known = [fact for fact in self.facts if fact.text != "—"]
        return " · ".join(f"{fact.label} {fact.text}" for fact in known)

    def with_trouble(self, sentence: str) -> RunView:
        """The same, with why it cannot be brought up to date."""
        return replace(self, trouble=sentence)

    def as_dict(self) -> dict[str, Any]:
        """Everything as dicts, lists, texts and numbers; gaps of the curve are None."""
        found: dict[str, Any] = _plain(asdict(self))
        found["log"]["lines"] = self.log.plain()
        found["summary"] = self.summary()
        return found


def _plain(value: Any) -> Any:
    """The same with lists in place of arrays, and None for what is no number."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
