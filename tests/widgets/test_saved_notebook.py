"""What a saved notebook keeps of a live view, once its kernel is gone."""

from __future__ import annotations

import base64
import re
import threading
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from rl_widgets.store import statuses
from tests.view.fixture_runs import make


def test_a_saved_notebook_shows_the_end_of_the_run(tmp_path: Path) -> None:
    fixture = make(tmp_path / "ws")
    fixture.start()
    fixture.result(1, -21.0)
    opening = (
        "from rl_widgets import RunDetails, Workspace\n"
        f"ws = Workspace(folder={str(fixture.workspace.folder)!r})\n"
        f"run = ws.get_run({fixture.run_id!r})"
    )
    cells = [
        opening,
        "RunDetails(run)",
        "RunDetails(run).show()\nrun.wait_for_completion()['status']",
        "1 + 1",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    client = NotebookClient(notebook, timeout=100, kernel_name="python3")

    def end() -> None:
        fixture.result(2, 18.0)
        fixture.end(statuses.COMPLETED)

    def cell_began(cell_index: int, **_: object) -> None:
        if cell_index == 2:
            threading.Timer(0.5, end).start()

    client.on_cell_execute = cell_began
    client.execute()
    for cell in notebook.cells[1:3]:
        live, saved, *rest = cell.outputs
        assert "application/vnd.jupyter.widget-view+json" in live["data"]
        assert "Completed" in saved["data"]["text/plain"]
        assert "last 18.00 at env steps 6,000" in saved["data"]["text/plain"]
        page = saved["data"]["text/html"]
        picture = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
        assert picture
        assert "<path" in base64.b64decode(picture[1]).decode()
    assert rest[0]["data"]["text/plain"] == "'Completed'"
