"""`ClusterForm(ws)`: the head and the workers of a run, sized by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets

from rl_widgets.estimator import ReinforcementLearningEstimator
from rl_widgets.forms.checking import Checked
from rl_widgets.forms.cluster import ClusterFields
from rl_widgets.forms.code import cluster_code
from rl_widgets.forms.opened import cluster_of
from rl_widgets.forms.submission import make_targets, target_name
from rl_widgets.store.errors import UserError
from rl_widgets.view.wording import plural
from rl_widgets.widgets.estimator_link import EstimatorLink, inherited
from rl_widgets.widgets.field_text import NOTHING
from rl_widgets.widgets.form import Form
from rl_widgets.widgets.form_button import button
from rl_widgets.widgets.form_entries import with_value
from rl_widgets.widgets.panel import set_shown, set_value
from rl_widgets.workspace import Workspace

if TYPE_CHECKING:
    from rl_widgets.compute import AmlCompute

_TARGETS = ("head_target", "worker_target")
_SCRIPT = ("source_directory", "entry_script", "script_params")


class ClusterForm(Form):
    """The cluster of a run: targets, sizes, worker nodes, limits, packages and variables.

    `estimator` is the live object: what is assigned to its attributes is seen in the form, and the
    other way round as soon as the form has no error. `Experiment.submit(form.estimator)` runs on
    this cluster once its entry script is named. `locked`: fields that take no input in the page.
    """

    fields = ClusterFields
    words = (ClusterFields.title, ClusterFields.about)

    def __init__(
        self,
        ws: Workspace | None = None,
        values: Mapping[str, Any] | None = None,
        *,
        estimator: ReinforcementLearningEstimator | None = None,
        locked: Sequence[str] = (),
    ) -> None:
        if values is not None and not isinstance(values, Mapping):
            raise UserError(
                f"values is a dict of fields, not {type(values).__name__}. A form on an estimator "
                "that there is: ClusterForm.from_estimator(estimator)."
            )
        if estimator is None:
            estimator = ReinforcementLearningEstimator(".")
        elif not isinstance(estimator, ReinforcementLearningEstimator):
            raise UserError(
                "A cluster's form is opened on a ReinforcementLearningEstimator(…), not "
                f"{type(estimator).__name__}."
            )
        self._link = EstimatorLink(estimator, cluster_of, self._take, self._refuse)
        super().__init__(ws, {**self._link.known, **(values or {})}, locked)
        self._link.estimator.observe(lambda _: self._post_draw(), names=list(_SCRIPT))

    @classmethod
    def from_estimator(
        cls,
        estimator: ReinforcementLearningEstimator,
        ws: Workspace | None = None,
        *,
        locked: Sequence[str] = (),
    ) -> ClusterForm:
        """A form on an estimator that there is. Raises `UserError` for what no form can show.

        `ws`: by default that of its compute target, else the one of the configuration file.
        """
        if ws is None:
            target: AmlCompute | str | None = getattr(estimator, "compute_target", None)
            ws = getattr(target, "workspace", None) or Workspace.from_config()
        return cls(ws, estimator=estimator, locked=locked)

    @property
    def estimator(self) -> ReinforcementLearningEstimator:
        """The live object; with errors in the form, as it was before them."""
        self._settle()
        return self._link.estimator

    def make_targets(self) -> list[str]:
        """Make the new compute targets; the form then has them by name. Returns those made.

        Raises `UserError`, `ComputeTargetException`.
        """
        checked = self._settle()
        for sentence in checked.errors.values():
            raise UserError(sentence)
        before = {*self._ws.compute_targets}
        make_targets(checked.values, self._ws)
        values: Mapping[str, Any] = self.values
        for name in _TARGETS:
            if isinstance(values.get(name), Mapping):
                values = with_value(values, name, target_name(checked.values[name]))
        self.values = values
        return [name for name in _new(checked.values) if name not in before]

    def _take(self, changes: Mapping[str, Any]) -> None:
        with self._lock:
            values: Mapping[str, Any] = self.values
            for name, value in changes.items():
                value = inherited(name, value, values.get(name))
                values = with_value(values, name, value)
            self.values = values
        if not changes:  # the form follows again
            self._look_again()

    def _refuse(self, sentence: str) -> None:
        self._thread.post(lambda: self._tell("", sentence))

    def _apply(self, checked: Checked) -> None:
        self._link.take(checked.values, {})

    def _code(self, checked: Checked) -> str:
        script = {name: getattr(self._link.estimator, name) for name in _SCRIPT}
        return cluster_code(checked.values, self._ws.folder, script)

    def _buttons(self) -> Sequence[ipywidgets.Widget]:
        self._make = button(
            "Create compute targets",
            "Make the new compute targets in the workspace",
            lambda: self._thread.post(self._make_targets),
            "primary",
        )
        return [self._make]

    def _draw_buttons(self, checked: Checked) -> None:
        new = [v for v in map(self.values.get, _TARGETS) if isinstance(v, Mapping)]
        set_shown(self._make, bool(new))
        set_value(self._make, disabled=bool(checked.errors))

    def _make_targets(self) -> None:
        made = self.make_targets()
        said = f"{plural(len(made), 'compute target')} created: {', '.join(made)}."
        self._tell(said if made else "The workspace had them already: nothing was created.")


def _new(values: Mapping[str, Any]) -> list[str]:
    new = (values.get(name, NOTHING) for name in _TARGETS)
    return list(dict.fromkeys(str(v["name"]) for v in new if isinstance(v, Mapping)))
