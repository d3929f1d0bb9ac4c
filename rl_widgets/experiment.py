"""Experiments: a name under which runs are collected."""

from __future__ import annotations

import html
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rl_widgets.backend import submission
from rl_widgets.fields.names import ExperimentName
from rl_widgets.store.errors import UserError

if TYPE_CHECKING:
    from rl_widgets.backend.imported import Imported
    from rl_widgets.estimator import ReinforcementLearningEstimator
    from rl_widgets.run import Run
    from rl_widgets.workspace import Workspace

_NAME = ExperimentName(label="Experiment")


class Experiment:
    """A collection of runs in a workspace, made at first use.

    The name has 3 to 36 letters, digits, '_' and '-', and begins with a letter or digit. Raises
    `UserError` for any other.
    """

    def __init__(self, workspace: Workspace, name: str) -> None:
        _NAME.check(name)
        self.workspace = workspace
        self.name = name
        workspace.store.runs.add_experiment(name)

    def submit(
        self, config: ReinforcementLearningEstimator, tags: Mapping[str, str] | None = None
    ) -> Run:
        """Check everything that can be checked, then start a run of `config`; returns at once.

        The run goes on when this process ends; `ws.get_run(run.id)` finds it again from any
        other. Raises `UserError` or `ComputeTargetException`, before anything has started.
        """
        from rl_widgets.estimator import ReinforcementLearningEstimator
        from rl_widgets.run import Run, checked_tags

        if not isinstance(config, ReinforcementLearningEstimator):
            raise UserError(
                "submit takes a ReinforcementLearningEstimator, not "
                f"{type(config).__name__}: exp.submit(config=estimator)."
            )
        checked = checked_tags(tags or {})
        prepared = config.prepare(self.workspace)
        record = submission.submit(
            self.workspace.store,
            self.workspace.folder,
            self.name,
            prepared.plan,
            prepared.source,
            prepared.environment_variables,
            checked,
            prepared.warnings,
        )
        return Run._of(self.workspace, record)

    def start_logging(self, display_name: str = "") -> Run:
        """A run without a cluster, for any script or cell that logs; end it by `run.complete()`."""
        from rl_widgets.run import Run

        record, lock = submission.start_interactive(
            self.workspace.store, self.workspace.folder, self.name, display_name
        )
        run = Run._of(self.workspace, record)
        run._hold(lock)
        return run

    def import_tensorboard(
        self, folder: str | os.PathLike[str], steps: str = "env_steps"
    ) -> list[Run]:
        """Take TensorBoard's event files as finished runs: one for each folder that holds some.

        `steps` is what the step in the files counts: "env_steps" or "iteration"; files of Ray Tune
        tell both by themselves. Scalars are taken; pictures, histograms and texts are not. Raises
        `UserError` where there is nothing to read; what is broken is kept as far as it can be read,
        and the run says so (`run.get_details()["warnings"]`).
        """
        from rl_widgets.backend import event_files

        return self._import(event_files.read(folder, steps))

    def import_tune(self, folder: str | os.PathLike[str]) -> list[Run]:
        """Take results of Ray Tune or RLlib (result.json, progress.csv) as finished runs.

        A run for each trial at or below `folder`, with its settings; broken lines are left out and
        said. Raises `UserError` where there is nothing to read.
        """
        from rl_widgets.backend import tune_results

        return self._import(tune_results.read(folder))

    def _import(self, found: list[Imported]) -> list[Run]:
        from rl_widgets.backend import imported
        from rl_widgets.run import Run

        ws = self.workspace
        return [Run._of(ws, imported.write(ws.store, ws.folder, self.name, one)) for one in found]

    def get_runs(
        self,
        type: str | None = None,
        tags: Mapping[str, str | None] | str | None = None,
        properties: Mapping[str, str | None] | str | None = None,
        include_children: bool = False,
    ) -> list[Run]:
        """The runs, newest first; `tags` and `properties` are names, or dicts of names to values
        (None: any value)."""
        from rl_widgets.run import Run, has_all

        return [
            Run._of(self.workspace, record)
            for record in self.workspace.store.runs.find(
                self.name, include_children=include_children
            )
            if (type is None or record.type == type)
            and has_all(record.tags, tags)
            and has_all(record.properties, properties)
        ]

    def to_frame(self) -> Any:
        """All metrics of all runs as one pandas DataFrame, with a column `run`."""
        import pandas as pd

        frames = []
        for run in self.get_runs():
            frame = run.to_frame()
            frame.insert(0, "run", run.id)
            frames.append(frame)
        # An empty frame has no say in the types of the others' columns.
        with_rows = [frame for frame in frames if len(frame)] or frames[:1]
        if not with_rows:
            columns = ["run", "iteration", "env_steps", "time", "attempt"]
            return pd.DataFrame({name: [] for name in columns})
        return pd.concat(with_rows, ignore_index=True)

    def __repr__(self) -> str:
        return f"Experiment(Name: {self.name}, Workspace: {self.workspace.name})"

    def _repr_html_(self) -> str:
        cells = {
            "Name": self.name,
            "Workspace": self.workspace.name,
            "Runs": str(self.workspace.store.runs.count(self.name)),
        }
        head = "".join(f"<th>{html.escape(name)}</th>" for name in cells)
        body = "".join(f"<td>{html.escape(value)}</td>" for value in cells.values())
        return f"<table><thead><tr>{head}</tr></thead><tbody><tr>{body}</tr></tbody></table>"
