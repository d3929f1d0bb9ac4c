"""The tab of all metrics without a browser: what is made, sent and used again."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import bqplot
import ipywidgets
import pytest

from rl_widgets import RunDetails
from rl_widgets.store import statuses
from rl_widgets.store.errors import StoreError
from rl_widgets.view.reader import RunReader
from rl_widgets.widgets.command_thread import Command
from rl_widgets.widgets.metrics_panel import MetricsPanel
from rl_widgets.widgets.owned import close_owned
from rl_widgets.widgets.panel import PanelContext
from rl_widgets.widgets.run_details import PANELS
from tests.view.fixture_runs import FixtureRun, make
from tests.widgets.conftest import Clock, Messages, NotebookShell, wait_until

HOSTILE = "<img src=x onerror=alert(1)>"


class Shown:
    """A panel in a view, whose commands are carried out at once."""

    def __init__(self, fixture: FixtureRun) -> None:
        self.fixture = fixture
        self.reader = RunReader.of(fixture.run)
        self.clock = Clock()
        self.view = self.reader.read()
        self.context = PanelContext(
            fixture.run, self.reader, lambda command: command(), lambda title: None
        )
        self.context.tab = "Metrics"
        self.panel = MetricsPanel(self.context, self.clock)

    def draw(self) -> None:
        """What the view does with each new `RunView`."""
        self.view = self.reader.read()
        self.panel.draw(self.view)

    def later(self, seconds: float = 1.0) -> None:
        self.clock.now += seconds
        self.draw()

    def log(self, iteration: int, n: int = 300) -> None:
        values = {f"own/{i}": float(i * iteration) for i in range(n)}
        values["learner/total_loss"] = 1 / iteration
        values["learner/entropy"] = 2 / iteration
        values["episode_reward_mean"] = iteration
        self.fixture.logger.log_metrics(values, step=iteration, env_steps=iteration * 100)
        self.fixture.take_in()

    def all(self, kind: type, shown: bool = True) -> list:  # type: ignore[type-arg]
        """The widgets of a kind that have their place in the page."""
        return [w for w in tree(self.panel.widget, shown) if isinstance(w, kind)]

    def button(self, words: str) -> ipywidgets.Button:
        return next(b for b in self.all(ipywidgets.Button) if words in (b.description, b.tooltip))

    def names(self) -> list[str]:
        """The metrics whose charts are shown."""
        return [chart.curve.metric for chart in self.panel._shown.charts]

    def words(self) -> str:
        return " ".join(w.value for w in self.all(ipywidgets.HTML))


def tree(widget: ipywidgets.Widget, shown: bool) -> Iterator[ipywidgets.Widget]:
    if shown and getattr(widget.layout, "display", None) == "none":
        return
    yield widget
    for child in getattr(widget, "children", ()):
        yield from tree(child, shown)


@pytest.fixture
def shown(tmp_path: Path, messages: Messages) -> Iterator[Shown]:
    fixture = make(tmp_path / "ws")
    fixture.start()
    found = Shown(fixture)
    yield found
    found.panel.close()


def test_it_is_a_tab() -> None:
    assert MetricsPanel in PANELS


def test_twelve_figures_are_made_when_drawn_and_used_again(
    shown: Shown, messages: Messages
) -> None:
    assert shown.all(bqplot.Figure) == []
    shown.log(1)
    shown.draw()
    figures = shown.all(bqplot.Figure)
    assert len(figures) == 12
    messages.clear()
    shown.button("Next page").click()
    assert shown.names() == [f"own/{i}" for i in range(9, 21)]
    assert shown.all(bqplot.Figure) == figures
    assert not [m for m in messages if m.kind != "comm_msg"]
    shown.panel._group.value = "learner"
    assert len(shown.all(bqplot.Figure)) == 2
    shown.panel._group.value = ""
    assert shown.all(bqplot.Figure) == figures


def test_a_tick_is_one_message_a_widget_and_nothing_unchanged(
    shown: Shown, messages: Messages
) -> None:
    shown.log(1)
    shown.log(2)
    shown.draw()
    messages.clear()
    shown.later()
    assert messages == []
    for i in range(3, 6):
        shown.log(i)
        messages.clear()
        shown.later()
        sent = Counter(m.comm_id for m in messages.updates())
        assert max(sent.values()) == 1
        lines = [m for m in messages.updates() if "y" in m.state]
        # own/0 is nought at all times, but longer.
        assert len(lines) == 12
        assert all({"x", "y"} <= set(m.state) for m in lines)
        assert len(messages) <= 60


def test_at_most_once_a_second_and_at_once_when_the_run_ends(
    shown: Shown, messages: Messages
) -> None:
    shown.log(1)
    shown.draw()
    messages.clear()
    for i in range(2, 6):
        shown.log(i)
        shown.later(0.2)
    assert messages == []
    shown.later(0.2)
    assert messages
    shown.log(6)
    shown.fixture.end(statuses.COMPLETED)
    messages.clear()
    shown.draw()
    assert [m for m in messages.updates() if "y" in m.state]
    messages.clear()
    shown.later()
    assert messages == []


def test_only_the_page_is_read_and_sent(shown: Shown) -> None:
    shown.log(1)
    shown.draw()
    assert sum(name.startswith("own/") for name in shown.reader._metrics.held()) == 9


def test_search_and_groups(shown: Shown) -> None:
    shown.log(1)
    shown.draw()
    labels = [label for label, _ in shown.panel._group.options]
    assert labels == ["All metrics (303)", "Rollout (1)", "Learner (2)", "own (300)"]
    shown.panel._search.value = "LOSS"
    assert shown.names() == ["learner/total_loss"]
    shown.panel._group.value = "own"
    assert shown.names() == []
    assert "No metric in the group own has “LOSS” in its name." in shown.words()
    shown.panel._search.value = "29"
    assert shown.names() == ["own/29", "own/129", "own/229", *(f"own/{i}" for i in range(290, 299))]
    assert [label for label, _ in shown.panel._list.options] == shown.panel._listed


def test_some_are_drawn_together_and_apart_again(shown: Shown) -> None:
    shown.log(1)
    shown.log(2)
    shown.draw()
    shown.panel._search.value = "learner"
    shown.panel._list.index = (0, 1)
    assert shown.names() == ["learner/total_loss", "learner/entropy"]
    assert len(shown.all(bqplot.Figure)) == 2
    shown.panel._search.value = "reward"
    shown.panel._list.index = (0,)
    # What the list does not show stays chosen.
    assert len(shown.names()) == 3
    shown.button("Draw together").click()
    [figure] = shown.all(bqplot.Figure)
    assert len(shown.all(bqplot.Figure, shown=False)) <= 12
    lines = [mark for mark in figure.marks if len(mark.x)]
    assert len({line.colors[0] for line in lines}) == 3
    assert all(name in shown.words() for name in shown.names())
    # The chart of several is a table as well: a column for each.
    shown.panel._as_table.value = True
    assert shown.panel._table.value.count('<th scope="col">') == 4
    assert shown.panel._table.value.count("<tr>") == 3
    shown.button("Draw apart").click()
    assert shown.panel._table.layout.display == "none"
    assert len(shown.all(bqplot.Figure)) == 3
    shown.button("Draw together").click()
    shown.button("Show all").click()
    shown.panel._search.value = ""
    assert len(shown.all(bqplot.Figure)) == 12
    assert shown.panel._list.index == ()


def test_the_metrics_of_one_child_run(shown: Shown) -> None:
    shown.log(1)
    shown.fixture.use_resources()
    shown.draw()
    shown.context.child = "worker"
    shown.draw()
    assert shown.names() == [
        f"resources/worker-{i}/{what}" for i in (0, 1) for what in ("cpu", "memory_gb")
    ]
    shown.context.child = "head"
    shown.draw()
    assert shown.names()[0] == "episode_reward_mean"


def test_a_run_without_metrics_says_so(shown: Shown) -> None:
    shown.draw()
    assert "The run has not logged a metric yet." in shown.words()
    shown.context.child = "worker"
    shown.draw()
    assert "The worker has not logged a metric yet." in shown.words()
    shown.fixture.end(statuses.COMPLETED)
    shown.draw()
    assert "The worker logged no metric." in shown.words()


def test_names_are_text(shown: Shown) -> None:
    shown.fixture.logger.log_metrics({HOSTILE: 1.0, "x" * 255: 2.0, "報酬": 3.0}, step=1)
    shown.fixture.take_in()
    shown.draw()
    assert HOSTILE not in shown.words()
    assert "&lt;img" in shown.words()
    labels = [label for label, _ in shown.panel._list.options]
    assert labels == [HOSTILE, "x" * 79 + "…", "報酬"]


def test_an_error_of_the_record_is_said_and_passes(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown.log(1)
    shown.draw()
    names = shown.names()

    def fails(*_: object, **__: object) -> None:
        raise StoreError("The disk is slow.")

    with monkeypatch.context() as patch:
        patch.setattr(shown.reader.store.metrics, "points", fails)
        shown.button("Next page").click()
        assert "The disk is slow." in shown.words()
        assert shown.names() == names
    # Nobody else reads meanwhile, as after the run's end.
    shown.clock.now += 1.0
    shown.panel.draw(shown.view)
    assert "The disk is slow." not in shown.words()
    assert shown.names() != names
    assert all(chart.points == 1 for chart in shown.panel._shown.charts)


def test_a_cursor_is_two_messages_for_all_charts(shown: Shown, messages: Messages) -> None:
    shown.log(1)
    shown.log(2)
    shown.draw()
    messages.clear()
    shown.context.cursor.move(200.0)
    assert len(messages) == 2
    assert 'content: "2"' in shown.panel._cursor_style.value
    shown.context.cursor.move(None)
    assert len(messages) == 4
    assert shown.panel._cursor_style.value == ""
    shown.context.tab = "Logs"
    shown.context.cursor.move(200.0)
    assert len(messages) == 4


def test_a_cursor_in_one_chart_of_several(shown: Shown) -> None:
    shown.log(1)
    shown.log(2)
    shown.draw()
    shown.panel._list.index = (1, 2)
    shown.button("Draw together").click()
    shown.context.cursor.move(100.0)
    assert "<b>1.00</b>" in shown.words()
    assert "<b>2.00</b>" in shown.words()
    assert "at 100 env steps" in shown.words()


def test_a_chart_as_table_and_back(shown: Shown, messages: Messages) -> None:
    shown.log(1)
    shown.draw()
    shown.button("Show as table").click()
    assert len(shown.all(bqplot.Figure)) == 11
    assert "<table" in shown.words()
    shown.log(2)
    shown.later()
    assert "<td>200</td>" in shown.words()
    shown.button("Show as chart").click()
    assert len(shown.all(bqplot.Figure)) == 12
    shown.button("Show as table").click()
    # Another page begins with charts.
    shown.button("Next page").click()
    assert "<table" not in shown.words()


def test_a_log_scale_and_a_single_point(shown: Shown) -> None:
    shown.log(1)
    shown.draw()
    first = shown.all(bqplot.Figure)[1].marks[1]
    assert first.stroke_width == 6.0
    shown.log(2)
    shown.later()
    assert first.stroke_width < 3
    shown.panel._log.value = True
    assert first.y.tolist()[0] == 0.0
    assert first.y[1] == pytest.approx(-0.30103)


def test_callbacks_only_post(shown: Shown, messages: Messages) -> None:
    commands = []
    shown.log(1)
    shown.draw()
    shown.context.post = commands.append
    messages.clear()
    thread = threading.Thread(target=shown.button("Next page").click)
    thread.start()
    thread.join()
    shown.panel._search.value = "own"
    assert len(commands) == 2
    assert [set(m.state) for m in messages.updates()] == [{"value"}]


def test_closing_leaves_no_widget_of_its_figures(shown: Shown) -> None:
    shown.log(1)
    shown.draw()
    figures = shown.all(bqplot.Figure)
    parts = [w for f in figures for w in (f, *f.marks, *f.axes)]
    close_owned(shown.panel)
    assert all(part.comm is None for part in parts)


def test_pointing_at_a_small_chart_moves_the_joined_cursor(shown: Shown) -> None:
    shown.log(1)
    shown.log(2)
    shown.draw()
    places: list[float | None] = []
    shown.context.cursor.listen(places.append)
    figure = shown.all(bqplot.Figure)[3]
    columns, axis = figure.marks[0], figure.scale_x
    part = (120.0 - axis.min) / (axis.max - axis.min)
    columns._handle_custom_msg({"event": "hover", "data": {"x": part}}, [])
    columns._handle_custom_msg({"event": "hover", "data": {}}, [])
    assert places == [120.0]


def test_another_axis_is_drawn_at_once_also_of_a_run_that_has_ended(
    shown: Shown, shell: NotebookShell
) -> None:
    shown.log(1)
    shown.log(2)
    shown.fixture.end(statuses.COMPLETED)
    details = RunDetails(shown.fixture.run)
    details.show()
    place = PANELS.index(MetricsPanel)
    # A tab that was not shown is not made.
    assert place not in details._panels
    details._tabs.selected_index = place
    wait_until(lambda: place in details._panels and not details._thread.busy, "the tab")
    panel = details._panels[place]
    assert isinstance(panel, MetricsPanel)
    assert panel._shown.x_title == "env steps"
    details.axis = "iteration"
    wait_until(lambda: panel._shown.x_title == "iteration", "the other axis")
    details.close()
    wait_until(lambda: not details.following, "the end of the view's threads")


def test_a_choice_is_kept_by_a_drawing_that_comes_first(shown: Shown) -> None:
    shown.log(1)
    shown.draw()
    waiting: list[Command] = []
    shown.context.post = waiting.append
    shown.panel._list.set_state({"index": [1]})
    shown.log(2)
    shown.later()
    for command in waiting:
        command()
    assert shown.panel._chosen == [shown.panel._listed[1]]
    assert shown.panel._list.index == (1,)


def test_a_new_metric_leaves_a_person_on_the_page(shown: Shown) -> None:
    shown.log(1)
    shown.draw()
    groups = [key for _, key in shown.panel._group.options if key]

    def of(group: str) -> int:
        shown.panel._group.value = group
        return len(shown.panel._listed)

    group = max(groups, key=of)
    shown.panel._group.value = group
    shown.button("Next page").click()
    shown.button("Next page").click()
    before = shown.names()
    shown.log(2, 301)
    shown.later()
    assert (shown.panel._group.value, shown.panel._number) == (group, 2)
    assert shown.names() == before


def test_letters_that_are_typed_fast_are_put_together(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown.log(1)
    shown.draw()
    commands: list[Command] = []
    shown.context.post = commands.append
    waits: list[float] = []
    monkeypatch.setattr("rl_widgets.widgets.command_thread.time.sleep", waits.append)
    for typed in ("l", "lo", "los", "loss"):
        shown.panel._search.value = typed
    assert len(commands) == 1
    commands.pop()()
    assert shown.names() == ["learner/total_loss"]
    shown.clock.now += 0.1
    shown.panel._search.value = "entropy"
    commands.pop()()
    assert waits == [0.0, pytest.approx(0.2)]
    assert shown.names() == ["learner/entropy"]


def test_a_logarithmic_scale_leaves_a_person_on_the_page(shown: Shown) -> None:
    shown.log(1)
    shown.draw()
    shown.button("Next page").click()
    shown.button("Next page").click()
    before = shown.names()
    shown.panel._log.value = True
    assert (shown.names(), shown.panel._number) == (before, 2)


def test_a_look_at_one_child_leaves_the_choice_and_the_group(shown: Shown) -> None:
    shown.log(1)
    shown.fixture.use_resources()
    shown.draw()
    shown.panel._group.value = "learner"
    shown.panel._list.index = (0, 1)
    chosen = shown.names()
    assert len(chosen) == 2
    shown.context.child = "worker"
    shown.draw()
    assert shown.names()[0] == "resources/worker-0/cpu"
    assert shown.panel._group.value == ""
    shown.context.child = None
    shown.draw()
    assert shown.names() == chosen
    assert shown.panel._group.value == "learner"
    assert shown.panel._list.index == (0, 1)


def test_the_last_place_of_a_fast_pointer_counts(shown: Shown) -> None:
    for i in range(1, 5):
        shown.log(i, 3)
    shown.fixture.end(statuses.COMPLETED)
    shown.draw()
    for part in (0.1, 0.5, 0.9):
        shown.panel._pointed(part * 400)
    assert shown.context.cursor.x == 360.0
    assert list(shown.panel._small._shared.cursor.x) == [360.0, 360.0]
    # Where no pointer is any more, no cursor is.
    shown.context.cursor._pointed_at = 0.0
    shown.context.cursor.forget()
    assert shown.context.cursor.x is None
