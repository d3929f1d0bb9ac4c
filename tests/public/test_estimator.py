"""What can be checked is checked before anything starts, and nothing is left of what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rl_widgets import (
    AmlCompute,
    ComputeTarget,
    Experiment,
    Ray,
    ReinforcementLearningEstimator,
    RLWidgetsError,
    UserError,
    WorkerConfiguration,
    Workspace,
)
from rl_widgets.backend import snapshot
from rl_widgets.backend.machine import GIB, Machine

LAPTOP = Machine(cpus=2, gpus=0, memory=8 * GIB, shared_memory=4 * GIB)
WITH_GPU = Machine(cpus=6, gpus=1, memory=56 * GIB, shared_memory=28 * GIB)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "train.py").write_text("print('hello')\n")
    return folder


def estimator(source: Path, **values: object) -> ReinforcementLearningEstimator:
    return ReinforcementLearningEstimator(source, **{"entry_script": "train.py", **values})


def test_the_articles_estimator(ws: Workspace, source: Path) -> None:
    head = AmlCompute.provisioning_configuration(vm_size="STANDARD_NC6", max_nodes=2)
    worker = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4)
    head_target = ComputeTarget.create(ws, "head-gpu", head)
    worker_target = ComputeTarget.create(ws, "worker-cpu", worker)
    pip_packages = ["ray[rllib]==0.8.3"]
    config = ReinforcementLearningEstimator(
        source_directory=str(source),
        entry_script="train.py",
        script_params={
            "--run": "IMPALA",
            "--env": "PongNoFrameskip-v4",
            "--config": '\'{"num_gpus": 1, "num_workers": 13}\'',
            "--stop": '\'{"episode_reward_mean": 18, "time_total_s": 3600}\'',
        },
        compute_target=head_target,
        pip_packages=pip_packages,
        use_gpu=True,
        rl_framework=Ray(),
        worker_configuration=WorkerConfiguration(
            compute_target=worker_target, node_count=4, use_gpu=False, pip_packages=pip_packages
        ),
        cluster_coordination_timeout_seconds=3600,
        max_run_duration_seconds=3600,
        shm_size=24 * 1024 * 1024 * 1024,
    )
    submission = config.prepare(ws, WITH_GPU)
    plan = submission.plan
    assert plan.arguments[:4] == ["--run", "IMPALA", "--env", "PongNoFrameskip-v4"]
    assert plan.arguments[5] == '{"num_gpus": 1, "num_workers": 13}'
    assert plan.stop == {"episode_reward_mean": 18, "time_total_s": 3600}
    assert (plan.head.cpus, plan.head.gpus, plan.worker.cpus, plan.worker.node_count) == (
        6,
        1,
        2,
        4,
    )
    assert plan.requests() == {"head-gpu": 1, "worker-cpu": 4}
    assert plan.pip_packages == []
    assert any("ray[rllib]==0.8.3" in text for text in submission.warnings)
    assert any("14 logical CPUs" in text for text in submission.warnings)

    with pytest.raises(RLWidgetsError, match=r"no GPU.*use_gpu=False.*num_gpus") as refused:
        config.prepare(ws, LAPTOP)
    assert "--config" in str(refused.value)


def test_without_targets_the_machine_is_shared(ws: Workspace, source: Path) -> None:
    plan = estimator(source, worker_configuration=WorkerConfiguration(2)).prepare(ws, LAPTOP).plan
    assert plan.requests() == {"local": 1}
    assert (plan.head.cpus, plan.worker.cpus, plan.worker.node_count) == (1, 1, 2)
    alone = estimator(source).prepare(ws, LAPTOP).plan
    assert alone.worker is None


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"script_params": "x"}, "script_params is a dict"),
        ({"script_params": {"--c": "{bad"}}, "no valid JSON"),
        ({"script_params": {"--c": "'open"}}, "No closing quotation"),
        ({"compute_target": 3}, "compute_target is a compute target"),
        ({"use_gpu": "yes"}, "use_gpu is True or False"),
        ({"pip_packages": "numpy"}, "is a list of texts"),
        ({"pip_packages": ["not a requirement!"]}, "no pip requirement"),
        ({"conda_packages": ["x"]}, "Name the packages in pip_packages"),
        ({"environment_variables": {"A": 1}}, "is a text"),
        ({"environment_variables": {"1A": "x"}}, "cannot name an environment variable"),
        ({"environment_variables": {"RAY_ADDRESS": "x"}}, "RAY_ADDRESS"),
        ({"rl_framework": "ray"}, r"rl_framework is Ray\("),
        ({"worker_configuration": 4}, "WorkerConfiguration"),
        ({"cluster_coordination_timeout_seconds": 0}, "cluster_coordination_timeout_seconds"),
        ({"max_run_duration_seconds": "1h"}, "max_run_duration_seconds is a whole number"),
        ({"max_run_duration_seconds": float("inf")}, "max_run_duration_seconds"),
        ({"shm_size": "lots"}, "shm_size is a number of bytes"),
        ({"shm_size": 5}, "at least 80 MiB"),
        ({"inputs": ["x"]}, "inputs"),
    ],
)
def test_wrong_types_and_bounds_are_refused_at_once(
    source: Path, values: dict[str, object], sentence: str
) -> None:
    with pytest.raises(RLWidgetsError, match=sentence):
        estimator(source, **values)


@pytest.mark.parametrize("nodes", [0, -1, 1.5, "4", True, 10**6, None])
def test_wrong_node_counts_are_refused(nodes: object) -> None:
    with pytest.raises(RLWidgetsError, match="node_count is a whole number from 1"):
        WorkerConfiguration(node_count=nodes)  # type: ignore[arg-type]


def test_frameworks_that_are_not_there_are_refused() -> None:
    with pytest.raises(
        RLWidgetsError, match=r"Ray 0\.8\.3 is not supported here; supported: 2\.60"
    ):
        Ray(version="0.8.3")
    with pytest.raises(RLWidgetsError, match="--port"):
        Ray(framework_arguments=["--port=6379"])
    assert Ray(framework_arguments=["--verbose"]).framework_arguments == ["--verbose"]


def refused(ws: Workspace, config: ReinforcementLearningEstimator, sentence: str) -> None:
    with pytest.raises(RLWidgetsError, match=sentence):
        Experiment(ws, "refused").submit(config)
    assert not ws.store.runs.find()
    assert not list(ws.folder.glob("runs/*"))


def test_sources_that_cannot_be_taken(ws: Workspace, source: Path, tmp_path: Path) -> None:
    refused(ws, estimator(tmp_path / "nowhere"), "does not exist")
    refused(ws, estimator(source / "train.py"), "is a file, not a directory")
    refused(ws, estimator(source, entry_script="other.py"), r"Python files there: train\.py")
    refused(ws, estimator(source, entry_script="../secret.py"), "lies outside")
    refused(ws, estimator(source, entry_script="/etc/passwd"), "lies outside")
    refused(ws, estimator(source, entry_script=None), "entry_script is needed")
    (source / "link").symlink_to("/etc")
    refused(ws, estimator(source), "link that leads outside")
    (source / ".amlignore").write_text("link\n")
    assert len(snapshot.examine(source, "train.py").files) == 2


def test_sources_that_are_too_large_name_the_largest(
    ws: Workspace, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (source / "model.bin").open("wb") as file:
        file.truncate(snapshot.MAX_BYTES + 1)
    refused(ws, estimator(source), r"The largest: model\.bin \(314\.6 MB\)")
    (source / "model.bin").unlink()
    for i in range(20):
        (source / f"f{i}").write_text("")
    monkeypatch.setattr(snapshot, "MAX_FILES", 10)
    refused(ws, estimator(source), "21 files, at most 300 MB and 10 files")


def test_a_pipe_in_the_source_is_named(ws: Workspace, source: Path) -> None:
    os.mkfifo(source / "pipe")
    refused(ws, estimator(source), "neither a file nor a directory")


def test_targets_that_cannot_do_it(ws: Workspace, source: Path) -> None:
    refused(ws, estimator(source, compute_target="nope"), "no compute target 'nope'")
    config = AmlCompute.provisioning_configuration(vm_size="LOCAL_1", max_nodes=2)
    ComputeTarget.create(ws, "small", config)
    workers = WorkerConfiguration(3, "small")
    refused(ws, estimator(source, worker_configuration=workers), "has at most 2")


def test_submit_takes_an_estimator_only(ws: Workspace) -> None:
    with pytest.raises(RLWidgetsError, match="takes a ReinforcementLearningEstimator"):
        Experiment(ws, "exp").submit({})  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Experiment(ws, "exp").submit(estimator(Path()), arguments=[])  # type: ignore[call-arg]


def test_a_run_without_a_cluster(ws: Workspace) -> None:
    run = Experiment(ws, "by-hand").start_logging()
    run.log("x", 1)
    run.log("x", 2)
    run.log_row("r", a=1)
    assert run.get_metrics() == {"x": [1.0, 2.0], "r": {"a": 1}}
    assert run.status == "Running"
    run.complete()
    assert ws.get_run(run.id).status == "Completed"
    assert run.to_frame()["x"].dropna().tolist() == [1.0, 2.0]
    with pytest.raises(RLWidgetsError, match="has ended"):
        ws.get_run(run.id).log("x", 3)
    assert str(run) == (
        f"Run(Experiment: by-hand, Id: {run.id}, Type: interactive, Status: Completed)"
    )


def test_names_of_files_lead_nowhere_else(ws: Workspace) -> None:
    run = Experiment(ws, "by-hand").start_logging()
    for name in ("../record.sqlite", "/etc/passwd", "outputs/../../x", "", "supervisor.lock"):
        with pytest.raises(RLWidgetsError):
            run.download_file(name)
    run.complete()


def test_tags_and_properties(ws: Workspace) -> None:
    run = Experiment(ws, "by-hand").start_logging()
    run.tag("k", "v")
    run.set_tags({"a": "1", "<b>": "2"})
    run.remove_tags("a")
    assert run.tags == {"k": "v", "<b>": "2"}
    run.add_properties({"p": "1"})
    with pytest.raises(RLWidgetsError, match="set already"):
        run.add_properties({"p": "2"})
    assert run.experiment.get_runs(tags={"k": "v"}) == [run]
    assert run.experiment.get_runs(tags="nope") == []
    with pytest.raises(RLWidgetsError, match="is a text, not list"):
        run.tag("x", [1])  # type: ignore[arg-type]
    run.complete()


def test_files_of_a_run_of_a_cell_are_added_listed_and_fetched(
    ws: Workspace, tmp_path: Path
) -> None:
    run = Experiment(ws, "by-hand").start_logging()
    for name in ("model.pkl", "picture.png"):
        (tmp_path / name).write_bytes(b"content")
    run.upload_file("model.pkl", str(tmp_path / "model.pkl"))
    run.upload_file("outputs/more.pkl", str(tmp_path / "model.pkl"))
    run.log_image("pic", path=str(tmp_path / "picture.png"))
    path = run.get_metrics("pic")["pic"]["path"]
    assert {"head/model.pkl", "head/outputs/more.pkl", path} <= {*run.get_file_names()}
    run.download_file(path, str(tmp_path / "again.png"))
    assert (tmp_path / "again.png").read_bytes() == b"content"
    run.complete()


def test_nothing_is_logged_to_a_run_that_has_ended(ws: Workspace) -> None:
    run = Experiment(ws, "by-hand").start_logging()
    again = ws.get_run(run.id)
    for one in (run, again):
        one.log("x", 1)
    run.complete()
    for one in (run, again):
        with pytest.raises(UserError, match="has ended"):
            one.log("x", 2)
