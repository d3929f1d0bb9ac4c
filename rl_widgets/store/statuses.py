"""The states of a run, in the order in which it passes through them."""

from __future__ import annotations

NOT_STARTED = "NotStarted"
QUEUED = "Queued"
PROVISIONING = "Provisioning"
STARTING = "Starting"
RUNNING = "Running"
NOT_RESPONDING = "NotResponding"
CANCEL_REQUESTED = "CancelRequested"
FINALIZING = "Finalizing"
COMPLETED = "Completed"
FAILED = "Failed"
CANCELED = "Canceled"

ALL = (
    NOT_STARTED,
    QUEUED,
    PROVISIONING,
    STARTING,
    RUNNING,
    NOT_RESPONDING,
    CANCEL_REQUESTED,
    FINALIZING,
    COMPLETED,
    FAILED,
    CANCELED,
)

#: A run in one of these never changes its state again.
FINAL = frozenset({COMPLETED, FAILED, CANCELED})

#: A run in one of these has not been given its nodes yet.
WAITING = frozenset({NOT_STARTED, QUEUED})
