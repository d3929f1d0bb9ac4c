"""The list of runs: filtered, sorted, a page of it; and the experiments."""

from __future__ import annotations

import getpass
import importlib.util
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rl_widgets.server import kernels
from rl_widgets.server.request import Request
from rl_widgets.server.served import Served
from rl_widgets.server.summary import Summary
from rl_widgets.store import statuses
from rl_widgets.store.errors import UserError
from rl_widgets.store.runs import RunRecord
from rl_widgets.view import failure, header, wording
from rl_widgets.view.badge import Badge

MOST_ROWS = 200

#: Words for several states at once.
_STATES = {
    "active": frozenset(statuses.ALL) - statuses.FINAL,
    "ended": statuses.FINAL,
    "failed": frozenset({statuses.FAILED}),
    **{status: frozenset({status}) for status in statuses.ALL},
}

Key = Callable[[RunRecord, Summary], Any]


def _duration(record: RunRecord) -> float | None:
    return header.header(record, time.time()).running_s


#: What the list can be sorted by; None comes last in either order.
SORTS: Mapping[str, Key] = {
    "created": lambda record, _: record.number,
    "name": lambda record, _: (record.display_name or record.id).casefold(),
    "status": lambda record, _: statuses.ALL.index(record.status),
    "duration": lambda record, _: _duration(record),
    "reward": lambda _, numbers: numbers.reward,
    "best": lambda _, numbers: numbers.best,
    "progress": lambda _, numbers: numbers.progress,
}
#: A run in one of these is on its way out.
_ENDING = {statuses.CANCEL_REQUESTED, statuses.FINALIZING}
_BY_NUMBERS = {"reward", "best", "progress"}


@dataclass(frozen=True)
class RunRow:
    """One run of the list. Times in unix seconds, lengths of time in seconds."""

    id: str
    number: int
    name: str
    experiment: str
    status: str
    badge: Badge
    final: bool
    created: float
    queued_s: float
    running_s: float | None
    reward: float | None
    best_reward: float | None
    metric: str | None
    curve: tuple[float, ...]
    progress: float | None
    time_left: str
    env_steps: float | None
    tags: Mapping[str, Any]
    archived: bool
    pinned: bool
    message: str
    user: str
    timing: str
    reward_text: str
    best_text: str
    can: Mapping[str, bool]
    links: Mapping[str, str]


def row(served: Served, record: RunRecord, numbers: Summary, curve: bool = True) -> RunRow:
    """The row of a run."""
    head = header.header(record, time.time())
    failed = failure.failure(record)
    return RunRow(
        id=record.id,
        number=record.number,
        name=head.name,
        experiment=head.experiment,
        status=record.status,
        badge=head.badge,
        final=record.final,
        created=record.created,
        queued_s=head.queued_s,
        running_s=head.running_s,
        reward=numbers.reward,
        best_reward=numbers.best,
        metric=numbers.metric,
        curve=numbers.curve if curve else (),
        progress=numbers.progress,
        time_left=numbers.time_left,
        env_steps=numbers.env_steps,
        tags=record.tags,
        archived=record.archived,
        pinned=record.pinned,
        message=wording.shown(failed.sentence, 300) if failed else head.message,
        user=_user(served.workspace.run_folder(record.id)),
        timing=_timing(head),
        reward_text=wording.number(numbers.reward),
        best_text=wording.number(numbers.best),
        can=_can(served, record),
        links=_links(served, record),
    )


def _can(served: Served, record: RunRecord) -> Mapping[str, bool]:
    """What may be asked for now; to resume takes a checkpoint, too, which the run's page knows."""
    may = not served.limits.read_only
    broken_off = record.role == "parent" and record.final and record.status != statuses.COMPLETED
    return {
        "cancel": may and not record.final and record.status not in _ENDING,
        "resume": may and broken_off and kernels.python_of_run(served, record) is not None,
        "delete": may and record.final,
    }


def _links(served: Served, record: RunRecord) -> Mapping[str, str]:
    """Pages about a run below the server's address; '' where there is none now."""
    running = record.role == "parent" and record.status == statuses.RUNNING
    return {
        "ray_dashboard": f"rl-widgets/ray/{record.id}/" if running else "",
        "tensorboard": f"rl-widgets/tensorboard/{record.id}/" if _has_tensorboard() else "",
    }


@lru_cache(maxsize=1)
def _has_tensorboard() -> bool:
    return importlib.util.find_spec("tensorboard") is not None


def _timing(head: header.Header) -> str:
    """How long, in as few words as a list has room for."""
    if head.running_s is not None:
        verb = "ran" if head.final else "running for"
        return f"{verb} {wording.short_duration(head.running_s)}"
    if head.final:
        return "never started"
    if head.starting_s is not None:
        return f"starting for {wording.short_duration(head.starting_s)}"
    return f"queued for {wording.short_duration(head.queued_s)}"


def runs(served: Served, asked: Request) -> Any:
    """A page of the runs that pass the filters; pinned ones come first."""
    sort = asked.choice("sort", SORTS, "created")
    order = asked.choice("order", ("asc", "desc"), "asc" if sort == "name" else "desc")
    offset = asked.whole("offset", 0, 0, 10**9) or 0
    limit = asked.whole("limit", 50, 1, MOST_ROWS)
    curves = asked.flag("curves")
    table = served.table
    revision = table.revision
    wanted = _filter(served, asked)
    found = [record for record in table.all() if wanted(record)]
    numbers: Mapping[str, Summary] = {}
    if sort in _BY_NUMBERS:
        numbers = table.summaries((record.id for record in found), for_order=True)
    found = _sorted(found, SORTS[sort], order == "desc", numbers)
    page = found[offset : offset + (limit or MOST_ROWS)]
    if sort not in _BY_NUMBERS:
        numbers = table.summaries(record.id for record in page)
    none = Summary()
    return {
        "runs": [row(served, record, numbers.get(record.id, none), curves) for record in page],
        "total": len(found),
        "revision": revision,
    }


def experiments(served: Served, asked: Request) -> Any:
    """The experiments with how many runs each has, in the order of their making."""
    found: dict[str, dict[str, Any]] = {
        name: {"name": name, "runs": 0, "active": 0, "newest": None}
        for name in served.workspace.store.runs.experiments()
    }
    for record in served.table.all():
        one = found.get(record.experiment)
        if one is not None:
            one["runs"] += 1
            one["active"] += not record.final
            one["newest"] = max(one["newest"] or 0.0, record.created)
    return {"experiments": list(found.values())}


def _sorted(
    found: list[RunRecord], key: Key, down: bool, numbers: Mapping[str, Summary]
) -> list[RunRecord]:
    none = Summary()
    keyed = [(key(record, numbers.get(record.id, none)), record) for record in found]
    known = [pair for pair in keyed if pair[0] is not None]
    # The newest first among equals.
    known.sort(key=lambda pair: pair[1].number, reverse=True)
    known.sort(key=lambda pair: pair[0], reverse=down)
    unknown = sorted((record for value, record in keyed if value is None), key=lambda r: -r.number)
    listed = [record for _, record in known] + unknown
    return sorted(listed, key=lambda record: not record.pinned)


def _filter(served: Served, asked: Request) -> Callable[[RunRecord], bool]:
    experiment = asked.text("experiment")
    states = _states(asked.text("state"))
    words = asked.text("text").casefold().split()
    tag, equals, value = asked.text("tag").partition("=")
    mine, archived = asked.flag("mine"), asked.flag("archived")
    me = _me() if mine else ""

    def passes(record: RunRecord) -> bool:
        if record.archived != archived or (experiment and record.experiment != experiment):
            return False
        if states is not None and record.status not in states:
            return False
        if tag and (tag not in record.tags or (equals and str(record.tags[tag]) != value)):
            return False
        if words and not all(word in _searched(record) for word in words):
            return False
        return not mine or _user(served.workspace.run_folder(record.id)) == me

    return passes


def _states(given: str) -> frozenset[str] | None:
    if not given:
        return None
    found: set[str] = set()
    for word in given.split(","):
        if word not in _STATES:
            raise UserError(f"state has {word!r:.60}; there are {', '.join(_STATES)}.")
        found |= _STATES[word]
    return frozenset(found)


def _searched(record: RunRecord) -> str:
    tags = (f"{name}={value}" for name, value in record.tags.items())
    return " ".join(
        (record.display_name, record.id, record.experiment, record.description, *tags)
    ).casefold()


@lru_cache(maxsize=10_000)
def _user(folder: Path) -> str:
    """Who has started a run: the owner of its folder. A run never changes hands."""
    try:
        return folder.owner()
    except (OSError, KeyError):
        return ""


def _me() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
