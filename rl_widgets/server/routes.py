"""All addresses of the API: what each method of each does. `openapi.yaml` says the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rl_widgets.server import (
    fields,
    machine,
    run_actions,
    run_files,
    run_list,
    run_logs,
    run_pages,
    run_series,
    submission,
    targets,
)

API = "rl-widgets/api"


@dataclass(frozen=True)
class Action:
    """A function of the workspace, the request and the parts of the path."""

    function: Callable[..., Any]
    status: int = 200


@dataclass(frozen=True)
class Route:
    """A path with its methods.

    `etag` is '' or the kind of state that a page of runs hangs on (`Served.etag`); requests that
    are not `tracked` keep no idle server alive.
    """

    path: str
    actions: Mapping[str, Action]
    etag: str = ""
    tracked: bool = True

    @property
    def pattern(self) -> str:
        """The regular expression of its address."""
        parts = re.sub(r"\{[a-z]+\}", "([^/]+)", self.path)
        return f"{API}{parts}" if parts else f"{API}/?"


def _get(function: Callable[..., Any]) -> Mapping[str, Action]:
    return {"GET": Action(function)}


ROUTES = (
    Route("", _get(machine.about)),
    Route("/revision", _get(machine.revision), tracked=False),
    Route("/machine", _get(machine.capacity)),
    Route(
        "/targets",
        {"GET": Action(targets.target_list), "POST": Action(targets.create, 201)},
        etag="clock",
    ),
    Route(
        "/targets/{name}",
        {
            "GET": Action(targets.one_target),
            "PATCH": Action(targets.change),
            "DELETE": Action(targets.delete, 204),
        },
    ),
    Route("/fields/{kind}", _get(fields.fields_of_kind)),
    # An open form asks by itself, whenever the workspace changes.
    Route("/fields/{kind}/check", {"POST": Action(fields.check_fields)}, tracked=False),
    Route("/fields/{kind}/read", {"POST": Action(fields.read_document)}),
    Route("/fields/{kind}/write", {"POST": Action(fields.write_document)}),
    Route("/experiments", _get(run_list.experiments)),
    Route(
        "/runs",
        {"GET": Action(run_list.runs), "POST": Action(submission.submit, 201)},
        etag="clock",
    ),
    Route(
        "/runs/{id}",
        {
            "GET": Action(run_pages.detail),
            "PATCH": Action(run_actions.change),
            "DELETE": Action(run_actions.delete, 204),
        },
        etag="files",
    ),
    Route("/runs/{id}/cancel", {"POST": Action(run_actions.cancel, 202)}),
    Route("/runs/{id}/resume", {"POST": Action(run_actions.resume, 202)}),
    Route("/runs/{id}/children", _get(run_pages.children), etag="clock"),
    Route("/runs/{id}/metrics", _get(run_pages.metrics), etag="state"),
    Route("/runs/{id}/series", _get(run_series.series), etag="state"),
    Route("/runs/{id}/throughput", _get(run_pages.pace), etag="clock"),
    Route("/runs/{id}/diagnosis", _get(run_pages.diagnose), etag="clock"),
    Route("/runs/{id}/checkpoints", _get(run_pages.checkpoint_list), etag="files"),
    Route("/runs/{id}/episodes", _get(run_pages.episode_list), etag="files"),
    Route("/runs/{id}/configuration", _get(run_pages.settings), etag="clock"),
    Route("/runs/{id}/experiment", _get(fields.fields_of_run)),
    # What the next ones say hangs on files, not on the record.
    Route("/runs/{id}/logs", _get(run_logs.log_list)),
    Route("/runs/{id}/logs/page", _get(run_logs.log_page)),
    Route("/runs/{id}/files", _get(run_files.file_list)),
)

#: The one route with a handler of its own: it sends bytes.
FILE_PATH = "/runs/{id}/files/{path}"
FILE_PATTERN = rf"{API}/runs/([^/]+)/files/(.+)"
