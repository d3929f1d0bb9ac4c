"""The example notebooks, from the first cell to the last, with real training."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from rl_widgets import Workspace

NOTEBOOKS = Path(__file__).parent.parent.parent / "notebooks"

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


def execute(name: str, folder: Path) -> nbformat.NotebookNode:
    """Run a copy of a notebook beside a copy of its files; an error in a cell is raised."""
    shutil.copytree(NOTEBOOKS / "files", folder / "files")
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    client = NotebookClient(
        notebook, timeout=800, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return notebook


def test_quickstart_learns_to_balance_the_pole(ws: Workspace, tmp_path: Path) -> None:
    notebook = execute("quickstart.ipynb", tmp_path)
    [run] = ws.experiments["quickstart"].get_runs()
    assert run.status == "Completed"
    rewards = run.get_metrics("episode_reward_mean")["episode_reward_mean"]
    assert rewards[0] < 100
    assert rewards[-1] >= 150
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any(
        "data:image/svg+xml" in str(output.get("data", {}).get("text/html")) for output in shown
    )


def test_pong_trains_for_a_minute(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PONG_MINUTES", "1")
    execute("pong_impala.ipynb", tmp_path)
    [run] = ws.experiments["rllib-pong-multi-node"].get_runs()
    assert run.status == "Completed"
    assert [child.status for child in run.get_children()] == ["Completed", "Completed"]
    frame = run.to_frame()
    assert frame["env_steps"].max() > 5_000
    assert -21 <= frame["episode_reward_mean"].dropna().iloc[-1] <= 21
    # It learns: the values follow the score (0.04 where the ball is not seen or V-trace's bootstrap
    # is lost), and the policy has neither collapsed nor stayed where it began.
    newest = frame.tail(10)
    assert newest["learner/vf_explained_var"].mean() > 0.1
    assert 0.5 < newest["learner/entropy"].mean() < 1.7917
    assert newest["learner/kl"].mean() < 0.1
