"""Runs written straight into a record, in every state that a view has to draw."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rl_widgets.backend.liveness import RunLock
from rl_widgets.store import statuses
from rl_widgets.store.ingest import SpoolReader
from rl_widgets.store.logger import RunLogger
from rl_widgets.store.nodes import NodeRecord
from rl_widgets.store.runs import RunRecord
from rl_widgets.workspace import Workspace

RUN_ID = "pong_1700000000_0badcafe"
STOP = {"episode_reward_mean": 18, "time_total_s": 3600}


@dataclass
class FixtureRun:
    """A run in a workspace of its own, whose supervisor is this test."""

    workspace: Workspace
    run_id: str
    folder: Path
    began: float
    logger: RunLogger = field(init=False)
    spool: SpoolReader = field(init=False)
    lock: RunLock | None = field(init=False)

    def __post_init__(self) -> None:
        self.logger = RunLogger.to_spool(self.folder, "head")
        self.spool = SpoolReader(self.workspace.store.metrics, self.run_id, self.folder)
        # Its supervisor lives as long as somebody holds this lock.
        self.lock = RunLock.acquire(self.folder)

    def take_in(self) -> None:
        """What the supervisor does with the spool."""
        self.spool.take_in()

    def result(self, iteration: int, reward: float | None, take_in: bool = True) -> None:
        """Log one training result, as our callback does."""
        values: dict[str, float] = {
            "training_iteration": iteration,
            "num_env_steps_sampled_lifetime": iteration * 3000,
            "throughput/env_steps_sampled_per_s": 812.4,
            "time_total_s": iteration * 2.0,
            "episodes_total": iteration * 4,
        }
        if reward is not None:
            values["episode_reward_mean"] = reward
        self.logger.log_metrics(values, step=iteration, env_steps=iteration * 3000)
        if take_in:
            self.take_in()

    def write_log(self, text: str) -> None:
        """Append to the driver's log."""
        path = self.folder / "head" / "driver_log.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(text)

    def set(self, **values: Any) -> None:
        """Change the parent run's row."""
        assert self.workspace.store.runs.set(self.run_id, **values)

    def start(self) -> None:
        """All nodes are alive and the script runs."""
        store = self.workspace.store
        for child in store.runs.children(self.run_id):
            store.runs.set(child.id, status=statuses.RUNNING, started=self.began + 14)
            for node in store.nodes.of([child.id]):
                store.nodes.set(child.id, node.name, state="alive", started=self.began + 12)
        self.set(
            status=statuses.RUNNING,
            message="",
            provisioned=self.began + 2,
            started=self.began + 26,
        )

    def use_resources(self) -> None:
        """One sample of each node."""
        for child, node in (("head", "head"), ("worker", "worker-0"), ("worker", "worker-1")):
            values = {f"resources/{node}/cpu": 0.93, f"resources/{node}/memory_gb": 1.4}
            self.logger.for_child(child).log_metrics(values)
        self.take_in()

    def end(self, status: str, error: dict[str, Any] | None = None, message: str = "") -> None:
        """The run is over."""
        store, now = self.workspace.store, time.time()
        for child in store.runs.children(self.run_id):
            store.runs.set(child.id, status=status, ended=now, message="")
            for node in store.nodes.of([child.id]):
                store.nodes.set(child.id, node.name, state="ended", ended=now)
        self.set(status=status, ended=now, error=error, message=message)

    @property
    def run(self) -> Any:
        """The public run."""
        return self.workspace.get_run(self.run_id)


def make(folder: Path, run_id: str = RUN_ID, ago: float = 200.0, **values: Any) -> FixtureRun:
    """A run that was submitted `ago` seconds ago, with a head and two worker nodes."""
    workspace = Workspace(folder=folder)
    began = time.time() - ago
    row = {
        "experiment": "rllib-pong-multi-node",
        "type": "reinforcementlearning",
        "created": began,
        "definition": {"stop": STOP},
        "status": statuses.QUEUED,
        **values,
    }
    run_folder = workspace.run_folder(run_id)
    run_folder.mkdir(parents=True, exist_ok=True)
    # It has its lock before it is in the record: a server that looks after it would end it.
    fixture = FixtureRun(workspace, run_id, run_folder, began)
    parent = RunRecord(id=run_id, role="parent", **row)
    plain = {k: row[k] for k in ("experiment", "type", "created", "status")}
    targets = {"head": "head-cpu", "worker": "worker-cpu"}
    workspace.store.runs.add(
        parent,
        [
            RunRecord(id=f"{run_id}_{role}", role=role, parent=run_id, target=target, **plain)
            for role, target in targets.items()
        ],
        {},
    )
    names = {"head": ["head"], "worker": ["worker-0", "worker-1"]}
    workspace.store.nodes.add(
        [
            NodeRecord(f"{run_id}_{role}", name, i, "waiting", 2, 0, 7_000_000_000)
            for role, nodes in names.items()
            for i, name in enumerate(nodes)
        ]
    )
    return fixture
