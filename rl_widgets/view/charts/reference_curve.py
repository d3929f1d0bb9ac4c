"""Curves that a run is held against: other runs of the workspace, and CSV files."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from rl_widgets.store import statuses
from rl_widgets.store.database import Store
from rl_widgets.store.errors import NotFoundError, RLWidgetsError, UserError
from rl_widgets.view import catalogue, wording
from rl_widgets.view.charts import curve_file
from rl_widgets.view.charts.curve import AXES, Look, thinned
from rl_widgets.view.reader import RunReader
from rl_widgets.view.series import Floats

if TYPE_CHECKING:
    from rl_widgets.workspace import Workspace

#: So many of the newest runs are offered; any other is found by its id.
OFFERED = 200
#: A reference that still runs is looked at again after so many seconds.
REFRESH = 5.0
_POINTS = 1000
_BY_PLACE = "{} has logged no {}: its values are drawn side by side, from 1 on."
_NOTHING: Floats = np.empty(0)


@dataclass(frozen=True)
class Drawn:
    """A reference over one axis: x in the axis' units, y; `trouble` says what it lacks."""

    x: Floats
    y: Floats
    trouble: str = ""


class Reference(Protocol):
    """A curve beside the run's own. `key` tells one from another."""

    key: str
    label: str

    def over(self, axis: str, look: Look) -> Drawn:
        """The curve over an axis; `look.unit` is the axis' unit. Raises `StoreError`."""


class RunReference:
    """The curve of another run."""

    def __init__(self, reader: RunReader, metric: str) -> None:
        self.key = reader.run_id
        self.label = run_label(reader.record.experiment, reader.record.display_name, self.key)
        self._reader = reader
        self._metric = metric
        self._read_at = time.monotonic()
        self._trouble = ""

    def over(self, axis: str, look: Look) -> Drawn:
        """Brings the run up to date first, if it still runs and was not looked at just now."""
        if not self._reader.record.final and time.monotonic() - self._read_at > REFRESH:
            self._read_at = time.monotonic()
            try:
                self._reader.read()
                self._trouble = ""
            except RLWidgetsError as error:
                # What is known of it is drawn, as of a run that was deleted.
                self._trouble = str(error)
        found = self._reader.curve_as(look, self._metric, axis)
        trouble = self._trouble
        if found.by_place and not trouble:
            trouble = _BY_PLACE.format(self.label, AXES[axis].lower())
        if look.smoothing > 0:
            return Drawn(found.smooth_x, found.smooth_y, trouble)
        return Drawn(found.x, found.y, trouble)


class FileReference:
    """The curve of a CSV file, as it was when it was read."""

    def __init__(self, file: curve_file.CurveFile) -> None:
        self.key = str(file.path)
        self.label = wording.shown(file.path.name)
        self._file = file

    def over(self, axis: str, look: Look) -> Drawn:
        """As it is: what it was smoothed by, only its maker knows."""
        found = self._file.over(axis)
        if found is None:
            return Drawn(_NOTHING, _NOTHING, self._file.missing(axis))
        x, y = found[0] / (look.unit or 1.0), found[1]
        if look.log:
            y = np.where(y > 0, y, np.nan)
        if look.window is not None:
            inside = slice(*np.searchsorted(x, look.window))
            inside = slice(max(0, inside.start - 1), inside.stop + 1)
            x, y = x[inside], y[inside]
        return Drawn(*thinned(x, y, _POINTS))


def reference(what: Any, workspace: Workspace, metric: str, own_id: str) -> Reference:
    """The reference that a person named: a Run, a run's id, or the path of a CSV file.

    Raises `UserError` where it cannot be had, and says why.
    """
    if hasattr(what, "workspace") and hasattr(what, "id"):
        return _of_run(RunReader.of(what), metric, own_id)
    if not isinstance(what, (str, Path)):
        raise UserError(
            "A reference is a Run, the id of a run, or the path of a CSV file, not "
            f"{type(what).__name__}."
        )
    text = str(what).strip()
    if not text:
        raise UserError("Name a run of this workspace, or the path of a CSV file.")
    if isinstance(what, str) and not text.lower().endswith((".csv", ".txt", ".tsv")):
        try:
            run = workspace.get_run(text)
        except NotFoundError:
            if not _is_file(text):
                raise UserError(
                    f"There is neither a run nor a CSV file {wording.shown(text)!r}."
                ) from None
        else:
            return _of_run(RunReader.of(run), metric, own_id)
    return FileReference(curve_file.read(_path(text), metric))


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        # '~nobody/curve.csv', of a user that there is not
        raise UserError(f"{wording.shown(text)!r} is no path: {error}.") from error


def _is_file(text: str) -> bool:
    try:
        return _path(text).is_file()
    except (OSError, ValueError):
        return False  # longer than any name of a file


def offered(store: Store, metric: str, own_id: str) -> dict[str, str]:
    """Runs that have begun and have that metric, newest first: what they are called, and ids."""
    found = store.runs.find(limit=OFFERED)
    found = [r for r in found if r.id != own_id and (r.final or r.status == statuses.RUNNING)]
    names = _same_meaning(metric)
    children = [f"{r.id}_{role}" for r in found for role in ("head", "worker")]
    series = store.metrics.series([*(r.id for r in found), *children])
    having = {s.run for s in series if s.name in names}
    return {
        run_label(r.experiment, r.display_name, r.id): r.id
        for r in found
        if having & {r.id, f"{r.id}_head", f"{r.id}_worker"}
    }


def run_label(experiment: str, display_name: str, run_id: str) -> str:
    """What a run is called beside others: its name, or its id, which says its experiment."""
    if display_name and display_name != run_id:
        return wording.shown(f"{display_name} ({experiment}, {run_id[-8:]})")
    return wording.shown(run_id)


def _of_run(reader: RunReader, metric: str, own_id: str) -> RunReference:
    if reader.run_id == own_id:
        raise UserError("That is this very run: a reference is another one.")
    reader.read()
    known = reader.names()
    name = next((n for n in _same_meaning(metric) if n in known), None)
    if name is None:
        raise UserError(
            f"The run {reader.run_id} has no metric {wording.shown(metric)!r} to compare with."
        )
    return RunReference(reader, name)


def _same_meaning(metric: str) -> tuple[str, ...]:
    """The metric itself, and the other names of the reward for one of them."""
    return (metric, *catalogue.REWARD_NAMES) if catalogue.is_reward(metric) else (metric,)
