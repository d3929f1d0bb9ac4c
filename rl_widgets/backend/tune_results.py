"""Result folders of Ray Tune and RLlib (`result.json`, `progress.csv`), read into points."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rl_widgets.backend.imported import Imported, Point, is_storable, readable_folder
from rl_widgets.store.errors import UserError

_RESULTS, _TABLE, _PARAMS, _ERROR = "result.json", "progress.csv", "params.json", "error.txt"

#: What is no measurement: settings, identities, and lists of single episodes.
_LEFT_OUT = frozenset(
    {"config", "hist_stats", "timestamp", "pid", "done", "date", "hostname", "node_ip", "trial_id",
     "experiment_id", "experiment_tag", "should_checkpoint", "iterations_since_restore",
     "time_since_restore", "timesteps_since_restore"}
)  # fmt: skip
_ENV_STEPS = (
    "num_env_steps_sampled_lifetime",
    "num_env_steps_sampled",
    "timesteps_total",
    "agent_timesteps_total",
)


def read(folder: Any) -> list[Imported]:
    """A run for each trial at or below `folder`. Raises `UserError` where there is none."""
    root = readable_folder(folder, "import_tune")
    places = sorted(
        {p.parent for name in (_RESULTS, _TABLE) for p in root.rglob(name) if p.is_file()}
    )
    if not places:
        raise UserError(
            f"import_tune: there is no {_RESULTS} and no {_TABLE} in {root} or in a folder below "
            "it. Name the folder of a Tune experiment (or of one trial of it)."
        )
    found = [_trial(root, place) for place in places]
    with_points = [trial for trial in found if trial.points]
    if not with_points:
        why = next((note for trial in found for note in trial.notes), "they are empty")
        raise UserError(
            f"import_tune: no result can be read in {root}, in {len(places)} trials: {why}"
        )
    return with_points


def _trial(root: Path, folder: Path) -> Imported:
    relative = folder.relative_to(root).as_posix()
    name = folder.name if relative == "." else relative
    trial = Imported(name, "tune", folder, [])
    rows = list(_of_json(folder / _RESULTS, trial.notes))
    if not rows:
        rows = list(_of_csv(folder / _TABLE, trial.notes))
    trial.points = _points(folder, rows, trial.notes)
    trial.notes = list(dict.fromkeys(trial.notes))
    try:
        config = json.loads((folder / _PARAMS).read_text(encoding="utf-8"))
        trial.config = config if isinstance(config, dict) else {}
    except (OSError, ValueError):
        config = rows[-1].get("config") if rows else None
        trial.config = config if isinstance(config, dict) else {}
    trial.error = _error(folder / _ERROR)
    return trial


def _points(folder: Path, rows: list[dict[str, Any]], notes: list[str]) -> list[Point]:
    points: list[Point] = []
    attempt, newest = 1, -1
    end = _changed(folder)
    last_total = next((t for r in rows[::-1] if (t := _number(r.get("time_total_s")))), 0.0)
    for i, row in enumerate(rows):
        numbers = dict(_numbers(row))
        iteration = _whole(numbers.get("training_iteration"))
        if iteration is not None:
            # A trial that was restored writes on in the same file.
            attempt += iteration <= newest
            newest = iteration
        env_steps = next((s for n in _ENV_STEPS if (s := _whole(numbers.get(n)))), None)
        when = _number(row.get("timestamp"))
        if when is None:
            total = numbers.get("time_total_s")
            when = end - last_total + total if total is not None else end - len(rows) + i + 1.0
        step = iteration if iteration is not None else i + 1
        for name, value in numbers.items():
            if is_storable(name, step):
                points.append(Point(name, attempt, when, value, step, env_steps))
            else:
                notes.append(f"A metric that the record cannot hold is left out: {name[:80]!r}.")
    return points


def _of_json(file: Path, notes: list[str]) -> Iterator[dict[str, Any]]:
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            for number, line in enumerate(stream, 1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except ValueError:
                    row = None
                if isinstance(row, dict):
                    yield row
                else:
                    notes.append(f"Line {number} of {file.name} is no result and left out.")
    except FileNotFoundError:
        return
    except OSError as error:
        notes.append(f"{file.name} cannot be read ({error.strerror}).")


def _of_csv(file: Path, notes: list[str]) -> Iterator[dict[str, Any]]:
    try:
        with file.open(encoding="utf-8", errors="replace", newline="") as stream:
            for row in csv.DictReader(stream, restkey=""):
                # A last line that was cut off has fewer cells; those that are there count.
                yield {name: _read(text) for name, text in row.items() if name and text}
    except FileNotFoundError:
        return
    except (OSError, csv.Error) as error:
        notes.append(f"{file.name} cannot be read to its end ({error}).")


def _numbers(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    for key, value in row.items():
        if not prefix and key.partition("/")[0] in _LEFT_OUT:
            continue
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{name}/")
        else:
            number = _number(value)
            if number is not None:
                yield name, number


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _read(cell: str) -> Any:
    try:
        return float(cell)
    except ValueError:
        return cell


def _whole(value: float | None) -> int | None:
    return None if value is None or not math.isfinite(value) or value < 0 else int(value)


def _changed(folder: Path) -> float:
    times = [p.stat().st_mtime for n in (_RESULTS, _TABLE) if (p := folder / n).exists()]
    return max(times)


def _error(file: Path) -> dict[str, Any] | None:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return None
    return {"message": lines[-1][:500], "traceback": "\n".join(lines[-60:])} if lines else None
