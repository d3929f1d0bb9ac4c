"""What is said of several lines: as a table, and as the legend of a picture that is saved."""

from __future__ import annotations

import numpy as np

from rl_widgets.view.charts import legend, lines_table, looking, printed_legend
from rl_widgets.view.charts.lines import Line, frame
from rl_widgets.view.charts.printed_legend import PrintedLegend


def line(label: str, x: list[float], y: list[float]) -> Line:
    return Line(label, "#123456", np.array(x, np.float64), np.array(y, np.float64))


def numbers(n: int) -> list[float]:
    return [float(i) for i in range(n)]


def test_a_table_reads_each_line_where_a_cursor_would() -> None:
    x, y = np.array([100.0, 200.0, 300.0]), np.array([1.0, 2.0, 3.0])
    far = Line("<far>", "#123456", x, y, low=y - 1, high=y + 1)
    near = line("near", [90, 190], [7, 8])
    html = lines_table.html([near, far], "env steps")
    rows = html.split("<tbody>")[1].split("<tr>")[1:]
    assert rows[0].startswith("<td>300</td><td>—</td><td>3.00 (2.00 to 4.00)</td>")
    assert rows[1].startswith("<td>200</td><td>8.00</td>")
    assert "3 points of &lt;far&gt;; the others at the nearest of theirs." in html
    assert "<far>" not in html


def test_a_table_goes_by_no_target_and_by_no_single_run_of_a_group() -> None:
    x, y = np.array([0.0, 900.0]), np.array([18.0, 18.0])
    target = Line("target", "#1", x, y, dashed=True)
    member = Line("seed 2", "#2", np.array([100.0, 800.0]), np.array([1.0, 2.0]), opacity=0.35)
    group = line("group", [100, 200, 300], [1, 2, 3])
    html = lines_table.html([group, member, target], "env steps")
    assert "3 points of group; the others at the nearest of theirs." in html
    assert html.split("<tbody>")[1].split("<tr>")[1].startswith("<td>300</td><td>3.00</td>")


def test_a_table_shows_the_newest_50() -> None:
    html = lines_table.html([line("a", numbers(80), [1.0] * 80)], "iteration")
    assert html.count("<tr>") == 51
    assert "The newest 50 of 80 points." in html
    assert lines_table.html([line("a", [1.0], [np.nan])], "iteration") == lines_table.html([], "")


def printed(lines: list[Line], before: PrintedLegend | None = None) -> PrintedLegend:
    rows = printed_legend.rows("run", legend.entries(lines, None))
    return printed_legend.placed(rows, lines, frame(lines, "x", "y"), 232.0, before)


def test_a_printed_legend_lies_where_it_hides_least() -> None:
    x = numbers(100)
    rises = printed([line("a", x, [i**2 for i in x])])
    assert (rises.right, rises.low) == (False, False)
    falls = printed([line("a", x, [-(i**2) for i in x])])
    assert (falls.right, falls.low) == (True, False)
    # It stays for a few points, and leaves for many.
    few = [line("a", x, [1.0 if i < 10 else 0.0 for i in x])]
    assert not printed(few, before=rises).low
    many = printed([line("a", x, [1.0 if i < 50 else 0.0 for i in x])], before=rises)
    assert (many.right, many.low) != (False, False)


def test_a_printed_legend_is_no_longer_than_its_chart() -> None:
    lines = [line(f"{'long name ' * 9}{i}", [0.0, 1.0], [0.0, 1.0]) for i in range(40)]
    found = printed(lines)
    assert len(found.rows) == printed_legend.MOST_ROWS
    assert found.rows[-1].words == "and 29 more"
    assert max(len(row.words) for row in found.rows) <= 60


def test_a_smoothed_line_says_by_how_much() -> None:
    entries = legend.entries([line("mean, smoothed", [0.0, 1.0], [0.0, 1.0])], None)
    assert printed_legend.rows("run", entries, 0.9)[1].words == "mean, smoothed (0.90)"


def test_windows() -> None:
    axes = frame([line("a", [0.0, 100.0], [0.0, 1.0])], "x", "y", window=(0.0, 100.0))
    assert looking.panned(axes, -1) == (-25.0, 75.0)
    assert looking.zoomed(axes, closer=True) == (20.0, 80.0)
    assert looking.moved_to(axes, (0.0, 100.0)) is None
    assert looking.moved_to(axes, (float("nan"), 1.0)) is None
    assert looking.moved_to(axes, (10.0, 20.0)) == (10.0, 20.0)
    two = [line("a", [0.0, 10.0], [1.0, 1.0]), line("b", [4.0], [1.0])]
    assert looking.nearest(two, 5.0) == 4.0
    assert looking.nearest([], 5.0) is None
