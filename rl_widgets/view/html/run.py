"""A run as HTML: the pieces that the live view shows, and the whole that a saved notebook keeps."""

from __future__ import annotations

from rl_widgets.view import wording
from rl_widgets.view.badge import Badge
from rl_widgets.view.charts import picture
from rl_widgets.view.children import ChildRow
from rl_widgets.view.escape import escape
from rl_widgets.view.html import header as html_header
from rl_widgets.view.html import log as html_log
from rl_widgets.view.logs.tail import LogTail
from rl_widgets.view.run_view import RunView
from rl_widgets.view.style import sheet as style

_FAILURE_LOG_LINES = 12
_SAVED_LOG_LINES = 30


def document(view: RunView, key: str, as_of: str) -> str:
    """The HTML form. `key` joins it with its live view, `as_of` says when it was true.

    It reads well where a page strips styles, as for a notebook that is not trusted.
    """
    parts = [
        f"<style>{style.sheet(f'.rlw-saved-{escape(key)}')}{style.unfolding(key)}</style>",
        f'<div class="rlw rlw-card rlw-saved rlw-saved-{escape(key)}">',
        header(view),
        trouble(view),
        failure(view),
        warnings(view),
        facts(view),
        criteria(view),
        children(view),
        chart(view),
    ]
    if view.log.lines:
        parts += [log_heading(view.log), log(view.log, _SAVED_LOG_LINES)]
    again = f'RunDetails(ws.get_run("{view.header.run_id}")).show()'
    state = "" if view.final else f"As it was at {escape(as_of)}. "
    parts.append(
        f'<div class="rlw-note">{state}<code>{escape(again)}</code> shows this run '
        f"{'again' if view.final else 'live'}.</div></div>"
    )
    return "".join(parts)


def badge(value: Badge, small: bool = False) -> str:
    """The badge of a state; the words say what the colour does."""
    size = " rlw-small" if small else ""
    return f'<span class="rlw-badge rlw-{value.tone}{size}">{escape(value.text)}</span>'


def header(view: RunView) -> str:
    """Experiment, name, state, times, id."""
    head = view.header
    who = f"<div>{html_header.identity(head.run_id)}</div>" if head.name != head.run_id else ""
    return html_header.title(head) + html_header.times(head) + who


def trouble(view: RunView) -> str:
    """Why the view cannot be brought up to date, or ''."""
    return warning(view.trouble)


def warning(sentence: str) -> str:
    """A sentence that is to be seen; '' where there is none."""
    return f'<div class="rlw-warning">{escape(sentence)}</div>' if sentence else ""


def answers_late(run_id: str) -> str:
    """What to know where a page is heard only between two cells."""
    command = f"rl-widgets cancel {run_id}"
    return (
        '<div class="rlw-note">While a cell runs, the buttons here answer when it has ended; '
        f"<code>{escape(command)}</code> in a terminal ends the run at once.</div>"
    )


def failure(view: RunView) -> str:
    """Why the run failed: sentence, file and line, traceback or the log's last lines; or ''."""
    found = view.failure
    if found is None:
        return ""
    parts = ['<div class="rlw-failure" role="alert">', f"<b>{escape(found.sentence)}</b>"]
    if found.place:
        parts.append(f"<div>in <b>{escape(found.place)}</b></div>")
    trace = chr(10).join(found.traceback)
    if trace:
        # It is scrolled to its end: there the exception stands.
        parts.append(f'<div class="rlw-trace"><pre>{escape(trace)}</pre></div>')
    lines = view.log.plain()[-_FAILURE_LOG_LINES:]
    if lines:
        # Python prints the traceback into the log, too: then the log is folded.
        last = found.traceback[-1].strip() if trace else ""
        opened = "" if last and any(last in line for line in lines) else " open"
        parts.append(
            f"<details{opened}><summary>The last lines of {escape(view.log.name)}</summary>"
            f"<pre>{escape(chr(10).join(lines))}</pre></details>"
        )
    return "".join([*parts, "</div>"])


def warnings(view: RunView) -> str:
    """The run's warnings and those about its learning, a line each; or ''."""
    lines = [("Warning:", text) for text in view.warnings]
    lines += [("Learning:", f.sentence) for f in view.findings if f.severity == "warning"]
    return "".join(
        f'<div class="rlw-warning"><b>{label}</b> {escape(text)}</div>' for label, text in lines
    )


def progress(view: RunView) -> str:
    """The summary's figures, and how far each stop criterion is; '' before there is either."""
    return facts(view) + criteria(view)


def facts(view: RunView) -> str:
    """The summary's figures as tiles; '' before there is one."""
    if not view.summary():
        return ""
    tiles = [
        f'<div class="rlw-fact"><span>{escape(fact.label)}</span> <b>{escape(fact.text)}</b></div>'
        for fact in view.facts
    ]
    limit = f'<div class="rlw-note">{escape(view.limit)}</div>' if view.limit else ""
    return f'<div class="rlw-facts">{"".join(tiles)}</div>{limit}'


def criteria(view: RunView) -> str:
    """A bar for each stop criterion, or ''."""
    bars = []
    for row in view.criteria:
        percent = 0.0 if row.fraction is None else row.fraction * 100
        left = row.left(view.final)
        bars.append(
            f'<div class="rlw-criterion"><span>{escape(row.text)}</span>'
            f'<span class="rlw-quiet">{escape(f" · {left}" if left else "")}</span>'
            f'<div class="rlw-bar" role="progressbar" aria-label="{escape(row.text)}" '
            f'aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent:.0f}">'
            f'<div style="width: {percent:.1f}%"></div></div></div>'
        )
    return f'<div class="rlw-criteria">{"".join(bars)}</div>' if bars else ""


def children(view: RunView) -> str:
    """The table of child runs, each with its nodes; '' for a run that has none."""
    if not view.children:
        return ""
    heads = ("Child run", "State", "Nodes", "Compute target", "In use", "Time")
    rows = ["".join(f"<th>{head}</th>" for head in heads)]
    for child in view.children:
        rows += _child(child)
    body = "".join(row if row.startswith("<tr") else f"<tr>{row}</tr>" for row in rows)
    return f'<div class="rlw-scroll"><table class="rlw-children">{body}</table></div>'


def _child(child: ChildRow) -> list[str]:
    cells = (
        escape(child.label),
        badge(child.badge, small=True),
        escape(child.nodes_text),
        f"<bdi>{escape(child.target)}</bdi>",
        escape(child.usage),
        escape(child.lasted),
    )
    rows = [f'<tr class="rlw-child">{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>']
    if child.message:
        rows.append(_sentence_row(child.message))
    for node in child.nodes:
        restarts = f", {node.restarts} restarts" if node.restarts else ""
        cells = (
            escape(node.name),
            badge(node.badge, small=True),
            escape(node.size + restarts),
            "",
            escape(node.usage),
            escape(node.lasted),
        )
        rows.append(f'<tr class="rlw-node">{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>')
        if node.reason:
            rows.append(_sentence_row(node.reason))
    return rows


def _sentence_row(sentence: str) -> str:
    cell = f'<td colspan="5" class="rlw-wide">{escape(sentence)}</td>'
    return f'<tr class="rlw-node"><td></td>{cell}</tr>'


def chart(view: RunView) -> str:
    """The curve as an inline picture, with what it does not show in words."""
    if view.curve.empty:
        return f'<div class="rlw-note"><p>{escape(view.chart_message)}</p></div>'
    note = f'<div class="rlw-note">{escape(view.curve.note)}</div>' if view.curve.note else ""
    return (
        f'<img class="rlw-picture" alt="{escape(view.curve.sentence)}" '
        f'src="{picture.data_url(view.curve)}">{note}'
    )


def log_heading(tail: LogTail) -> str:
    """The name of the log and how much of it is shown; '' before there is one."""
    if tail.size is None:
        return ""
    about = f"the last {len(tail.lines):,} lines of {wording.size(tail.size)}" if tail.cut else ""
    return (
        f'<div class="rlw-heading">{escape(tail.name)} '
        f'<span class="rlw-note">{escape(about)}</span></div>'
    )


def log(tail: LogTail, lines: int | None = None) -> str:
    """The log's lines in a box."""
    return f'<div class="rlw-log">{log_lines(tail, lines)}</div>'


def log_lines(tail: LogTail, lines: int | None = None) -> str:
    """The last lines of the log in their colours."""
    if tail.size is None:
        return ""
    shown = tail.lines if lines is None else tail.lines[-lines:]
    text = "\n".join("".join(map(html_log.segment, line)) for line in shown)
    return f"<pre>{text}</pre>"
