"""The control of one field, made from its description, with its error in words beneath."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets

from rl_widgets.view import wording
from rl_widgets.view.html import form as html
from rl_widgets.widgets import field_text
from rl_widgets.widgets.field_text import NOTHING
from rl_widgets.widgets.filling import Filling
from rl_widgets.widgets.panel import set_value
from rl_widgets.widgets.subshells import answer_while_busy

#: Lines of a text of several lines, and characters of a value that a list shows.
_ROWS, _SHOWN = 3, 60


class FieldControl:
    """One field in the page. `on_change` is called, on any thread, when a person changes it.

    `show`, `say` and `disable` are for the form's own thread. `choices` are words to choose from,
    beside which any other may be typed.
    """

    def __init__(
        self,
        path: str,
        schema: Mapping[str, Any],
        on_change: Callable[[str], None],
        *,
        locked: bool = False,
        choices: Sequence[str] = (),
    ) -> None:
        self.path, self.schema, self.locked = path, schema, locked
        self._on_change = on_change
        self._filling = Filling()
        self.control = self._made(choices)
        self.control.disabled = locked
        #: The value that was last shown or chosen: a form that lags behind a person who types does
        #: not put the old text back.
        self._known = repr(self.read())
        self.control.observe(self._changed, names="value")
        answer_while_busy(self.control)
        self._wrong: ipywidgets.HTML | None = None
        line = [self.control]
        if schema.get("x-unit") or locked:
            line.append(ipywidgets.HTML(html.unit(schema.get("x-unit", ""), locked)))
        self._line = ipywidgets.Box(line)
        self._line.add_class("rlw-line")
        self.widget = ipywidgets.VBox([self._line])
        self.widget.add_class("rlw-field")

    def read(self) -> Any:
        """The value that the control has; `NOTHING` where it is empty."""
        value = self.control.value
        if isinstance(self.control, (ipywidgets.Checkbox, ipywidgets.Dropdown)):
            return value
        return field_text.read(str(value), self.schema)

    def show(self, value: Any, placeholder: str = "") -> None:
        """Have the control mean a value; what means it already stays as a person typed it."""
        if repr(value) not in (self._known, repr(self.read())):
            with self._filling:
                self._set(value)
            self._known = repr(value)
        if hasattr(self.control, "placeholder"):
            set_value(self.control, placeholder=placeholder or self._example())

    def say(self, errors: Mapping[str, str]) -> None:
        """Show what is wrong; `errors` are sentences by the path of this field or in it."""
        said = html.wrong(errors.values())
        if self._wrong is None:
            if not said:
                return
            self._wrong = ipywidgets.HTML()
            self.widget.children = [*self.widget.children, self._wrong]
        set_value(self._wrong, value=said)

    @property
    def said(self) -> str:
        """The HTML of what is wrong, or ''."""
        return "" if self._wrong is None else str(self._wrong.value)

    def disable(self, disabled: bool) -> None:
        """Have the control take no input; a locked one never does."""
        set_value(self.control, disabled=disabled or self.locked)

    def choose_from(self, choices: Sequence[str]) -> None:
        """Have other words to choose from."""
        if isinstance(self.control, ipywidgets.Combobox):
            set_value(self.control, options=tuple(choices))

    def _made(self, choices: Sequence[str]) -> ipywidgets.Widget:
        title = str(self.schema.get("title") or self.path)
        about = {
            # A control that takes no input is read out by its label alone.
            "description": f"{title} (locked)" if self.locked else title,
            "tooltip": str(self.schema.get("description") or title),
            "style": {"description_width": "initial"},
        }
        kinds = field_text.kinds_of(self.schema)
        if kinds == {"boolean"}:
            if self.schema["type"] == "boolean":
                default = bool(self.schema.get("default"))
                return ipywidgets.Checkbox(value=default, indent=False, **about)
            options = [("By default", NOTHING), ("Yes", True), ("No", False)]
            return ipywidgets.Dropdown(options=options, value=NOTHING, **about)
        if "enum" in self.schema:
            return ipywidgets.Dropdown(options=self._options(), value=self._default(), **about)
        about["placeholder"] = self._example()
        if choices:
            return ipywidgets.Combobox(options=tuple(choices), ensure_option=False, **about)
        if field_text.wordy(self.schema):
            return ipywidgets.Textarea(rows=_ROWS, **about)
        return ipywidgets.Text(**about)

    def _options(self) -> list[tuple[str, Any]]:
        sizes = {size["name"]: size for size in self.schema.get("x-sizes", ())}
        found = []
        for value in self.schema["enum"]:
            words = "By default" if value is None else str(value) or "Of my own"
            if value in sizes:
                size = sizes[value]
                words += f": {wording.plural(size['cpus'], 'CPU')}, {size['memory_gb']:g} GiB"
                words += f", {wording.plural(size['gpus'], 'GPU')}" if size["gpus"] else ""
            found.append((words, NOTHING if value is None else value))
        return found

    def _default(self) -> Any:
        default = self.schema.get("default", NOTHING)
        known = [value for _, value in self._options()]
        return default if default in known else known[0]

    def _example(self) -> str:
        if "default" in self.schema:
            return field_text.written(self.schema["default"], self.schema)
        examples = self.schema.get("examples") or ()
        return f"such as {field_text.written(examples[0], self.schema)}" if examples else ""

    def _set(self, value: Any) -> None:
        control = self.control
        if isinstance(control, ipywidgets.Checkbox):
            default = bool(self.schema.get("default"))
            set_value(control, value=default if value is NOTHING else value is True)
        elif isinstance(control, ipywidgets.Dropdown):
            if value is NOTHING:
                value = self._default() if "enum" in self.schema else NOTHING
            known = [one for _, one in control.options]
            if not any(repr(one) == repr(value) for one in known):
                shown = wording.shown(str(value), _SHOWN)
                control.options = [*control.options, (shown, value)]
            set_value(control, value=value)
        else:
            set_value(control, value=field_text.written(value, self.schema))

    def _changed(self, _change: Any) -> None:
        if not self._filling.here:
            self._on_change(self.path)
            self._known = repr(self.read())
