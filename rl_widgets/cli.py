"""`rl-widgets` in a terminal: submit, list, watch, logs, cancel, resume."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rl_widgets.store import statuses
from rl_widgets.store.errors import NotFoundError, RLWidgetsError, UserError

if TYPE_CHECKING:
    from rl_widgets.run import Run
    from rl_widgets.workspace import Workspace

#: Exit codes: a run that failed, a request that cannot be, and Ctrl-C as shells count it.
EXIT_RUN_FAILED = 1
EXIT_BAD_REQUEST = 2
EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    # What follows -- is the entry script's, options and all: argparse would look into it.
    own, script_arguments = given, []
    if "--" in given:
        at = given.index("--")
        own, script_arguments = given[:at], given[at + 1 :]
    arguments = _parser().parse_args(own)
    arguments.script_arguments = script_arguments
    try:
        return int(arguments.do(arguments))
    except RLWidgetsError as error:
        for line in str(error).splitlines():
            print(f"rl-widgets: {line}", file=sys.stderr)
        return EXIT_BAD_REQUEST
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe (`| head`) has gone: no more to say, and no traceback at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rl-widgets", description="Reinforcement learning runs on Ray clusters."
    )
    parser.add_argument(
        "--workspace",
        metavar="PATH",
        help="a config.json, or a folder to look for one from (default: the working directory)",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    submit = commands.add_parser(
        "submit",
        help="start a run of an entry script, or of an experiment.yaml",
        description=(
            "Start a run. What follows -- is given to the entry script. Of an experiment (YAML) "
            "all is said in the file."
        ),
        usage="rl-widgets submit [options] SCRIPT [-- ARGUMENT ...] | EXPERIMENT.yaml [--dry-run]",
    )
    submit.add_argument("script", type=Path, help="the entry script, or an experiment.yaml")
    submit.add_argument(
        "--dry-run",
        action="store_true",
        help="of an experiment.yaml: check it, say what it comes to, and start nothing",
    )
    submit.add_argument(
        "--source", type=Path, help="source directory (default: the folder of the script)"
    )
    submit.add_argument("--experiment", metavar="NAME", help="default: the script's name")
    submit.add_argument("--target", help="compute target of the head (default: this machine)")
    submit.add_argument("--workers", type=int, default=0, metavar="N", help="worker nodes")
    submit.add_argument("--worker-target", metavar="TARGET", help="compute target of the workers")
    submit.add_argument(
        "--max-seconds", type=int, metavar="S", help="cancel the run after S seconds of its script"
    )
    submit.add_argument("--name", type=_name, help="display name of the run")
    submit.add_argument("--watch", action="store_true", help="watch the run until it ends")
    submit.set_defaults(do=_submit)

    listing = commands.add_parser("list", help="list runs, newest first")
    listing.add_argument("--experiment", metavar="NAME")
    listing.add_argument("--limit", type=int, default=20, metavar="N", help="default: 20")
    listing.set_defaults(do=_list)

    watch = commands.add_parser("watch", help="watch a run until it ends")
    watch.set_defaults(do=_watch)
    logs = commands.add_parser("logs", help="print a log of a run")
    logs.add_argument("--file", default="head/driver_log.txt", help="default: %(default)s")
    logs.add_argument("--follow", "-f", action="store_true", help="go on until the run ends")
    logs.set_defaults(do=_logs)
    cancel = commands.add_parser("cancel", help="end a run")
    cancel.set_defaults(do=_cancel)
    resume = commands.add_parser("resume", help="go on with a run from its last checkpoint")
    resume.add_argument(
        "--stop", metavar="JSON", help="what to stop at now, such as '{\"time_total_s\": 7200}'"
    )
    resume.add_argument("--watch", action="store_true", help="watch the run until it ends")
    resume.set_defaults(do=_resume)
    for command in (watch, logs, cancel, resume):
        command.add_argument(
            "run", nargs="?", help="id, or the beginning of one (default: the newest run)"
        )
    return parser


def _workspace(arguments: argparse.Namespace) -> Workspace:
    from rl_widgets.workspace import Workspace

    return Workspace.from_config(arguments.workspace)


def _submit(arguments: argparse.Namespace) -> int:
    if arguments.script.suffix in (".yaml", ".yml"):
        return _submit_experiment(arguments)
    if arguments.dry_run:
        raise UserError("--dry-run is for an experiment.yaml.")
    from rl_widgets.estimator import ReinforcementLearningEstimator, WorkerConfiguration
    from rl_widgets.experiment import Experiment
    from rl_widgets.terminal import watch

    workspace = _workspace(arguments)
    source = arguments.source or arguments.script.parent
    try:
        script = arguments.script.resolve().relative_to(source.resolve())
    except ValueError:
        raise UserError(
            f"{arguments.script} does not lie in the source directory {source}."
        ) from None
    if arguments.workers < 0:
        raise UserError("--workers is 0 or more.")
    estimator = ReinforcementLearningEstimator(
        source,
        entry_script=str(script),
        script_params=arguments.script_arguments,
        compute_target=arguments.target,
        max_run_duration_seconds=arguments.max_seconds,
        worker_configuration=WorkerConfiguration(arguments.workers, arguments.worker_target)
        if arguments.workers
        else None,
    )
    run = Experiment(workspace, arguments.experiment or _experiment_of(script)).submit(estimator)
    if arguments.name:
        run.display_name = arguments.name
    print(run.id)
    if not arguments.watch:
        return 0
    status = watch(run)
    if status in statuses.FINAL:
        _say_where(run)
    return EXIT_RUN_FAILED if status == statuses.FAILED else 0


def _name(text: str) -> str:
    """A display name, looked at before anything starts."""
    from rl_widgets.run import LONGEST_TAG

    if len(text) > LONGEST_TAG:
        raise argparse.ArgumentTypeError(
            f"it has at most {LONGEST_TAG:,} characters, not {len(text):,}"
        )
    return text


def _submit_experiment(arguments: argparse.Namespace) -> int:
    from rl_widgets.forms.checking import check
    from rl_widgets.forms.document import load
    from rl_widgets.forms.experiment import ExperimentFields
    from rl_widgets.forms.locked import is_locked
    from rl_widgets.forms.submission import start
    from rl_widgets.terminal import watch

    own = ("source", "target", "workers", "worker_target", "max_seconds", "script_arguments")
    for name in own:
        if getattr(arguments, name):
            option = "what follows --" if name == "script_arguments" else f"--{name}"
            raise UserError(f"{option.replace('_', '-')} is for a script: say it in the file.")
    document = load(arguments.script)
    mistakes = document.mistakes()
    if arguments.experiment and not mistakes and is_locked("experiment", document.locked):
        raise UserError(
            f"'experiment' is locked in {document.name}: leave --experiment out, and the runs are "
            "collected under the name in the file."
        )
    if arguments.experiment:
        document.values["experiment"] = arguments.experiment
    workspace = _workspace(arguments)
    checked = check(ExperimentFields, document.values, workspace)
    if errors := mistakes | checked.errors:
        raise UserError("\n".join(document.located(errors)))
    if arguments.dry_run:
        print("\n".join(checked.notes))
        if document.locked:
            print(f"Locked: {', '.join(document.locked)}.")
        print(f"\n{checked.code}", end="")
        return 0
    runs = start(checked.values, workspace)
    for run in runs:
        if arguments.name:
            run.display_name = arguments.name
        print(run.id)
    if not arguments.watch:
        return 0
    found = [watch(run) for run in runs]
    return EXIT_RUN_FAILED if statuses.FAILED in found else 0


def _say_where(run: Run) -> None:
    """Where an ended run is kept, its picture, and how to open it."""
    from rl_widgets.view.charts import picture
    from rl_widgets.view.reader import RunReader

    view = RunReader.of(run).read()
    file = run.folder / "head" / "outputs" / "reward.svg"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(picture.svg(view.curve, view.chart_message), encoding="utf-8")
    except OSError as error:
        print(f"The picture of its curve could not be written: {error.strerror}.")
    else:
        print(f"Its curve:        {file}")
    print(f"The run is kept:  {run.folder}")
    print(f'In a notebook:    RunDetails(Workspace.from_config().get_run("{run.id}"))')


def _experiment_of(script: Path) -> str:
    name = "".join(c if c.isalnum() and c.isascii() else "-" for c in script.stem).strip("-")[:36]
    return name if len(name) >= 3 else f"run-{name or 'script'}"


def _list(arguments: argparse.Namespace) -> int:
    from rl_widgets.terminal import print_runs

    workspace = _workspace(arguments)
    records = workspace.store.runs.find(arguments.experiment, limit=max(1, arguments.limit))
    for record in records:
        workspace.refresh(record.id)
    print_runs([workspace.get_run(record.id) for record in records])
    return 0


def _watch(arguments: argparse.Namespace) -> int:
    from rl_widgets.terminal import watch

    status = watch(_run(arguments))
    return EXIT_RUN_FAILED if status == statuses.FAILED else 0


def _logs(arguments: argparse.Namespace) -> int:
    run = _run(arguments)
    offset = 0
    while True:
        ended = run.get_status() in statuses.FINAL
        try:
            with run._path(arguments.file).open("rb") as file:
                file.seek(offset)
                while chunk := file.read(1 << 20):
                    sys.stdout.buffer.write(chunk)
                    offset += len(chunk)
                sys.stdout.flush()
        except NotFoundError:
            if ended or not arguments.follow:
                raise
        if ended or not arguments.follow:
            return 0
        time.sleep(0.25)


def _cancel(arguments: argparse.Namespace) -> int:
    run = _run(arguments)
    before = run.get_status()
    run.cancel()
    if before in statuses.FINAL:
        print(f"{run.id} has ended before: {before}.")
        return 0
    run.wait_for_completion(raise_on_error=False)
    print(f"{run.id}: {run.get_status()}")
    return 0


def _resume(arguments: argparse.Namespace) -> int:
    run = _run(arguments)
    stop = None
    if arguments.stop is not None:
        try:
            stop = json.loads(arguments.stop)
        except ValueError as error:
            raise UserError(f"--stop is no JSON: {error}.") from error
    run.resume(stop=stop)
    print(f"{run.id} goes on as its next attempt.")
    return _watch(arguments) if arguments.watch else 0


def _run(arguments: argparse.Namespace) -> Run:
    workspace = _workspace(arguments)
    if arguments.run is None:
        newest = workspace.store.runs.find(limit=1)
        if not newest:
            raise UserError(
                "There is no run in this workspace yet: `rl-widgets submit` starts one."
            )
        return workspace.get_run(newest[0].id)
    matching = [
        record.id
        for record in workspace.store.runs.find(include_children=True)
        if record.id.startswith(arguments.run)
    ]
    parents = [i for i in matching if not i.endswith(("_head", "_worker"))] or matching
    if arguments.run in matching:
        return workspace.get_run(arguments.run)
    if len(parents) > 1:
        raise UserError(
            f"{len(parents)} runs begin with {arguments.run!r}; give more of the id: "
            f"{', '.join(parents[:4])}…"
        )
    return workspace.get_run(parents[0] if parents else arguments.run)


if __name__ == "__main__":
    sys.exit(main())
