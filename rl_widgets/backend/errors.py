"""What can go wrong between a submitted run and its running cluster."""

from __future__ import annotations

from rl_widgets.store.errors import RLWidgetsError


class BackendError(RLWidgetsError):
    """A part of the backend could not do its work; the message is a sentence for the user."""


class ClusterError(BackendError):
    """Nodes or the job of a cluster could not be started, asked or ended."""
