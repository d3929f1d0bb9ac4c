"""Whole runs on real Ray clusters, and what must be left of them: nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from rl_widgets import (
    AmlCompute,
    ComputeTarget,
    Experiment,
    ReinforcementLearningEstimator,
    Run,
    Workspace,
)

#: What a run on a busy machine with two cores may take; a test that waits longer has failed.
PATIENCE = 150.0


def wait_until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.05)


class Lab:
    """Submits scripts, and knows every run's processes and folders."""

    def __init__(self, ws: Workspace, folder: Path) -> None:
        self.ws = ws
        self.folder = folder
        self.experiment = Experiment(ws, "cluster-tests")
        self.runs: list[Run] = []

    def target(self, name: str, max_nodes: int = 1) -> AmlCompute:
        config = AmlCompute.provisioning_configuration(vm_size="LOCAL_1", max_nodes=max_nodes)
        return ComputeTarget.create(self.ws, name, config)

    def submit(self, script: str, **values: object) -> Run:
        source = self.folder / f"source-{len(self.runs)}"
        source.mkdir()
        (source / "script.py").write_text(script)
        estimator = ReinforcementLearningEstimator(source, entry_script="script.py", **values)
        run = self.experiment.submit(estimator)
        self.runs.append(run)
        return run

    def leftovers(self, run: Run) -> list[str]:
        """What there still is of a run on this machine."""
        found = []
        for process in psutil.process_iter():
            try:
                environment = process.environ()
                command = process.cmdline()
            except psutil.Error:
                continue
            ours = environment.get("RL_WIDGETS_RUN_ID") == run.id or run.id in command
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"process {process.pid}: {' '.join(command)[:120]}")
        record = run.folder / "cluster.json"
        if record.exists():
            scratch = json.loads(record.read_text())["scratch"]
            found.append(f"record of the cluster in {scratch}")
        return found

    def scratch_of(self, run: Run) -> Path:
        return Path(json.loads((run.folder / "cluster.json").read_text())["scratch"])


@pytest.fixture
def lab(ws: Workspace, tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(ws, tmp_path)
    yield lab
    for run in lab.runs:
        run.cancel()
    for run in lab.runs:
        run.wait_for_completion(raise_on_error=False)
        wait_until(lambda run=run: not lab.leftovers(run), f"the end of {run.id}", 30)
