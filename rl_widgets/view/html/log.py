"""The lines of a log as HTML, with what was searched for marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rl_widgets.view.escape import escape
from rl_widgets.view.logs.page import LogLine
from rl_widgets.view.logs.tail import Segment

#: Characters of a line, by its offset, that were found.
Places = Mapping[int, "tuple[int, int]"]


def lines(some: Iterable[LogLine], places: Places | None = None, here: int | None = None) -> str:
    """Lines in their colours; `here` is the offset of the one that a person has jumped to."""
    shown = []
    for line in some:
        place = places.get(line.offset) if places else None
        if place is None:
            text = "".join(map(segment, line.segments))
        else:
            text = _marked(line.segments, *place)
        if line.offset == here:
            text = f'<span class="rlw-here">{text}</span>'
        shown.append(text)
    return "\n".join(shown)


def segment(some: Segment) -> str:
    """One piece of a line in its style."""
    classes = [f"rlw-ansi-{some.colour}"] if some.colour else []
    classes += ["ansi-bold"] if some.bold else []
    text = escape(some.text)
    return f'<span class="{" ".join(classes)}">{text}</span>' if classes else text


def _marked(segments: Iterable[Segment], first: int, last: int) -> str:
    """Segments with the characters from `first` to before `last` in a mark."""
    parts = []
    at = 0
    for some in segments:
        text = some.text
        begin, end = max(0, first - at), max(0, last - at)
        before, inside, after = text[:begin], text[begin:end], text[max(begin, end) :]
        for part, marked in ((before, False), (inside, True), (after, False)):
            if part:
                drawn = segment(Segment(part, some.colour, some.bold))
                parts.append(f"<mark>{drawn}</mark>" if marked else drawn)
        at += len(text)
    return "".join(parts)
