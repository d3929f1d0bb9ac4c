"""Why a run cannot be gone on with, in a sentence and with nothing changed; changed arguments."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rl_widgets import Experiment, Run, UserError, Workspace
from rl_widgets.backend import resume, stacks, submission
from rl_widgets.backend.cluster_record import ClusterRecord
from rl_widgets.backend.liveness import RunLock
from rl_widgets.backend.plan import NodeGroup, Plan
from rl_widgets.backend.processes import boot_id
from rl_widgets.store import statuses
from rl_widgets.store.ingest import SpoolReader
from rl_widgets.store.logger import RunLogger
from rl_widgets.store.runs import RunRecord

GROUP = NodeGroup("local", "LOCAL", 1, 1, 0, 10**9, 10**8)
PARAMS = {"--run": "IMPALA", "--stop": {"time_total_s": 100}}


class Case:
    """A run in a workspace; no supervisor is ever started."""

    def __init__(self, ws: Workspace, params: Any = PARAMS) -> None:
        self.ws = ws
        self.run_id = f"exp_1_{len(ws.store.runs.find()):08d}"
        self.folder = ws.run_folder(self.run_id)
        for part in ("job", "head", "snapshot"):
            (self.folder / part).mkdir(parents=True)
        (self.folder / "snapshot" / "train.py").write_text("print()")
        (self.folder / submission.ENVIRONMENT_FILE).write_text("{}")
        plan = resume.changed(
            Plan("train.py", [], "", GROUP, None, script_params=params), None, {"--seed": 1}
        )
        common: dict[str, Any] = {"experiment": "exp", "type": "t", "created": time.time()}
        parent = RunRecord(id=self.run_id, role="parent", definition=plan.as_definition(), **common)
        child = RunRecord(id=f"{self.run_id}_head", role="head", parent=self.run_id, **common)
        ws.store.runs.add(parent, [child], {"local": 1})

    @property
    def run(self) -> Run:
        return self.ws.get_run(self.run_id)

    def end(self, status: str) -> None:
        self.ws.store.runs.set(self.run_id, status=status, ended=1.0, error={"message": "x"})

    def checkpoint(
        self, iteration: int, attempt: int = 1, trial: str = "t", several: bool = False
    ) -> str:
        path = f"head/checkpoints/{trial}/{iteration}"
        (self.folder / path / "learner_group").mkdir(parents=True)
        logger = RunLogger.to_spool(self.folder, "head", attempt)
        logger.log_event("checkpoint", "saved", step=iteration, env_steps=iteration * 10,
                         path=path, reward=1.0, time_total_s=2.0, trial=trial,
                         several=several)  # fmt: skip
        SpoolReader(self.ws.store.metrics, self.run_id, self.folder).take_in()
        return path


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs whose supervisor would have been started."""
    found: list[str] = []

    def start(workspace: Path, run_id: str, folder: Path, lock: RunLock) -> None:
        found.append(run_id)

    monkeypatch.setattr(submission, "start_supervisor", start)
    return found


def test_a_run_that_is_not_over(ws: Workspace, started: list[str]) -> None:
    case = Case(ws)
    lock = RunLock.acquire(case.folder)
    assert lock is not None
    ws.store.runs.set(case.run_id, status=statuses.RUNNING)
    with pytest.raises(UserError, match=r"not over \(Running\).*run.cancel\(\) ends it"):
        case.run.resume()
    lock.close()


def test_a_run_without_a_checkpoint(ws: Workspace, started: list[str]) -> None:
    case = Case(ws)
    case.end(statuses.FAILED)
    with pytest.raises(UserError, match="no checkpoint to go on from"):
        case.run.resume()
    path = case.checkpoint(5)
    (case.folder / path).rename(case.folder / "gone")
    with pytest.raises(UserError, match="no checkpoint to go on from"):
        case.run.resume()
    assert case.run.status == "Failed"
    assert not started


def test_a_snapshot_or_a_target_that_is_gone(ws: Workspace, started: list[str]) -> None:
    case = Case(ws)
    case.checkpoint(5)
    case.end(statuses.CANCELED)
    script = case.folder / "snapshot" / "train.py"
    script.unlink()
    with pytest.raises(UserError, match="snapshot is gone"):
        case.run.resume()
    with pytest.raises(UserError, match="snapshot is gone"):
        case.run.new_run_from()
    script.write_text("print()")
    definition = case.ws.store.runs.get(case.run_id).definition
    definition["head"]["target"] = "elsewhere"
    ws.store.runs.describe(case.run_id, definition=definition)
    with pytest.raises(UserError, match="compute target 'elsewhere', which is gone"):
        case.run.resume()


def test_a_run_without_a_script(ws: Workspace) -> None:
    run = Experiment(ws, "logged").start_logging()
    with pytest.raises(UserError, match="was not submitted"):
        run.resume()
    with pytest.raises(UserError, match="was not submitted"):
        run.new_run_from()
    run.complete()
    with pytest.raises(UserError, match="offline run"):
        Run.get_context().resume()


def test_a_completed_run_needs_more_to_reach(ws: Workspace, started: list[str]) -> None:
    case = Case(ws)
    case.checkpoint(5)
    case.end(statuses.COMPLETED)
    with pytest.raises(UserError, match="Give it more to reach"):
        case.run.resume()
    for wrong in ({}, 5, "7200"):
        with pytest.raises(UserError, match="stop is a dict such as"):
            case.run.resume(stop=wrong)  # type: ignore[arg-type]
    case.run.resume(stop={"time_total_s": 200})
    assert started == [case.run_id]


def test_checkpoints_of_several_trainings(ws: Workspace, started: list[str]) -> None:
    case = Case(ws)
    # Also where the run was ended in its first training: the others have not begun.
    case.checkpoint(5, trial="one", several=True)
    case.end(statuses.FAILED)
    with pytest.raises(UserError, match="several trainings"):
        case.run.resume()
    case.checkpoint(5, trial="two", several=True)
    with pytest.raises(UserError, match="several trainings"):
        case.run.resume()
    assert not started


def test_what_a_resumed_run_begins_with(ws: Workspace, started: list[str]) -> None:
    case = Case(ws)
    case.checkpoint(5)
    path = case.checkpoint(9)
    for name in ("go", "exit.json", "started.json", "arrived.json"):
        (case.folder / "job" / name).write_text("{}")
    nodes = case.folder / "head" / "nodes" / "head"
    nodes.mkdir(parents=True)
    (nodes / "raylet.log").write_text("of the first attempt")
    case.end(statuses.FAILED)
    run = case.run
    # A child is as good as its run.
    [head] = run.get_children()
    head.resume(script_params={"--seed": 7})
    record = ws.store.runs.get(case.run_id)
    assert (record.status, record.attempt, record.error) == (statuses.NOT_STARTED, 2, None)
    assert record.definition["arguments"][-1] == "7"
    assert sorted(p.name for p in (case.folder / "job").iterdir()) == ["restore.json"]
    assert path in (case.folder / "job" / "restore.json").read_text()
    kept = case.folder / "head" / "attempt-1" / "nodes" / "head" / "raylet.log"
    assert kept.read_text() == "of the first attempt"
    SpoolReader(ws.store.metrics, case.run_id, case.folder).take_in()
    series = ws.store.metrics.series([f"{case.run_id}_head"])
    [event] = ws.store.metrics.payloads([s.id for s in series if s.name == "events/resumed"])
    assert (event.attempt, event.step, event.env_steps) == (2, 9, 90)
    assert event.payload["from_checkpoint"] == path
    [node] = ws.store.nodes.of([f"{case.run_id}_head"])
    assert node.state == "waiting"
    # Nobody holds the run: as after a supervisor that died, whoever looks ends it.
    assert run.status == "Failed"


def test_a_new_run_begins_with_the_weights_of_the_one_that_is_named(
    ws: Workspace, started: list[str]
) -> None:
    case = Case(ws)
    path = case.checkpoint(5)
    case.checkpoint(9)
    with pytest.raises(UserError, match=r"no checkpoint 'wrong'. There are: 5, 9"):
        case.run.new_run_from("wrong")
    new = case.run.new_run_from(path, stop={"time_total_s": 5}, tags={"a": "b"})
    assert started == [new.id]
    assert (new.folder / resume.START_FOLDER / "learner_group").is_dir()
    assert (new.folder / "snapshot" / "train.py").read_text() == "print()"
    assert new.tags == {"a": "b", "started_from": f"{case.run_id}/{path}"}
    definition = ws.store.runs.get(new.id).definition
    assert definition["stop"] == {"time_total_s": 5}
    assert definition["script_params"]["--run"] == "IMPALA"


def test_changed_arguments_of_a_finished_list(ws: Workspace) -> None:
    case = Case(ws, ["--stop", '{"a": 1}', "--run=IMPALA", "--flag", "--env", "x"])
    plan = Plan.from_definition(ws.store.runs.get(case.run_id).definition)
    changed = resume.changed(plan, {"a": 2}, {"--run": "PPO", "--new": 3})
    assert changed.arguments == [
        "--stop", '{"a": 2}', "--run", "PPO", "--flag", "--env", "x", "--seed", "1", "--new", "3",
    ]  # fmt: skip
    assert changed.stop == {"a": 2}
    assert resume.changed(plan, None, None) is plan


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    code = (
        "import faulthandler, signal, sys, time\n"
        "file = open(sys.argv[1], 'a')\n"
        "faulthandler.register(signal.SIGUSR2, file=file)\n"
        "print('ready', flush=True)\n"
        "def hangs(): time.sleep(600)\n"
        "hangs()\n"
    )
    (tmp_path / "head").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "head" / "stacks.txt")],
        stdout=subprocess.PIPE,
        env={**os.environ, "RL_WIDGETS_CLUSTER": "rlw-mine"},
    )
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_trainer_that_hangs_writes_its_stacks_and_no_other_process_is_hit(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    assert "do not answer" in stacks.dump(tmp_path)
    (tmp_path / "job").mkdir()
    (tmp_path / stacks.TRAINER_FILE).write_text(f'{{"pid": {sleeper.pid}}}')
    record = ClusterRecord("r", str(tmp_path), "/tmp/rlw-other", boot_id())
    record.write()
    # A process of another cluster, by its marker.
    assert "do not answer" in stacks.dump(tmp_path)
    record.scratch = "/tmp/rlw-mine"
    record.write()
    assert stacks.STACKS_FILE in stacks.dump(tmp_path)
    written = tmp_path / stacks.STACKS_FILE
    deadline = time.monotonic() + 20
    while "most recent call first" not in written.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert sleeper.poll() is None
