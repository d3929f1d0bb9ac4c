"""The control of a compute target: one that there is, or the fields of a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import ipywidgets

from rl_widgets.fields.compute_target import ComputeTargetFields
from rl_widgets.fields.describe import describe
from rl_widgets.view.html import form as html
from rl_widgets.widgets.field_control import FieldControl
from rl_widgets.widgets.field_text import NOTHING
from rl_widgets.widgets.panel import set_shown, set_value

NEW: Final = "a new compute target"


class TargetControl(FieldControl):
    """A list of compute targets, beneath which the fields of a new one unfold.

    `names` are the compute targets of the workspace.
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
        self._parts: dict[str, FieldControl] = {}
        #: What a new one was given in code and has no control here, such as its tags.
        self._others: dict[str, Any] = {}
        self._names: tuple[str, ...] = tuple(choices)
        super().__init__(path, schema, on_change, locked=locked)
        self._inside = ipywidgets.VBox()
        self._inside.add_class("rlw-new-target")
        self.widget.children = [self._line, self._inside]
        set_shown(self._inside, False)

    def read(self) -> Any:
        if self.control.value != NEW:
            return NOTHING if self.control.value == "" else self.control.value[1:]
        found = {name: control.read() for name, control in self._parts.items()}
        if found.get("name") is NOTHING:
            found["name"] = ""
        # What a control shows as its default is not said: existing targets are compared by it.
        properties = describe(ComputeTargetFields)["properties"]
        return self._others | {
            name: value
            for name, value in found.items()
            if value is not NOTHING and repr(value) != repr(properties[name].get("default"))
        }

    def say(self, errors: Mapping[str, str]) -> None:
        rest = dict(errors)
        for name, control in self._parts.items():
            inside = f"{self.path}.{name}"
            mine = {n: s for n, s in errors.items() if n == inside or n.startswith(f"{inside}.")}
            control.say(mine)
            for told in mine:
                del rest[told]
        super().say(rest)

    def choose_from(self, choices: Sequence[str]) -> None:
        self._names = tuple(choices)
        value = self.control.value
        options = self._options()
        if value not in [one for _, one in options]:
            options.append((value[1:], value))
        if list(self.control.options) != options:
            with self._filling, self.control.hold_sync():
                self.control.options = options
                self.control.value = value

    def disable(self, disabled: bool) -> None:
        super().disable(disabled)
        for control in self._parts.values():
            control.disable(disabled)

    def _made(self, choices: Sequence[str]) -> ipywidgets.Widget:
        title = str(self.schema.get("title") or self.path)
        return ipywidgets.Dropdown(
            options=self._options(),
            value="",
            description=f"{title} (locked)" if self.locked else title,
            tooltip=str(self.schema.get("description") or ""),
            style={"description_width": "initial"},
        )

    def _options(self) -> list[tuple[str, Any]]:
        # '=' keeps a target of any name apart from the two other choices.
        known = [(name, f"={name}") for name in self._names]
        return [("By default", ""), *known, ("New …", NEW)]

    def _set(self, value: Any) -> None:
        if isinstance(value, Mapping):
            self._unfold()
            set_value(self.control, value=NEW)
            for name, control in self._parts.items():
                control.show(value.get(name, NOTHING))
            self._others = {n: v for n, v in value.items() if n not in self._parts}
            return
        set_shown(self._inside, False)
        chosen = "" if value is NOTHING else f"={value}"
        if chosen not in [one for _, one in self.control.options]:
            self.control.options = [*self.control.options, (str(value)[:60], chosen)]
        set_value(self.control, value=chosen)

    def _changed(self, change: Any) -> None:
        if not self._filling.here and self.control.value == NEW and not self._parts:
            self._unfold()
            with self._filling:
                for name, value in ComputeTargetFields.begins.items():
                    self._parts[name].show(value)
        set_shown(self._inside, self.control.value == NEW)
        super()._changed(change)

    def _unfold(self) -> None:
        set_shown(self._inside, True)
        if self._parts:
            return
        children: list[ipywidgets.Widget] = []
        group = ""
        for name, schema in describe(ComputeTargetFields)["properties"].items():
            if schema.get("x-advanced"):
                continue
            if schema["x-group"] != group:
                group = schema["x-group"]
                children.append(ipywidgets.HTML(html.heading(group)))
            part = FieldControl(name, schema, self._part_changed, locked=self.locked)
            self._parts[name] = part
            children.append(part.widget)
        self._inside.children = children

    def _part_changed(self, _name: str) -> None:
        if not self._filling.here:
            self._on_change(self.path)
            self._known = repr(self.read())
