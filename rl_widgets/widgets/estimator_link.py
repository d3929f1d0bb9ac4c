"""Keeps a form and a live estimator equal: what is assigned to one is seen in the other."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import traitlets

from rl_widgets.estimator import ReinforcementLearningEstimator, WorkerConfiguration
from rl_widgets.fields.specification import fields_of
from rl_widgets.forms.submission import cluster_arguments, target_name
from rl_widgets.store.errors import UserError
from rl_widgets.widgets.field_text import NOTHING

#: What a cluster's values say of an estimator; what is not said is None.
_CLUSTER: Final = (
    "compute_target",
    "use_gpu",
    "shm_size",
    "pip_packages",
    "cluster_coordination_timeout_seconds",
    "max_run_duration_seconds",
    "environment_variables",
    "worker_configuration",
)


class EstimatorLink:
    """`read` gives a form's values of the estimator, and raises `UserError` where it has none.

    `changed` is called with the fields that were changed on the estimator (`NOTHING`: no more
    given), `refused` with a sentence where the form cannot follow; where it can again, `changed` is
    called in any case.
    """

    def __init__(
        self,
        estimator: ReinforcementLearningEstimator,
        read: Callable[[ReinforcementLearningEstimator], dict[str, Any]],
        changed: Callable[[dict[str, Any]], None],
        refused: Callable[[str], None],
    ) -> None:
        self.estimator = estimator
        self._read, self._changed, self._refused = read, changed, refused
        self._taking: int | None = None
        self._follows = True
        self._known = read(estimator)
        estimator.observe(self._on_change, names=traitlets.All)
        self._watch_workers(estimator.worker_configuration)

    @property
    def known(self) -> dict[str, Any]:
        """The form's values of the estimator."""
        return dict(self._known)

    def take(self, values: Mapping[str, Any], script: Mapping[str, Any]) -> None:
        """Have the estimator be as checked values say; `script` are its other arguments."""
        said = cluster_arguments(values)
        new = {**{name: said.get(name) for name in _CLUSTER}, **script}
        new["environment_variables"] = new["environment_variables"] or {}
        self._taking = threading.get_ident()
        try:
            for name, value in new.items():
                self._set(name, value)
            self._known = self._read(self.estimator)
        finally:
            self._taking = None

    def _set(self, name: str, value: Any) -> None:
        old = getattr(self.estimator, name)
        if name == "worker_configuration" and old is not None and value is not None:
            for field in fields_of(WorkerConfiguration):
                _assign(old, field, getattr(value, field))
        else:
            _assign(self.estimator, name, value)

    def _watch_workers(self, workers: WorkerConfiguration | None) -> None:
        if workers is not None:
            workers.observe(self._on_change, names=traitlets.All)

    def _on_change(self, change: Any) -> None:
        if change["name"] == "worker_configuration":
            if change["old"] is not None:
                change["old"].unobserve(self._on_change, names=traitlets.All)
            self._watch_workers(change["new"])
        if self._taking == threading.get_ident():
            return
        try:
            now = self._read(self.estimator)
        except UserError as error:
            self._follows = False
            self._refused(f"The form does not follow the estimator: {error}")
            return
        names = {*now, *self._known}
        changes = {
            name: now.get(name, NOTHING)
            for name in names
            if now.get(name, NOTHING) != self._known.get(name, NOTHING)
        }
        self._known = now
        if changes or not self._follows:
            self._follows = True
            self._changed(changes)


def inherited(name: str, new: Any, old: Any) -> Any:
    """A field's new value, with those variables null that were null and are as they are here.

    They are taken over from whoever submits: so they stay out of code and files.
    """
    both = isinstance(new, Mapping) and isinstance(old, Mapping)
    if name != "environment_variables" or not both:
        return new
    kept = {n for n in new if n in old and old[n] is None and new[n] == os.environ.get(n)}
    return {n: None if n in kept else text for n, text in new.items()}


def _assign(owner: Any, name: str, value: Any) -> None:
    """Only what differs; a target by its object is the target by its name."""
    old = getattr(owner, name)
    if name == "compute_target" and target_name(old) == target_name(value):
        return
    # True is 1 to Python, and another setting to RLlib.
    if old != value or repr(old) != repr(value):
        setattr(owner, name, value)
