"""Widgets that answer while the kernel is busy with a cell."""

from __future__ import annotations

import ipywidgets


def answer_while_busy(*widgets: ipywidgets.Widget) -> None:
    """Have what comes from the page for these widgets handled where the page sends it.

    JupyterLab (4.4 and newer) sends it to a subshell, a thread beside the one that runs cells.
    ipykernel 7.4 redirects it to the shell in which the widget last spoke, which for a widget made
    by a cell is the very one that is busy, as in `show(); run.wait_for_completion()`. A comm
    without that redirection keeps the page's choice; elsewhere the attribute means nothing.
    """
    for widget in widgets:
        if widget.comm is not None:
            widget.comm._reply_subshell_for = None
