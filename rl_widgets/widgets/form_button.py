"""A button of a form."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets

from rl_widgets.widgets.subshells import answer_while_busy


def button(
    words: str, tooltip: str, on_click: Callable[[], None], style: str = ""
) -> ipywidgets.Button:
    """A button that is answered while a cell runs; `on_click` is called on any thread."""
    made = ipywidgets.Button(description=words, tooltip=tooltip, button_style=style)
    made.on_click(lambda _: on_click())
    answer_while_busy(made)
    return made
