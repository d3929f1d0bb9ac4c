"""`run.log` and its kin: what a run records, checked, as lines of a spool file."""

from __future__ import annotations

import functools
import math
import numbers
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

from rl_widgets.store.errors import UserError
from rl_widgets.store.spool import PATIENCE, SpoolWriter
from rl_widgets.store.text import is_unicode

MAX_NAME_LENGTH = 255
MAX_STEP = 2**63 - 1
#: What the names of the series of events begin with.
EVENTS = "events/"
_Columns = Mapping[str, Sequence[Any]]


#: Where numbers without a step go while `held_back` is open.
_held_back: ContextVar[dict[str, float] | None] = ContextVar("held_back", default=None)


@contextmanager
def held_back() -> Iterator[dict[str, float]]:
    """Numbers that this thread logs in the block without a step, by name, instead of being written.

    A callback of RLlib 0.8.3 logs `episode_reward_mean` by itself; written at once it would be in
    the run twice, and without the iteration that it belongs to.
    """
    found: dict[str, float] = {}
    token = _held_back.set(found)
    try:
        yield found
    finally:
        _held_back.reset(token)


class Sink(Protocol):
    """Takes the records of a logger."""

    def append(self, record: dict[str, Any]) -> None: ...

    def flush(self) -> None: ...


class PrintingSink:
    """Prints what is logged: the sink of a script that runs outside of any run."""

    def append(self, record: dict[str, Any]) -> None:
        step = "" if record.get("s") is None else f" (step {record['s']})"
        for name, value in {**record.get("m", {}), **record.get("p", {})}.items():
            print(f"[offline run] {name} = {value}{step}")

    def flush(self) -> None:
        """Nothing is kept, so nothing waits."""


class RunLogger:
    """Logs into one run (`child`: "head", "worker" or "" for the parent)."""

    def __init__(self, sink: Sink, child: str, attempt: int, folder: Path | None) -> None:
        self._sink = sink
        self._child = child
        self._attempt = attempt
        self._folder = folder

    @classmethod
    def to_spool(
        cls, run_folder: Path, child: str, attempt: int = 1, patience: float = PATIENCE
    ) -> RunLogger:
        """A logger into the spool of the run in `run_folder`.

        With the disk full, the process waits up to `patience` seconds for room before it ends.
        """
        return cls(SpoolWriter(run_folder / "spool", patience), child, attempt, run_folder)

    def for_child(self, child: str) -> RunLogger:
        """The same spool, another child run."""
        return RunLogger(self._sink, child, self._attempt, self._folder)

    def log(self, name: str, value: Any, description: str = "", step: int | None = None) -> None:
        """Log one number. Raises `UserError` for anything else; NaN and infinities are numbers."""
        if isinstance(value, (list, tuple)) or getattr(value, "ndim", False):
            raise UserError(
                f"run.log({_short(name)}, …) takes one number; for several use "
                f"run.log_list({_short(name)}, [...])."
            )
        held = _held_back.get()
        if held is not None and step is None and not description:
            held[_checked_name(name)] = _number(name, value)
            return
        record = self._record(step)
        record["m"] = {_checked_name(name): _number(name, value)}
        if description:
            record["d"] = str(description)
        self._sink.append(record)

    def log_metrics(
        self, values: Mapping[str, Any], step: int | None = None, env_steps: int | None = None
    ) -> None:
        """Log several numbers that belong together, in one line.

        `step` is the training iteration, `env_steps` the environment steps sampled so far.
        """
        record = self._record(step)
        if env_steps is not None:
            record["e"] = _checked_step("env_steps", env_steps)
        record["m"] = {_checked_name(n): _number(n, v) for n, v in values.items()}
        self._sink.append(record)

    def log_list(self, name: str, value: Sequence[Any], description: str = "") -> None:
        """Log a list of numbers (at most 10,000) under one name, each a point."""
        if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__len__"):
            raise UserError(f"run.log_list({_short(name)}, …) takes a list of numbers.")
        if len(value) > 10_000:
            raise UserError(
                f"run.log_list({_short(name)}, …) takes at most 10,000 numbers at once, "
                f"not {len(value):,}: log them in several calls."
            )
        record = self._record(None)
        record["m"] = {_checked_name(name): [_number(name, v) for v in value]}
        if description:
            record["d"] = str(description)
        self._sink.append(record)

    def log_row(self, name: str, description: str = "", **columns: Any) -> None:
        """Log one row of a table whose columns are the keyword arguments."""
        if not columns:
            raise UserError(f"run.log_row({_short(name)}, …) needs at least one column=value.")
        self._payload("row", name, {c: _plain(name, v) for c, v in columns.items()}, description)

    def log_table(self, name: str, value: _Columns, description: str = "") -> None:
        """Log a table: a dict of columns, each a list, all of one length."""
        if not isinstance(value, Mapping) or not value:
            raise UserError(f"run.log_table({_short(name)}, …) takes a dict of columns.")
        columns = {
            str(c): [_plain(name, v) for v in (x if isinstance(x, (list, tuple)) else [x])]
            for c, x in value.items()
        }
        if len({len(x) for x in columns.values()}) > 1:
            lengths = ", ".join(f"{_short(c)}: {len(x)}" for c, x in list(columns.items())[:8])
            raise UserError(
                f"run.log_table({_short(name)}, …): the columns have different lengths ({lengths})."
            )
        self._payload("table", name, columns, description)

    def log_image(
        self, name: str, path: str | None = None, plot: Any = None, description: str = ""
    ) -> None:
        """Log a picture: a PNG or JPEG file, or a matplotlib figure (or `pyplot`) as `plot`.

        The picture is copied into the run's `outputs/images`.
        """
        if (path is None) == (plot is None):
            raise UserError(
                f"run.log_image({_short(name)}, …) takes either path= or plot=, not both or none."
            )
        _checked_name(name)
        if self._folder is None:
            self._payload("image", name, {"path": path or "(a plot)"}, description)
            return
        suffix = ".png" if path is None else Path(path).suffix.lower()
        if suffix not in (".png", ".jpg", ".jpeg"):
            raise UserError(f"run.log_image: {path!r} is neither a PNG nor a JPEG file.")
        relative = Path("outputs") / "images" / f"{uuid.uuid4().hex}{suffix}"
        destination = self._folder / (self._child or "head") / relative
        destination.parent.mkdir(parents=True, exist_ok=True)
        if path is None:
            plot.savefig(destination)
        else:
            try:
                shutil.copyfile(path, destination)
            except OSError as error:
                raise UserError(
                    f"run.log_image: {path} cannot be read ({error.strerror})."
                ) from error
        # As the run's own list of files names it.
        shown = relative if self._child else "head" / relative
        self._payload("image", name, {"path": shown.as_posix()}, description)

    def log_event(
        self,
        kind: str,
        text: str,
        step: int | None = None,
        env_steps: int | None = None,
        **details: Any,
    ) -> None:
        """Log that something happened, such as a checkpoint: a mark on the curves of the run.

        `kind` is one word ("checkpoint", "video", "node_lost", "resumed"), `text` the sentence that
        a person reads, `details` JSON values by name; paths are relative to the run's folder.
        """
        record = self._record(step)
        if env_steps is not None:
            record["e"] = _checked_step("env_steps", env_steps)
        record["k"] = "event"
        record["p"] = {_checked_name(f"{EVENTS}{kind}"): {"text": str(text), **details}}
        self._sink.append(record)

    def flush(self) -> None:
        """Return when all that was logged is on the disk. Raises `StoreError` if it cannot be."""
        self._sink.flush()

    def _payload(self, kind: str, name: str, value: Any, description: str) -> None:
        record = self._record(None)
        record["k"] = kind
        record["p"] = {_checked_name(name): value}
        if description:
            record["d"] = str(description)
        self._sink.append(record)

    def _record(self, step: int | None) -> dict[str, Any]:
        record: dict[str, Any] = {"t": time.time(), "a": self._attempt, "r": self._child}
        if step is not None:
            record["s"] = _checked_step("step", step)
        return record


def from_environment() -> tuple[str, Path, RunLogger] | None:
    """The parent run's id, its folder and a logger into its head, inside of a job; else None."""
    run_id = os.environ.get("RL_WIDGETS_RUN_ID")
    folder = os.environ.get("RL_WIDGETS_RUN_FOLDER")
    if not run_id or not folder:
        return None
    return run_id, Path(folder), _context_logger(folder, os.environ.get("RL_WIDGETS_ATTEMPT", "1"))


@functools.cache
def _context_logger(folder: str, attempt: str) -> RunLogger:
    """One for each process: a callback asks for its context at every result.

    A job waits for ever for room on the disk, as the run may be canceled.
    """
    return RunLogger.to_spool(Path(folder), "head", int(attempt), math.inf)


def _checked_name(name: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        raise UserError(f"The name of a metric is a text that is not empty, not {name!r:.60}.")
    if not is_unicode(name):
        raise UserError(
            f"The name of a metric is a text in Unicode, and {name!r:.60} is none (a file name in "
            "another encoding?): name it anew."
        )
    if len(name) > MAX_NAME_LENGTH:
        raise UserError(
            f"The name of a metric has at most {MAX_NAME_LENGTH} characters; "
            f"{name[:40]!r}… has {len(name):,}."
        )
    return name


def _checked_step(what: str, step: Any) -> int:
    # numpy's integers are registered as Integral, its floats are not.
    if isinstance(step, bool) or not isinstance(step, numbers.Integral):
        if isinstance(step, float) and step.is_integer():
            return int(step)
        raise UserError(f"{what} is a whole number, not {step!r:.60}.")
    if not 0 <= int(step) <= MAX_STEP:
        raise UserError(f"{what} lies between 0 and 2**63 - 1; {int(step):.3e} does not.")
    return int(step)


def _number(name: str, value: Any) -> float:
    if isinstance(value, (float, int)):  # also bool, as 0 or 1
        try:
            return float(value)
        except OverflowError:
            raise UserError(
                f"{_short(name)}: the whole number is too large for a double."
            ) from None
    if not isinstance(value, (str, bytes)):
        try:
            return float(value)
        except (TypeError, ValueError):
            pass
    raise UserError(
        f"The value of the metric {_short(name)} is a number, not {value!r:.60} "
        f"({type(value).__name__}). Texts belong into run.tag, tables into run.log_table."
    )


def _plain(name: str, value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return _number(name, value)


def _short(name: Any) -> str:
    text = repr(name)
    return text if len(text) <= 60 else f"{text[:57]}…'"
