"""The settings of a run by name, whoever has given them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

BATCH: Final = "train_batch_size_per_learner"


class InForce:
    """The settings of a run: what is given or a preset's, on top of the algorithm's defaults."""

    def __init__(
        self, settings: Mapping[str, Any], default: Any, said_as: Mapping[str, str]
    ) -> None:
        self._settings, self._default, self._said_as = settings, default, said_as

    def __getitem__(self, name: str) -> Any:
        found = self._settings.get(name)
        return getattr(self._default, name, None) if found is None else found

    def whole(self, name: str) -> int:
        """A whole number; 0 where the setting is none."""
        value = self[name]
        return value if isinstance(value, int) else 0

    def batch(self) -> int:
        """Env steps of one learner's batch: where they are not given, a part of all learners'."""
        if self._settings.get(BATCH) is not None:
            return self.whole(BATCH)
        return self.whole("train_batch_size") // self._learners

    def total_batch(self) -> int:
        """Env steps of the batches of all learners."""
        return self.batch() * self._learners

    @property
    def _learners(self) -> int:
        return self.whole("num_learners") or 1

    def is_given(self, name: str) -> bool:
        """Whether the script gives it, under any name."""
        return name in self._said_as

    def said(self, name: str) -> str:
        """The setting under the name that the script has for it."""
        return repr(self._said_as.get(name, name))

    def first_given(self, *names: str) -> str:
        """Which of the settings to change: one that is given, if any."""
        return next((name for name in names if self.is_given(name)), names[0])
