"""CompareRuns without a browser: what it sends, live and at the end, and what it refuses."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

import rl_widgets.view.comparison.follower as compare_follower
from rl_widgets import CompareRuns, UserError, Workspace
from rl_widgets.store import statuses
from rl_widgets.store.errors import StoreError
from rl_widgets.widgets.subshells import CELLS
from tests.view.test_compare import add, definition, grow
from tests.widgets.conftest import Messages, NotebookShell, wait_until

Make = Callable[..., CompareRuns]


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare_follower, "LOOK", 0.05)
    # The runs of these tests have no supervisor that could be looked after.
    monkeypatch.setattr("rl_widgets.view.comparison.comparer.reaper.look_after", lambda *_: None)


@pytest.fixture
def compare(messages: Messages) -> Iterator[Make]:
    made: list[CompareRuns] = []

    def make(*arguments: Any, **values: Any) -> CompareRuns:
        made.append(CompareRuns(*arguments, **values))
        return made[-1]

    yield make
    for view in made:
        view.close()
        wait_until(lambda v=view: not v.following, "the end of the threads")


def seeds(ws: Workspace, n: int = 2, status: str = statuses.COMPLETED) -> list[Any]:
    return [
        add(ws, f"s{i}", [1.0, 2.0, 3.0 + i], status=status, definition=definition(seed=i))
        for i in range(n)
    ]


def test_ended_runs_are_drawn_once_and_no_thread_is_left(ws: Workspace, compare: Make) -> None:
    view = compare(seeds(ws))
    assert "Comparison of 2 runs in 1 group" in view._pieces["heading"][0].value
    assert "s0" in view._pieces["results"][0].value
    assert view._place.children == (view._chart.widget,)
    view.show()
    assert view._follower is None
    assert "2 completed" in repr(view)
    assert "s1" in str(view)
    data = view.get_widget_data()
    assert [r["final"] for r in data["results"]] == [3.0, 4.0]
    assert data["lines"][0]["label"] == "s0 and 1 more (mean of 2)"


def test_it_is_live_while_runs_go_on_and_ends_with_them(
    ws: Workspace, compare: Make, shell: NotebookShell, messages: Messages
) -> None:
    runs = seeds(ws, status=statuses.RUNNING)
    view = compare(runs)
    view.show()
    assert len(shell.published) == 2
    assert list(shell.outputs.values())[1]["text/plain"].startswith("Comparison of 2 runs")
    wait_until(lambda: view.following, "its thread")
    grow(ws, runs[0].id, [17.5], 100, time.time(), first=4)
    wait_until(lambda: "17.50" in view._pieces["results"][0].value, "the new value")
    for run in runs:
        ws.store.runs.set(run.id, status=statuses.COMPLETED, ended=time.time())
    wait_until(lambda: "2 completed" in view._pieces["heading"][0].value, "the end")
    wait_until(lambda: not view.following, "the end of the threads")
    assert "2 completed" in list(shell.outputs.values())[1]["text/plain"]
    assert "<img" in list(shell.outputs.values())[1]["text/html"]
    messages.clear()
    revision = view._found.revision
    view._thread.post(view._show_news)
    wait_until(lambda: view._found.revision > revision, "another drawing")
    wait_until(lambda: not view.following, "the end of the thread")
    assert [m.state for m in messages.updates()] == []  # nothing is new


def test_runs_of_a_cell_are_followed_without_anybody_else(ws: Workspace, compare: Make) -> None:
    from rl_widgets import Experiment

    run = Experiment(ws, "cell").start_logging()
    run.log_metrics({"score": 1.0}, env_steps=1)
    view = compare([run])
    view.show()
    view.follow()
    for i in range(2, 5):
        run.log_metrics({"score": 1.0 * i}, env_steps=i)
    wait_until(lambda: "4.00" in view._pieces["results"][0].value, "the value of the cell")
    run.complete()
    wait_until(lambda: view._found.final, "the end")


def test_a_tick_is_few_messages(ws: Workspace, compare: Make, messages: Messages) -> None:
    runs = seeds(ws, 4, status=statuses.RUNNING)
    view = compare(runs)
    messages.clear()
    grow(ws, runs[0].id, [5.0], 100, time.time(), first=4)
    view._comparer.read()
    view._thread.post(view._redraw)
    wait_until(lambda: not view._thread.busy and messages.updates(), "the drawing")
    by_widget: dict[str, int] = {}
    for message in messages.updates():
        by_widget[message.comm_id] = by_widget.get(message.comm_id, 0) + 1
    assert max(by_widget.values()) == 1
    assert len(by_widget) <= 10


def test_what_a_person_chooses_is_drawn(ws: Workspace, compare: Make) -> None:
    runs = seeds(ws, 3)
    for run in runs:
        run.tag("kind", "x")
        grow(ws, run.id, [9.0, 8.0], 100, time.time(), metric="learner/entropy")
    view = compare(runs)
    view._controls.axis.value = "iteration"
    wait_until(lambda: view._found.x_title == "iteration", "the axis")
    view._controls.group.value = "none"
    wait_until(lambda: len(view._found.groups) == 3, "each alone")
    assert view._controls.statistic.layout.display == "none"
    view._controls.group.value = "tag:kind"
    wait_until(lambda: view._found.groups[0].label == "kind = x", "the groups of a tag")
    view._controls.statistic.value = "iqm"
    wait_until(lambda: "IQM of 3" in view._found.lines[0].label, "the statistic")
    view._controls.smoothing.value = 0.5
    wait_until(lambda: view._choice.smoothing == 0.5, "the smoothing")
    view._controls.metric.value = "learner/entropy"
    wait_until(lambda: view._found.metric == "learner/entropy", "the metric")
    wait_until(lambda: "learner/entropy" in view._pieces["title"][0].value, "its name")


def test_a_window_is_kept_until_the_whole_is_asked_for(ws: Workspace, compare: Make) -> None:
    view = compare([add(ws, "long", [float(i) for i in range(5000)], per=1)])
    whole = len(view._found.lines[0].x)
    view._controls.mode.value = "zoom"
    wait_until(lambda: view._chart.widget.interaction is not None, "the mode")
    with view._chart._x.hold_sync():
        view._chart._x.min, view._chart._x.max = 1000.0, 1100.0
    wait_until(lambda: view._choice.window == (1000.0, 1100.0), "the window")
    wait_until(lambda: view._found.lines[0].x[0] > 900, "the window's own points")
    line = view._found.lines[0]
    assert whole <= 500
    assert (line.x[1] - line.x[0], line.x[-1] < 1200) == (1.0, True)
    view._controls.whole.click()
    wait_until(lambda: view._choice.window is None, "the whole")
    wait_until(lambda: view._found.lines[0].x[-1] == 5000, "the whole")


def test_the_cursor_tells_the_values_of_all_lines(ws: Workspace, compare: Make) -> None:
    view = compare(seeds(ws), group=None)
    view._pointed(190.0)
    wait_until(lambda: view._cursor == 200.0, "the cursor")
    wait_until(lambda: "at env steps" in view._legend.value, "the legend")
    assert view._legend.value.count("<b>2.00</b>") == 2


def test_without_a_pointer_the_buttons_move_cursor_and_window(ws: Workspace, compare: Make) -> None:
    view = compare(seeds(ws), group=None)
    view._controls.back.click()
    wait_until(lambda: view._cursor == 300.0, "the cursor at the newest value")
    view._controls.back.click()
    wait_until(lambda: view._cursor == 200.0, "the cursor")
    view._controls.forward.click()
    wait_until(lambda: view._cursor == 300.0, "the cursor")
    view._controls.mode.value = "zoom"
    view._controls.back.click()
    wait_until(lambda: view._choice.window is not None, "the window")
    view._controls.whole.click()
    wait_until(lambda: view._choice.window is None and view._cursor is None, "the whole")
    wait_until(lambda: view._controls.whole.layout.display == "none", "nothing to go back from")


def test_results_are_a_frame_too(ws: Workspace, compare: Make) -> None:
    frame = compare(seeds(ws)).to_frame()
    assert frame["final"].tolist() == [3.0, 4.0]
    assert frame["seed"].tolist() == ["0", "1"]
    assert set(frame["group"]) == {"s0 and 1 more"}


def test_trouble_is_said_and_goes_away_by_itself(
    ws: Workspace, compare: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = seeds(ws, status=statuses.RUNNING)
    view = compare(runs)
    monkeypatch.setattr(compare_follower, "RETRY", 0.05)
    read, broken = type(view._comparer).read, [True]

    def flaky(comparer: Any) -> None:
        if broken[0]:
            raise StoreError("The record cannot be read <now>.")
        read(comparer)

    monkeypatch.setattr(type(view._comparer), "read", flaky)
    view.follow()
    wait_until(lambda: "cannot be read &lt;now&gt;" in view._pieces["trouble"][0].value, "trouble")
    broken[0] = False
    wait_until(lambda: view._pieces["trouble"][0].value == "", "the end of it", 30)


def test_a_choice_that_cannot_be_read_is_said_and_can_be_made_again(
    ws: Workspace, compare: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = compare(seeds(ws))
    with monkeypatch.context() as patch:
        patch.setattr(
            type(view._comparer), "compare", lambda *_: (_ for _ in ()).throw(StoreError("Broken."))
        )
        view._controls.axis.value = "time"
        wait_until(lambda: "Broken." in view._pieces["trouble"][0].value, "the sentence")
    view._controls.axis.value = "iteration"
    wait_until(lambda: view._found.x_title == "iteration", "the axis")
    assert view._pieces["trouble"][0].value == ""


def test_a_view_that_nobody_sees_rests(ws: Workspace, compare: Make) -> None:
    view = compare(seeds(ws, status=statuses.RUNNING))
    view._view_count = 1
    wait_until(lambda: view._follower is not None and view._follower.alive, "its thread")
    assert view._follower is not None
    view._view_count = 0
    wait_until(lambda: view._follower.paused, "its rest")
    view._view_count = 1
    wait_until(lambda: not view._follower.paused, "its return")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"axis": "frames"}, "axis is one of env_steps, iteration, time"),
        ({"statistic": "median"}, "statistic is one of mean, iqm"),
        ({"smoothing": 2}, "between 0 and 0.99"),
        ({"smoothing": "x"}, "smoothing is a finite number"),
        ({"target": float("nan")}, "target is a finite number"),
        ({"group": 3}, "the name of a tag"),
        ({"metric": 3}, "metric is the name"),
        ({"metric": "nothing"}, "No run has a metric 'nothing'"),
    ],
)
def test_wrong_arguments_are_refused_with_a_sentence(
    ws: Workspace, messages: Messages, values: dict[str, Any], sentence: str
) -> None:
    run = add(ws, "one", [1.0, 2.0])
    with pytest.raises(UserError, match=sentence):
        CompareRuns([run], **values)


def test_ids_are_found_in_a_workspace(ws: Workspace, compare: Make) -> None:
    runs = seeds(ws)
    view = compare([run.id for run in runs], workspace=ws)
    assert len(view._found.results) == 2
    with pytest.raises(UserError, match="workspace=ws"):
        CompareRuns([runs[0].id])
    with pytest.raises(UserError, match="no run to compare"):
        CompareRuns([])


def test_log_scale_picture_and_file(
    ws: Workspace, compare: Make, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = compare(seeds(ws))
    view._controls.log.value = True
    wait_until(lambda: view._chart.frame is not None and view._chart.frame.log, "the log scale")
    view._controls.csv.click()
    link = view._download.widget
    wait_until(lambda: "comparison_episode_reward_mean.csv" in link.value, "the file")
    content = link.value.split("base64,")[1].split('"')[0]
    rows = base64.b64decode(content).decode().splitlines()
    assert rows[0].split(",")[0] == "line"
    assert sum(row.startswith("s0") for row in rows) >= 3
    saved: list[str] = []
    monkeypatch.setattr(view._chart, "save_png", saved.append)
    view._controls.png.click()
    wait_until(lambda: saved == ["comparison_episode_reward_mean.png"], "the picture")


def test_the_chart_is_a_table_too_and_its_picture_has_a_legend(
    ws: Workspace, compare: Make, messages: Messages
) -> None:
    view = compare(seeds(ws, 3))
    assert not view._table.value
    view._controls.table.value = True
    wait_until(lambda: "rlw-curve-table" in view._table.value, "the table")
    line = view._found.lines[0]
    assert f'<th scope="col">{line.label}</th>' in view._table.value
    assert f"<td>{line.x[-1]:,.0f}</td><td>{line.y[-1]:.2f} (" in view._table.value
    signs, words = view._chart._printed
    assert "Comparison of 3 runs" in signs.text[0]
    assert line.label in words.text.tolist()
    assert "interval" in words.text.tolist()
    view._controls.table.value = False
    wait_until(lambda: not view._table.value, "the chart alone")


def test_a_metric_without_a_value_leaves_the_way_to_another(ws: Workspace, compare: Make) -> None:
    view = compare([add(ws, "a", [1.0, 2.0])])
    view._controls.metric.options = ("episode_reward_mean", "nowhere")
    view._controls.metric.value = "nowhere"
    wait_until(lambda: not view._found.lines, "nothing to draw")
    wait_until(lambda: view._place.layout.display == "none", "no chart of something else")
    assert view._controls.metric.layout.display != "none"
    view._controls.metric.value = "episode_reward_mean"
    wait_until(lambda: view._place.layout.display != "none", "the chart")


def test_log_scale_is_off_for_values_that_have_no_logarithm(ws: Workspace, compare: Make) -> None:
    view = compare([add(ws, "low", [-21.0, -20.0])])
    assert view._controls.log.disabled
    view._controls.log.value = True
    assert view._chart.frame is not None
    assert not view._chart.frame.log


def test_what_is_seen_of_time_outlives_a_larger_unit(ws: Workspace, compare: Make) -> None:
    run = add(ws, "one", [1.0, 2.0, 3.0], status=statuses.RUNNING)
    view = compare([run], axis="time")
    assert view._found.unit == 1.0
    began = view._comparer.readers[0].began
    assert began is not None
    grow(ws, run.id, [4.0], 100, began + 600, first=4)

    def look_at_the_second_minute() -> None:
        view._choice = replace(view._choice, window=(60.0, 120.0))
        view._cursor = 90.0
        view._comparer.read()
        view._redraw()

    view._thread.post(look_at_the_second_minute)
    wait_until(lambda: view._found.unit == 60.0, "minutes")
    wait_until(lambda: not view._thread.busy, "quiet")
    assert (view._choice.window, view._cursor) == ((1.0, 2.0), 1.5)


def test_a_window_of_the_page_is_kept_by_news_that_come_first(ws: Workspace, compare: Make) -> None:
    view = compare([add(ws, "long", [float(i) for i in range(500)], per=1)])
    view._controls.mode.value = "zoom"
    wait_until(lambda: view._chart.widget.interaction is not None, "the mode")
    gate = threading.Event()
    view._thread.post(lambda: gate.wait(60) and None)
    view._thread.post(view._show_news)
    view._chart._x.set_state({"min": 100.0, "max": 110.0})
    gate.set()
    wait_until(lambda: not view._thread.busy, "quiet")
    assert view._choice.window == (100.0, 110.0)
    assert view._chart.window == (100.0, 110.0)


def test_a_run_that_was_resumed_is_followed_again(
    ws: Workspace, compare: Make, shell: NotebookShell
) -> None:
    runs = seeds(ws)
    view = compare(runs)
    view.show()
    assert view._found.final
    ws.store.runs.reopen(runs[0].id, 2, ws.store.runs.get(runs[0].id).definition)
    CELLS._ended(None)
    wait_until(lambda: not view._found.final, "the run as it goes on")
    ws.store.runs.set(runs[0].id, status=statuses.FAILED, ended=time.time())
    wait_until(lambda: view._found.final, "its second end")
    assert "1 failed" in view._pieces["heading"][0].value


def test_without_a_cursor_a_window_tells_the_last_of_what_is_seen(
    ws: Workspace, compare: Make
) -> None:
    run = add(ws, "long", [float(i) for i in range(100)])
    view = compare([run])
    first, last = view._found.lines[0].x[[0, 50]]
    view._choice = replace(view._choice, window=(float(first), float(last)))
    view._redraw()
    assert "<b>50.00</b>" in view._legend.value
