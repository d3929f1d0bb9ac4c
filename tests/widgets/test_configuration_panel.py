"""The tab of the configuration, without a browser: what it sends, and TensorBoard by a click."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rl_widgets.store import statuses
from rl_widgets.store.errors import RLWidgetsError
from rl_widgets.view.configuration import ALGORITHM_FILE
from rl_widgets.view.reader import RunReader
from rl_widgets.widgets.command_thread import CommandThread
from rl_widgets.widgets.configuration_panel import ConfigurationPanel
from rl_widgets.widgets.panel import PanelContext
from rl_widgets.widgets.tensorboard import Tensorboard
from tests.view.fixture_runs import FixtureRun, make
from tests.widgets.conftest import Messages, boards, wait_until


def fail(error: Exception) -> None:
    raise error


@pytest.fixture
def run(tmp_path: Path) -> FixtureRun:
    run = make(tmp_path)
    run.start()
    return run


@pytest.fixture
def panel(run: FixtureRun, messages: Messages) -> Iterator[ConfigurationPanel]:
    thread = CommandThread("view", fail)
    context = PanelContext(run.run, RunReader.of(run.run), thread.post, lambda _: None)
    panel = ConfigurationPanel(context)
    panel.draw(context.reader.read())
    yield panel
    panel.close()
    wait_until(lambda: not thread.alive, "the end of the thread")


def describe(run: FixtureRun, **values: Any) -> None:
    path = run.folder / ALGORITHM_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    settings = [
        {"name": n, "group": "training", "value": v, "default": 1, "said_as": None}
        for n, v in values.items()
    ]
    path.write_text(json.dumps({"algorithm": "PPO", "settings": settings, "notes": []}))


def shown(widget: Any) -> bool:
    return widget.layout.display != "none"


def test_what_is_new_is_sent_once_and_a_quiet_tick_sends_nothing(
    panel: ConfigurationPanel, run: FixtureRun, messages: Messages
) -> None:
    reader = panel.context.reader
    assert "once RLlib has built its algorithm" in panel._notes.value
    describe(run, lr=0.5, gamma=1)
    messages.clear()
    panel.draw(reader.read())
    assert "PPO" in panel._table.value
    assert len(messages.updates()) <= 3  # the table, the notes and their place
    messages.clear()
    panel.draw(reader.read())
    panel.draw(reader.read())
    assert messages.updates() == []


def test_a_search_finds_and_what_differs_can_be_shown_alone(
    panel: ConfigurationPanel, run: FixtureRun
) -> None:
    describe(run, lr=0.5, gamma=1)
    panel.draw(panel.context.reader.read())
    panel._search.value = "GAMMA"
    wait_until(lambda: ">lr<" not in panel._table.value, "the search")
    assert "gamma" in panel._table.value
    panel._changed.value = True
    wait_until(lambda: "No setting matches" in panel._table.value, "the filter")
    panel._search.value = ""
    wait_until(lambda: "lr" in panel._table.value, "the rows that differ")
    panel._search.value = "<b>"
    wait_until(lambda: "No setting matches" in panel._table.value, "the search")


def test_a_record_that_cannot_be_read_is_tried_again(
    panel: ConfigurationPanel, run: FixtureRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe(run, lr=0.5)

    def broken(_: object) -> None:
        raise RLWidgetsError("The record cannot be read now.")

    with monkeypatch.context() as patch:
        patch.setattr("rl_widgets.widgets.configuration_panel.configuration", broken)
        panel.draw(panel.context.reader.read())
        assert "PPO" not in panel._table.value
    panel.draw(panel.context.reader.read())
    assert "PPO" in panel._table.value


def test_tensorboard_is_started_linked_and_stopped_by_clicks(
    panel: ConfigurationPanel, run: FixtureRun
) -> None:
    run.result(1, -20.0)
    panel._start.click()
    wait_until(lambda: "is starting" in panel._links.value, "the first word of it")
    panel._start.click()  # a second click, before the button is gone, starts no second one
    wait_until(lambda: "Open TensorBoard" in panel._links.value, "the link", 90)
    assert shown(panel._stop)
    assert not shown(panel._start)
    assert panel._board is not None
    assert panel._board.url is not None
    assert urllib.request.urlopen(panel._board.url, timeout=20).status == 200
    panel._stop.click()
    wait_until(lambda: shown(panel._start), "the button to start it again")
    assert not shown(panel._links)
    wait_until(lambda: not boards(), "the end of its processes")


def test_a_tensorboard_that_does_not_start_is_said(
    panel: ConfigurationPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Tensorboard) -> str:
        raise RLWidgetsError("TensorBoard is not installed: <pip>")

    monkeypatch.setattr(Tensorboard, "start", broken)
    panel._start.click()
    wait_until(lambda: "not installed: &lt;pip&gt;" in panel._links.value, "the sentence")
    assert shown(panel._start)


def test_a_view_that_is_closed_while_it_starts_leaves_nothing(
    panel: ConfigurationPanel, run: FixtureRun
) -> None:
    panel._start.click()
    wait_until(boards, "its process")
    panel.close()
    wait_until(lambda: not boards(), "the end of its processes")


def test_the_end_of_a_run_ends_its_dashboard(panel: ConfigurationPanel, run: FixtureRun) -> None:
    assert "comes with the head node" in panel._dashboard.value
    run.end(statuses.COMPLETED)
    panel.draw(panel.context.reader.read())
    assert "ended with the run" in panel._dashboard.value
