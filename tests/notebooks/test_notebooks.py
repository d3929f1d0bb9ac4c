"""The example notebooks, from the first cell to the last, with real training."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from rl_widgets import Workspace

NOTEBOOKS = Path(__file__).parent.parent.parent / "notebooks"

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


def execute(
    name: str, folder: Path, then: Mapping[str, str] | None = None
) -> nbformat.NotebookNode:
    """Run a copy of a notebook beside a copy of its files; an error in a cell is raised.

    `then`: what a person does after a cell, as code, by a text that the cell has.
    """
    shutil.copytree(NOTEBOOKS / "files", folder / "files")
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    for text, action in (then or {}).items():
        place = next(i for i, cell in enumerate(notebook.cells) if text in cell.source)
        notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(action))
    client = NotebookClient(
        notebook, timeout=800, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return notebook


def test_quickstart_learns_to_balance_the_pole(ws: Workspace, tmp_path: Path) -> None:
    notebook = execute("quickstart.ipynb", tmp_path)
    broken, chance, run = ws.experiments["quickstart"].get_runs()
    assert [r.status for r in (run, chance, broken)] == ["Completed", "Completed", "Failed"]
    rewards = run.get_metrics("episode_reward_mean")["episode_reward_mean"]
    assert rewards[0] < 100
    assert rewards[-1] >= 150
    shown = [
        str(output.get("data", {}).get("text/html", ""))
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    ]
    assert any("data:image/svg+xml" in html for html in shown)
    # Chance is far from what was learned, and the cause of the failure is said at the head.
    assert chance.get_metrics("episode_reward_mean")["episode_reward_mean"][-1] < 40
    assert any("Comparison of 2 runs" in html for html in shown)
    assert any("rlw-failure" in html and "CartPole-v9" in html for html in shown)


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


@pytest.mark.long
def test_a_class_s_first_hour(ws: Workspace, tmp_path: Path) -> None:
    """Run, change one thing, two seeds of it, compare: what is pressed stands between the cells."""
    short = 'form.values = {**form.values, "stop": {"time_total_s": 10}}\n'
    wait = "\nfor run in runs:\n    run.wait_for_completion()"
    submit = f"runs = form.submit(){wait}"
    notebook = execute(
        "forms.ipynb",
        tmp_path,
        {
            "form = ExperimentForm(ws)": short + submit,
            "print(form.code)": 'form.values = {**form.values, "seeds": [1, 2]}\n' + submit,
        },
    )
    runs = ws.experiments["quickstart"].get_runs()
    assert [run.status for run in runs] == ["Completed"] * 3
    configured = [str(run.get_details()["runDefinition"]) for run in runs]
    assert sum("0.001" in found for found in configured) == 2
    shown = [str(output) for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("Comparison of 3 runs in 2 groups" in output for output in shown)
