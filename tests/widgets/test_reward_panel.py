"""The reward chart without a browser: what is sent for a point, a pointer, a window, a choice."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rl_widgets.store import statuses
from rl_widgets.store.errors import StoreError, UserError
from rl_widgets.view import episodes
from rl_widgets.view.charts.marks import EventMark
from rl_widgets.view.reader import RunReader
from rl_widgets.widgets.owned import close_owned
from rl_widgets.widgets.panel import PanelContext
from rl_widgets.widgets.reward_panel import RewardPanel
from tests.view.fixture_runs import FixtureRun, make
from tests.widgets.conftest import Messages

OTHER = "pong_1700000001_0badf00d"


class Shown:
    """A panel, its run, and a thread that is this test: commands wait until they are worked."""

    def __init__(self, folder: Path, messages: Messages) -> None:
        self.fixture = make(folder)
        self.fixture.start()
        self.messages = messages
        self.commands: list[Callable[[], None]] = []
        self.opened: list[EventMark] = []
        self.reader = RunReader.of(self.fixture.run)
        self.reader.read()
        self.context = PanelContext(
            self.fixture.run, self.reader, self.commands.append, self.opened.append
        )
        self.panel = RewardPanel(self.context)
        self.chart = self.panel._chart

    def work(self) -> None:
        while self.commands:
            self.commands.pop(0)()

    def log(self, i: int, mean: float, **more: float) -> None:
        values = {
            "episode_reward_mean": mean,
            "episode_reward_min": mean - 1,
            "episode_reward_max": mean + 1,
            "num_env_steps_sampled_lifetime": i * 100.0,
            **more,
        }
        self.fixture.logger.log_metrics(values, step=i, env_steps=i * 100)

    def tick(self) -> None:
        self.fixture.take_in()
        self.panel.draw(self.reader.read())

    def line(self, name: str = "main") -> list[float]:
        return [float(v) for v in self.chart._marks[name].line.y]

    def sent(self) -> Counter[str]:
        """How many messages each widget was sent since the last look."""
        found = Counter(m.comm_id for m in self.messages.updates())
        self.messages.clear()
        return found


@pytest.fixture
def shown(tmp_path: Path, messages: Messages) -> Shown:
    return Shown(tmp_path / "ws", messages)


@pytest.fixture
def learning(shown: Shown) -> Shown:
    """A run of 3,000 points."""
    for i in range(1, 3001):
        shown.log(i, math.sin(i))
    shown.tick()
    shown.sent()
    return shown


def test_a_point_is_one_message_for_each_widget_that_changes(shown: Shown) -> None:
    for i in range(1, 40):
        shown.log(i, i / 10)
    shown.tick()
    shown.sent()
    for i in range(40, 50):
        shown.log(i, i / 10)
        shown.tick()
        found = shown.sent()
        assert max(found.values()) == 1
        # Line, band, legend; now and then the axes; not the columns, the cursor or the target.
        assert len(found) <= 7
    assert shown.line()[-1] == pytest.approx(4.9)


def test_what_is_shown_already_is_not_sent_again(shown: Shown) -> None:
    shown.tick()
    assert not shown.panel._place.children
    shown.log(1, 1.0)
    shown.fixture.logger.log_event("checkpoint", "a", 1, 100, path="head/checkpoints/a")
    shown.tick()
    assert shown.panel._place.children == (shown.chart.widget,)
    shown.sent()
    for _ in range(3):
        shown.tick()
    assert not shown.sent()


def test_a_line_that_is_no_number_is_said_and_not_drawn(shown: Shown) -> None:
    for i, value in enumerate([math.nan, math.inf, -math.inf], 1):
        shown.log(i, value)
    shown.tick()
    # An algorithm says NaN before an episode has ended.
    assert "No episode has ended yet." in shown.panel._message.value
    assert not shown.panel._place.children
    shown.log(4, 1.0)
    shown.tick()
    assert shown.line() == [1.0]
    assert "3 of 4 values" in shown.panel._note.value


def test_the_pointer_moves_the_joined_cursor(shown: Shown) -> None:
    for i in range(1, 11):
        shown.log(i, float(i), episodes_in_mean=7.0)
    shown.tick()
    assert "mean of 7 episodes" in shown.panel._legend.value
    places: list[float | None] = []
    shown.context.cursor.listen(places.append)
    shown.sent()
    assert shown.chart.window == (0.0, 1200.0)
    for part in np.linspace(310, 690, 200) / 1200:
        hover = {"event": "hover", "data": {"x": float(part)}}
        shown.chart.pointer.columns._handle_custom_msg(hover, [])
    shown.work()
    # Of two hundred places only the last was worth a drawing.
    assert places == [700.0]
    found = shown.sent()
    # The line of the cursor, the legend, and the button that leads back, with nothing twice.
    assert len(found) == 3
    assert max(found.values()) == 1
    assert "at env steps 700" in shown.panel._legend.value
    assert "<b>7.00</b>" in shown.panel._legend.value
    shown.panel._controls.back.click()
    shown.work()
    assert shown.context.cursor.x == 600.0
    shown.panel._controls.follow.click()
    shown.work()
    assert places[-1] is None
    assert not len(shown.chart._cursor.x)


def test_a_window_of_the_page_is_drawn_at_full_resolution(learning: Shown) -> None:
    shown = learning
    assert len(shown.line()) <= 2000
    shown.panel._controls.mode.value = "zoom"
    shown.work()
    assert shown.chart.widget.interaction is shown.chart._zoom
    shown.sent()
    shown.chart._x.set_state({"min": 100_000.0, "max": 110_000.0})
    shown.work()
    x = shown.chart._marks["main"].line.x
    assert ((x >= 100_000) & (x <= 110_000)).sum() == 101
    # What the page has moved is not sent back to it.
    assert shown.chart._x.comm.comm_id not in shown.sent()
    # New points do not move the window.
    shown.log(3001, 5.0)
    shown.tick()
    assert shown.chart.window == (100_000.0, 110_000.0)
    assert shown.chart._x.comm.comm_id not in shown.sent()
    shown.panel._controls.wider.click()
    shown.work()
    low, high = shown.chart.window
    assert (low, high) == pytest.approx((105_000 - 5_000 / 0.6, 105_000 + 5_000 / 0.6))
    shown.panel._controls.follow.click()
    shown.work()
    assert shown.chart.window[0] == 0.0
    assert shown.line()[-1] == 5.0
    shown.panel._controls.mode.value = "read"
    shown.work()
    assert shown.chart.widget.interaction is None


def test_a_window_of_time_outlives_a_larger_unit(shown: Shown) -> None:
    shown.log(1, 1.0)
    shown.tick()
    shown.panel.choose_axis("time")
    shown.panel._look_at(60.0, 120.0)
    assert shown.chart.window == (60.0, 120.0)
    record = shown.reader.record
    assert record.started is not None
    shown.fixture.set(started=record.started - 4000)
    shown.tick()
    assert shown.chart.window == pytest.approx((1.0, 2.0))


def test_smoothing_draws_the_logged_line_behind(shown: Shown) -> None:
    for i in range(1, 11):
        shown.log(i, float(i % 2))
    shown.tick()
    shown.panel._controls.smoothing.value = 0.9
    shown.work()
    assert shown.line("as logged") == [1.0, 0.0] * 5
    assert 0.3 < shown.line()[-1] < 0.6
    assert "mean, smoothed" in shown.panel._legend.value
    shown.panel._controls.smoothing.value = 0.0
    shown.work()
    assert set(shown.chart._marks) == {"main", "target"}


def test_a_logarithmic_axis_only_where_there_is_a_logarithm(shown: Shown) -> None:
    shown.log(1, -21.0)
    shown.tick()
    assert shown.panel._controls.log.disabled
    shown.log(2, 10.0)
    shown.tick()
    assert not shown.panel._controls.log.disabled
    shown.panel._controls.log.value = True
    shown.work()
    assert shown.line() == [1.0]
    assert "1 of 2 values is 0 or less" in shown.panel._note.value
    assert all(np.isfinite(m.line.y).all() for m in shown.chart._marks.values())


def test_a_click_on_a_mark_opens_what_it_stands_for(shown: Shown) -> None:
    for i in range(1, 30):
        shown.log(i, float(i))
    shown.fixture.logger.log_event("video", "a video", 20, 2000, path="head/videos/a.mp4")
    shown.tick()
    assert shown.chart._events["video"].names.tolist() == ["a video · at env steps 2,000"]
    shown.chart._clicked("video", {"event": "element_click", "data": {"index": 0}})
    shown.chart._clicked("target_reached", {"event": "element_click", "data": {"index": 0}})
    shown.work()
    [mark] = shown.opened
    [event] = [e for e in shown.reader.events if e.kind == "video"]
    assert (mark.opens, mark.thing, mark.event) == ("Episodes", "head/videos/a.mp4", event.id)
    # The target is no thing: its place is read.
    assert shown.context.cursor.x == 1800.0


def test_a_picture_that_is_saved_says_what_its_lines_are(shown: Shown) -> None:
    for i in range(1, 30):
        shown.log(i, float(i))
    shown.fixture.logger.log_event("checkpoint", "a", 20, 2000, path="head/checkpoints/a")
    shown.tick()
    signs, words = shown.chart._printed
    assert signs.text[0] == shown.reader.run_id
    told = ["mean", "min to max", "target", "checkpoint", "target reached"]
    assert words.text.tolist() == ["", *told]
    assert len(signs.x) == len(signs.colors) == len(told) + 1
    assert all(0 < y < 1 for y in signs.y)
    shown.sent()
    shown.panel._controls.smoothing.value = 0.6
    shown.work()
    assert words.text.tolist()[1:4] == ["mean, smoothed (0.60)", "min to max", "mean"]
    sent = shown.sent()
    assert sent[signs.comm.comm_id] == sent[words.comm.comm_id] == 1


def test_greedy_evaluations_are_a_line_of_their_own(shown: Shown) -> None:
    switch = shown.panel._controls.evaluation
    shown.log(1, 1.0)
    shown.tick()
    assert switch.layout.display == "none"
    assert episodes.MEAN not in shown.chart._marks
    shown.fixture.logger.log_metrics({episodes.MEAN: 7.0}, step=1, env_steps=100)
    shown.tick()
    assert switch.layout.display is None
    assert shown.line(episodes.MEAN) == [7.0]
    assert "evaluation (greedy)" in shown.panel._legend.value
    shown.sent()
    shown.fixture.logger.log_metrics({episodes.MEAN: 9.0}, step=2, env_steps=200)
    shown.log(2, 2.0)
    shown.tick()
    assert max(shown.sent().values()) == 1
    assert shown.line(episodes.MEAN) == [7.0, 9.0]
    shown.panel._controls.smoothing.value = 0.9
    shown.work()
    assert shown.line(episodes.MEAN) == [7.0, 9.0]
    switch.value = False
    shown.work()
    assert episodes.MEAN not in shown.chart._marks
    assert "evaluation" not in shown.panel._legend.value


def test_references_are_drawn_beside_the_run(shown: Shown, tmp_path: Path) -> None:
    other: FixtureRun = make(tmp_path / "ws", run_id=OTHER)
    other.start()
    for i in range(1, 4):
        other.result(i, float(-i))
    path = tmp_path / "azure.csv"
    path.write_text("env_steps,reward\n100,1\n200,2\n")
    with pytest.raises(UserError, match="neither a run nor"):
        shown.panel.set_reference("nothing")
    shown.panel.set_reference(other.run, path)
    shown.log(1, 1.0)
    shown.tick()
    assert shown.line(f"reference {OTHER}") == [-1.0, -2.0, -3.0]
    assert shown.line(f"reference {path}") == [1.0, 2.0]
    shown.panel.choose_axis("time")
    assert "azure.csv has no column of time" in shown.panel._note.value
    shown.panel.set_reference()
    shown.work()
    assert set(shown.chart._marks) == {"main", "target"}

    controls = shown.panel._controls
    controls.compare.value = True
    shown.work()
    assert controls.name.options == (OTHER,)
    controls.name.value = "no.csv"
    controls.add.click()
    shown.work()
    assert "There is no file &#x27;no.csv&#x27;." in shown.panel._trouble.value
    controls.name.value = OTHER
    controls.add.click()
    shown.work()
    assert f"reference {OTHER}" in shown.chart._marks
    assert not shown.panel._trouble.value
    for what in ("~nobody_of_that_name/x", "~nobody_of_that_name/x.csv", "x" * 5000, "a\0b"):
        with pytest.raises(UserError):
            shown.panel.set_reference(what)


def test_a_pointer_that_has_left_gives_way_to_the_newest_value(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(1, 11):
        shown.log(i, float(i))
    shown.tick()
    hover = {"event": "hover", "data": {"x": 0.5}}
    shown.chart.pointer.columns._handle_custom_msg(hover, [])
    shown.work()
    shown.tick()
    assert shown.context.cursor.x == 600.0
    monkeypatch.setattr("rl_widgets.widgets.cursor.POINTED", 0.0)
    shown.log(11, 11.0)
    shown.tick()
    assert shown.context.cursor.x is None
    assert "<b>11.00</b>" in shown.panel._legend.value
    # What buttons have set stays.
    shown.panel._controls.back.click()
    shown.work()
    shown.log(12, 12.0)
    shown.tick()
    assert shown.context.cursor.x is not None


def test_a_record_that_cannot_be_read_is_said(
    learning: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = learning

    def full(*_: object, **__: object) -> None:
        raise StoreError("The record cannot be read: the disk is <gone>.")

    monkeypatch.setattr(shown.reader.store.runs, "find", full)
    shown.panel._controls.compare.value = True
    shown.work()
    assert "the disk is &lt;gone&gt;" in shown.panel._trouble.value
    shown.tick()
    assert not shown.panel._trouble.value


def test_after_the_end_a_person_still_gets_what_they_ask_for(learning: Shown) -> None:
    shown = learning
    shown.fixture.end(statuses.COMPLETED)
    shown.tick()
    shown.sent()
    controls = shown.panel._controls
    controls.csv.click()
    controls.table.value = True
    controls.png.click()
    shown.work()
    assert "data:text/csv;base64," in shown.panel._download.widget.value
    assert "The last 50 of 3,000 values" in shown.panel._table.value
    assert [m.kind for m in shown.messages if m.kind == "comm_msg" and not m.state]
    controls.table.value = False
    shown.work()
    assert not shown.panel._table.value


def test_everything_that_answers_is_named(shown: Shown) -> None:
    """What is not among the controls is deaf while a cell runs."""
    named = set(shown.panel.controls)
    assert set(shown.chart.controls) <= named
    controls = shown.panel._controls
    assert {controls.axis, controls.mode, controls.smoothing, controls.name} <= named


def test_close_leaves_no_widget_of_the_chart(shown: Shown) -> None:
    shown.log(1, 20.0)
    shown.fixture.logger.log_event("checkpoint", "a", 1, 100, path="head/checkpoints/a")
    shown.tick()
    parts = [shown.chart.widget, *shown.chart.widget.marks, shown.chart._x, shown.chart._unit]
    close_owned(shown.panel)
    assert all(part.comm is None for part in parts)


def test_a_window_of_the_page_is_kept_by_a_drawing_that_comes_first(shown: Shown) -> None:
    for i in range(1, 101):
        shown.log(i, float(i))
    shown.tick()
    shown.panel._controls.mode.value = "zoom"
    shown.work()
    shown.chart._x.set_state({"min": 1000.0, "max": 2000.0})
    assert shown.commands
    shown.log(101, 101.0)
    shown.tick()
    for _ in range(2):
        assert shown.panel._window == (1000.0, 2000.0)
        assert shown.chart.window == (1000.0, 2000.0)
        shown.work()


def test_an_axis_that_is_chosen_is_kept_by_a_drawing_that_comes_first(shown: Shown) -> None:
    shown.log(1, 1.0)
    shown.tick()
    shown.panel._controls.axis.set_state({"index": 1})
    assert shown.commands
    shown.tick()
    shown.work()
    assert shown.reader.axis == shown.panel._controls.axis.value == "iteration"


def test_an_axis_that_is_chosen_is_kept_while_nothing_happens(shown: Shown) -> None:
    shown.log(1, 1.0)
    shown.fixture.take_in()
    before = shown.reader.read()
    shown.panel.draw(before)
    shown.panel.choose_axis("iteration")
    title = shown.panel._curve.x_title
    # A view that was on its way then, and what a quiet second makes of it.
    for view in (before, shown.reader.tick(before)):
        shown.panel.draw(view)
        assert shown.panel._curve.axis == "iteration"
        assert shown.panel._curve.x_title == title
    assert shown.reader.tick(before).curve.axis == "iteration"
