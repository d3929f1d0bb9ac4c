"""Event files for TensorBoard from a run's record, for runs whose script writes none."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl_widgets.store.metrics import Points

if TYPE_CHECKING:
    from rl_widgets.run import Run


def has_event_files(run: Run) -> bool:
    """Whether the run's script (Tune, or its own writer) has written event files into ./logs."""
    return next((run.folder / "head" / "logs").rglob("*tfevents*"), None) is not None


class RecordedEvents:
    """Writes what the record has of a run into event files in `folder`, and then what is new.

    The step is the env steps where a metric was logged with them, else its iteration, else the
    count of its values.
    """

    def __init__(self, run: Run, folder: Path) -> None:
        self._run = run
        self._folder = folder
        self._writer: Any = None
        self._read_to: dict[int, int] = {}
        self._counts: dict[int, int] = {}
        self._kinds: dict[int, str] = {}

    @property
    def begun(self) -> bool:
        """Whether there is a file."""
        return self._writer is not None

    def write_new(self) -> bool:
        """Write what came since the last call; tells whether there was something.

        Raises `StoreError`.
        """
        workspace, run_id = self._run.workspace, self._parent
        workspace.refresh(run_id)
        metrics = workspace.store.metrics
        names = {
            s.id: s.name
            for s in metrics.series([run_id, f"{run_id}_head", f"{run_id}_worker"])
            if s.kind == "number"
        }
        if not self.begun and all(name.startswith("resources/") for name in names.values()):
            # What the nodes use is there before the script, which may write event files itself.
            return False
        # A series that is new is read from its own beginning.
        together: dict[int, list[int]] = defaultdict(list)
        for i in names:
            together[self._read_to.get(i, 0)].append(i)
        wrote = False
        for after, some in together.items():
            points = metrics.points(some, after=after)
            if len(points):
                self._write(points, names)
                self._read_to.update(dict.fromkeys(some, int(points.id[-1])))
                wrote = True
        if wrote:
            self._writer.flush()
        return wrote

    def close(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()

    @property
    def _parent(self) -> str:
        return self._run.folder.name

    def _write(self, points: Points, names: dict[int, str]) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        if self._writer is None:
            self._writer = EventFileWriter(str(self._folder))
        for series, env_steps, step, when, value in zip(
            points.series.tolist(),
            points.env_steps.tolist(),
            points.step.tolist(),
            points.time.tolist(),
            points.value.tolist(),
            strict=True,
        ):
            entry = summary_pb2.Summary.Value(tag=names[series], simple_value=value)
            self._writer.add_event(
                event_pb2.Event(
                    wall_time=when,
                    step=self._step(series, env_steps, step),
                    summary=summary_pb2.Summary(value=[entry]),
                )
            )

    def _step(self, series: int, env_steps: float, step: float) -> int:
        """One kind of step for each series, that of its first value."""
        own = {"env_steps": env_steps, "step": step}
        known = [kind for kind, number in own.items() if not math.isnan(number)]
        kind = self._kinds.setdefault(series, known[0] if known else "count")
        count = self._counts[series] = self._counts.get(series, 0) + 1
        number = own.get(kind, math.nan)
        return count if math.isnan(number) else int(number)
