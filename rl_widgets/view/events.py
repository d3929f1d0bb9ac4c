"""What happened in a run and belongs on its curves: checkpoints, videos, lost nodes, resumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rl_widgets.store.logger import EVENTS
from rl_widgets.store.metrics import Payload
from rl_widgets.view import wording

#: The kinds that views know, with the letter that marks each on a curve.
KINDS = {
    "checkpoint": "C",
    "video": "V",
    "node_lost": "!",
    "resumed": "R",
    "target_reached": "★",
}


@dataclass(frozen=True)
class Event:
    """One thing that happened; `time` in seconds since the epoch, `details` as it was logged."""

    id: int
    kind: str
    text: str
    time: float
    attempt: int
    iteration: float | None
    env_steps: float | None
    details: Mapping[str, Any] = field(default_factory=dict)


def event(name: str, point: Payload) -> Event | None:
    """The event of a point of the series `name`; None where its payload is no event's."""
    if not isinstance(point.payload, Mapping):
        return None
    return Event(
        id=point.id,
        kind=wording.shown(name.removeprefix(EVENTS), 40),
        text=wording.shown(str(point.payload.get("text", "")), 300),
        time=point.time,
        attempt=point.attempt,
        iteration=point.step,
        env_steps=point.env_steps,
        details=point.payload,
    )
