"""What git says of a source directory, and that its absence is no trouble."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rl_widgets import Experiment, ReinforcementLearningEstimator, Workspace
from rl_widgets.backend import submission
from rl_widgets.backend.source_state import BRANCH, COMMIT, DIRTY, git_state
from rl_widgets.backend.supervisor import Supervisor


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=trunk"]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name in ("files", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "train.py").write_text("1\n")
    git(tmp_path, "init")
    return tmp_path


def test_commit_branch_and_whether_the_directory_itself_was_changed(repository: Path) -> None:
    git(repository, "add", ".")
    git(repository, "commit", "-m", "first")
    commit = git(repository, "rev-parse", "HEAD")
    source = repository / "files"
    assert git_state(source) == {COMMIT: commit, BRANCH: "trunk", DIRTY: "false"}
    (repository / "other" / "train.py").write_text("2\n")
    assert git_state(source)[DIRTY] == "false"
    (source / "new.py").write_text("3\n")
    assert git_state(source)[DIRTY] == "true"
    git(repository, "checkout", "--detach")
    assert git_state(source)[BRANCH] == ""


def test_no_repository_no_commit_no_git_and_no_time_say_nothing(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert git_state(repository / "files") == {}  # no commit yet
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert git_state(tmp_path / "nowhere") == {}
    git(repository, "add", ".")
    git(repository, "commit", "-m", "first")
    assert git_state(repository, timeout=0.0) == {}
    monkeypatch.setenv("PATH", "")
    assert git_state(repository) == {}


def test_a_run_has_the_state_of_its_source_among_its_properties(
    repository: Path, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "start_supervisor", lambda *_: None)
    git(repository, "add", ".")
    git(repository, "commit", "-m", "first")
    estimator = ReinforcementLearningEstimator(repository / "files", entry_script="train.py")
    run = Experiment(ws, "source").submit(estimator)
    Supervisor(ws.store, ws.folder, run.id)._record_source()
    assert run.properties == git_state(repository / "files")
    # A resumed run runs what it was submitted with, whatever has been committed since.
    first = run.properties
    git(repository, "commit", "--allow-empty", "-m", "second")
    Supervisor(ws.store, ws.folder, run.id)._record_source()
    assert run.properties == first
