"""The supervisor's decisions, with a cluster that has the faults which a real one seldom has."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rl_widgets.backend import reaper, submission, supervisor
from rl_widgets.backend.cluster import JobSpec, JobStatus, NodeSample, NodeState
from rl_widgets.backend.liveness import RunLock
from rl_widgets.backend.plan import NodeGroup, Plan
from rl_widgets.backend.progress import Progress
from rl_widgets.store.database import Store
from rl_widgets.store.errors import StoreError
from rl_widgets.store.logger import RunLogger
from rl_widgets.store.nodes import NodeRecord
from rl_widgets.store.runs import RunRecord
from rl_widgets.store.targets import TargetRecord


class FaultyCluster:
    """Does as its attributes say; `stopped` tells whether it was ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.states = {"head": "alive", "worker-0": "alive"}
        self.job = JobStatus("running")
        self.exit: dict[str, object] | None = {"exit_code": 0}
        self.on_release: Callable[[], None] = lambda: None
        self.stopped = False

    def start(self) -> None:
        pass

    def nodes(self) -> list[NodeState]:
        return [
            NodeState(name, state, 1, None, None, "the reason" if state == "dead" else "")
            for name, state in self.states.items()
        ]

    def submit(self, job: JobSpec) -> None:
        self.submitted = job

    def job_status(self) -> JobStatus:
        return self.job

    def release(self) -> None:
        (self.folder / "job" / "started.json").write_text("{}")
        self.on_release()
        if self.exit is not None:
            (self.folder / "job" / "exit.json").write_text(json.dumps(self.exit))

    def stop_job(self) -> None:
        pass

    def samples(self) -> list[NodeSample]:
        return [NodeSample(name, time.time(), 0.5, 10**9) for name in self.states]

    def stop(self) -> None:
        self.stopped = True


class Case:
    """One run with a supervisor whose cluster is a faulty one."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.store = Store.open(workspace)
        self.store.targets.add(TargetRecord("t", "AmlCompute", "LOCAL_1", 1, 0, 1, 0, 1, 0))
        self.run_id = "exp_1_00000000"
        self.folder = workspace / "runs" / self.run_id
        (self.folder / "job").mkdir(parents=True)
        (self.folder / submission.ENVIRONMENT_FILE).write_text("{}")
        self.cluster = FaultyCluster(self.folder)
        self.plan = Plan("s.py", [], "", *[NodeGroup("t", "LOCAL_1", 1, 1, 0, 1, 1)] * 2)

    def add(self, **plan: object) -> None:
        definition = {**self.plan.as_definition(), **plan}
        common = {"experiment": "exp", "type": "t", "created": time.time()}
        children = [
            RunRecord(id=f"{self.run_id}_{r}", role=r, parent=self.run_id, **common)
            for r in ("head", "worker")
        ]
        parent = RunRecord(id=self.run_id, role="parent", definition=definition, **common)
        self.store.runs.add(parent, children, {"t": 1})
        for role, name in (("head", "head"), ("worker", "worker-0")):
            child = f"{self.run_id}_{role}"
            self.store.nodes.add([NodeRecord(child, name, 0, "waiting", 1, 0, 1)])

    def run(self) -> RunRecord:
        watcher = supervisor.Supervisor(self.store, self.workspace, self.run_id)
        watcher._cluster = lambda: self.cluster  # type: ignore[method-assign, assignment, return-value]
        watcher.run()
        return self.store.runs.get(self.run_id)

    def children(self) -> list[str]:
        return [child.status for child in self.store.runs.children(self.run_id)]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_a_run_that_ends_well(case: Case) -> None:
    case.add()
    run = case.run()
    assert (run.status, case.children()) == ("Completed", ["Completed", "Completed"])
    assert run.created <= run.provisioned <= run.started <= run.ended
    assert case.cluster.stopped
    assert case.store.targets.busy_nodes("t") == 0


def test_nodes_that_do_not_join_in_time_are_named(case: Case) -> None:
    case.add(cluster_coordination_timeout_seconds=1)
    case.cluster.states["worker-0"] = "starting"
    run = case.run()
    assert (run.status, case.children()) == ("Failed", ["Failed", "Failed"])
    assert "not whole within 1 s" in run.error["message"]
    assert "worker-0 did not join" in run.error["message"]


def test_a_node_that_cannot_be_started_fails_the_run_at_once(case: Case) -> None:
    case.add()
    case.cluster.states["worker-0"] = "dead"
    run = case.run()
    assert "worker-0 could not be started (the reason)" in run.error["message"]


def test_a_head_that_dies_fails_the_run(case: Case) -> None:
    case.add()
    case.cluster.exit = None
    case.cluster.on_release = lambda: case.cluster.states.update(head="dead")
    run = case.run()
    assert run.error["message"].startswith("The head node died (the reason)")


def test_a_worker_that_dies_is_a_warning(case: Case) -> None:
    case.add()
    case.cluster.exit = None

    def die() -> None:
        case.cluster.states["worker-0"] = "dead"
        case.cluster.samples = finish  # type: ignore[method-assign]

    def finish() -> list[NodeSample]:
        (case.folder / "job" / "exit.json").write_text('{"exit_code": 0}')
        return []

    case.cluster.on_release = die
    run = case.run()
    assert run.status == "Completed"
    assert any("worker-0 died" in text for text in run.warnings)
    [node] = case.store.nodes.of([f"{case.run_id}_worker"])
    assert node.state == "dead"
    series = case.store.metrics.series([f"{case.run_id}_head"])
    [lost] = case.store.metrics.payloads([s.id for s in series if s.name == "events/node_lost"])
    assert lost.payload["node"] == "worker-0"


def test_a_job_that_ray_ended_without_a_word_is_said(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "EXIT_GRACE", 0.1)
    case.add()
    case.cluster.exit = None
    case.cluster.job = JobStatus("failed", "killed by the OOM killer")
    run = case.run()
    assert "ended from outside. killed by the OOM killer" in run.error["message"]


def test_an_error_of_the_cluster_is_the_run_s(case: Case) -> None:
    case.add()

    def broken() -> None:
        raise RuntimeError("no such thing")

    case.cluster.start = broken  # type: ignore[method-assign]
    run = case.run()
    assert run.status == "Failed"
    assert "RuntimeError: no such thing" in run.error["message"]
    assert case.cluster.stopped


def test_a_full_disk_delays_a_run_s_record_and_loses_nothing(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.add()
    logger = RunLogger.to_spool(case.folder, "head")
    case.cluster.on_release = lambda: logger.log("x", 1)
    failures = iter([StoreError("the disk is full")] * 2)
    take_in = case.store.metrics.take_in

    def sometimes(*arguments: object) -> bool:
        error = next(failures, None)
        if error is not None:
            raise error
        return take_in(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(case.store.metrics, "take_in", sometimes)
    assert case.run().status == "Completed"
    names = {s.name for s in case.store.metrics.series([f"{case.run_id}_head"])}
    assert "x" in names


def test_a_target_that_is_deleted_while_a_run_waits(case: Case) -> None:
    case.add()
    case.store.targets.delete("t", force=True)
    run = case.run()
    assert "'t' was deleted while the run waited" in run.error["message"]


def test_a_run_without_a_supervisor_is_ended_by_whoever_looks(case: Case) -> None:
    case.add()
    RunLogger.to_spool(case.folder, "head").log("x", 1)
    lock = RunLock.acquire(case.folder)
    assert lock is not None
    reaper.look_after(case.store, case.workspace, case.run_id)
    assert case.store.runs.get(case.run_id).status == "NotStarted"
    lock.close()
    reaper.look_after(case.store, case.workspace, f"{case.run_id}_head")
    run = case.store.runs.get(case.run_id)
    assert (run.status, run.error["type"]) == ("Failed", "SupervisorGone")
    assert [s.name for s in case.store.metrics.series([f"{case.run_id}_head"])] == ["x"]


def test_a_script_that_had_ended_well_completes_its_run_without_a_supervisor(case: Case) -> None:
    case.add()
    (case.folder / "job" / "exit.json").write_text('{"exit_code": 0}')
    reaper.look_after(case.store, case.workspace, case.run_id)
    assert case.store.runs.get(case.run_id).status == "Completed"


def test_a_run_that_hangs_is_told_by_its_own_pace() -> None:
    progress = Progress()
    for i in range(10):
        progress.update(i * 640, now=i * 5.0)
        assert progress.changed(i * 5.0) is None
    assert progress.usual == 5.0
    assert progress.changed(45.0 + 99) is None
    assert progress.changed(45.0 + 101) is True
    assert progress.changed(45.0 + 102) is None
    progress.update(7_000, now=200.0)
    assert progress.changed(200.0) is False


def test_a_run_that_logs_no_env_steps_is_never_said_to_hang() -> None:
    progress = Progress()
    progress.update(-1, 0.0)
    assert progress.changed(10_000.0) is None


def test_a_script_that_ends_well_without_its_exit_handlers_completes_the_run(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "EXIT_GRACE", 0.1)
    case.add()
    case.cluster.exit = None
    case.cluster.job = JobStatus("succeeded", "Job finished successfully.", 0)
    assert case.run().status == "Completed"
