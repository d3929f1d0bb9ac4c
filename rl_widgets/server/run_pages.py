"""What one run says, part by part: each is what `rl_widgets.view` makes for every other form."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rl_widgets.server import run_list
from rl_widgets.server.encoding import plain
from rl_widgets.server.request import Request
from rl_widgets.server.served import Served
from rl_widgets.server.summary import Summary
from rl_widgets.view import (
    as_python,
    catalogue,
    checkpoints,
    child_table,
    configuration,
    diagnosis,
    episodes,
    ray_dashboard,
    throughput,
)
from rl_widgets.view.reader import RunReader
from rl_widgets.workspace import home


def detail(served: Served, asked: Request, run_id: str) -> Any:
    """The head of a run's page."""
    table = served.table
    revision = table.revision_of(run_id)
    reader = served.reader(run_id)
    view = reader.read()
    record = reader.record
    numbers = table.summaries([run_id]).get(run_id, Summary())
    folder = served.workspace.folder
    row = run_list.row(served, record, numbers)
    return {
        "row": row,
        "header": view.header,
        "description": record.description,
        "failure": view.failure,
        "warnings": view.warnings,
        "facts": view.facts,
        "criteria": view.criteria,
        "limit": view.limit,
        "chart_message": view.chart_message,
        "code": as_python.as_python(
            record, folder, reader.run_folder / "snapshot", reader.store.targets.get
        ),
        "insert": _insert(served, run_id),
        "links": _links(row, reader),
        "can": _can(row, reader),
        "attempt": record.attempt,
        "revision": revision,
        "display_name": record.display_name or record.id,
    }


def children(served: Served, asked: Request, run_id: str) -> Any:
    """Head and workers with their nodes."""
    reader = served.reader(run_id)
    return child_table.child_table(reader, time.time(), whole=asked.flag("whole"))


def metrics(served: Served, asked: Request, run_id: str) -> Any:
    """The names of all metrics in groups."""
    reader = served.reader(run_id)
    groups = catalogue.groups(reader.names())
    return {
        "groups": [{"title": group.title, "names": group.metrics} for group in groups],
        "main": reader.metric,
    }


def pace(served: Served, asked: Request, run_id: str) -> Any:
    """How fast it is, and what limits it."""
    return throughput.throughput(served.reader(run_id))


def diagnose(served: Served, asked: Request, run_id: str) -> Any:
    """What is unusual about how it learns; `nothing` says so where nothing is."""
    reader = served.reader(run_id)
    findings = diagnosis.diagnose(reader)
    return {"findings": findings, "nothing": "" if findings else diagnosis.nothing(reader)}


def checkpoint_list(served: Served, asked: Request, run_id: str) -> Any:
    """Its checkpoints, newest first."""
    reader = served.reader(run_id)
    found = checkpoints.checkpoints(reader)
    code = checkpoints.resume_code(reader.record) if found.resume_text else ""
    return {**plain(found), "resume_code": code}


def episode_list(served: Served, asked: Request, run_id: str) -> Any:
    """Its evaluations and videos, newest first."""
    return episodes.episodes(served.reader(run_id))


def settings(served: Served, asked: Request, run_id: str) -> Any:
    """All that it was given."""
    return configuration.configuration(served.reader(run_id))


def workspace_code(served: Served) -> str:
    """The Python that opens the workspace."""
    folder = served.workspace.folder
    return (
        "Workspace()" if folder == home() else f"Workspace(folder={as_python.literal(str(folder))})"
    )


def _insert(served: Served, run_id: str) -> str:
    run = as_python.literal(run_id)
    return (
        "from rl_widgets import RunDetails, Workspace\n\n"
        f"ws = {workspace_code(served)}\n"
        f"RunDetails(ws.get_run({run}))\n"
    )


def _links(row: run_list.RunRow, reader: RunReader) -> Mapping[str, str]:
    dashboard = ray_dashboard.ray_dashboard(reader).url
    return {**row.links, "ray_dashboard": row.links["ray_dashboard"] if dashboard else ""}


def _can(row: run_list.RunRow, reader: RunReader) -> Mapping[str, bool]:
    may = row.can["resume"] and checkpoints.checkpoints(reader).resumable
    return {**row.can, "resume": may}
