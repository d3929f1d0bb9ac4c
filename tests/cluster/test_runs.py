"""Runs from submit to their end, on real clusters, with every fault that a person will meet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from rl_widgets import RunFailedError, WorkerConfiguration, Workspace
from tests.cluster.conftest import Lab, wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(400)]

FOREVER = "import time\nprint('begun', flush=True)\nwhile True: time.sleep(0.1)\n"


def supervisor_of(run_id: str) -> psutil.Process:
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
        except psutil.Error:
            continue
        if "rl_widgets.backend.supervisor" in command and run_id in command:
            return process
    raise AssertionError("the run has no supervisor")


def test_everything_that_is_logged_arrives_from_every_node(lab: Lab) -> None:
    run = lab.submit(
        """
import ray
from rl_widgets import Run

run = Run.get_context()
run.log("from_driver", 1.0, step=1)
run.parent.log("on_parent", 2.0)
ray.init()

@ray.remote(num_cpus=1, scheduling_strategy="SPREAD")
class Actor:
    def log(self, i):
        node = ray.get_runtime_context().get_node_id()
        Run.get_context().log("from_actor", float(i))
        return node

actors = [Actor.remote() for _ in range(3)]
nodes = ray.get([a.log.remote(i) for i, a in enumerate(actors)])
run.log("nodes_used", len(set(nodes)))
run.log("nodes", len([n for n in ray.nodes() if n["Alive"]]))
open("outputs/model.txt", "w").write("weights")
open("logs/my.log", "w").write("line")
print("grüße", flush=True)
""",
        compute_target=lab.target("head", 1),
        worker_configuration=WorkerConfiguration(2, lab.target("workers", 2)),
    )
    details = run.wait_for_completion()
    assert details["status"] == "Completed"
    metrics = run.get_metrics()
    assert metrics["from_driver"] == 1.0
    assert metrics["on_parent"] == 2.0
    assert sorted(metrics["from_actor"]) == [0.0, 1.0, 2.0]
    assert metrics["nodes"] == 3
    assert metrics["nodes_used"] >= 2
    head, worker = run.get_children()
    assert (head.status, worker.status) == ("Completed", "Completed")
    assert {"driver_log.txt", "outputs/model.txt", "logs/my.log"} <= set(head.get_file_names())
    assert any(name.startswith("nodes/worker-1/") for name in worker.get_file_names())
    head.download_file("driver_log.txt", str(lab.folder / "log.txt"))
    assert "grüße" in (lab.folder / "log.txt").read_text()
    assert "resources/worker-0/memory_gb" in run.get_metrics(recursive=True)
    assert not lab.leftovers(run)


@pytest.mark.long  # the queue itself has quick tests
def test_two_runs_for_one_node_wait_for_each_other_in_order(lab: Lab) -> None:
    target = lab.target("one-node")
    script = "import time, sys, os\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.05)\n"
    gates = [lab.folder / f"gate-{i}" for i in range(3)]
    runs = [lab.submit(script, compute_target=target, script_params=[str(g)]) for g in gates]
    wait_until(lambda: runs[0].status == "Running", "the first run")
    wait_until(lambda: "1 run before it" in runs[2].get_details()["statusMessage"], "the queue")
    assert [r.status for r in runs[1:]] == ["Queued", "Queued"]
    assert "Waits for 1 node of one-node (0 of 1 free)" in runs[1].get_details()["statusMessage"]
    runs[1].cancel()
    wait_until(lambda: runs[1].status == "Canceled", "cancel while queued", 15)
    gates[0].touch()
    wait_until(lambda: runs[2].status == "Running", "the next in the queue")
    assert runs[0].status == "Completed"
    gates[2].touch()
    assert runs[2].wait_for_completion()["status"] == "Completed"


@pytest.mark.parametrize("state", ["Provisioning", "Starting", "Running"])
def test_cancel_leaves_nothing(lab: Lab, state: str) -> None:
    order = ["NotStarted", "Queued", "Provisioning", "Starting", "Running"]
    run = lab.submit(FOREVER)
    wait_until(lambda: order.index(run.status) >= order.index(state), state)
    shared_before = set(Path("/dev/shm").glob("*"))
    scratch = None
    if state != "Provisioning":
        scratch = lab.scratch_of(run)
        assert scratch.exists()
    run.cancel()
    assert run.wait_for_completion()["status"] == "Canceled"
    assert [child.status for child in run.get_children()] == ["Canceled"]
    assert lab.leftovers(run) == []
    assert scratch is None or not scratch.exists()
    assert not set(Path("/dev/shm").glob("*")) - shared_before
    assert lab.ws.compute_targets["local"].get_status().running_node_count == 0


def test_the_cause_of_a_failure_is_on_the_parent_run(lab: Lab) -> None:
    run = lab.submit("import os\n\ndef f():\n    raise KeyError('no such <b>thing</b>')\n\nf()\n")
    with pytest.raises(
        RunFailedError, match=r"KeyError: 'no such <b>thing</b>' \(script\.py, line 4\)"
    ):
        run.wait_for_completion()
    error = run.get_details()["error"]
    assert (error["type"], error["file"], error["line"]) == ("KeyError", "script.py", 4)
    assert [child.status for child in run.get_children()] == ["Failed"]
    assert "KeyError" in run.get_details_with_logs()["logFiles"]["head/driver_log.txt"]


def test_an_exit_code_and_a_flood_of_output(lab: Lab) -> None:
    run = lab.submit(
        "import sys\nfor i in range(100): sys.stdout.write('x' * 1_000_000 + '\\n')\nsys.exit(3)\n"
    )
    with pytest.raises(RunFailedError, match="exit code 3"):
        run.wait_for_completion()
    assert (run.folder / "head" / "driver_log.txt").stat().st_size >= 100_000_000


def test_a_run_goes_on_when_the_process_that_submitted_it_is_killed(
    lab: Lab, own_home: Path
) -> None:
    (lab.folder / "go.py").write_text("import time\nfor _ in range(20): time.sleep(0.1)\n")
    code = (
        "from rl_widgets import *\nimport os, sys\n"
        "run = Experiment(Workspace(), 'killed').submit(\n"
        "    ReinforcementLearningEstimator(sys.argv[1], entry_script='go.py'))\n"
        "print(run.id, flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(lab.folder)], capture_output=True, text=True, check=False
    )
    assert result.returncode == -signal.SIGKILL
    run = Workspace().get_run(result.stdout.strip())
    lab.runs.append(run)
    assert run.wait_for_completion()["status"] == "Completed"


def test_a_killed_supervisor_ends_its_cluster_and_the_run_says_so(lab: Lab) -> None:
    run = lab.submit(
        "from rl_widgets import Run\nRun.get_context().log('x', 1)\n" + FOREVER,
        worker_configuration=WorkerConfiguration(1),
    )
    wait_until(lambda: run.status == "Running", "the run")
    scratch = lab.scratch_of(run)
    supervisor_of(run.id).kill()
    wait_until(lambda: run.status == "Failed", "the look of whoever comes next", 30)
    assert "supervisor ended before the run did" in run.get_details()["error"]["message"]
    assert run.get_metrics()["x"] == 1.0
    wait_until(lambda: not lab.leftovers(run), "the end of what was left", 30)
    assert not scratch.exists()
    assert lab.ws.compute_targets["local"].get_status().running_node_count == 0


def test_a_dead_worker_is_seen_and_the_run_goes_on(lab: Lab) -> None:
    gate = lab.folder / "gate"
    run = lab.submit(
        "import os, sys, time\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.05)\n",
        script_params=[str(gate)],
        worker_configuration=WorkerConfiguration(2),
    )
    wait_until(lambda: run.status == "Running", "the run")
    worker = f"{run.id}_worker"
    for process in supervisor_of(run.id).children(recursive=True):
        command = " ".join(process.cmdline())
        if "raylet" in process.name() and "/w1" in command:
            process.kill()
    states = lambda: {n.name: n.state for n in lab.ws.store.nodes.of([worker])}  # noqa: E731
    wait_until(lambda: states()["worker-1"] == "dead", "the death of a node", 15)
    assert run.status == "Running"
    assert states()["worker-0"] == "alive"
    assert any("worker-1 died" in w["message"] for w in run.get_details()["warnings"])
    gate.touch()
    assert run.wait_for_completion()["status"] == "Completed"


def test_a_run_that_takes_too_long_is_canceled_with_the_reason(lab: Lab) -> None:
    run = lab.submit(FOREVER, max_run_duration_seconds=2)
    assert run.wait_for_completion()["status"] == "Canceled"
    assert "longer than its limit of 2 s" in run.get_details()["statusMessage"]


def test_a_supervisor_that_is_told_to_end_cancels_its_run(lab: Lab) -> None:
    run = lab.submit(FOREVER)
    wait_until(lambda: run.status == "Provisioning", "the beginning")
    os.kill(supervisor_of(run.id).pid, signal.SIGTERM)
    assert run.wait_for_completion()["status"] == "Canceled"
