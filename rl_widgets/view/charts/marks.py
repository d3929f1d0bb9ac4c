"""What happened in a run, as marks on its curve."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rl_widgets.view import wording
from rl_widgets.view.events import Event
from rl_widgets.view.series import Floats

#: Marks of one kind that lie nearer than this share of the axis become one.
_NEAR = 1 / 60

#: The tab that tells more about an event of each kind; '' where none does.
TABS = {
    "checkpoint": "Checkpoints",
    "video": "Episodes",
    "node_lost": "Logs",
    "resumed": "Logs",
    "target_reached": "",
}


#: Units of the axis of time, by their seconds.
TIME_UNITS = {1.0: "s", 60.0: "min", 3600.0: "h"}


@dataclass(frozen=True)
class EventLook:
    """How the marks of a kind look: bqplot's marker, the like of it in text, a colour, a word."""

    marker: str
    symbol: str
    colour: str
    word: str


EVENT_LOOKS = {
    "checkpoint": EventLook("diamond", "◆", "#a06be0", "checkpoint"),
    "video": EventLook("square", "■", "#22a6b3", "video"),
    "resumed": EventLook("triangle-up", "▲", "#e08a2e", "resumed"),
    "node_lost": EventLook("cross", "✚", "#e0525f", "node lost"),
    "target_reached": EventLook("circle", "●", "#2fa35f", "target reached"),
}


@dataclass(frozen=True)
class EventMark:
    """An event at its place: x in the axis' units, y on the line (NaN where there is none yet).

    `count` events of the kind are so near to each other that this one, the newest, stands for
    them; `text` says so. A click shows in the tab `opens` what it stands for: `thing` is the path
    of a checkpoint or a video, the name of a node; `event` the event's id, 0 where none told it.
    """

    kind: str
    x: float
    y: float
    text: str
    opens: str
    count: int = 1
    thing: str = ""
    event: int = 0


@dataclass(frozen=True)
class Places:
    """Where on an axis things are: shape (n,) each, in the order of x; `time` since the epoch.

    `begins` are (place, attempt) of the attempts that took over from an earlier one; `unit` is
    how many env steps, iterations or seconds one unit of the axis is; `started` is the time at
    which the axis of time begins.
    """

    axis: str
    x: Floats
    y: Floats
    time: Floats
    begins: tuple[tuple[float, int], ...] = ()
    unit: float = 1.0
    started: float = 0.0

    def of(self, event: Event) -> float:
        """The event's place, NaN where nothing tells it."""
        own = {
            "env_steps": event.env_steps,
            "iteration": event.iteration,
            "time": event.time - self.started,
        }[self.axis]
        if own is not None:
            return own / self.unit
        if not len(self.x):
            return float("nan")
        order = np.argsort(self.time, kind="stable")
        at = int(np.searchsorted(self.time[order], event.time, side="right")) - 1
        return float(self.x[order[max(at, 0)]])


def at_words(axis: str, unit: float, title: str, x: float | None) -> str:
    """A place in words: 'at env steps 1,240,000', 'at 12.4 min'."""
    if axis == "time":
        return f"at {wording.number(x)} {TIME_UNITS.get(unit, '')}"
    return f"at {title} {wording.count(x)}"


def marks(
    events: Iterable[Event], places: Places, drawn: Floats, target: float | None, title: str
) -> tuple[EventMark, ...]:
    """A mark for each event whose kind belongs on a curve, in the order of x.

    They lie on the line `drawn`, which is `places.y` or smoother.
    Two are found in the line itself: where it first reaches `target`, and where a new attempt
    begins of which no event tells.
    """
    found: list[tuple[str, float, str, str, int]] = []
    told = set()
    for event in events:
        if event.kind not in EVENT_LOOKS:
            continue
        x = places.of(event)
        if np.isfinite(x):
            found.append((event.kind, x, event.text, _thing(event), event.id))
        if event.kind == "resumed":
            told.add(event.attempt)
    found += [
        ("resumed", x, f"Attempt {attempt} begins.", "", 0)
        for x, attempt in places.begins
        if attempt not in told
    ]
    if target is not None and not any(one[0] == "target_reached" for one in found):
        with np.errstate(invalid="ignore"):
            reached = np.flatnonzero(places.y >= target)
        if len(reached):
            text = f"The target of {wording.goal(target)} is reached."
            found.append(("target_reached", float(places.x[reached[0]]), text, "", 0))
    found.sort(key=lambda one: one[1])
    heights = _heights(places.x, drawn, [one[1] for one in found])
    return tuple(
        EventMark(
            kind=kind,
            x=x,
            y=y,
            text=f"{text or EVENT_LOOKS[kind].word.capitalize()} · "
            f"{at_words(places.axis, places.unit, title, x)}",
            opens=TABS[kind],
            thing=thing,
            event=event_id,
        )
        for (kind, x, text, thing, event_id), y in zip(found, heights, strict=True)
    )


def grouped(found: Sequence[EventMark], low: float, high: float) -> tuple[EventMark, ...]:
    """The marks between `low` and `high`; of those that would hide each other the newest."""
    near = (high - low) * _NEAR
    kinds: dict[str, list[list[EventMark]]] = defaultdict(list)
    for mark in found:
        if not low <= mark.x <= high:
            continue
        groups = kinds[mark.kind]
        if groups and mark.x - groups[-1][0].x < near:
            groups[-1].append(mark)
        else:
            groups.append([mark])
    return tuple(_newest(group) for groups in kinds.values() for group in groups)


def _thing(event: Event) -> str:
    what = event.details.get({"node_lost": "node"}.get(event.kind, "path"))
    return what if isinstance(what, str) else ""


def _newest(group: list[EventMark]) -> EventMark:
    mark = group[-1]
    if len(group) == 1:
        return mark
    return replace(mark, text=f"{mark.text} (and {len(group) - 1} more)", count=len(group))


def _heights(x: Floats, y: Floats, wanted: Sequence[float]) -> list[float]:
    known = np.isfinite(y)
    if not known.any() or not len(wanted):
        return [float("nan")] * len(wanted)
    heights: list[float] = np.interp(wanted, x[known], y[known]).tolist()
    return heights
