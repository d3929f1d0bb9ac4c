"""Small charts of a page: what is read, thinned, left out and said."""

from __future__ import annotations

import math
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from rl_widgets.view.charts.curve import Curve
from rl_widgets.view.charts.small_charts import MAX_POINTS, ChartPage, Charts, SmallChart
from rl_widgets.view.html import metrics as html_metrics
from rl_widgets.view.reader import RunReader
from tests.view.fixture_runs import FixtureRun, make


@pytest.fixture
def fixture(tmp_path: Path) -> FixtureRun:
    run = make(tmp_path / "ws")
    run.start()
    return run


def reader_of(fixture: FixtureRun, axis: str = "env_steps") -> RunReader:
    reader = RunReader.of(fixture.run, axis)
    reader.read()
    return reader


def log(fixture: FixtureRun, name: str, values: list[float], every: int = 1) -> None:
    for i, value in enumerate(values, 1):
        fixture.logger.log_metrics({name: value}, step=i * every, env_steps=i * every * 100)
    fixture.take_in()


def chart(fixture: FixtureRun, name: str, log_scale: bool = False) -> SmallChart:
    return Charts(reader_of(fixture)).page([name], log_scale).charts[0]


def test_only_the_metrics_of_the_page_are_read(fixture: FixtureRun) -> None:
    fixture.result(1, -20.0)
    fixture.logger.log_metrics({f"own/{i}": i for i in range(300)}, step=1, env_steps=100)
    fixture.take_in()
    reader = reader_of(fixture)
    page = Charts(reader).page(["own/3", "own/4"])
    assert [c.curve.last for c in page.charts] == [3, 4]
    held = {s for s in reader._metrics.held() if s.startswith("own/")}
    assert held == {"own/3", "own/4"}


def test_what_has_not_grown_is_the_same_chart_again(fixture: FixtureRun) -> None:
    log(fixture, "a", [1.0, 2.0])
    log(fixture, "b", [1.0, 2.0])
    reader = reader_of(fixture)
    charts = Charts(reader)
    before = charts.page(["a", "b"])
    assert all(x is y for x, y in zip(charts.page(["a", "b"]).charts, before.charts, strict=True))
    fixture.logger.log_metrics({"b": 3.0}, step=2, env_steps=200)
    fixture.take_in()
    reader.read()
    after = charts.page(["a", "b"])
    assert after.charts[1].last == "3"
    assert after.charts[0] is before.charts[0]


def test_at_most_500_points_with_the_extremes(fixture: FixtureRun) -> None:
    values = np.sin(np.arange(20_000) / 50).tolist()
    values[7_777], values[12_345] = 40.0, -40.0
    fixture.logger.log_list("wave", values[:10_000])
    fixture.logger.log_list("wave", values[10_000:])
    fixture.take_in()
    found = chart(fixture, "wave")
    assert len(found.line.x) <= MAX_POINTS
    assert np.nanmax(found.line.y) == 40
    assert np.nanmin(found.line.y) == -40


def test_nan_and_infinite_values_are_gaps_and_counted(fixture: FixtureRun) -> None:
    log(fixture, "a", [1.0, math.nan, math.inf, -math.inf, 2.0, math.nan])
    found = chart(fixture, "a")
    assert "4 values NaN or infinite" in found.note
    assert "4 values NaN or infinite" in found.sentence
    assert found.points == 2
    # The newest value is what a person has to see, also where it is none.
    assert found.last == "NaN"
    assert found.curve.last == 2.0


def test_nothing_but_nan(fixture: FixtureRun) -> None:
    log(fixture, "a", [math.nan, math.nan])
    found = chart(fixture, "a")
    assert found.points == 0
    assert found.note == "Every value is NaN or infinite."
    log(fixture, "b", [math.inf])
    assert chart(fixture, "b").note == "1 value NaN or infinite."


def test_a_metric_that_becomes_a_row_keeps_its_numbers(fixture: FixtureRun) -> None:
    log(fixture, "a", [1.0, 2.0])
    fixture.logger.log_row("a", column="text")
    fixture.take_in()
    found = chart(fixture, "a")
    assert found.points == 2
    assert found.last == "NaN"


def test_a_constant_and_a_single_point_have_a_frame(fixture: FixtureRun) -> None:
    log(fixture, "constant", [2500.0] * 5)
    log(fixture, "lonely", [3.0])
    constant, lonely = chart(fixture, "constant"), chart(fixture, "lonely")
    assert constant.frame.y_low < 2500 < constant.frame.y_high
    assert lonely.points == 1
    assert lonely.frame.x_low < 100 < lonely.frame.x_high


@pytest.mark.parametrize("value", [1e308, -1e308, 1e-320, 1e-12, 0.0, 1e300])
def test_any_double_has_a_frame(fixture: FixtureRun, value: float) -> None:
    log(fixture, "a", [value, value])
    log(fixture, "b", [value, -value])
    for name in ("a", "b"):
        frame = chart(fixture, name).frame
        assert frame.y_low < frame.y_high
        assert all(np.isfinite([*frame.y_ticks, frame.y_low, frame.y_high]))
        chart(fixture, name, log_scale=True)


def test_a_log_scale_leaves_out_what_has_no_logarithm_and_counts_it(fixture: FixtureRun) -> None:
    log(fixture, "a", [-1.0, 0.0, 1.0, 10.0, 100.0])
    found = chart(fixture, "a", log_scale=True)
    assert "2 values ≤ 0 left out" in found.note
    assert found.points == 3
    assert found.frame.log
    assert {"1", "100"} <= set(found.frame.y_words)
    log(fixture, "b", [-1.0, 0.0])
    assert chart(fixture, "b", log_scale=True).points == 0


def test_all_charts_of_a_page_have_one_x_axis(fixture: FixtureRun) -> None:
    log(fixture, "long", [1.0] * 50)
    log(fixture, "short", [1.0] * 3)
    page = Charts(reader_of(fixture)).page(["long", "short"])
    assert page.x_title == "env steps"
    one, other = (c.frame for c in page.charts)
    assert (one.x_low, one.x_high, one.x_ticks) == (other.x_low, other.x_high, other.x_ticks)
    assert len(one.x_ticks) <= 4


def test_what_has_no_place_on_the_axis_is_stretched_and_says_so(fixture: FixtureRun) -> None:
    for i in range(1, 5):
        fixture.logger.log("free", i)
    fixture.take_in()
    log(fixture, "placed", [1.0] * 9, every=1000)
    # No metric of the run tells the env steps at a time, and the main one is the free one.
    reader = reader_of(fixture)
    reader._metrics.main = "free"
    free, placed = Charts(reader).page(["free", "placed"]).charts
    assert placed.placed
    assert not free.placed
    assert "No env steps known" in free.note
    assert (free.line.x[0], free.line.x[-1]) == (free.frame.x_low, free.frame.x_high)
    assert free.at(500.0) == "—"
    # Alone, its numbers are the axis.
    assert Charts(reader).page(["free"]).charts[0].placed


def test_metrics_without_env_steps_are_joined_by_time(fixture: FixtureRun) -> None:
    log(fixture, "own", [1.0, 2.0, 3.0])
    fixture.use_resources()
    reader = reader_of(fixture)
    reader._metrics.main = "own"
    page = Charts(reader).page(["own", "resources/head/cpu"])
    assert page.charts[1].line.x.tolist() == [300.0]


def test_time_has_one_unit_on_a_page(fixture: FixtureRun) -> None:
    log(fixture, "a", [1.0, 2.0])
    charts = Charts(reader_of(fixture, "time"))
    assert charts.page(["a"]).unit == 1.0
    beside = Curve(axis="time", x=np.array([0.0, 40.0]), unit=60.0)
    page = charts.page(["a"], beside=beside)
    assert page.x_title == "time since the start (min)"
    assert page.unit == 60.0
    # What the other chart spans is spanned here too.
    assert page.charts[0].frame.x_high >= 40


def test_a_curve_over_another_axis_says_nothing_of_this_one(fixture: FixtureRun) -> None:
    log(fixture, "a", [1.0, 2.0])
    beside = Curve(axis="time", x=np.array([0.0, 1e6]), unit=60.0)
    page = Charts(reader_of(fixture)).page(["a"], beside=beside)
    assert page.charts[0].frame.x_high < 1000


def test_the_value_at_a_place(fixture: FixtureRun) -> None:
    log(fixture, "a", [1.0, 2.5, math.nan, 4.0])
    found = chart(fixture, "a")
    assert found.at(100.0) == "1"
    assert found.at(160.0) == "2.50"
    assert found.at(310.0) == "4"
    assert found.at(10_000.0) == "—"


def test_lines_together_have_colours_of_their_own(fixture: FixtureRun) -> None:
    names = [f"m{i}" for i in range(10)]
    for name in names:
        log(fixture, name, [1.0, 2.0])
    lines = Charts(reader_of(fixture)).page(names).together()
    assert len({line.colour for line in lines}) == len(lines) == 8


class Elements(HTMLParser):
    """The tags and attributes of an HTML text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", '"><script>', "x" * 255])
def test_names_are_text_wherever_they_are_shown(fixture: FixtureRun, name: str) -> None:
    log(fixture, name, [1.0, 2.0])
    page = Charts(reader_of(fixture)).page([name])
    for html in (
        html_metrics.head(page.charts[0]),
        html_metrics.table(page.charts[0], page.x_title),
        html_metrics.together(page, page.together(), None),
    ):
        found = Elements(html)
        assert not {"img", "script"} & set(found.tags)
        assert "onerror" not in dict(found.attributes)


def test_a_head_is_one_sentence_for_who_listens(fixture: FixtureRun) -> None:
    log(fixture, "a", [1.0, 2.0])
    [label] = [
        v
        for k, v in Elements(html_metrics.head(chart(fixture, "a"))).attributes
        if k == "aria-label"
    ]
    assert label == "a: 2 values, from 1.00 to 2.00, last 2.00 at env steps 200."


def test_a_table_has_the_newest_first(fixture: FixtureRun) -> None:
    log(fixture, "a", [float(i) for i in range(1, 131)])
    html = html_metrics.table(chart(fixture, "a"), "env steps")
    assert html.index("13,000") < html.index("12,900")
    assert html.count("<tr>") == 101
    assert "The newest 100 of 130 values." in html


def test_the_cursor_is_one_text_for_all_charts(fixture: FixtureRun) -> None:
    log(fixture, "a", [1.0, 2.0])
    log(fixture, "b", [3.0, 4.0])
    page = Charts(reader_of(fixture)).page(["a", "b"])
    rules = html_metrics.cursor_rules(page, "grid", 200.0)
    assert 'nth-child(1) .rlw-small-at::after { content: "2"' in rules
    assert 'nth-child(2) .rlw-small-at::after { content: "4"' in rules
    assert html_metrics.cursor_rules(page, "grid", None) == ""
    assert html_metrics.cursor_rules(ChartPage(), "grid", math.nan) == ""
