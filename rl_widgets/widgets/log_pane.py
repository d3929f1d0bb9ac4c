"""The lines of a log in a box that scrolls."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets
from ipywidgets.widgets.widget_string import HTMLStyle

from rl_widgets.view.html import log as html_log
from rl_widgets.view.html.log import Places
from rl_widgets.view.logs.page import LINES, LogLine
from rl_widgets.widgets.panel import set_value

#: Lines of one block. Of a log that grows, only the blocks that change are sent.
_BLOCK = 200
_BLOCKS = 2 * LINES // _BLOCK


class LogPane:
    """`widget` shows up to 2,000 lines, as blocks: what a person has selected in one stays."""

    def __init__(self) -> None:
        layout, style = ipywidgets.Layout(), HTMLStyle()
        self._blocks = [ipywidgets.HTML(layout=layout, style=style) for _ in range(_BLOCKS)]
        self._drawn: list[object] = [None] * _BLOCKS
        lines = ipywidgets.VBox(self._blocks)
        lines.add_class("rlw-log-lines")
        #: The box that scrolls; with the keyboard, too.
        self._box = ipywidgets.Box([lines], tabbable=True)
        self._box.add_class("rlw-log")
        self._box.add_class("rlw-log-live")
        self.widget = ipywidgets.Box([self._box])
        self.widget.add_class("rlw-log-pane")

    def show(
        self,
        lines: Sequence[LogLine],
        base: object,
        places: Places | None = None,
        here: int | None = None,
    ) -> int:
        """Show lines and return how many characters were sent.

        While `base` is the same, lines are only added at the end, and the last may change.
        """
        sent = 0
        for i, block in enumerate(self._blocks):
            last = None if i == _BLOCKS - 1 else (i + 1) * _BLOCK
            some = lines[i * _BLOCK : last]
            found = tuple(line.offset for line in some if places and line.offset in places)
            # The last line of all may yet grow.
            whole = len(some) if len(lines) > (i + 1) * _BLOCK else some[-1:]
            key = (base, whole, len(some), found, here)
            if key == self._drawn[i]:
                continue
            self._drawn[i] = key
            text = html_log.lines(some, places, here)
            # A line's end that closes a block is not shown: an empty last line has its own.
            value = f'<div class="rlw-lines">{text}\n</div>' if some else ""
            if value != block.value:
                sent += len(value)
                set_value(block, value=value)
        return sent

    def scroll_to(self, end: bool) -> None:
        """Show the other lines from their end, or from their beginning."""
        # A box that scrolls keeps its place; one that is made anew has none.
        self.widget.children = ()
        if end:
            self._box.add_class("rlw-log-live")
        else:
            self._box.remove_class("rlw-log-live")
        self.widget.children = (self._box,)
