"""A view knows whether its page is heard while a cell runs."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from rl_widgets import RunDetails
from rl_widgets.widgets.pace import Pace
from rl_widgets.widgets.subshells import Answering, Page
from tests.view.fixture_runs import make
from tests.widgets.conftest import Messages, NotebookShell
from tests.widgets.test_run_details import says


class Shell:
    class kernel:  # as IPython names it
        _supports_kernel_subshells = True


def hear_on_another_thread(page: Page) -> None:
    thread = threading.Thread(target=page.hears)
    thread.start()
    thread.join()


def test_a_page_that_speaks_to_a_subshell_is_heard_at_any_time() -> None:
    page = Page()
    answering = Answering(page)
    assert not answering.only_between_cells
    answering.shown(Shell())
    assert not answering.only_between_cells
    hear_on_another_thread(page)
    assert not answering.only_between_cells


def test_what_was_sent_before_there_was_a_subshell_says_nothing_of_what_follows() -> None:
    page = Page()
    answering = Answering(page)
    answering.shown(Shell())
    page.hears()
    hear_on_another_thread(page)
    assert not answering.only_between_cells


def test_whoever_hears_the_page_hears_it_for_all_views(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's answer about its pace comes beside the cell, a view's own message has not."""
    monkeypatch.setattr(Answering, "PATIENCE", -1.0)
    page = Page()
    monkeypatch.setattr("rl_widgets.widgets.pace.PAGE", page)
    answering = Answering(page)
    answering.shown(Shell())
    assert answering.only_between_cells
    thread = threading.Thread(target=Pace()._on_answer, args=({"new": "1"},))
    thread.start()
    thread.join()
    assert not answering.only_between_cells


def test_a_page_that_speaks_to_the_shell_of_the_cells_is_not() -> None:
    page = Page()
    answering = Answering(page)
    answering.shown(Shell())
    page.hears()
    assert answering.only_between_cells


def test_nor_is_one_that_has_not_been_heard_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answering, "PATIENCE", -1.0)
    answering = Answering(Page())
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
