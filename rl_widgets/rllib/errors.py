"""The errors of the entry script's side: each is one sentence on what to change."""

from __future__ import annotations

from rl_widgets.store.errors import RLWidgetsError, UserError
from rl_widgets.store.nearest import nearest as nearest


class ConfigError(UserError):
    """A setting is unknown, of a wrong type or out of its bounds."""


class StopError(UserError):
    """A stop criterion that no result can have, or that is no number."""


class EnvironmentNameError(UserError):
    """There is no environment of that name."""


class ResourceRequestError(UserError):
    """The request asks for more of `resource` than the cluster can ever give."""

    resource = "CPU"


class VideoError(RLWidgetsError):
    """A video of an episode that cannot be made; the evaluation goes on without it."""


class OutOfMemory(RLWidgetsError):
    """A process of the training was ended because its machine had no memory left."""


class TrainingError(RLWidgetsError):
    """The training ended with an error whose original exception could not be brought back."""
