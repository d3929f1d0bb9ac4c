"""Results of a training at times of one's own, written into a record as our callback does."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from rl_widgets.view.reader import RunReader
from tests.view.fixture_runs import FixtureRun, make

Values = Callable[[int], Mapping[str, float]]


class MadeRun:
    """A running run; `results` are logged `apart` seconds after each other, up to now."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fixture: FixtureRun = make(folder / "ws", ago=100_000.0)
        self.fixture.start()
        self._monkeypatch = monkeypatch
        self._now = time.time() - 50_000.0
        self._iteration = 0

    def results(self, count: int, values: Values, apart: float = 1.0, steps: int = 800) -> MadeRun:
        """Log `count` results; `values` gets the number of the result, from 1 on."""
        with self._monkeypatch.context() as patch:
            patch.setattr("rl_widgets.store.logger.time", SimpleNamespace(time=lambda: self._now))
            for _ in range(count):
                self._now += apart
                self._iteration += 1
                i = self._iteration
                own = {"training_iteration": i, "num_env_steps_sampled_lifetime": i * steps}
                self.fixture.logger.log_metrics({**own, **values(i)}, step=i, env_steps=i * steps)
        return self

    def node_cpu(self, **cores: float) -> MadeRun:
        """A sample of the nodes' CPU at the time of the last result."""
        with self._monkeypatch.context() as patch:
            patch.setattr("rl_widgets.store.logger.time", SimpleNamespace(time=lambda: self._now))
            for node, used in cores.items():
                child = self.fixture.logger.for_child("head" if node == "head" else "worker")
                child.log_metrics({f"resources/{node.replace('_', '-')}/cpu": used})
        return self

    def read(self) -> RunReader:
        """A reader that has read all of it."""
        self.fixture.take_in()
        reader = RunReader.of(self.fixture.run)
        reader.read()
        return reader


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeRun:
    return MadeRun(tmp_path, monkeypatch)
