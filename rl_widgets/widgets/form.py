"""What the forms of a notebook share: values, controls, the check while a person types."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import ipywidgets
import traitlets

from rl_widgets.fields.describe import describe
from rl_widgets.fields.mapping import ReadOnly
from rl_widgets.fields.specification import Fields
from rl_widgets.forms import document
from rl_widgets.forms import locked as locks
from rl_widgets.forms.checking import Checked, check
from rl_widgets.forms.code import plain
from rl_widgets.store.errors import FieldError, RLWidgetsError, UserError
from rl_widgets.view.form_view import FormHeader, FormView
from rl_widgets.view.html import form as html
from rl_widgets.view.style import sheet as style
from rl_widgets.view.wording import plural, shown
from rl_widgets.widgets.command_thread import CommandThread
from rl_widgets.widgets.form_entries import (
    Entry,
    at_fields,
    entries,
    plain_at,
    taken,
    with_value,
    words_of,
)
from rl_widgets.widgets.form_fields import FormFields
from rl_widgets.widgets.form_file import FormFile
from rl_widgets.widgets.form_watch import FormWatch
from rl_widgets.widgets.later import Later
from rl_widgets.widgets.live_view import notebook_shell
from rl_widgets.widgets.pace import wait_for_making
from rl_widgets.widgets.panel import set_shown, set_value
from rl_widgets.widgets.saved_form import SavedForm
from rl_widgets.widgets.subshells import answer_while_busy
from rl_widgets.workspace import Workspace

_Form = TypeVar("_Form", bound="Form")

#: What the making of a form sends.
_MESSAGES = 400
#: What no notebook keeps: the values of environment variables, also in the code.
KEPT_OUT = "environment_variables"
#: Characters of a value in the saved form.
_SHOWN = 2_000


class Form(ipywidgets.VBox):
    """A form of one class of fields; `values` has what was given, read-only.

    A change in the page assigns `values`, and assigning `values` changes the page. Each is checked
    on the form's own thread, which alone writes to the page; `errors`, `notes` and `code` are
    always those of the present values. `ws` is by default that of the configuration file. `locked`
    names the fields that take no input in the page; a file that is opened may lock others.
    """

    fields: ClassVar[type[Fields]]
    #: What a form is called, and what it is.
    words: ClassVar[tuple[str, str]]

    values = traitlets.Any()

    # A form that could not be made is closed, too.
    _later: Later | None = None
    _watch: FormWatch | None = None

    def __init__(
        self, ws: Workspace | None, values: Mapping[str, Any], locked: Sequence[str] = ()
    ) -> None:
        if notebook_shell() is not None:
            wait_for_making(_MESSAGES)
        if ws is None:
            ws = Workspace.from_config()
        if not hasattr(ws, "compute_targets"):
            raise UserError(
                f"{type(self).__name__} takes a Workspace first, such as "
                f"Workspace.from_config(), not {type(ws).__name__}."
            )
        self._ws = ws
        self._key = uuid.uuid4().hex[:12]
        self._lock = threading.RLock()
        self._thread = CommandThread(f"rl_widgets {type(self).__name__}", self._failed)
        self._checked, self._checked_of = Checked({}, {}), None
        self._stale = False
        self._said = self._trouble = ""
        self._revision = 0
        self._saved: SavedForm | None = None
        self._later = Later(self._thread.post, self._save)
        #: Those that were locked in code; those of the file come to it.
        self._locked = locks.names(locked, self.fields, values)
        self._locked_by_file: tuple[str, ...] = ()
        self._drawn = FormFields(self._edited, lambda: self.locked, self._targets, self._choices)
        self._build()
        super().__init__()
        self.children = self._parts()
        for name in ("rlw", "rlw-card", f"rlw-live-{self._key}"):
            self.add_class(name)
        self.values = values
        self._draw()
        self.observe(lambda _: self._post_draw(), names="values")
        # Nought, and not None, has the front end count the views.
        self._view_count = 0
        self.observe(lambda change: self._look_on(bool(change["new"])), names="_view_count")
        answer_while_busy(self, *self._drawn.controls_of_search)

    # -- the public part -----------------------------------------------------------------------

    @classmethod
    def load(
        cls: type[_Form], path: str | os.PathLike[str], ws: Workspace, *, locked: Sequence[str] = ()
    ) -> _Form:
        """A form on a YAML file. Raises `UserError` with line and column of what cannot be read.

        Values that cannot be are shown at their fields. `locked`: besides those of the file.
        """
        found = document.fitting(document.load(path), cls.fields)
        form = cls(ws, found.values, locked=locked)
        form._locked_by_file = tuple(found.locked)
        form._post_draw()
        return form

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a YAML file, as `rl-widgets submit` reads it. Raises `UserError` with errors."""
        checked = self._settle()
        for name, sentence in checked.errors.items():
            raise FieldError(sentence, name)
        document.save(checked.values, path, self.fields, self.locked)

    @property
    def workspace(self) -> Workspace:
        """The workspace."""
        return self._ws

    @property
    def locked(self) -> tuple[str, ...]:
        """The names of the fields that take no input in the page."""
        return tuple(dict.fromkeys([*self._locked, *self._locked_by_file]))

    @property
    def errors(self) -> Mapping[str, str]:
        """A sentence for each field that cannot be as it is; with dots into it."""
        return ReadOnly(self._settle().errors)

    @property
    def notes(self) -> tuple[str, ...]:
        """The arithmetic."""
        checked = self._settle()
        return (*checked.notes, *self._more_notes(checked))

    @property
    def code(self) -> str:
        """Python that makes exactly this; '' while there are errors."""
        checked = self._settle()
        return "" if checked.errors else self._code(checked)

    def show(self) -> None:
        """Display the form and return at once; in a plain script print it once."""
        shell = notebook_shell()
        if shell is None or self.comm is None:
            print(self)
            return
        bundle = super()._repr_mimebundle_()
        bundle["text/plain"] = repr(self)
        shell.display_pub.publish(data=bundle, metadata={})
        self._saved = SavedForm(shell, self._key, html.document, html.text)
        self._saved.show(self._view())
        self._look_on(True)

    def close(self) -> None:
        """Remove the form; what it has started goes on."""
        if self._watch is not None:
            self._watch.stop()
        if self._later is not None:
            self._later.cancel()
        super().close()

    def _ipython_display_(self) -> None:
        self.show()

    def _repr_html_(self) -> str:
        return html.document(self._view(), self._key, time.strftime("%Y-%m-%d %H:%M:%S"))

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(**kwargs)
        return {**bundle, "text/plain": str(self), "text/html": self._repr_html_()}

    def __repr__(self) -> str:
        said = {n: v for n, v in plain(self.values or {}).items() if n != KEPT_OUT}
        return f"{type(self).__name__}({said!r:.200})"

    def __str__(self) -> str:
        return html.text(self._view())

    # -- what a form of a class adds -----------------------------------------------------------

    def _check(self, values: Mapping[str, Any]) -> Checked:
        return check(self.fields, values, self._ws)

    def _members(self, values: Mapping[str, Any]) -> Mapping[str, type[Fields]]:
        """The fields of what is in a mapping, by the mapping's name."""
        return {}

    def _choices(self, path: str) -> Sequence[str]:
        """Words to choose from in a field."""
        return ()

    def _more_notes(self, checked: Checked) -> Iterable[str]:
        """What else is said beneath the arithmetic."""
        return ()

    def _code(self, checked: Checked) -> str:
        return checked.code

    def _apply(self, checked: Checked) -> None:
        """The values are good: have the live object be the same."""

    def _buttons(self) -> Sequence[ipywidgets.Widget]:
        return ()

    def _draw_buttons(self, checked: Checked) -> None:
        """Enable what is possible."""

    def _runs(self) -> tuple[str, ...]:
        """The ids of what was submitted."""
        return ()

    # -- values --------------------------------------------------------------------------------

    @traitlets.validate("values")
    def _validated(self, proposal: Any) -> ReadOnly:
        return taken(self.fields, proposal["value"])

    def _settle(self) -> Checked:
        """The check of the present values; the live object is theirs if they are good."""
        with self._lock:
            values = self.values
            if self._checked_of is not values:
                self._said = self._trouble = ""
            if self._checked_of is not values or self._stale:
                self._stale = False
                try:
                    self._checked = self._check(plain(values))
                    self._checked.errors.update(locks.given_again(self.locked, self.fields, values))
                except (RLWidgetsError, OSError) as error:
                    self._checked = Checked({}, {"": f"{error}"})
                self._checked_of = values
                if not self._checked.errors:
                    try:
                        self._apply(self._checked)
                    except (RLWidgetsError, OSError) as error:
                        self._checked.errors[""] = f"{error}"
            return self._checked

    def _edited(self, path: str) -> None:
        """A person has changed a control; on any thread."""
        control = self._drawn.controls.get(path)
        if control is None:  # the search
            self._post_draw()
            return
        with self._lock:
            value = control.read()
            if repr(value) == repr(plain_at(self.values, path)):
                return
            self.values = with_value(self.values, path, value)
        self._post_draw()

    def _open(self, name: str, data: bytes) -> None:
        """A person has chosen a file: its values and its lock are the form's, or why not."""
        self._file.forget()
        try:
            found = document.fitting(document.decoded(data, name), self.fields)
            # What was locked in code is changed by code alone.
            if kept := locks.changed(self._locked, self.fields, plain(self.values), found.values):
                raise UserError("\n".join(found.located(kept)))
        except UserError as error:
            self._tell("", str(error))
            return
        with self._lock:
            self._locked_by_file = tuple(found.locked)
            self.values = found.values
        self._tell(f"{name} is opened.")

    def _post_draw(self) -> None:
        self._thread.post_once("draw", self._draw)

    def _look_on(self, shown: bool) -> None:
        """Watch the workspace while a page shows the form."""
        with self._lock:
            if self._watch is not None:
                self._watch.paused = not shown
            elif shown:
                self._watch = FormWatch(self._ws.store, self._look_again)
                self._watch.start()

    def _look_again(self) -> None:
        self._stale = True
        self._post_draw()

    # -- the page, on the form's own thread ----------------------------------------------------

    def _build(self) -> None:
        self._style = ipywidgets.HTML(
            f"<style>{style.sheet(f'.rlw-live-{self._key}')}{style.folding(self._key)}</style>"
        )
        self._style.layout.display = "none"
        self._title = ipywidgets.HTML(html.title(*self.words))
        pieces = ("general", "picture", "notes", "code", "status")
        self._pieces = {name: ipywidgets.HTML() for name in pieces}
        self._file = FormFile(lambda name, data: self._thread.post(lambda: self._open(name, data)))
        buttons = [*self._buttons(), *self._file.widgets]
        self._actions = ipywidgets.Box([*buttons, self._pieces["status"]])
        self._actions.add_class("rlw-actions")
        self._beneath = ipywidgets.VBox()
        self._beneath.add_class("rlw-beneath")

    def _parts(self) -> list[ipywidgets.Widget]:
        piece = self._pieces
        above = [self._style, self._title, self._drawn.widget, piece["picture"], piece["notes"]]
        return [*above, piece["general"], self._actions, piece["code"], self._beneath]

    def _draw(self) -> None:
        checked = self._settle()
        listed = self._entries(self.values)
        errors = at_fields(checked.errors, {entry.path for entry in listed})
        if checked.errors:  # nobody presses a button beneath a field that is said to be wrong
            self._draw_buttons(checked)
        self._drawn.draw(listed, lambda: self.values, errors, checked.defaults)
        said = {
            "general": html.wrong(errors.get("", {}).values()),
            "picture": html.picture(checked.picture.svg if checked.picture else ""),
            "notes": html.notes(self.notes),
            "code": html.code("" if checked.errors else self._code(checked)),
            "status": html.wrong([self._trouble]) or html.status(self._state(checked)),
        }
        for name, words in said.items():
            set_value(self._pieces[name], value=words)
            set_shown(self._pieces[name], bool(words))
        self._draw_buttons(checked)
        good = "" if checked.errors else document.dump(self.fields, checked.values, self.locked)
        self._file.offer(document.file_name(self.fields), good)
        if self._saved and self._later:
            self._later()

    def _state(self, checked: Checked) -> str:
        if self._said or not checked.errors:
            return self._said
        return f"{plural(len(checked.errors), 'field')} to be put right first."

    def _tell(self, words: str, trouble: str = "") -> None:
        self._settle()
        self._said, self._trouble = words, trouble
        self._draw()

    def _failed(self, error: Exception) -> None:
        """A command of the form's thread has raised: say so, whatever it is."""
        self._trouble = str(error) or type(error).__name__
        set_value(self._pieces["status"], value=html.wrong([self._trouble]))
        set_shown(self._pieces["status"], True)

    def _entries(self, values: Mapping[str, Any]) -> list[Entry]:
        return entries(self.fields, self._members(values))

    def _targets(self) -> Sequence[str]:
        return list(self._ws.compute_targets)

    # -- what a saved notebook keeps -----------------------------------------------------------

    def _view(self) -> FormView:
        checked = self._settle()
        described = describe(self.fields)
        # An entry script of one's own has no control, and is kept all the same.
        about = {**described.get("x-kept", {}), **described["properties"]}
        self._revision += 1
        return FormView(
            title=self.words[0],
            header=FormHeader(str(self._revision)),
            rows=tuple(
                (about[name]["title"], shown(words_of(value, about[name]), _SHOWN))
                for name, value in self.values.items()
                if name != KEPT_OUT
            ),
            errors=tuple(checked.errors.items()),
            notes=self.notes,
            code="" if self.values.get(KEPT_OUT) else self.code,
            svg=checked.picture.svg if checked.picture else "",
            runs=self._runs(),
            again=f'RunDetails(ws.get_run("{self._runs()[0]}"))' if self._runs() else "",
            revision=self._revision,
        )

    def _save(self) -> None:
        if self._saved is not None:
            self._saved.update(self._view())
