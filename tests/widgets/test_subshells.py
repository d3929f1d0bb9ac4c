"""A view knows whether its page is heard while a cell runs."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from rl_widgets import RunDetails
from rl_widgets.widgets.subshells import Answering
from tests.view.fixture_runs import make
from tests.widgets.conftest import Messages, NotebookShell
from tests.widgets.test_run_details import says


class Shell:
    class kernel:  # as IPython names it
        _supports_kernel_subshells = True


def hear_on_another_thread(answering: Answering) -> None:
    thread = threading.Thread(target=answering.hears)
    thread.start()
    thread.join()


def test_a_page_that_speaks_to_a_subshell_is_heard_at_any_time() -> None:
    answering = Answering()
    assert not answering.only_between_cells
    answering.shown(Shell())
    assert not answering.only_between_cells
    hear_on_another_thread(answering)
    assert not answering.only_between_cells


def test_a_page_that_speaks_to_the_shell_of_the_cells_is_not() -> None:
    answering = Answering()
    answering.shown(Shell())
    answering.hears()
    assert answering.only_between_cells


def test_nor_is_one_that_has_not_been_heard_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answering, "PATIENCE", -1.0)
    answering = Answering()
    answering.shown(Shell())
    assert answering.only_between_cells


def test_where_buttons_answer_late_the_view_names_the_command(
    tmp_path: Path, messages: Messages, shell: NotebookShell
) -> None:
    fixture = make(tmp_path / "ws")
    fixture.start()
    details = RunDetails(fixture.run)
    assert not says(details, "rl-widgets cancel")
    details.show()  # this shell's kernel has no subshells
    details._draw(details._view)
    assert says(details, f"rl-widgets cancel {fixture.run_id}")
    details.close()
