"""The state of a run, child or node as a coloured badge with words."""

from __future__ import annotations

from dataclasses import dataclass

from rl_widgets.store import statuses


@dataclass(frozen=True)
class Badge:
    """`text` in words; `tone` is the colour's name: waiting, active, good, bad or stopped."""

    text: str
    tone: str


_RUN = {
    statuses.NOT_STARTED: Badge("Not started", "waiting"),
    statuses.QUEUED: Badge("Queued", "waiting"),
    statuses.PROVISIONING: Badge("Starting nodes", "active"),
    statuses.STARTING: Badge("Starting the script", "active"),
    statuses.RUNNING: Badge("Running", "active"),
    statuses.NOT_RESPONDING: Badge("Not responding", "bad"),
    statuses.CANCEL_REQUESTED: Badge("Cancel requested", "stopped"),
    statuses.FINALIZING: Badge("Finishing", "active"),
    statuses.COMPLETED: Badge("Completed", "good"),
    statuses.FAILED: Badge("Failed", "bad"),
    statuses.CANCELED: Badge("Canceled", "stopped"),
}

_NODE = {
    "waiting": Badge("waiting", "waiting"),
    "starting": Badge("starting", "active"),
    "alive": Badge("alive", "good"),
    "dead": Badge("dead", "bad"),
    "ended": Badge("ended", "stopped"),
}

#: Text on background, (light, dark) theme; each pair has a contrast of at least 4.5 to 1.
COLOURS = {
    "waiting": (("#5b4300", "#fbe6a2"), ("#ffe08a", "#4a3a10")),
    "active": (("#0b4a8f", "#d6e8fc"), ("#a9d1ff", "#123a63")),
    "good": (("#0c5228", "#d3f2dd"), ("#9be6b4", "#12472a")),
    "bad": (("#8c1010", "#fcdcda"), ("#ffb4ae", "#5c1a1a")),
    "stopped": (("#3f4650", "#e3e6ea"), ("#cdd3da", "#3a4049")),
}


def of_run(status: str) -> Badge:
    """The badge of a run or child run."""
    return _RUN.get(status, Badge(status, "stopped"))


def of_node(state: str, started: bool = True) -> Badge:
    """The badge of a node."""
    if state == "ended" and not started:
        return Badge("never started", "stopped")
    return _NODE.get(state, Badge(state, "stopped"))
