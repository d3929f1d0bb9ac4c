"""What a local cluster's nodes are started with: arguments, sizes, environment, folder."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from rl_widgets.backend import node_command, node_environment
from rl_widgets.backend.cluster import NodeSpec
from rl_widgets.backend.cluster_record import ClusterRecord, cluster_processes, sweep
from rl_widgets.backend.errors import ClusterError
from rl_widgets.backend.jobs_api import pack
from rl_widgets.backend.local_cluster import LocalCluster
from rl_widgets.backend.processes import boot_id, read_process
from rl_widgets.backend.scratch import (
    choose_scratch,
    keep_logs,
    link_logs,
    make_scratch,
    remove_scratch,
)

MIB = 1 << 20


def nodes(*stores: int, gpus: int = 0) -> list[NodeSpec]:
    return [NodeSpec(f"n{i}", 1, gpus, 512 * MIB, store) for i, store in enumerate(stores)]


@pytest.mark.parametrize(
    "argument",
    ["--port=6379", "--port", "--temp-dir=/x", "--head", "--num-cpus=4", "--dashboard-host=::"],
)
def test_framework_arguments_that_set_what_is_ours_are_refused(argument: str) -> None:
    with pytest.raises(ClusterError, match="rl_widgets sets --"):
        node_command.check_framework_arguments(["--verbose", argument])


def test_other_framework_arguments_come_last_and_on_the_head_only() -> None:
    extra = ["--system-config", '{"a": 1}']
    node_command.check_framework_arguments(extra)
    head = node_command.head_arguments(nodes(MIB)[0], "/t/h", extra)
    assert head[-2:] == extra
    worker = node_command.worker_arguments(nodes(MIB)[0], "/t/w0", "127.0.0.1:1")
    assert "--head" not in worker


def test_object_stores_are_cut_to_what_there_is_and_it_is_said() -> None:
    fitted, notes = node_command.fit_object_stores(nodes(90 * MIB, 100 * MIB))
    assert [node.object_store_bytes for node in fitted] == [90 * MIB, 100 * MIB]
    assert notes == []
    fitted, notes = node_command.fit_object_stores(nodes(1 << 50, 90 * MIB))
    assert fitted[0].object_store_bytes < 1 << 50
    assert fitted[1].object_store_bytes == node_command.OBJECT_STORE_MINIMUM
    assert "node n0" in notes[0]
    assert "MiB" in notes[0]


def test_each_node_gets_devices_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    three = [*nodes(MIB, gpus=1), *nodes(MIB), *nodes(MIB, gpus=2)]
    assert node_command.visible_devices(three, ["3", "5", "6"]) == ["3", "", "5,6"]
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert node_command.visible_devices(three, None) == ["0", "", "1,2"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    with pytest.raises(ClusterError, match="needs 2 GPUs and only 0"):
        node_command.visible_devices(three, None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("RAY_ADDRESS", "another cluster"),
        ("RAY_AUTH_MODE", "set by rl_widgets"),
        ("RL_WIDGETS_RUN_ID", "set by rl_widgets"),
        ("A=B", "may not be empty or hold '='"),
    ],
)
def test_variables_that_would_break_a_cluster_are_refused(name: str, words: str) -> None:
    with pytest.raises(ClusterError, match=words):
        node_environment.check_variables({name: "x"})


def test_the_environment_is_built_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "somewhere")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("SOME_SECRET", "x")
    monkeypatch.setenv("https_proxy", "http://proxy")
    node_environment.check_variables({"COLOUR": "red", "RAY_DEDUP_LOGS": "0"})
    environment = node_environment.node_environment(
        token="t", marker="rlw-1", variables={"COLOUR": "red"}, python_path=["/mine"]
    )
    assert not {"RAY_ADDRESS", "SOME_SECRET"} & environment.keys()
    assert "/elsewhere" not in environment["PYTHONPATH"]
    assert environment["PYTHONPATH"].startswith("/mine")
    assert environment["COLOUR"] == "red"
    assert environment["https_proxy"] == "http://proxy"
    assert "127.0.0.1" in environment["no_proxy"]
    assert environment["PATH"].startswith(str(Path(sys.executable).parent))


def test_a_cluster_that_never_starts_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/tmp")
    with pytest.raises(ClusterError, match="GPUs"):
        LocalCluster("r", tmp_path, nodes(90 * MIB, gpus=1), devices=[])
    cluster = LocalCluster("r", tmp_path, nodes(90 * MIB))
    assert [node.state for node in cluster.nodes()] == ["starting"]
    assert cluster.job_status().state == "pending"
    assert cluster.samples() == []
    cluster.stop()
    assert (cluster.nodes()[0].state, cluster.nodes()[0].reason) == ("dead", "stopped")
    assert list(tmp_path.iterdir()) == []


def test_a_temporary_folder_with_a_long_path_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    long = tmp_path / ("x" * 40)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with pytest.raises(ClusterError, match="set TMPDIR"):
        choose_scratch(2)


def test_only_folders_of_ours_are_removed(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    remove_scratch(tmp_path / "precious")
    assert (tmp_path / "precious").exists()
    scratch = choose_scratch(1)
    make_scratch(scratch)
    assert scratch.stat().st_mode & 0o777 == 0o700
    remove_scratch(scratch)
    assert not scratch.exists()


def test_logs_are_shown_live_and_kept_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rl_widgets.backend.scratch._LOG_LIMIT", 10)
    live, kept = tmp_path / "live", tmp_path / "run" / "nodes" / "head"
    (live / "old").mkdir(parents=True)
    (live / "long.log").write_text("0123456789abcdefghij")
    (live / "old" / "short.log").write_text("short")
    (live / "empty.log").touch()
    link_logs(live, kept)
    assert (kept / "long.log").read_text() == "0123456789abcdefghij"
    keep_logs(live, kept)
    assert not kept.is_symlink()
    assert (kept / "long.log").read_text().endswith("not kept)\nabcdefghij")
    assert (kept / "old" / "short.log").read_text() == "short"
    assert not (kept / "empty.log").exists()


def test_every_file_of_a_snapshot_is_packed(tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshot"
    (snapshot / ".git").mkdir(parents=True)
    (snapshot / "empty").mkdir()
    (snapshot / ".gitignore").write_text("*")
    (snapshot / ".git" / "config").write_text("x")
    package = pack(snapshot, tmp_path)
    names = set(zipfile.ZipFile(package.path).namelist())
    assert names == {".git/", ".git/config", ".gitignore", "empty/"}
    assert package.uri.startswith("gcs://_ray_pkg_")
    (tmp_path / "nothing").mkdir()
    assert zipfile.ZipFile(pack(tmp_path / "nothing", tmp_path).path).namelist()


def test_ray_imports_without_building_a_parser_that_it_never_uses() -> None:
    """The stand-in must answer as the real package does."""
    pytest.importorskip("rfc3987_syntax")
    folder = Path(node_environment.__file__).with_name("lean_imports")
    program = (
        "import sys; import jsonschema\n"
        "assert 'lark' not in sys.modules\n"
        "check = jsonschema.FormatChecker().conforms\n"
        "assert check('http://example.org/ä', 'iri') and not check('no iri', 'iri')\n"
        "assert 'lark' in sys.modules\n"
        "import rfc3987_syntax\n"
        "assert rfc3987_syntax.is_valid_syntax('iri', 'http://a.b/')\n"
        "from rfc3987_syntax.utils import load_grammar\n"
    )
    subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(folder)}, check=True, timeout=60
    )


def test_a_record_without_a_launcher_names_no_process(tmp_path: Path) -> None:
    """A supervisor may be killed before it knows its launcher: session 0 is the kernel's."""
    record = ClusterRecord("r", str(tmp_path), str(choose_scratch(1)), boot_id())
    assert cluster_processes(record) == []
    record.write()
    make_scratch(Path(record.scratch))
    assert sweep("r", record.path)
    assert not Path(record.scratch).exists()


def test_a_process_that_took_over_the_launchers_number_is_spared(tmp_path: Path) -> None:
    other = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        record = ClusterRecord("r", str(tmp_path), str(choose_scratch(1)), boot_id())
        record.session = other.pid
        process = read_process(other.pid)
        assert process is not None
        record.session_started = process.started
        assert [process.pid for process in cluster_processes(record)] == [other.pid]
        record.session_started = process.started - 5
        assert cluster_processes(record) == []
        record.session_started, record.boot_id = process.started, "another boot"
        assert cluster_processes(record) == []
    finally:
        other.kill()
        other.wait()
