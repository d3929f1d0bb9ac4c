"""The tab of the checkpoints and files: what there is, to take along, to go on from."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

import ipywidgets

from rl_widgets.view import checkpoints, run_files
from rl_widgets.view.charts.marks import EventMark
from rl_widgets.view.checkpoints import CheckpointRow, Checkpoints
from rl_widgets.view.escape import escape
from rl_widgets.view.html import checkpoints as html_checkpoints
from rl_widgets.view.run_view import RunView
from rl_widgets.widgets.command_thread import Once
from rl_widgets.widgets.filling import Filling
from rl_widgets.widgets.offer import Offer
from rl_widgets.widgets.panel import Panel, PanelContext, set_shown, set_value

#: Seconds between two looks at the run's folder, and how much longer than the look itself.
_LOOK_S = 5.0
_REST = 50.0


class CheckpointsPanel(Panel):
    """Checkpoints with what can be done with them, and the run's files."""

    title = "Checkpoints"

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self._found: Checkpoints | None = None
        #: What is carried out once a person has said yes.
        self._asked: Callable[[], str] | None = None
        #: The path that a person has chosen, in the list or by its mark on the curve.
        self._marked: str | None = None
        self._filling = Filling()
        self._stamp: tuple[str, int] | None = None
        self._asked_at = 0.0
        self._looked = 0.0
        self._look_took = 0.0
        #: Whether the files were listed after the end of the run.
        self._complete = False
        self._table = ipywidgets.HTML()
        self._choice = ipywidgets.Dropdown(options=[], description="", tooltip="A checkpoint")
        self._download = _button("Download", "Offer the chosen checkpoint as a zip")
        self._new_run = _button(
            "New run from here", "Submit a new run that begins with the weights of the chosen one"
        )
        self._resume = _button("Resume from the last", "Go on with this run as a new attempt")
        self._yes = _button("Yes", "Do it", "primary")
        self._no = _button("Leave it", "Do nothing")
        self._said = ipywidgets.HTML()
        self._resume_code = ipywidgets.HTML()
        self._new_run_code = ipywidgets.HTML()
        self._search = ipywidgets.Text(placeholder="Search the names of files")
        self._files_said = ipywidgets.HTML()
        self._files = ipywidgets.Select(options=[], rows=8)
        self._files.add_class("rlw-files")
        self._files.layout.width = "100%"
        self._take_file = _button("Download file", "Offer the chosen file")
        self._offers = (Offer(context.post), Offer(context.post))
        self._actions = _row(self._choice, self._download, self._new_run)
        self._resuming = _row(self._resume)
        self._answers = _row(self._yes, self._no)
        self.widget = ipywidgets.VBox(
            [
                self._table,
                self._resuming,
                self._said,
                self._answers,
                self._resume_code,
                self._actions,
                self._offers[0].widget,
                self._new_run_code,
                ipywidgets.HTML('<div class="rlw-heading">Files</div>'),
                _row(self._search, self._take_file),
                self._files_said,
                self._files,
                self._offers[1].widget,
            ]
        )
        self.controls = (
            self._choice, self._download, self._new_run, self._resume, self._yes, self._no,
            self._search, self._files, self._take_file,
        )  # fmt: skip
        for button, command in (
            (self._download, self._offer_checkpoint),
            (self._new_run, self._ask_new_run),
            (self._resume, self._ask_resume),
            (self._yes, self._carry_out),
            (self._no, self._leave),
            (self._take_file, self._offer_file),
        ):
            button.on_click(_posts(context, command))
        self._choice.observe(self._on_choice, names="value")
        # Of the letters that are typed while the files are listed, the last.
        once = Once(context.post)
        self._search.observe(lambda _: once("files", self._list_files), names="value")
        for part in (self._said, self._answers, self._resume_code, self._new_run_code):
            set_shown(part, False)

    def draw(self, view: RunView) -> None:
        now = time.monotonic()
        stamp = (view.header.status, len(self.context.reader.events))
        if stamp != self._stamp or now - self._asked_at >= _LOOK_S:
            # Each look asks the disk for every checkpoint.
            self._stamp, self._asked_at = stamp, now
            found = checkpoints.checkpoints(self.context.reader)
            if found != self._found:
                self._found = found
                self._draw_checkpoints(found)
        rest = max(_LOOK_S, _REST * self._look_took)
        due = now - self._looked > rest if not view.final else not self._complete
        if not self._looked or due:
            self._list_files()
        self._complete = view.final

    def show(self, mark: EventMark) -> None:
        """Choose the checkpoint of a mark, and mark its row."""
        found = self._found
        if found is None:
            return
        self._marked = mark.thing
        set_value(self._table, value=html_checkpoints.table(found, self._marked))
        if any(row.path == mark.thing for row in found.there):
            with self._filling:
                set_value(self._choice, value=mark.thing)
            self._draw_code()
            if self._asked is None:
                self._say("")
        elif self._asked is None:
            self._say(f"{mark.text}: it was deleted. The best and the last are kept.")

    def close(self) -> None:
        for offer in self._offers:
            offer.take_back()

    # -- checkpoints ---------------------------------------------------------------------------

    def _draw_checkpoints(self, found: Checkpoints) -> None:
        set_value(self._table, value=html_checkpoints.table(found, self._marked))
        names = [(_label(row), row.path) for row in found.there]
        if [*self._choice.options] != names:
            with self._filling:
                _set_options(self._choice, names, 0 if names else None)
        set_shown(self._actions, bool(names))
        if not found.over and self._asked == self._go_on:
            self._leave()
        self._draw_resume()
        self._draw_code()

    def _on_choice(self, _change: object) -> None:
        # What the panel itself puts into the list is no choice of a person.
        if not self._filling.here:
            self.context.post(self._choose)

    def _choose(self) -> None:
        """Mark the row that a person has chosen in the list."""
        self._marked = self._choice.value
        if self._found is not None:
            set_value(self._table, value=html_checkpoints.table(self._found, self._marked))
        self._draw_code()

    def _draw_resume(self) -> None:
        found = self._found
        assert found is not None
        shown = found.resumable or bool(found.resume_text)
        set_shown(self._resuming, found.resumable)
        words = ""
        if shown:
            python = checkpoints.resume_code(self.context.reader.record)
            words = html_checkpoints.code(found.resume_text, python)
        set_value(self._resume_code, value=words)
        set_shown(self._resume_code, bool(words))

    def _draw_code(self) -> None:
        row = self._chosen()
        words = ""
        if row is not None:
            words = html_checkpoints.code(
                "A new run with the weights of the chosen checkpoint; change what is to be "
                "different:",
                checkpoints.new_run_code(self.context.reader.record, row),
            )
        set_value(self._new_run_code, value=words)
        set_shown(self._new_run_code, bool(words))

    def _chosen(self) -> CheckpointRow | None:
        there = () if self._found is None else self._found.there
        return next((row for row in there if row.path == self._choice.value), None)

    def _offer_checkpoint(self) -> None:
        row = self._chosen()
        if row is not None:
            reader = self.context.reader
            path = reader.run_folder / row.path
            self._offers[0].show(html_checkpoints.offer(reader.run_id, row.path, path))

    # -- what asks first -----------------------------------------------------------------------

    def _ask_new_run(self) -> None:
        row = self._chosen()
        if row is not None:
            self._ask(
                f"Submit a new run that begins with the weights of iteration {row.iteration}?",
                "Yes, submit it",
                functools.partial(self._begin_new_run, row.path),
            )

    def _begin_new_run(self, path: str) -> str:
        new = self.context.run.new_run_from(path)
        return f"{new.id} has been submitted: RunDetails(ws.get_run({new.id!r})) shows it."

    def _ask_resume(self) -> None:
        self._ask(
            "Start this run's nodes again and go on from the last checkpoint?",
            "Yes, resume it",
            self._go_on,
        )

    def _go_on(self) -> str:
        self.context.run.resume()
        self.context.again()
        return ""

    def _ask(self, question: str, yes: str, action: Callable[[], str]) -> None:
        self._asked = action
        set_value(self._yes, description=yes)
        self._say(question)
        set_shown(self._answers, True)

    def _leave(self) -> None:
        self._asked = None
        set_shown(self._answers, False)
        self._say("")

    def _carry_out(self) -> None:
        action = self._asked
        if action is None:
            return  # the second click of two
        self._leave()
        self._say("One moment …")
        try:
            self._say(action())
        except Exception as error:  # noqa: BLE001 whatever hinders it is said where it was asked
            self._say(f"It did not work: {error}")
        self._draw_resume()

    def _say(self, sentence: str) -> None:
        words = f'<div class="rlw-question">{escape(sentence)}</div>' if sentence else ""
        set_value(self._said, value=words)
        set_shown(self._said, bool(words))

    # -- files ---------------------------------------------------------------------------------

    def _list_files(self) -> None:
        began = time.monotonic()
        found = run_files.run_files(self.context.reader.run_folder, self._search.value)
        self._looked = time.monotonic()
        self._look_took = self._looked - began
        set_value(self._files_said, value=f'<div class="rlw-note">{escape(found.summary)}</div>')
        listed = [(row.text, row.name) for row in found.rows]
        if [*self._files.options] != listed:
            _set_options(self._files, listed, None)

    def _offer_file(self) -> None:
        name = self._files.value
        if name is not None:
            reader = self.context.reader
            path = reader.run_folder / name
            self._offers[1].show(html_checkpoints.offer(reader.run_id, name, path))


def _set_options(
    choice: ipywidgets.Dropdown | ipywidgets.Select,
    options: list[tuple[str, str]],
    otherwise: int | None,
) -> None:
    """Set what can be chosen, in one message; what was chosen stays so where it can."""
    values = [value for _, value in options]
    index = values.index(choice.value) if choice.value in values else otherwise
    with choice.hold_sync():
        choice.options = options
        # While messages are held back, the widget does not choose by itself.
        choice.index = index


def _label(row: CheckpointRow) -> str:
    marks = f" ({row.marks})" if row.marks else ""
    return f"iteration {row.iteration}, reward {row.reward}{marks}"


def _button(words: str, tooltip: str, style: str = "") -> ipywidgets.Button:
    button = ipywidgets.Button(description=words, tooltip=tooltip, button_style=style)
    button.layout.width = "auto"
    return button


def _row(*parts: ipywidgets.Widget) -> ipywidgets.Box:
    row = ipywidgets.Box(list(parts))
    row.add_class("rlw-actions")
    return row


def _posts(context: PanelContext, command: Callable[[], None]) -> Callable[[object], None]:
    return lambda _: context.post(command)
