"""The fields of a form in their groups; those that come behind a search, when they are wanted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import ipywidgets

from rl_widgets.forms.code import plain
from rl_widgets.forms.locked import is_locked
from rl_widgets.view import wording
from rl_widgets.view.html import form as html
from rl_widgets.widgets import field_text
from rl_widgets.widgets.field_control import FieldControl
from rl_widgets.widgets.field_text import NOTHING
from rl_widgets.widgets.form_entries import MOST_FOUND, Entry, value_at
from rl_widgets.widgets.panel import set_shown, set_value
from rl_widgets.widgets.target_control import TargetControl

_TARGET = "compute_target"


class FormFields:
    """`draw` is for the form's own thread; `on_change` is called with a path, on any.

    `locked` has the names that take no input.
    """

    def __init__(
        self,
        on_change: Callable[[str], None],
        locked: Callable[[], Collection[str]],
        targets: Callable[[], Sequence[str]],
        choices: Callable[[str], Sequence[str]],
    ) -> None:
        self._on_change, self._locked = on_change, locked
        self._targets, self._choices = targets, choices
        #: The controls that were made, by path.
        self.controls: dict[str, FieldControl] = {}
        self._schemas: dict[str, Mapping[str, Any]] = {}
        self._groups: dict[str, tuple[ipywidgets.HTML, ipywidgets.VBox]] = {}
        self._parts: dict[str, ipywidgets.HTML] = {}
        self._extra: set[str] = set()
        self._found: list[str] = []
        self._asked = ""
        self._search = ipywidgets.Text(
            placeholder="Search all other settings …",
            tooltip="By name, label or what they do",
            continuous_update=True,
        )
        self._search.add_class("rlw-search")
        self._search.observe(lambda _: on_change(""), names="value")
        self._count = ipywidgets.HTML()
        self._results = ipywidgets.VBox()
        self._body = ipywidgets.VBox()
        self.widget = ipywidgets.VBox([self._body, self._search, self._count, self._results])
        self.controls_of_search = (self._search,)

    @property
    def search(self) -> ipywidgets.Text:
        """The box in which a person looks for a setting."""
        return self._search

    def draw(
        self,
        entries: Sequence[Entry],
        current: Callable[[], Mapping[str, Any]],
        errors: Mapping[str, Mapping[str, str]],
        defaults: Mapping[str, Any],
    ) -> None:
        """Show the current values and what is wrong.

        `defaults` are the settings in force where those that are given are silent.
        """
        known = {entry.path: entry for entry in entries}
        self._forget(known)
        self._look(entries, current(), errors)
        shown = [e for e in entries if not e.advanced or e.path in self._extra]
        self._place(shown, [known[path] for path in self._found])
        for entry in [*shown, *(known[path] for path in self._found)]:
            control = self.controls[entry.path]
            name, dot, member = entry.path.partition(".")
            in_force = defaults.get(member, NOTHING) if name == "config" and dot else NOTHING
            if isinstance(control, TargetControl):
                control.choose_from(self._targets())
            else:
                control.choose_from(self._choices(entry.path))
            placeholder = field_text.written(in_force, entry.schema)
            # They may have changed since the drawing began.
            values = current()
            value = value_at(values, entry.path)
            control.show(value if value is NOTHING else plain(value), placeholder)
            control.say(errors.get(entry.path, {}))
            control.disable(bool(dot) and isinstance(values.get(name), str))

    def _look(
        self,
        entries: Sequence[Entry],
        values: Mapping[str, Any],
        errors: Mapping[str, Mapping[str, str]],
    ) -> None:
        """Which of the advanced fields are drawn: what a person types in does not move away."""
        paths = [entry.path for entry in entries]
        wanted = {
            entry.path
            for entry in entries
            if entry.advanced
            and (value_at(values, entry.path) is not NOTHING or entry.path in errors)
        }
        asked = self._search.value.strip()
        if asked != self._asked:
            self._asked = asked
            self._extra |= wanted & set(self._found)
            self._found = []
        self._extra = (self._extra | (wanted - set(self._found))) & set(paths)
        hits = [e.path for e in entries if asked and e.path not in self._extra and e.matches(asked)]
        hits = [path for path in hits if any(e.path == path and e.advanced for e in entries)]
        self._found = hits[:MOST_FOUND]
        words = ""
        if asked:
            words = f"{wording.plural(len(hits), 'other setting')} found."
            more = len(hits) - len(self._found)
            words += f" {more:,} more: type more of the name." if more else ""
        set_value(self._count, value=html.status(words))
        set_shown(self._count, bool(words))

    def _forget(self, known: Mapping[str, Entry]) -> None:
        """Controls of fields that are no more, as after another algorithm was chosen, and of those
        that are locked now, or no more."""
        for path, control in list(self.controls.items()):
            same = path in known and known[path].schema == self._schemas[path]
            if not same or control.locked != self._is_locked(path):
                self.controls.pop(path).widget.close()

    def _place(self, shown: Sequence[Entry], found: Sequence[Entry]) -> None:
        groups: dict[str, list[ipywidgets.Widget]] = {}
        parts = set()
        for entry in shown:
            listed = groups.setdefault(entry.group, [])
            if entry.part and entry.part not in parts:
                parts.add(entry.part)
                listed.append(self._part(entry.part))
            listed.append(self._control(entry).widget)
        for group, widgets in groups.items():
            if group not in self._groups:
                box = ipywidgets.VBox()
                box.add_class("rlw-group")
                self._groups[group] = ipywidgets.HTML(html.heading(group)), box
            _fill(self._groups[group][1], widgets)
        _fill(self._body, [one for group in groups for one in self._groups[group]])
        _fill(self._results, [self._control(entry).widget for entry in found])

    def _part(self, words: str) -> ipywidgets.HTML:
        if words not in self._parts:
            self._parts[words] = ipywidgets.HTML(html.part(words))
        return self._parts[words]

    def _control(self, entry: Entry) -> FieldControl:
        if entry.path not in self.controls:
            target = entry.schema.get("x-kind") == _TARGET
            kind = TargetControl if target else FieldControl
            self.controls[entry.path] = kind(
                entry.path,
                entry.schema,
                self._on_change,
                locked=self._is_locked(entry.path),
                choices=self._targets() if target else self._choices(entry.path),
            )
            self._schemas[entry.path] = entry.schema
        return self.controls[entry.path]

    def _is_locked(self, path: str) -> bool:
        return is_locked(path, self._locked())


def _fill(box: ipywidgets.Box, children: Sequence[ipywidgets.Widget]) -> None:
    if list(box.children) != list(children):
        box.children = tuple(children)
