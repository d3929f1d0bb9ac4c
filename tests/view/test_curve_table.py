"""The points of a curve as a table and as a file."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from rl_widgets.view.charts import curve_table
from rl_widgets.view.reader import RunReader
from tests.view.fixture_runs import FixtureRun, make

METRIC = "episode_reward_mean"


def run(folder: Path, n: int) -> RunReader:
    fixture: FixtureRun = make(folder)
    fixture.start()
    for i in range(1, n + 1):
        fixture.result(i, i / 2, take_in=False)
    fixture.logger.log_metrics({"episode_reward_min": -1.0}, step=n, env_steps=n * 3000)
    fixture.take_in()
    reader = RunReader.of(fixture.run)
    reader.read()
    return reader


def rows(link: str) -> list[str]:
    content = re.search(r"base64,([^\"]*)\"", link)
    assert content is not None
    return base64.b64decode(content[1]).decode().splitlines()


def test_the_file_holds_all_points_and_not_those_that_are_drawn(tmp_path: Path) -> None:
    reader = run(tmp_path, 3000)
    found = curve_table.table(reader, METRIC, curve_table.MAX_ROWS)
    link = curve_table.download(found, reader.run_id)
    lines = rows(link)
    assert len(lines) == 3001
    header = f"time_s,attempt,iteration,env_steps,{METRIC},episode_reward_min"
    assert lines[0] == header
    assert lines[1].split(",")[1:] == ["1.0", "1.0", "3000.0", "0.5", ""]
    assert f'download="{reader.run_id}_{METRIC}.csv"' in link
    assert "3,000 values" in link


def test_a_file_that_is_cut_says_so(tmp_path: Path) -> None:
    reader = run(tmp_path, 30)
    link = curve_table.download(curve_table.table(reader, METRIC, 10), reader.run_id)
    assert len(rows(link)) == 11
    assert "the last 10 of 30 values" in link


def test_the_table_shows_the_newest_values_first(tmp_path: Path) -> None:
    reader = run(tmp_path, 60)
    shown = curve_table.html(curve_table.table(reader, METRIC, curve_table.SHOWN))
    assert "The last 50 of 60 values, newest first." in shown
    assert shown.count("<tr>") == 51
    assert shown.index("180,000") < shown.index("177,000")
    assert curve_table.html(curve_table.table(reader, "none", 5)).endswith("No value yet.</div>")


def test_a_name_is_one_for_every_file_system() -> None:
    assert (
        curve_table.file_name("run", "env_runners/<i>x</i>", "csv") == "run_env_runners_i_x_i_.csv"
    )
