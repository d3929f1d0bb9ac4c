"""The table of child runs and the head of the view, without a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import ipywidgets
import pytest

from rl_widgets import RunDetails
from rl_widgets.view.reader import RunReader
from rl_widgets.widgets.child_runs import ChildRuns
from rl_widgets.widgets.header_bar import HeaderBar
from rl_widgets.widgets.panel import PanelContext
from tests.view.fixture_runs import FixtureRun, make
from tests.view.test_children import many
from tests.widgets.conftest import Messages


@pytest.fixture
def fixture(tmp_path: Path) -> FixtureRun:
    run = make(tmp_path / "ws")
    run.start()
    run.use_resources()
    return run


class Table:
    """The widget, with a clock that stands still and commands carried out at once."""

    def __init__(self, fixture: FixtureRun) -> None:
        self.now = 100.0
        self.redrawn: list[str | None] = []
        self.reader = RunReader.of(fixture.run)

        def post(command: Callable[[], None]) -> None:
            command()

        self.context = PanelContext(fixture.run, self.reader, post, lambda _: None)
        self.runs = ChildRuns(
            self.context, lambda: self.redrawn.append(self.context.child), lambda: self.now
        )
        self.choice, self.all = self.runs.controls
        self.draw(0)

    def draw(self, seconds: float = 1.0) -> None:
        self.now += seconds
        self.runs.draw(self.reader.read())

    @property
    def html(self) -> str:
        return str(self.runs._table.value)


def test_a_choice_shows_that_child_alone(fixture: FixtureRun, messages: Messages) -> None:
    table = Table(fixture)
    assert [label for label, _ in table.choice.options] == ["Whole run", "Head", "Workers"]
    assert table.redrawn == []
    table.choice.value = "worker"
    assert table.redrawn == ["worker"]
    assert "worker-1" in table.html
    assert "Head" not in table.html
    table.draw()
    table.choice.value = ""
    assert table.redrawn == ["worker", None]
    assert "Head" in table.html


def test_samples_are_sent_once_in_two_seconds(fixture: FixtureRun, messages: Messages) -> None:
    table = Table(fixture)
    messages.clear()
    for _ in range(9):
        fixture.use_resources()
        table.draw(0.2)
    assert messages.updates() == []
    table.draw(0.3)
    assert len(messages.updates()) == 1
    messages.clear()
    table.draw(5)
    assert messages.updates() == []


def test_a_node_that_dies_is_seen_at_once(fixture: FixtureRun, messages: Messages) -> None:
    table = Table(fixture)
    fixture.workspace.store.nodes.set(
        f"{fixture.run_id}_worker", "worker-0", state="dead", reason="ended by SIGKILL"
    )
    table.draw(0.01)
    assert "The node worker-0 died (ended by SIGKILL)" in table.html


def test_many_nodes_are_shown_when_asked_for(fixture: FixtureRun, messages: Messages) -> None:
    table = Table(fixture)
    assert table.all.layout.display == "none"
    many(fixture, 64)
    table.draw(0.1)
    assert table.all.description == "Show all 65 nodes"
    table.all.value = True
    assert "worker-63" in table.html
    assert table.all.description == "Show fewer nodes"
    table.all.value = False
    assert "worker-63" not in table.html


def test_a_mark_on_the_curve_marks_the_row_of_its_node(
    fixture: FixtureRun, messages: Messages
) -> None:
    table = Table(fixture)
    many(fixture, 64)
    table.draw(0.1)
    table.choice.value = "head"
    table.runs.show_node("worker-63")
    # Neither the choice of another child nor the length of the table hides it.
    assert table.choice.value == ""
    assert table.all.value
    [row] = re.findall("<tr[^>]*rlw-chosen.*?</tr>", table.html)
    assert "worker-63" in row
    table.runs.show_node("nobody")
    assert "rlw-chosen" in table.html


def test_a_run_without_children_has_neither_table_nor_choice(
    tmp_path: Path, messages: Messages
) -> None:
    from rl_widgets import Experiment, Workspace

    run = Experiment(Workspace(folder=tmp_path / "ws"), "alone").start_logging()
    details = RunDetails(run)
    assert details._child_runs.widget.layout.display == "none"
    details.close()
    run.complete()


def test_the_head_sends_only_the_times_of_a_quiet_run(
    fixture: FixtureRun, messages: Messages
) -> None:
    reader = RunReader.of(fixture.run)
    bar = HeaderBar(reader, ipywidgets.HBox())
    bar.draw(reader.read())
    who = bar.widget.children[0].children
    assert "rllib-pong-multi-node" in who[0].value
    assert ">Running<" in who[0].value
    assert fixture.run_id in who[3].value
    assert str(fixture.folder) in who[3].value
    messages.clear()
    bar.draw(reader.read())
    assert {m.comm_id for m in messages.updates()} <= {who[1].comm.comm_id}
