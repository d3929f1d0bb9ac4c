"""'Open YAML' and 'Save as YAML' of a form: its values as a file of the person's own machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets

from rl_widgets.forms.document import MOST
from rl_widgets.view.html import form as html
from rl_widgets.widgets.panel import set_value
from rl_widgets.widgets.subshells import answer_while_busy


class FormFile:
    """`widgets` are the two buttons. `opened` is called, on any thread, with the name and what is
    in the file that a person chooses."""

    def __init__(self, opened: Callable[[str, bytes], None]) -> None:
        self._opened = opened
        self.open = ipywidgets.FileUpload(
            accept=".yaml,.yml",
            description="Open YAML",
            tooltip=f"Replace what stands in the form by a file of at most {MOST}",
        )
        self.open.add_class("rlw-open")
        self.open.observe(self._chosen, names="value")
        answer_while_busy(self.open)
        self._save = ipywidgets.HTML()
        self.widgets = (self.open, self._save)

    def offer(self, name: str, text: str) -> None:
        """Have 'Save as YAML' save a text; '' while there is none to save."""
        set_value(self._save, value=html.save_as_yaml(name, text))

    def forget(self) -> None:
        """What was chosen is opened: the same file may be chosen again, after it was put right."""
        set_value(self.open, value=())

    def _chosen(self, change: Mapping[str, Any]) -> None:
        for file in change["new"]:
            self._opened(str(file["name"]), bytes(file["content"]))
