"""Who a run is, how far it is, and why it failed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from rl_widgets.backend import servers
from rl_widgets.store import statuses
from rl_widgets.view.header import header
from rl_widgets.view.html import header as html_header
from rl_widgets.view.html import run as html
from rl_widgets.view.jupyter_server import page_of
from rl_widgets.view.progress import Criterion
from rl_widgets.view.reader import RunReader
from tests.view.fixture_runs import make


def criterion(name: str, fraction: float | None, remaining: float | None) -> Criterion:
    return Criterion(name, "text", 1.0, 2.0, fraction, remaining)


def test_the_time_left_by_each_criterion() -> None:
    assert criterion("episode_reward_mean", 0.5, 250).left() == "about 4 min left"
    assert criterion("time_total_s", 0.5, 1760).left() == "29 min left"
    assert criterion("episode_reward_mean", 0.5, None).left() == ""
    assert criterion("episode_reward_mean", 1.0, 0.0).left() == "reached"
    assert criterion("time_total_s", 0.5, 1760).left(over=True) == ""


def test_progress_is_a_bar_with_words(tmp_path: Path) -> None:
    fixture = make(tmp_path / "ws")
    fixture.start()
    for i in range(1, 21):
        fixture.result(i, -21.0 + i, take_in=False)
    fixture.take_in()
    found = html.criteria(RunReader.of(fixture.run).read())
    assert "reward -1.00 of 18" in found
    assert "time 40 s of 3,600 s" in found
    assert " · 59 min left" in found
    assert 'role="progressbar"' in found
    fixture.end(statuses.COMPLETED)
    assert " left" not in html.criteria(RunReader.of(fixture.run).read())


def test_the_way_to_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = html_header.ways("run_1", "/tmp/<x>")
    assert 'value="/tmp/&lt;x&gt;"' in found
    assert "ws.get_run(&quot;run_1&quot;)" in found
    # The page of the server that serves the workspace, by whatever name the notebook came.
    reader = RunReader.of(make(tmp_path / "ws").run)
    reader.read()
    assert html_header.page(page_of(reader, "open")) == ""
    reader.store.servers.add(servers.this_process("http://127.0.0.1:8888/a%40b/"))
    link = f'href="/a%40b/rl-widgets/open/{reader.run_id}"'
    assert link in html_header.page(page_of(reader, "open"))
    for name, value in (("VSCODE_PID", "1"), ("SERVER_SOFTWARE", "voila/0.5.8")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert page_of(reader, "open") == ""


def test_a_run_that_was_resumed_waits_since_then(tmp_path: Path) -> None:
    fixture = make(tmp_path / "ws", ago=100_000.0)
    fixture.start()
    fixture.result(1, 1.0)
    fixture.end(statuses.CANCELED)
    fixture.workspace.store.runs.reopen(fixture.run_id, 2, {})
    head = header(fixture.workspace.store.runs.get(fixture.run_id), time.time() + 5)
    assert 5 <= head.queued_s < 60


def test_a_failure_says_its_cause_first_even_of_a_long_traceback(tmp_path: Path) -> None:
    fixture = make(tmp_path / "ws")
    fixture.start()
    frames = "".join(f'  File "a.py", line {i}, in f\n    f({"x" * 600})\n' for i in range(500))
    trace = f"Traceback (most recent call last):\n{frames}RecursionError: <too> deep\n"
    fixture.write_log("step 1\nstep 2\n" + trace)
    error = {
        "message": "RecursionError: <too> deep",
        "file": "train/a.py",
        "line": 31,
        "traceback": trace,
    }
    fixture.end(statuses.FAILED, error)
    view = RunReader.of(fixture.run).read()
    found = html.failure(view)
    assert found.index("RecursionError: &lt;too&gt; deep") < found.index("a.py, line 31")
    assert found.index("a.py, line 31") < found.index("lines left out")
    assert found.count("RecursionError: &lt;too&gt; deep") == 3
    # The log ends with the same traceback: it is folded.
    assert "<details><summary>The last lines of driver_log.txt</summary>" in found
    assert len(found) < 40_000


def test_a_snapshots_file_is_named_without_where_ray_unpacked_it(tmp_path: Path) -> None:
    fixture = make(tmp_path / "ws")
    fixture.start()
    place = "/tmp/rlw-3f/h/session_1/runtime_resources/working_dir_files/_ray_pkg_36059b1a/a/b.py"
    trace = f'Traceback (most recent call last):\n  File "{place}", line 19, in f\nValueError: x\n'
    fixture.end(statuses.FAILED, {"message": "ValueError: x", "traceback": trace})
    failure = RunReader.of(fixture.run).read().failure
    assert failure is not None
    assert failure.traceback[1] == '  File "a/b.py", line 19, in f'


def test_a_failure_without_a_traceback_shows_the_log(tmp_path: Path) -> None:
    fixture = make(tmp_path / "ws")
    fixture.start()
    fixture.write_log("Segmentation fault\n")
    fixture.end(statuses.FAILED, {"message": "The script ended with SIGSEGV."})
    found = html.failure(RunReader.of(fixture.run).read())
    assert "<details open><summary>The last lines of driver_log.txt</summary>" in found
    assert "Segmentation fault" in found
