"""Who a run is, where it stands, and how long it has waited and run."""

from __future__ import annotations

from dataclasses import dataclass

from rl_widgets.store import statuses
from rl_widgets.store.runs import RunRecord
from rl_widgets.view import badge, wording
from rl_widgets.view.badge import Badge


@dataclass(frozen=True)
class Header:
    """The head of every view. Times in seconds; None where there is none yet."""

    run_id: str
    number: int
    experiment: str
    name: str
    status: str
    badge: Badge
    final: bool
    message: str
    queued_s: float
    starting_s: float | None
    running_s: float | None
    created: str
    started: str
    ended: str
    timing: str


def header(record: RunRecord, now: float) -> Header:
    """The header of a (parent) run at the time `now`."""
    end = record.ended if record.ended is not None else now
    interactive = record.role == "interactive"
    provisioned = record.created if interactive else record.provisioned
    started = (record.started or record.created) if interactive else record.started
    submitted = record.resumed or record.created
    queued = (provisioned if provisioned is not None else end) - submitted
    starting = None
    if provisioned is not None:
        starting = (started if started is not None else end) - provisioned
    running = None if started is None else end - started
    return Header(
        run_id=record.id,
        number=record.number,
        experiment=wording.shown(record.experiment),
        name=wording.shown(record.display_name or record.id),
        status=record.status,
        badge=badge.of_run(record.status),
        final=record.final,
        message=_message(record),
        queued_s=max(0.0, queued),
        starting_s=starting,
        running_s=running,
        created=wording.clock(record.created),
        started=wording.clock(started),
        ended=wording.clock(record.ended),
        timing=_timing(record, queued, None if interactive else starting, running),
    )


def _message(record: RunRecord) -> str:
    if record.status == statuses.FAILED:
        return ""  # the failure says it, first
    if record.message:
        return wording.shown(record.message, 600)
    return {
        statuses.NOT_STARTED: "The run has been submitted and is about to be queued.",
        statuses.QUEUED: "The run waits for its nodes.",
        statuses.PROVISIONING: "The Ray nodes are starting; this takes some seconds.",
        statuses.STARTING: "The cluster is whole; the entry script is starting.",
        statuses.FINALIZING: "The script has ended; nodes are being stopped and logs kept.",
    }.get(record.status, "")


def _timing(record: RunRecord, queued: float, starting: float | None, running: float | None) -> str:
    over = record.final
    parts = []
    waits = record.status in statuses.WAITING
    if waits or queued >= 1:
        parts.append(f"queued {'for ' if waits else ''}{wording.duration(queued)}")
    if starting is not None:
        still = running is None and not over
        verb = "starting for" if still else "started up in"
        if not (over and running is None):
            parts.append(f"{verb} {wording.duration(starting)}")
    if running is not None:
        verb = "ran" if over else "running for"
        parts.append(f"{verb} {wording.duration(running)}")
    elif over:
        parts.append("the script was never started")
    return " · ".join(parts)
