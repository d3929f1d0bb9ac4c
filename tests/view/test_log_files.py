"""Which logs are offered, under which names."""

from __future__ import annotations

from pathlib import Path

import pytest

from rl_widgets.view.logs.files import files, sources

RAY = {
    "raylet.out": "x",
    "raylet.err": "",
    "dashboard_agent.log": "x",
    "worker-" + "ab" * 28 + "-01000000-4711.out": "x",
    "worker-" + "ab" * 28 + "-ffffffff-98.err": "x",
    "python-core-worker-" + "ab" * 28 + "_4711.log": "x",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run in full course: its nodes' logs are elsewhere, behind links."""
    run, scratch = tmp_path / "run", tmp_path / "scratch"
    for child, node in (("head", "head"), *(("worker", f"worker-{i}") for i in range(12))):
        logs = scratch / node / "logs"
        (logs / "old").mkdir(parents=True)
        for name, text in RAY.items():
            (logs / name).write_text(text)
        (run / child / "nodes").mkdir(parents=True, exist_ok=True)
        (run / child / "nodes" / node).symlink_to(logs)
    (run / "head" / "logs").mkdir()
    (run / "head" / "driver_log.txt").write_text("hello\n")
    (run / "supervisor.log").write_text("hello\n")
    return run


def test_sources_of_the_run_and_of_each_child(folder: Path) -> None:
    labels = [s.label for s in sources(folder)]
    assert labels[:2] == ["Entry script (driver_log.txt)", "Node head"]
    assert labels[2:14] == [f"Node worker-{i}" for i in range(12)]
    assert labels[-1] == "Supervisor (supervisor.log)"
    assert [s.name for s in sources(folder, "head")] == ["head/driver_log.txt", "head/nodes/head"]
    assert {s.child for s in sources(folder, "worker")} == {"worker"}
    (folder / "head" / "logs" / "own.txt").write_text("x")
    assert "The script's ./logs" in [s.label for s in sources(folder)]


def test_files_have_names_for_people_and_come_in_an_order(folder: Path) -> None:
    source = next(s for s in sources(folder) if s.label == "Node worker-0")
    found = files(folder, source)
    assert [f.label for f in found] == [
        "process 4711: output",
        "process 98: errors",
        "raylet.out",
        "dashboard_agent.log",
        "process 4711: Ray core",
        "raylet.err",
    ]
    assert found[2].title == "worker-0: raylet.out"
    assert found[2].name == "worker/nodes/worker-0/raylet.out"
    assert (folder / found[2].name).is_file()
    [driver] = files(folder, sources(folder)[0])
    assert driver.title == "driver_log.txt"


def test_a_link_inside_of_a_folder_that_leads_out_is_no_log(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("x")
    logs = folder / "head" / "nodes" / "head"
    (logs / "key").symlink_to(tmp_path / "secret" / "key")
    (logs / "folder").symlink_to(tmp_path / "secret")
    (logs / "again.out").symlink_to("raylet.out")
    source = next(s for s in sources(folder) if s.label == "Node head")
    names = {Path(f.name).name for f in files(folder, source)}
    assert "key" not in names
    assert "again.out" in names


def test_a_folder_that_goes_meanwhile_is_empty(folder: Path, tmp_path: Path) -> None:
    found = sources(folder)
    (folder / "head" / "driver_log.txt").unlink()
    (folder / "worker" / "nodes" / "worker-0").unlink()
    assert [files(folder, s) for s in found if s.name.endswith(("driver_log.txt", "er-0"))] == [
        [],
        [],
    ]
    assert sources(tmp_path / "none") == []
