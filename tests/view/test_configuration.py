"""A run's configuration: what differs comes first, secrets never, and the code makes it again."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import pytest

from rl_widgets import (
    AmlCompute,
    ComputeTarget,
    Experiment,
    Ray,
    ReinforcementLearningEstimator,
    Run,
    WorkerConfiguration,
    Workspace,
)
from rl_widgets.backend import servers, submission
from rl_widgets.backend.cluster_record import ClusterRecord
from rl_widgets.store import statuses
from rl_widgets.view.as_python import as_python, literal
from rl_widgets.view.configuration import (
    ALGORITHM_FILE,
    NOT_SHOWN,
    Configuration,
    configuration,
    stamp,
)
from rl_widgets.view.html import configuration as html_configuration
from rl_widgets.view.jupyter_server import page_of
from rl_widgets.view.ray_dashboard import ray_dashboard
from rl_widgets.view.reader import RunReader
from tests.view.fixture_runs import make

NASTY = "q'\"\\\n\t\u202e\u2028{x}%s</pre><script>alert(1)</script>é𝄞'''\"\"\""

#: What may be given in any of a submission's arguments, one case a line.
CASES: dict[str, dict[str, Any]] = {
    "least": {},
    "texts": {
        "script_params": {
            "--run": "IMPALA",
            "--config": "'{\"num_workers\": 2}'",
            "--flag": None,
            "--empty": "",
            "--number": 2.5,
            "--bool": True,
            "--dict": {"a": [1, 2.5, None, False, NASTY], "b": {"c": "d" * 120}},
            NASTY.replace("\n", " "): "'a b' c",
        }
    },
    "list": {"script_params": ["--a", NASTY, ""]},
    "limits": {"max_run_duration_seconds": 60, "cluster_coordination_timeout_seconds": 5},
    "memory": {"shm_size": "300m"},
    "ray": {"rl_framework": Ray(framework_arguments=["--verbose", "--metrics-export-port=0"])},
    "packages": {"pip_packages": ["numpy>=1", "surely-not-installed==1.0; python_version>'3'"]},
    "variables": {"environment_variables": {"A_SECRET": "hunter2" + NASTY, "B": ""}},
    "no gpu": {"use_gpu": False},
    "workers": {"worker_configuration": WorkerConfiguration(node_count=1)},
}


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "start_supervisor", lambda *_: None)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / 'it\'s "my" source\\'
    folder.mkdir()
    (folder / "train.py").write_text("print('hello')\n")
    (folder / ".amlignore").write_text("*.bin\n")
    (folder / "left-out.bin").write_bytes(b"0")
    return folder


def code_of(run: Run) -> str:
    ws = run.workspace
    return as_python(run._record, ws.folder, run.folder / "snapshot", ws.store.targets.get)


def carry_out(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the code of a run as a cell, and give the run that it has made."""
    for name in run._record.definition["environment_variables"]:
        values = json.loads((run.folder / submission.ENVIRONMENT_FILE).read_text())
        monkeypatch.setenv(name, values[name])
    cell: dict[str, Any] = {}
    exec(compile(code_of(run), "cell", "exec"), cell)
    again = cell["run"]
    assert again.id != run.id
    return again  # type: ignore[no-any-return]


def as_submitted(run: Run) -> dict[str, Any]:
    return {k: v for k, v in run._record.definition.items() if k != "source_directory"}


def files(run: Run) -> list[str]:
    root = run.folder / "snapshot"
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


@pytest.mark.parametrize("case", CASES)
def test_the_code_of_a_run_makes_the_same_run_again(
    ws: Workspace, source: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    estimator = ReinforcementLearningEstimator(source, entry_script="train.py", **CASES[case])
    run = Experiment(ws, "again").submit(estimator, tags={"why": NASTY, "seed": "3"})
    (source / "train.py").write_text("print('changed since')\n")
    again = carry_out(run, monkeypatch)
    assert as_submitted(again) == as_submitted(run)
    assert again.tags == run.tags
    assert again.experiment.name == "again"
    assert files(again) == files(run) == [".amlignore", "train.py"]
    assert (again.folder / "snapshot" / "train.py").read_text() == "print('hello')\n"
    for file in (submission.ENVIRONMENT_FILE,):
        assert (again.folder / file).read_text() == (run.folder / file).read_text()


def test_targets_are_taken_or_made_again(
    ws: Workspace, source: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    big = AmlCompute.provisioning_configuration(
        cpus=2, memory_gb=1.5, max_nodes=5, min_nodes=1, tags={"a": NASTY}, description=NASTY
    )
    ComputeTarget.create(ws, "my-workers", big)
    small = AmlCompute.provisioning_configuration(
        vm_size="LOCAL_1", max_nodes=2, idle_seconds_before_scaledown=60
    )
    ComputeTarget.create(ws, "my-head", small)
    estimator = ReinforcementLearningEstimator(
        source,
        entry_script="train.py",
        compute_target="my-head",
        worker_configuration=WorkerConfiguration(2, "my-workers", shm_size="256m"),
    )
    run = Experiment(ws, "again").submit(estimator)
    assert as_submitted(carry_out(run, monkeypatch)) == as_submitted(run)

    # In a workspace that has neither target.
    code = code_of(run).replace(
        "ws = Workspace()", f"ws = Workspace(folder={str(tmp_path / 'x')!r})"
    )
    cell: dict[str, Any] = {}
    exec(code, cell)
    assert as_submitted(cell["run"]) == as_submitted(run)
    for name in ("my-head", "my-workers"):
        there, here = (w.store.targets.get(name) for w in (cell["ws"], ws))
        assert there is not None
        assert here is not None
        same = {"created": 0.0, "modified": 0.0}
        assert dataclasses.replace(there, **same) == dataclasses.replace(here, **same)


def test_the_code_of_a_run_in_a_workspace_of_its_own_names_its_folder(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = Workspace(folder=tmp_path / "it's mine")
    estimator = ReinforcementLearningEstimator(source, entry_script="train.py")
    run = Experiment(ws, "again").submit(estimator)
    assert carry_out(run, monkeypatch).workspace.folder == ws.folder


def test_a_run_from_a_checkpoint_is_made_from_it_again(ws: Workspace, source: Path) -> None:
    checkpoint = "head/checkpoints/it's one"
    params = {"--run": "PPO", "--config": '{"lr": 0.5}'}
    estimator = ReinforcementLearningEstimator(
        source, entry_script="train.py", script_params=params
    )
    tags = {"why": NASTY, "started_from": f"origin_1_0badcafe/{checkpoint}"}
    run = Experiment(ws, "again").submit(estimator, tags=tags)
    code = code_of(run)
    assert 'ws.get_run("origin_1_0badcafe").new_run_from(' in code
    asked: dict[str, Any] = {}

    class Origin:
        def new_run_from(self, *arguments: Any, **values: Any) -> Run:
            asked.update(values, checkpoint=arguments)
            return run

    code = code.replace("ws = Workspace()", "")
    exec(code, {"ws": type("Workspace", (), {"get_run": lambda _, _id: Origin()})()})
    assert asked == {"checkpoint": (checkpoint,), "script_params": params, "tags": {"why": NASTY}}


def test_the_code_of_a_resumed_run_says_that_it_begins_anew(ws: Workspace, source: Path) -> None:
    run = Experiment(ws, "again").submit(
        ReinforcementLearningEstimator(source, entry_script="train.py")
    )
    assert "(attempt" not in code_of(run)
    ws.store.runs.set(run.id, attempt=3)
    assert "resumed (attempt 3)" in code_of(run)


def test_the_value_of_an_environment_variable_is_nowhere(ws: Workspace, source: Path) -> None:
    estimator = ReinforcementLearningEstimator(
        source, entry_script="train.py", environment_variables={"API_KEY": "hunter2"}
    )
    run = Experiment(ws, "again").submit(estimator)
    reader = RunReader.of(run)
    reader.read()
    found = configuration(reader)
    assert "hunter2" not in repr(found)
    assert 'os.environ["API_KEY"]' in found.code
    (row,) = found.matching("api_key")
    assert row.value == NOT_SHOWN
    assert "hunter2" not in json.dumps(run._record.definition)


def described(tmp_path: Path) -> tuple[Any, RunReader, Configuration]:
    run = make(tmp_path)
    run.set(status=statuses.RUNNING)
    path = run.folder / ALGORITHM_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [("gamma", 0.99, 0.99, None), ("lr", 6e-4, 5e-4, "lr"), ("grad_clip", 0.5, 40.0, None)]
    rows += [("num_env_runners", 2, 2, "num_workers"), ("env_config", {"a": [1]}, {}, None)]
    rows += [("on_train_result", "<b>x</b>", None, None)]
    settings = [
        {"name": n, "group": "training", "value": v, "default": d, "said_as": s}
        for n, v, d, s in rows
    ]
    notes = ["'sample_async' has no effect in RLlib 2.60."]
    content = {"algorithm": "IMPALA", "settings": settings, "notes": notes}
    path.write_text(json.dumps({**content, "versions": {"torch": "2.13.0"}}))
    reader = RunReader.of(run.run)
    reader.read()
    return run, reader, configuration(reader)


def test_settings_that_differ_come_first_with_who_has_set_them(tmp_path: Path) -> None:
    _, _, found = described(tmp_path)
    names = [s.name for s in found.settings]
    assert names.index("lr") < names.index("torch") < names.index("gamma")
    rows = {s.name: s for s in found.settings}
    assert rows["num_env_runners"].note == "set by the script as num_workers"
    assert rows["lr"].note == "set by the script"
    assert rows["grad_clip"].note == "set by rl_widgets or RLlib"
    assert (rows["grad_clip"].value, rows["grad_clip"].default) == ("0.5", "40.0")
    assert rows["gamma"].note == ""
    assert [s.name for s in found.matching("GRAD impala")] == ["grad_clip"]
    assert [s.name for s in found.matching("2.13")] == ["torch"]
    assert "gamma" not in [s.name for s in found.matching("", only_changed=True)]
    assert found.notes == ("'sample_async' has no effect in RLlib 2.60.",)
    page = html_configuration.table(found.settings, len(found.settings))
    assert "&lt;b&gt;x" in page
    assert "<b>x" not in page
    assert "&lt;/pre&gt;" in html_configuration.code(NASTY)
    assert "<script>" not in html_configuration.code(NASTY)


def test_a_stamp_tells_whether_there_is_something_new(tmp_path: Path) -> None:
    run, reader, _ = described(tmp_path)
    before = stamp(reader)
    reader.read()
    assert stamp(reader) == before
    run.run.add_properties({"git.commit": "abc", "git.branch": "main", "git.dirty": "true"})
    reader.read()
    assert stamp(reader) != before
    rows = {s.name: s.value for s in configuration(reader).settings}
    assert rows["commit"] == "abc"
    assert rows["branch"] == "main"
    assert rows["changed since the commit"].startswith("yes")


@pytest.mark.parametrize("content", ["{", "[]", '{"settings": 3}', "\0"])
def test_a_broken_file_is_said(tmp_path: Path, content: str) -> None:
    run, reader, _ = described(tmp_path)
    (run.folder / ALGORITHM_FILE).write_text(content)
    assert "is broken" in configuration(reader).message


def test_what_was_logged_from_a_cell_or_imported_has_no_code(ws: Workspace) -> None:
    run = Experiment(ws, "cell").start_logging()
    reader = RunReader.of(run)
    reader.read()
    found = configuration(reader)
    assert found.code == ""
    assert "no submission" in found.message
    assert ray_dashboard(reader).url == ""
    run.complete()


def test_the_ray_dashboard_is_named_while_the_cluster_lives_and_its_token_is_not(
    tmp_path: Path,
) -> None:
    run, reader, _ = described(tmp_path)
    assert ray_dashboard(reader).url == ""
    ClusterRecord(
        run.run_id, str(run.folder), "/nowhere", "boot", token="hunter2", dashboard="127.0.0.1:1"
    ).write()
    found = ray_dashboard(reader)
    assert found.url == "http://127.0.0.1:1"
    assert "token" in found.sentence
    assert "hunter2" not in repr(found)
    # Through a Jupyter server that runs (this process stands for it): its host is not named.
    server = servers.this_process("http://inside:8888/user/mia/")
    reader.store.servers.add(server)
    assert ray_dashboard(reader).url == f"/user/mia/rl-widgets/ray/{run.run_id}/"
    assert page_of(reader, "tensorboard") == f"/user/mia/rl-widgets/tensorboard/{run.run_id}/"
    reader.store.servers.remove(server.host, server.pid)
    assert page_of(reader, "tensorboard") == ""
    os.unlink(run.folder / "cluster.json")
    run.end(statuses.COMPLETED)
    reader.read()
    assert "ended" in ray_dashboard(reader).sentence


@pytest.mark.parametrize(
    "value", [NASTY, {"a": {"b": ["c" * 60, NASTY]}, "d": []}, [[]], {}, None, True, -1.5e-9]
)
def test_a_literal_reads_as_the_value(value: Any) -> None:
    assert eval(literal(value)) == value
    assert literal(value).isprintable() or "\n" in literal(value)
