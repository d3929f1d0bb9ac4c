"""Runs in every state, and what all forms of a view have to say of each."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from rl_widgets.store import statuses
from tests.view.fixture_runs import FixtureRun, make

HTML_NAME = "<script>alert('x')</script> & \"<b>bold</b>\""


def queued(folder: Path) -> FixtureRun:
    return make(folder, message="Waits for 2 nodes of 'worker-cpu': 1 of 4 is free.")


def empty(folder: Path) -> FixtureRun:
    run = make(folder)
    run.start()
    return run


def before_the_first_episode(folder: Path) -> FixtureRun:
    run = empty(folder)
    for i in range(1, 4):
        run.result(i, None)
    return run


def running(folder: Path) -> FixtureRun:
    run = empty(folder)
    for i in range(1, 41):
        run.result(i, None if i < 4 else -21 + i * 0.5, take_in=False)
    run.take_in()
    run.use_resources()
    run.write_log("first line\n\x1b[32m(IMPALA)\x1b[0m iteration 40\n")
    return run


def failed(folder: Path) -> FixtureRun:
    run = running(folder)
    error = {
        "message": "ValueError: no environment <Pong> (pong_rllib.py, line 31)",
        "type": "ValueError",
        "file": "pong_rllib.py",
        "line": 31,
    }
    run.end(statuses.FAILED, error, error["message"])
    return run


def canceled(folder: Path) -> FixtureRun:
    run = running(folder)
    run.end(statuses.CANCELED, message="Canceled by the user.")
    return run


def finished(folder: Path) -> FixtureRun:
    run = running(folder)
    run.end(statuses.COMPLETED)
    return run


def with_300_metrics(folder: Path) -> FixtureRun:
    run = running(folder)
    run.logger.log_metrics({f"learner/metric_{i}": i for i in range(300)}, step=40)
    run.take_in()
    return run


def not_a_number(folder: Path) -> FixtureRun:
    run = empty(folder)
    values = [1.0, math.nan, 2.0, math.inf, -math.inf, 4.0]
    for i, value in enumerate(values, 1):
        run.result(i, value, take_in=False)
    run.take_in()
    return run


def names_with_html(folder: Path) -> FixtureRun:
    run = make(folder, display_name=HTML_NAME, message="")
    run.start()
    run.logger.log_metrics({"<i>loss</i>": 1.0}, step=1)
    run.logger.log_metrics({"<i>loss</i>": 0.5}, step=2)
    run.take_in()
    run.write_log("<b>not bold</b>\n")
    return run


Make = Callable[[Path], FixtureRun]

#: What every form says, and what none may say.
GOLDEN: dict[str, tuple[Make, tuple[str, ...], tuple[str, ...]]] = {
    "queued": (
        queued,
        ("Queued", "Waits for 2 nodes of 'worker-cpu'", "The chart begins when"),
        ("episode_reward_mean:",),
    ),
    "empty": (empty, ("Running", "No result yet", "2 of 2 nodes alive", "worker-1"), ()),
    "before_the_first_episode": (
        before_the_first_episode,
        ("Running", "No episode has ended yet", "9,000"),
        (),
    ),
    "running": (
        running,
        (
            "Running",
            "120,000",
            "812",
            "-1.00",
            "reward -1.00 of 18",
            "0.93 of 2 cores",
            "iteration 40",
        ),
        ("Why it failed",),
    ),
    "failed": (
        failed,
        ("Failed", "ValueError: no environment <Pong> (pong_rllib.py, line 31)", "ran "),
        ("Running", "time left"),
    ),
    "canceled": (canceled, ("Canceled", "Canceled by the user.", "120,000"), ("Running",)),
    "finished": (finished, ("Completed", "120,000", "2 nodes"), ("Running", "time left")),
    "with_300_metrics": (with_300_metrics, ("Running", "120,000"), ("metric_7",)),
    "not_a_number": (
        not_a_number,
        ("3 of 6 values are NaN or infinite", "4.00"),
        (),
    ),
    "names_with_html": (names_with_html, (HTML_NAME, "<i>loss</i>", "<b>not bold</b>"), ()),
}
