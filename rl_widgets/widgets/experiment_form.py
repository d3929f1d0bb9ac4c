"""`ExperimentForm(ws)`: an experiment set up by hand, submitted, and watched beneath."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets

from rl_widgets.estimator import ReinforcementLearningEstimator
from rl_widgets.fields.specification import Fields
from rl_widgets.forms import checking, installed
from rl_widgets.forms.checking import Checked
from rl_widgets.forms.code import plain
from rl_widgets.forms.expected import expectation, measured
from rl_widgets.forms.experiment import ExperimentFields
from rl_widgets.forms.locked import members_of
from rl_widgets.forms.opened import from_estimator, from_run
from rl_widgets.forms.submission import estimator_of, runs_of, training_script
from rl_widgets.forms.trial import SECONDS, trial
from rl_widgets.store.errors import FieldError, RLWidgetsError, UserError
from rl_widgets.view.html import form as html
from rl_widgets.view.wording import plural, shown
from rl_widgets.widgets.estimator_link import EstimatorLink, inherited
from rl_widgets.widgets.field_text import NOTHING
from rl_widgets.widgets.form import KEPT_OUT, Form
from rl_widgets.widgets.form_button import button
from rl_widgets.widgets.form_entries import changed, with_value, words_of
from rl_widgets.widgets.panel import set_value
from rl_widgets.widgets.submitted_runs import submitted

if TYPE_CHECKING:
    from rl_widgets.run import Run
    from rl_widgets.workspace import Workspace

#: Views of submitted runs that are kept beneath, the newest first.
_KEPT = 3
#: Characters of a changed value that are shown.
_WORDS = 60
_NONE = "by default"
#: Seconds for which measured env steps/s are taken as they are.
_FRESH = 60.0


class ExperimentForm(Form):
    """What to train, with which settings, on which cluster; 'Submit' shows the run beneath.

    `estimator` is the live object of (the first of) its runs: what is assigned to its attributes is
    seen in the form, and the other way round as soon as the form has no error. `values` begin with
    CartPole. `locked`: fields that take no input in the page, such as 'environment' or 'config.lr'.
    """

    fields = ExperimentFields
    words = (ExperimentFields.title, ExperimentFields.about)

    def __init__(
        self,
        ws: Workspace | None = None,
        values: Mapping[str, Any] | None = None,
        *,
        locked: Sequence[str] = (),
    ) -> None:
        if values is not None and not isinstance(values, Mapping):
            raise UserError(f"values is a dict of fields, not {type(values).__name__}.")
        self._link: EstimatorLink | None = None
        self._source = ""
        self._submitted: list[Run] = []
        self._before: Mapping[str, Any] | None = None
        self._rates: dict[tuple[str, str], tuple[float, list[float]]] = {}
        self._sending = False
        super().__init__(ws, ExperimentFields.begins if values is None else values, locked)

    @classmethod
    def from_run(cls, run: Run, *, locked: Sequence[str] = ()) -> ExperimentForm:
        """A form on what a run was submitted with: change one thing and run again.

        Raises `UserError` for a run that no form can make.
        """
        if not hasattr(run, "workspace") or not hasattr(run, "id"):
            raise UserError(
                "ExperimentForm.from_run takes a Run, such as ws.get_run(run_id), not "
                f"{type(run).__name__}."
            )
        return cls(run.workspace, from_run(run), locked=locked)

    @property
    def estimator(self) -> ReinforcementLearningEstimator:
        """The live object; with errors in the form, as it was before them.

        Raises `UserError` where the form was never without an error.
        """
        checked = self._settle()
        if self._link is None:
            first = next(iter(checked.errors.values()))
            raise UserError(f"There is no estimator yet: {first}")
        return self._link.estimator

    @property
    def runs(self) -> Sequence[Run]:
        """The runs that this form has submitted, oldest first."""
        return tuple(self._submitted)

    def submit(self) -> list[Run]:
        """Start the run, or the runs of a group; they are shown beneath. Returns at once.

        Raises `UserError`, `ComputeTargetException` with the first thing that is wrong.
        """
        _check_trains()
        return self._start(plain(self.values))

    def try_out(self) -> list[Run]:
        """Start the first run with a stop after 60 s of training, as a run of its own."""
        checked = self._settle()
        for name, sentence in checked.errors.items():
            raise FieldError(sentence, name)
        return self._start(plain(trial(checked.values)))

    # -- values and the live object ------------------------------------------------------------

    def _check(self, values: Mapping[str, Any]) -> Checked:
        found = super()._check(values)
        try:
            _check_trains()
        except UserError as error:
            found.errors[""] = str(error)
        return found

    def _apply(self, checked: Checked) -> None:
        self._source = self._source or training_script(self._ws)
        new = estimator_of(checked.values, self._source, runs_of(checked.values)[0])
        if self._link is None:
            self._link = EstimatorLink(new, from_estimator, self._take, self._refuse)
        else:
            names = ("source_directory", "entry_script", "script_params")
            self._link.take(checked.values, {name: getattr(new, name) for name in names})

    def _take(self, changes: Mapping[str, Any]) -> None:
        with self._lock:
            values: Mapping[str, Any] = self.values
            varied = values.get("vary")
            for name, value in changes.items():
                if name == "config" and isinstance(value, Mapping) and isinstance(varied, Mapping):
                    value = {n: v for n, v in value.items() if n not in varied}
                value = inherited(name, value, values.get(name))
                values = with_value(values, name, value)
            self.values = values
        if not changes:  # the form follows again
            self._look_again()

    def _refuse(self, sentence: str) -> None:
        self._thread.post(lambda: self._tell("", sentence))

    def _members(self, values: Mapping[str, Any]) -> Mapping[str, type[Fields]]:
        return members_of(self.fields, values)

    def _choices(self, path: str) -> Sequence[str]:
        if path == "environment":
            return installed.environments()
        if path == "algorithm":
            return installed.algorithms()
        if path == "preset":
            return installed.presets(self.values.get("algorithm", "IMPALA")) or [""]
        return ()

    def _more_notes(self, checked: Checked) -> Iterable[str]:
        if checked.errors:
            return ()
        kind = (checked.values["environment"], checked.values["algorithm"])
        at, rates = self._rates.get(kind, (-_FRESH, []))
        if time.monotonic() - at >= _FRESH:
            try:
                rates = measured(*kind, self._ws)
            except (RLWidgetsError, OSError):
                rates = []
            self._rates[kind] = time.monotonic(), rates
        return (expectation(checked.values, rates),)

    def _look_again(self) -> None:
        # A run that has ended was measured.
        self._rates.clear()
        super()._look_again()

    # -- buttons -------------------------------------------------------------------------------

    def _buttons(self) -> Sequence[ipywidgets.Widget]:
        self._submit = button(
            "Submit",
            "Start the run, and show it beneath",
            lambda: self._clicked(self.submit, "Submitting …"),
            "primary",
        )
        self._try = button(
            f"Try {SECONDS} seconds",
            f"The same submission, stopped after {SECONDS} s of training: a run of its own",
            lambda: self._clicked(self.try_out, f"Submitting a run of {SECONDS} s …"),
        )
        return [self._submit, self._try]

    def _draw_buttons(self, checked: Checked) -> None:
        disabled = bool(checked.errors) or self._sending
        set_value(self._submit, disabled=disabled)
        set_value(self._try, disabled=disabled)

    def _clicked(self, send: Any, words: str) -> None:
        # Here, and not on the form's thread: the second click of two comes before the first's runs.
        with self._lock:
            if self._sending:
                return
            self._sending = True
        self._thread.post(functools.partial(self._send_runs, send, words))

    def _send_runs(self, send: Any, words: str) -> None:
        said = trouble = ""
        try:
            self._tell(words)
            runs = send()
            said = f"{plural(len(runs), 'run')} submitted: {', '.join(run.id for run in runs[:3])}"
            said += " …" if len(runs) > 3 else "."
        except (RLWidgetsError, OSError) as error:
            trouble = str(error)
        finally:
            self._sending = False
        self._stale = True
        self._tell(said, trouble)

    def _start(self, values: Mapping[str, Any]) -> list[Run]:
        runs = checking.submit(values, self._ws)
        self._submitted += runs
        before, self._before = self._before, plain(self.values)
        words = "" if before is None else self._difference(before, self._before)
        # The views are widgets: the form's own thread alone makes them.
        self._thread.post(functools.partial(self._show_beneath, runs, words))
        return runs

    def _difference(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
        """What tells a submission from the one before."""
        parts = []
        for entry, value in changed(old, new, self._entries(new)):
            said = "" if value is NOTHING else shown(words_of(value, entry.schema), _WORDS)
            parts.append(
                entry.title if entry.path == KEPT_OUT else f"{entry.title} {said or _NONE}"
            )
        return f"Changed: {', '.join(parts)}." if parts else ""

    def _show_beneath(self, runs: Sequence[Run], words: str) -> None:
        view = submitted(runs, self._thread.post)
        heading = [ipywidgets.HTML(html.heading(words))] if words else []
        kept = [ipywidgets.VBox([*heading, view]), *self._beneath.children]
        self._beneath.children = kept[:_KEPT]
        for old in kept[_KEPT:]:
            old.children[-1].close()
            old.close()

    def _runs(self) -> tuple[str, ...]:
        return tuple(run.id for run in self._submitted)


def _check_trains() -> None:
    if not installed.trains_here():
        raise UserError(
            "The Python of this notebook has no Ray and torch to train with. Install "
            "'rl-widgets[rllib]' in it, or choose a kernel that has them."
        )
