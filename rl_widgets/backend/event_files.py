"""TensorBoard's event files, read into points: scalars, whoever has written them.

The files are TFRecords of `Event` messages; the messages and the checksum are the `tensorboard`
package's own, which is imported only here and only when a folder is read.
"""

from __future__ import annotations

import importlib.util
import math
import os
import struct
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rl_widgets.backend.imported import Imported, Point, is_storable, readable_folder
from rl_widgets.store.errors import RLWidgetsError, UserError

#: What Ray Tune writes before the names of all its metrics.
_TUNE_PREFIX = "ray/tune/"
#: Metrics that tell what the step of a result is, where there are any.
_ITERATION = ("training_iteration",)
#: The same in a folder where nothing was restored; Tune's event files have no other.
_ITERATION_ALONE = ("iterations_since_restore",)
_ENV_STEPS = ("num_env_steps_sampled_lifetime", "timesteps_total")
#: Longer records are pictures and videos, whose checksum is not worth its time.
_CHECKED_BYTES = 64 << 10
#: Seconds within which what was written at one step is one result.
_ONE_MOMENT = 1.0
_HEADER = struct.Struct("<QI")
_CHECKSUM = struct.Struct("<I")

STEPS = ("env_steps", "iteration")


def read(folder: Any, steps: str = "env_steps") -> list[Imported]:
    """A run for each folder at or below `folder` that holds event files.

    `steps` says what the step in the files counts: "env_steps" (as Stable-Baselines3, CleanRL and
    others write it) or "iteration". Files of Ray Tune tell both by themselves. Raises `UserError`
    for a folder without a scalar.
    """
    if steps not in STEPS:
        raise UserError(f"steps is 'env_steps' or 'iteration', not {steps!r:.60}.")
    root = readable_folder(folder, "import_tensorboard")
    if importlib.util.find_spec("tensorboard") is None:
        raise RLWidgetsError(
            "Event files are read with TensorBoard, which is not installed: pip install "
            "'rl-widgets[tensorboard]'."
        )
    files = sorted(p for p in root.rglob("*tfevents*") if p.is_file())
    if not files:
        raise UserError(
            f"import_tensorboard: there is no event file (*tfevents*) in {root} or in a folder "
            "below it. Name the folder that TensorBoard takes as --logdir."
        )
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for file in files:
        by_folder[file.parent].append(file)
    found = [_run(root, place, some, steps) for place, some in by_folder.items()]
    found = [run for run in found if run.points]
    if not found:
        raise UserError(
            f"import_tensorboard: the {len(files)} event files in {root} hold no scalar that can "
            "be read. Pictures, histograms and texts are not imported."
        )
    return found


def _run(root: Path, folder: Path, files: list[Path], steps: str) -> Imported:
    notes: list[str] = []
    attempt, last_time, last_step = 1, -math.inf, -1
    points: list[Point] = []
    for file in files:
        scalars = list(_scalars(file, notes))
        if not scalars:
            continue
        began, first = min(s[1] for s in scalars), min(s[3] for s in scalars)
        # A file that begins later at a step that had been reached is what a resumed program
        # wrote; several files of the same time are several writers of one.
        if began > last_time and points and first <= last_step:
            attempt += 1
        told = (*_ITERATION, *(_ITERATION_ALONE if len(files) == 1 else ()))
        points += _points(scalars, attempt, steps, told, notes)
        last_time = max(last_time, *(s[1] for s in scalars))
        last_step = max(last_step, *(s[3] for s in scalars))
    points.sort(key=lambda p: (p.attempt, p.time))
    relative = folder.relative_to(root).as_posix()
    name = folder.name if relative == "." else relative
    return Imported(name, "tensorboard", folder, points, notes=list(dict.fromkeys(notes)))


def _points(
    scalars: list[tuple[str, float, float, int]],
    attempt: int,
    steps: str,
    iteration_names: tuple[str, ...],
    notes: list[str],
) -> list[Point]:
    named = [
        (name.removeprefix(_TUNE_PREFIX), when, value, step) for name, when, value, step in scalars
    ]
    iterations = _told(named, iteration_names)
    env_steps = _told(named, _ENV_STEPS)
    found = []
    moments: dict[int, float] = {}
    for name, when, value, step in named:
        # A result is written metric by metric: it is one moment all the same.
        first = moments.setdefault(step, when)
        when = first if abs(when - first) <= _ONE_MOMENT else when
        if iterations or env_steps:
            iteration, own = iterations.get(step), env_steps.get(step)
        else:
            iteration, own = (None, step) if steps == "env_steps" else (step, None)
        if is_storable(name, step):
            found.append(Point(name, attempt, when, value, iteration, own))
        else:
            notes.append(f"A metric that the record cannot hold is left out: {name[:80]!r}.")
    return found


def _told(
    scalars: list[tuple[str, float, float, int]], names: tuple[str, ...]
) -> dict[int, int | None]:
    """By the step in the file, what a metric of one of the names told."""
    for name in names:
        told: dict[int, int | None] = {
            step: int(value) for n, _, value, step in scalars if n == name and value >= 0
        }
        if told:
            return told
    return {}


def _scalars(file: Path, notes: list[str]) -> Iterator[tuple[str, float, float, int]]:
    """Name, time, value and step of every scalar of a file, as far as it can be read."""
    from tensorboard.compat.proto import event_pb2
    from tensorboard.util import tensor_util

    count = 0
    try:
        for data in _records(file):
            event = event_pb2.Event.FromString(data)
            count += 1
            for value in event.summary.value:
                kind = value.WhichOneof("value")
                if kind == "simple_value":
                    yield value.tag, event.wall_time, value.simple_value, event.step
                elif kind == "tensor" and not value.tensor.tensor_shape.dim:
                    if value.metadata.plugin_data.plugin_name not in ("", "scalars"):
                        continue
                    number = tensor_util.make_ndarray(value.tensor)
                    if number.dtype.kind in "fiu":
                        yield value.tag, event.wall_time, float(number), event.step
    # protobuf's DecodeError is of no common class over its versions.
    except Exception as error:  # noqa: BLE001 what can be read of a broken file is kept
        why = str(error) if isinstance(error, (_Broken, OSError)) else type(error).__name__
        notes.append(f"{file.name} is broken after {count:,} events ({why}); those are kept.")


class _Broken(Exception):
    """A record that is not whole, or not what its checksum says."""


def _records(file: Path) -> Iterator[bytes]:
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    size = os.path.getsize(file)
    with file.open("rb") as stream:
        while header := stream.read(_HEADER.size):
            if len(header) < _HEADER.size:
                raise _Broken("it ends within a record")
            length, checksum = _HEADER.unpack(header)
            if masked_crc32c(header[:8]) != checksum:
                raise _Broken("a checksum does not fit")
            if length > size:
                raise _Broken("it ends within a record")
            data, rest = stream.read(length), stream.read(_CHECKSUM.size)
            if len(data) < length or len(rest) < _CHECKSUM.size:
                raise _Broken("it ends within a record")
            if length <= _CHECKED_BYTES and masked_crc32c(data) != _CHECKSUM.unpack(rest)[0]:
                raise _Broken("a checksum does not fit")
            yield data
