"""A run in a terminal: live where there is one, a line for each change where there is none."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rl_widgets.store.errors import StoreError
from rl_widgets.view.badge import Badge
from rl_widgets.view.charts import plot
from rl_widgets.view.logs.tail import Segment
from rl_widgets.view.reader import RunReader
from rl_widgets.view.run_view import RunView

if TYPE_CHECKING:
    from rl_widgets.run import Run

#: Seconds between two pictures in a terminal, and between two looks.
PERIOD = 0.5
#: Seconds between two looks at whether the run's supervisor lives.
_REFRESH = 3.0
#: Without a terminal a summary line is written at most this often.
_LINE_PERIOD = 5.0
_LOG_LINES = 6
_STYLES = {
    "waiting": "bold black on yellow",
    "active": "bold white on blue",
    "good": "bold black on green",
    "bad": "bold white on red",
    "stopped": "bold white on bright_black",
}


def watch(run: Run, *, stream: IO[str] | None = None) -> str:
    """Show a run until it has ended; returns its final state.

    Ctrl-C ends the watching, leaves the run alone and returns the state it is in. `stream` is
    where to write (default: standard output). Errors of the record are said and tried again.
    """
    console = Console(file=stream or sys.stdout)
    looker = _Looker(run)
    watcher = _watch_live if console.is_terminal else _watch_lines
    try:
        watcher(console, looker)
    except KeyboardInterrupt:
        console.print(
            f"\nThe watching has ended; the run goes on. "
            f"`rl-widgets watch {looker.view.header.run_id}` shows it again, "
            f"`rl-widgets cancel {looker.view.header.run_id}` ends it.",
            highlight=False,
            soft_wrap=True,
        )
    return looker.view.header.status


def print_runs(runs: Sequence[Run], *, stream: IO[str] | None = None) -> None:
    """A line for each run: id, state, times, reward."""
    console = Console(file=stream or sys.stdout)
    if not runs:
        _line(console, "There is no run yet: `rl-widgets submit SCRIPT` starts one.")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("run", "state", "submitted", "time", "reward"):
        # An id is there to be copied: it is never cut, a narrow terminal gets a longer line.
        table.add_column(name, no_wrap=True, overflow="ignore" if name == "run" else "ellipsis")
    for run in runs:
        view = RunReader.of(run).read()
        head = view.header
        table.add_row(
            Text(head.run_id), _badge(head.badge), head.created, head.timing, view.fact("reward")
        )
    if not console.is_terminal:
        console.width = 200
    console.print(table)


class _Looker:
    """Brings a view up to date at a steady pace."""

    def __init__(self, run: Run) -> None:
        self._workspace = run.workspace
        self._reader = RunReader.of(run)
        self._refreshed = time.monotonic()
        self._workspace.refresh(self._reader.run_id)
        self.view = self._reader.read()

    def look(self) -> RunView:
        try:
            now = time.monotonic()
            if now - self._refreshed >= _REFRESH:
                self._refreshed = now
                self._workspace.refresh(self._reader.run_id)
            self.view = self._reader.read()
        except StoreError as error:
            self.view = self.view.with_trouble(f"{error} Trying again; the run goes on.")
        return self.view


def _watch_live(console: Console, looker: _Looker) -> None:
    view = looker.view
    with Live(
        picture(view, console.width, console.height), console=console, auto_refresh=False
    ) as live:
        while not view.final:
            time.sleep(PERIOD)
            view = looker.look()
            live.update(picture(view, console.width, console.height), refresh=True)


def _watch_lines(console: Console, looker: _Looker) -> None:
    view, shown, summary, at = looker.view, "", "", 0.0
    said: set[str] = set()
    while True:
        head = view.header
        state = f"{head.name}: {head.badge.text}" + (f". {head.message}" if head.message else "")
        if state != shown:
            shown = state
            _line(console, state)
        for text in (*view.warnings, view.trouble):
            if text and text not in said:
                said.add(text)
                _line(console, text)
        for finding in view.findings:
            # Its figures change with each result; that it is there is said once.
            if finding.severity == "warning" and finding.name not in said:
                said.add(finding.name)
                _line(console, finding.sentence)
        facts = view.summary()
        due = time.monotonic() - at >= _LINE_PERIOD or view.final
        if facts and view.fact("iteration") + view.fact("reward") != summary and due:
            summary, at = view.fact("iteration") + view.fact("reward"), time.monotonic()
            _line(console, facts)
        if view.final:
            break
        time.sleep(PERIOD)
        view = looker.look()
    if view.failure is not None:
        _line(console, f"Why it failed: {view.failure.sentence}")
        if view.failure.place:
            _line(console, f"Where: {view.failure.place}")
    if view.header.timing:
        _line(console, view.header.timing)


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def picture(view: RunView, width: int, height: int) -> RenderableType:
    """The view as something that rich draws, cut to a terminal of `width` by `height`."""
    width = max(40, min(width, 110))
    inner = width - 4
    head = view.header
    parts: list[RenderableType] = []
    about = Text()
    about.append_text(_badge(head.badge))
    about.append(f"  {head.timing}", style="dim")
    parts.append(about)
    unusual = [f.sentence for f in view.findings if f.severity == "warning"]
    for sentence in (head.message, view.trouble, *view.warnings, *unusual):
        if sentence:
            parts.append(Text(sentence, style="yellow"))
    if view.failure is not None:
        place = f" ({view.failure.place})" if view.failure.place else ""
        parts.append(Text(f"{view.failure.sentence}{place}", style="bold red"))
        parts += [Text(line, style="red") for line in view.failure.traceback[-8:]]
    if view.summary():
        parts += [Text(), _facts(view)]
    if view.limit:
        parts.append(Text(view.limit, style="dim"))
    if view.criteria:
        parts.append(_criteria(view, inner))
    if view.children:
        parts += [Text(), _children(view)]
    parts.append(Text())
    if view.chart_message:
        parts.append(Text(view.chart_message, style="dim"))
    else:
        parts.append(Text(view.curve.sentence, style="dim", overflow="ellipsis", no_wrap=True))
        # What the rest of the terminal leaves, but never a plot that says nothing.
        lines = max(4, min(14, height - 22 - len(view.criteria)))
        drawn = plot.braille(view.curve, inner, lines)
        parts += [Text(line, style="cyan", no_wrap=True) for line in drawn]
    if view.curve.note:
        parts.append(Text(view.curve.note, style="yellow"))
    if view.log.lines and height >= 30:
        parts += [Text(), Text(view.log.name, style="dim")]
        parts += [_log_line(line) for line in view.log.lines[-_LOG_LINES:]]
    title = Text(f"{head.experiment} / {head.name}", style="bold")
    return Panel(Group(*parts), title=title, title_align="left", width=width, border_style="dim")


def _badge(badge: Badge) -> Text:
    return Text(f" {badge.text} ", style=_STYLES[badge.tone])


def _facts(view: RunView) -> Table:
    table = Table.grid(padding=(0, 3))
    known = [fact for fact in view.facts if fact.text != "—"]
    for _ in known:
        table.add_column()
    table.add_row(*(Text(fact.label, style="dim") for fact in known))
    table.add_row(*(Text(fact.text, style="bold") for fact in known))
    return table


def _criteria(view: RunView, width: int) -> Table:
    table = Table.grid(padding=(0, 2))
    bar = max(10, min(30, width - 40))
    for row in view.criteria:
        done = round((row.fraction or 0.0) * bar)
        blocks = Text("━" * done, style="green") + Text("─" * (bar - done), style="bright_black")
        table.add_row(Text(row.text, style="dim"), blocks)
    return table


def _children(view: RunView) -> Table:
    table = Table.grid(padding=(0, 2))
    for child in view.children:
        table.add_row(
            Text(child.label, style="bold"),
            Text(child.badge.text),
            Text(child.nodes_text),
            Text(child.usage, style="dim"),
        )
        for node in child.nodes:
            state = Text(node.badge.text, style="red" if node.badge.tone == "bad" else "dim")
            about = Text(node.reason or node.size, style="red" if node.reason else "dim")
            name = Text(f"  {node.name}", style="dim")
            table.add_row(name, state, about, Text(node.usage, style="dim"))
    return table


def _log_line(line: tuple[Segment, ...]) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    for segment in line:
        style = f"{'bold ' if segment.bold else ''}{segment.colour}".strip()
        text.append(segment.text, style=style or "dim")
    return text
