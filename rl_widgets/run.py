"""Runs: what was submitted, watched, stopped, read again; and the run that an entry script sees."""

from __future__ import annotations

import codecs
import html
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl_widgets.store import statuses
from rl_widgets.store.errors import RLWidgetsError, UserError
from rl_widgets.store.logger import PrintingSink, RunLogger, from_environment
from rl_widgets.store.times import utc_text

if TYPE_CHECKING:
    from rl_widgets.backend.liveness import RunLock
    from rl_widgets.experiment import Experiment
    from rl_widgets.store.metrics import SeriesRecord
    from rl_widgets.store.runs import RunRecord
    from rl_widgets.workspace import Workspace

#: Seconds between two looks at a run that is waited for.
POLL = 0.25
#: Characters of a tag's name, and of a tag, at most.
LONGEST_TAG_NAME, LONGEST_TAG = 100, 1_000


class RunFailedError(RLWidgetsError):
    """A run that was waited for has failed; the message is the cause."""


class Run:
    """One run, or the head or worker child of one.

    `ws.get_run(run_id)` finds it again from any process. In an entry script `Run.get_context()`
    is the head child run, whose `.parent` is the run that was submitted.
    """

    def __init__(self, experiment: Experiment, run_id: str) -> None:
        record = experiment.workspace.store.runs.get(run_id)
        if record.experiment != experiment.name:
            raise UserError(
                f"The run {run_id!r} belongs to the experiment {record.experiment!r}, not to "
                f"{experiment.name!r}."
            )
        self._begin(experiment.workspace, run_id, record.role, record.parent)

    def _begin(
        self, workspace: Workspace | None, run_id: str, role: str, parent: str | None
    ) -> None:
        self._opened = workspace
        self._id = run_id
        self._role = role
        self._parent_id = parent
        self._logger: RunLogger | None = None
        self._logs_attempt = 0
        self._folder: Path | None = None
        self._lock: RunLock | None = None

    @classmethod
    def _of(cls, workspace: Workspace, record: RunRecord) -> Run:
        run = object.__new__(cls)
        run._begin(workspace, record.id, record.role, record.parent)
        return run

    @classmethod
    def get(cls, workspace: Workspace, run_id: str) -> Run:
        """The run of that id. Raises `NotFoundError`."""
        return cls._of(workspace, workspace.store.runs.get(run_id))

    @staticmethod
    def list(experiment: Experiment, **filters: Any) -> Sequence[Run]:
        """The runs of an experiment, newest first; filters as in `Experiment.get_runs`."""
        return experiment.get_runs(**filters)

    @classmethod
    def get_context(cls) -> Run:
        """The run that this process belongs to; outside of a job an offline run that prints."""
        run = object.__new__(cls)
        found = from_environment()
        if found is None:
            run._begin(None, f"OfflineRun_{uuid.uuid4().hex[:8]}", "offline", None)
            run._logger = RunLogger(PrintingSink(), "", 1, None)
            return run
        run_id, folder, logger = found
        run._begin(None, f"{run_id}_head", "head", run_id)
        run._folder = folder
        run._logger = logger
        return run

    # -- what it is ----------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """`<experiment>_<unix seconds>_<8 hex digits>`; children end with `_head`, `_worker`."""
        return self._id

    @property
    def workspace(self) -> Workspace:
        """The workspace that the run belongs to."""
        if self._opened is None:
            if self._folder is None:
                raise UserError("An offline run belongs to no workspace: submit the script.")
            from rl_widgets.workspace import Workspace

            self._opened = Workspace(folder=self._folder.parent.parent)
        return self._opened

    @property
    def experiment(self) -> Experiment:
        """The experiment that the run belongs to."""
        from rl_widgets.experiment import Experiment

        return Experiment(self.workspace, self._record.experiment)

    @property
    def number(self) -> int:
        """The how-manieth run of the workspace it is."""
        return self._record.number

    @property
    def type(self) -> str:
        """'reinforcementlearning', 'interactive' for a run without a cluster, or 'imported'."""
        return self._record.type

    @property
    def status(self) -> str:
        """The state now, one of `rl_widgets.store.statuses.ALL`."""
        return self.get_status()

    @property
    def parent(self) -> Run | None:
        """The run that this is a child of, or None."""
        if self._parent_id is None:
            return None
        run = object.__new__(Run)
        run._begin(self._opened, self._parent_id, "parent", None)
        run._folder = self._folder
        if self._logger is not None:
            run._logger = self._logger.for_child("")
        return run

    @property
    def display_name(self) -> str:
        """A name for people; the id where none was given."""
        return self._record.display_name or self._id

    @display_name.setter
    def display_name(self, value: str) -> None:
        self.workspace.store.runs.describe(self._id, display_name=_text("display_name", value))

    @property
    def description(self) -> str:
        """What a person wrote about the run."""
        return self._record.description

    @description.setter
    def description(self, value: str) -> None:
        self.workspace.store.runs.describe(
            self._id, description=_text("description", value, 100_000)
        )

    @property
    def folder(self) -> Path:
        """The folder of the (parent) run."""
        if self._folder is None:
            self._folder = self.workspace.run_folder(self._parent_id or self._id)
        return self._folder

    @property
    def _record(self) -> RunRecord:
        return self.workspace.store.runs.get(self._id)

    # -- its state -----------------------------------------------------------------------------

    def get_status(self) -> str:
        """The state now. A run whose supervisor is gone is ended by this look."""
        if self._role == "offline":
            return statuses.RUNNING
        self.workspace.refresh(self._parent_id or self._id)
        return self._record.status

    def get_details(self) -> dict[str, Any]:
        """The run as a dict of JSON values."""
        self.workspace.refresh(self._parent_id or self._id)
        record = self._record
        return {
            "runId": record.id,
            "runNumber": record.number,
            "attempt": record.attempt,
            "target": record.target,
            "status": record.status,
            "statusMessage": record.message,
            "createdTimeUtc": utc_text(record.created),
            "startTimeUtc": utc_text(record.started),
            "endTimeUtc": utc_text(record.ended),
            "error": record.error,
            "warnings": [{"source": "rl_widgets", "message": text} for text in record.warnings],
            "tags": record.tags,
            "properties": record.properties,
            "displayName": record.display_name,
            "runDefinition": record.definition,
            "logFiles": {name: str(self._path(name)) for name in self._log_names()},
        }

    def get_details_with_logs(self) -> dict[str, Any]:
        """`get_details` with the end (100 kB) of each log in place of its path."""
        details = self.get_details()
        for name in details["logFiles"]:
            with self._path(name).open("rb") as file:
                file.seek(max(0, self._path(name).stat().st_size - 100_000))
                details["logFiles"][name] = file.read().decode("utf-8", "replace")
        return details

    def wait_for_completion(
        self, show_output: bool = False, raise_on_error: bool = True
    ) -> dict[str, Any]:
        """Return when the run is in a final state, with its details.

        Raises `RunFailedError`, with the cause, where it failed. `show_output` prints the entry
        script's log as it grows. Ctrl-C ends the waiting and leaves the run alone.
        """
        from rl_widgets.backend.liveness import RunLock

        log = _LogPrinter(self.folder / "head" / "driver_log.txt") if show_output else None
        try:
            while (status := self.get_status()) not in statuses.FINAL:
                if log is not None:
                    log.print_new()
                time.sleep(POLL)
        except KeyboardInterrupt:
            print(f"\nThe waiting has ended; the run goes on. ws.get_run({self._id!r}) finds it.")
            raise
        if self._role != "interactive":
            # Its supervisor, the last process of it, ends in this moment.
            RunLock.wait_until_free(self.folder, seconds=5)
        if log is not None:
            log.print_new()
        if status == statuses.FAILED and raise_on_error:
            error = self._record.error or (self.parent._record.error if self.parent else None)
            raise RunFailedError(
                f"{self._id} failed: {(error or {}).get('message', 'no cause is known')}"
            )
        return self.get_details()

    def cancel(self) -> None:
        """Ask for the end of the run; no process of it is left when it reads Canceled."""
        if self._role == "offline":
            return
        if self._role == "interactive":
            self._end(statuses.CANCELED)
            return
        self.workspace.refresh(self._parent_id or self._id)
        self.workspace.store.runs.request_cancel(
            self._parent_id or self._id, "Canceled by the user."
        )

    def resume(
        self,
        stop: Mapping[str, Any] | None = None,
        script_params: Mapping[str, Any] | None = None,
    ) -> Run:
        """Go on with this run, when it is over, from its last checkpoint; returns at once.

        It is the same run as its next attempt: same snapshot, same settings, and iteration, env
        steps and training time go on. `stop` takes the place of the script's `--stop`, which a
        Completed run needs; `script_params` of other arguments. Raises `UserError` for a run that
        is not over, has no checkpoint or no snapshot any more.
        """
        from rl_widgets.backend import resume

        parent = self._whole_run("resumed")
        workspace = self.workspace
        resume.resume(workspace.store, workspace.folder, parent, stop, script_params)
        return self

    def new_run_from(
        self,
        checkpoint: str | None = None,
        *,
        stop: Mapping[str, Any] | None = None,
        script_params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Run:
        """Submit a new run of the same snapshot that begins with the weights of a checkpoint.

        `checkpoint` is its path or name, by default the last one. `script_params` (and `stop`, for
        `--stop`) take the place of the arguments of this run. The optimizer, the counters and the
        time begin anew. Raises `UserError`.
        """
        from rl_widgets.backend import resume

        parent = self._whole_run("started from")
        workspace = self.workspace
        record = resume.new_run(
            workspace.store,
            workspace.folder,
            parent,
            checkpoint,
            stop,
            script_params,
            checked_tags(tags or {}),
        )
        return Run._of(workspace, record)

    def _whole_run(self, what: str) -> RunRecord:
        if self._role == "offline":
            raise UserError(f"An offline run belongs to no workspace and cannot be {what}.")
        run_id = self._parent_id or self._id
        self.workspace.refresh(run_id)
        return self.workspace.store.runs.get(run_id)

    def complete(self) -> None:
        """End a run without a cluster (`exp.start_logging()`)."""
        if self._role not in ("interactive", "offline"):
            raise UserError("A submitted run ends with its entry script; run.cancel() ends it now.")
        if self._role == "interactive":
            self._end(statuses.COMPLETED)

    def fail(self, error_details: str = "") -> None:
        """End a run without a cluster as failed."""
        if self._role == "interactive":
            self._end(statuses.FAILED, {"message": str(error_details) or "Failed."})

    def _end(self, status: str, error: dict[str, Any] | None = None) -> None:
        self.flush()
        self.workspace.refresh(self._id)
        self.workspace.store.runs.set(self._id, status=status, ended=time.time(), error=error)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _hold(self, lock: RunLock) -> None:
        self._lock = lock
        self._logger = RunLogger.to_spool(self.folder, "")

    def get_children(
        self,
        recursive: bool = False,
        tags: Mapping[str, str | None] | str | None = None,
        properties: Mapping[str, str | None] | str | None = None,
        type: str | None = None,
        status: str | None = None,
        **_ignored: Any,
    ) -> Iterable[Run]:
        """The child runs: head, then worker."""
        if status is not None and status not in statuses.ALL:
            raise UserError(f"{status!r:.60} is no status; there are {', '.join(statuses.ALL)}.")
        return [
            Run._of(self.workspace, record)
            for record in self.workspace.store.runs.children(self._id)
            if (type is None or record.type == type)
            and (status is None or record.status == status)
            and has_all(record.tags, tags)
            and has_all(record.properties, properties)
        ]

    def get_portal_url(self) -> str:
        """The address of the run's page in the Jupyter server that serves the workspace.

        Where none runs, a sentence that says how to start one.
        """
        if self._role == "offline":
            return "An offline run has no page: submit the script."
        from rl_widgets.backend import servers

        server = servers.living(self.workspace.store)
        if server is None:
            return (
                "No Jupyter server on this machine serves the workspace now. Start one by "
                "`jupyter lab`: the run is in its sidebar."
            )
        return f"{server.url}rl-widgets/open/{self._parent_id or self._id}"

    # -- metrics -------------------------------------------------------------------------------

    def log(self, name: str, value: Any, description: str = "", step: int | None = None) -> None:
        """Log one number. Raises `UserError` for anything else."""
        self._writer.log(name, value, description, step)

    def log_metrics(
        self, values: Mapping[str, Any], step: int | None = None, env_steps: int | None = None
    ) -> None:
        """Log several numbers at once; `step` is the iteration, `env_steps` counts env steps."""
        self._writer.log_metrics(values, step, env_steps)

    def log_list(self, name: str, value: Sequence[Any], description: str = "") -> None:
        """Log a list of numbers, each a point of the metric."""
        self._writer.log_list(name, value, description)

    def log_row(self, name: str, description: str = "", **columns: Any) -> None:
        """Log one row of a table whose columns are the keyword arguments."""
        self._writer.log_row(name, description, **columns)

    def log_table(
        self, name: str, value: Mapping[str, Sequence[Any]], description: str = ""
    ) -> None:
        """Log a table: a dict of columns."""
        self._writer.log_table(name, value, description)

    def log_image(
        self, name: str, path: str | None = None, plot: Any = None, description: str = ""
    ) -> None:
        """Log a picture: a PNG or JPEG file, or a matplotlib figure."""
        self._writer.log_image(name, path, plot, description)

    def flush(self) -> None:
        """Return when all that this process has logged is on the disk."""
        if self._logger is not None:
            self._logger.flush()

    @property
    def _writer(self) -> RunLogger:
        # A job's own run, and one that this process holds, goes on for as long as they log.
        if self._logger is not None and (self._opened is None or self._lock is not None):
            return self._logger
        record = self._record
        if record.final:
            raise UserError(f"The run {self._id} has ended ({record.status}).")
        if self._logger is None or self._logs_attempt != record.attempt:
            child = self._role if self._role in ("head", "worker") else ""
            self._logger = RunLogger.to_spool(self.folder, child, record.attempt)
            self._logs_attempt = record.attempt
        return self._logger

    def get_metrics(self, name: str | None = None, recursive: bool = False) -> dict[str, Any]:
        """Metrics by name: a number where logged once, a list where logged often.

        The parent run has what was logged to it and to its head; `recursive` adds what its
        children have of their own, such as the nodes' resources. Rows and tables are dicts.
        """
        from rl_widgets.store.frames import by_name

        self.workspace.refresh(self._parent_id or self._id)
        return by_name(self.workspace.store.metrics, self._series(recursive), name)

    def to_frame(self) -> Any:
        """Metrics as a pandas DataFrame: iteration, env_steps, time (UTC), attempt, and a column
        for each metric; a row for each moment of logging."""
        from rl_widgets.store.frames import frame

        self.workspace.refresh(self._parent_id or self._id)
        return frame(self.workspace.store.metrics, self._series(False))

    def _series(self, recursive: bool) -> Sequence[SeriesRecord]:
        ids = [self._id]
        if self._role == "parent":
            ids += [f"{self._id}_head", f"{self._id}_worker"]
        found = self.workspace.store.metrics.series(ids)
        if self._role == "parent" and not recursive:
            found = [series for series in found if not series.name.startswith("resources/")]
        return found

    # -- files ---------------------------------------------------------------------------------

    def get_file_names(self) -> Sequence[str]:
        """The files of the run, also while it runs; a parent's begin with `head/`, `worker/`."""
        from rl_widgets.backend import files

        return files.names(self.folder, self._role)

    def download_file(self, name: str, output_file_path: str | None = None) -> None:
        """Copy a file of the run to `output_file_path`, by default under its own last name."""
        from rl_widgets.backend import files

        source = self._path(name)
        target = Path(output_file_path or source.name)
        files.download(source, target / source.name if target.is_dir() else target)

    def download_files(
        self,
        prefix: str | None = None,
        output_directory: str | None = None,
        output_paths: Sequence[str] | None = None,
    ) -> None:
        """Copy all files whose name begins with `prefix` under `output_directory`."""
        from rl_widgets.backend import files

        chosen = [n for n in self.get_file_names() if n.startswith(prefix or "")]
        if output_paths is not None and len(output_paths) != len(chosen):
            raise UserError(
                f"output_paths has {len(output_paths)} paths for {len(chosen)} files: one for each."
            )
        for i, name in enumerate(chosen):
            target = output_paths[i] if output_paths is not None else name
            files.download(self._path(name), Path(output_directory or ".") / target)

    def upload_file(self, name: str, path_or_stream: str) -> None:
        """Add a file to the run under `name`."""
        from rl_widgets.backend import files

        files.upload(self.folder, self._role, name, Path(path_or_stream))

    def upload_folder(self, name: str, path: str) -> None:
        """Add all files of a folder to the run under `name`."""
        root = Path(path)
        if not root.is_dir():
            raise UserError(f"There is no folder {path!r} to add to the run.")
        for file in sorted(p for p in root.rglob("*") if p.is_file()):
            self.upload_file(f"{name}/{file.relative_to(root).as_posix()}", str(file))

    def _path(self, name: str) -> Path:
        from rl_widgets.backend import files

        return files.locate(self.folder, self._role, name)

    def _log_names(self) -> Sequence[str]:
        return [n for n in self.get_file_names() if n.endswith(("driver_log.txt", ".log"))]

    # -- tags and properties -------------------------------------------------------------------

    @property
    def tags(self) -> dict[str, Any]:
        """Names and values that a person gave the run."""
        return self._record.tags

    def tag(self, key: str, value: str | None = None) -> None:
        """Set one tag."""
        self.set_tags({key: "" if value is None else value})

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags; those of other names stay."""
        self.workspace.store.runs.merge(self._id, "tags", checked_tags(tags))

    def remove_tags(self, keys: str | Sequence[str]) -> None:
        """Remove tags."""
        names = [keys] if isinstance(keys, str) else list(keys)
        self.workspace.store.runs.merge(self._id, "tags", {}, remove=names)

    @property
    def properties(self) -> dict[str, Any]:
        """Names and values that never change once they are set."""
        return self._record.properties

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Set properties. Raises `UserError` for one that is set already."""
        checked = checked_tags(properties)
        taken = sorted(set(checked) & set(self.properties))
        if taken:
            raise UserError(f"The property {taken[0]!r} is set already; properties never change.")
        self.workspace.store.runs.merge(self._id, "properties", checked)

    # -- how it shows itself -------------------------------------------------------------------

    def __repr__(self) -> str:
        if self._role == "offline":
            return f"Run(Id: {self._id}, Type: offline)"
        record = self._record
        return (
            f"Run(Experiment: {record.experiment}, Id: {record.id}, Type: {record.type}, "
            f"Status: {record.status})"
        )

    __str__ = __repr__

    def _repr_html_(self) -> str:
        if self._role == "offline":
            return f"<p>{html.escape(repr(self))}</p>"
        record = self._record
        cells = {
            "Experiment": record.experiment,
            "Id": record.id,
            "Type": record.type,
            "Status": record.status,
        }
        head = "".join(f"<th>{name}</th>" for name in cells)
        body = "".join(f"<td>{html.escape(value)}</td>" for value in cells.values())
        return f"<table><thead><tr>{head}</tr></thead><tbody><tr>{body}</tr></tbody></table>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other._id == self._id

    def __hash__(self) -> int:
        return hash(self._id)


class _LogPrinter:
    """Prints what has been added to a file since the last look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def print_new(self) -> None:
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                while chunk := file.read(1 << 20):
                    self._offset += len(chunk)
                    print(self._decoder.decode(chunk), end="", flush=True)
        except FileNotFoundError:
            return


def checked_tags(tags: Mapping[str, Any]) -> dict[str, str]:
    """Tags or properties: texts by name. Raises `UserError`."""
    if not isinstance(tags, Mapping):
        raise UserError(f"tags are a dict of texts, not {type(tags).__name__}.")
    checked = {}
    for name, value in tags.items():
        if not isinstance(value, (str, int, float, bool)):
            raise UserError(f"The tag {name!r:.60} is a text, not {type(value).__name__}.")
        checked[_text("The name of a tag", name, LONGEST_TAG_NAME)] = _text(
            f"The tag {name!r:.60}", str(value)
        )
    return checked


def has_all(has: Mapping[str, Any], wanted: Mapping[str, str | None] | str | None) -> bool:
    """Whether tags or properties have a name, or all of some names with their values."""
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return wanted in has
    return all(n in has and (v is None or has[n] == str(v)) for n, v in wanted.items())


def _text(what: str, value: Any, longest: int = LONGEST_TAG) -> str:
    if not isinstance(value, str) or (longest == LONGEST_TAG_NAME and not value):
        raise UserError(f"{what} is a text, not {value!r:.60}.")
    if len(value) > longest:
        raise UserError(f"{what} has at most {longest:,} characters, not {len(value):,}.")
    return value
