"""All widgets of a view: those in the page, and those that have no place in it just now."""

from __future__ import annotations

import ipywidgets


def owned(*objects: object) -> list[ipywidgets.Widget]:
    """Every widget that objects of this package hold in attributes, and what those widgets show.

    ipywidgets keeps each widget, and all that it calls, until it is closed.
    """
    found: list[ipywidgets.Widget] = []
    # The objects too: an id is another's as soon as its object is gone.
    seen: dict[int, object] = {}
    waiting: list[object] = [*objects]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen[id(one)] = one
        if isinstance(one, ipywidgets.Widget):
            found.append(one)
            waiting += [getattr(one, name) for name in one.keys]
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, (list, tuple, set)):
            waiting += one
        elif type(one).__module__.startswith("rl_widgets.widgets."):
            waiting += vars(one).values()
    return found


def close_owned(*objects: object) -> None:
    """Close all of them, but for a view that is among the objects itself."""
    for widget in owned(*objects):
        if not any(widget is one for one in objects):
            widget.close()
