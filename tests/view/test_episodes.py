"""What is said of evaluations and videos."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from rl_widgets.store import statuses
from rl_widgets.view.episodes import MAX_BYTES, MAX_ROWS, Episodes, episodes, video_bytes
from rl_widgets.view.html import episodes as html_episodes
from rl_widgets.view.reader import RunReader
from tests.view.fixture_runs import FixtureRun, make


@pytest.fixture
def fixture(tmp_path: Path) -> FixtureRun:
    run = make(tmp_path / "ws")
    run.start()
    return run


def evaluate(run: FixtureRun, i: int, reward: float, span: float = 0.0) -> None:
    run.logger.log_metrics(
        {
            "evaluation/episode_reward_mean": reward,
            "evaluation/episode_reward_min": reward - span,
            "evaluation/episode_reward_max": reward + span,
            "evaluation/episode_len_mean": 1200,
            "evaluation/episodes": 3 if span else 1,
        },
        step=i,
        env_steps=i * 1000,
    )


def record(run: FixtureRun, i: int, data: bytes | None = b"a video", **details: Any) -> str:
    path = f"head/videos/{i}.mp4"
    if data is not None:
        (run.folder / "head" / "videos").mkdir(parents=True, exist_ok=True)
        (run.folder / path).write_bytes(data)
    values = {
        "path": path, "size": len(data or b"") or 85_000, "reward": -21 + i, "length": 1204,
        "shown": 900, "seconds": 30.0, "speed": 2.0, "cut": False, "reason": "evaluation",
    } | details  # fmt: skip
    run.logger.log_event("video", "Video", step=i, env_steps=i * 1000, **values)
    return path


def read(run: FixtureRun) -> tuple[Episodes, RunReader]:
    run.take_in()
    reader = RunReader.of(run.run)
    reader.read()
    return episodes(reader), reader


def test_before_the_first_evaluation(fixture: FixtureRun) -> None:
    found, _ = read(fixture)
    assert found.videos == ()
    assert found.rows == ()
    assert "after about a minute" in found.message
    assert "rl-widgets[video]" in found.videos_message
    fixture.end(statuses.COMPLETED)
    found, _ = read(fixture)
    assert "was not evaluated" in found.message
    assert "no video" in found.videos_message


def test_evaluations_newest_first(fixture: FixtureRun) -> None:
    for i, reward in enumerate((-21.0, -3.5, -9.25), 1):
        evaluate(fixture, i, reward, span=2.0 if i == 2 else 0.0)
    found, _ = read(fixture)
    assert found.message == ""
    facts = {fact.name: (fact.label, fact.text) for fact in found.facts}
    assert facts["last"] == ("last, at 3,000 env steps", "-9.25")
    assert facts["best"] == ("best, at 2,000 env steps", "-3.50")
    assert facts["evaluations"][1] == "3"
    assert facts["episodes"][1] == "5"
    assert [row.env_steps for row in found.rows] == ["3,000", "2,000", "1,000"]
    assert [row.span for row in found.rows] == ["—", "-5.50 to -1.50", "—"]
    assert found.rows[1].length == "1,200"


def test_an_evaluation_that_is_no_number(fixture: FixtureRun) -> None:
    evaluate(fixture, 1, math.nan)
    found, _ = read(fixture)
    assert [fact.name for fact in found.facts] == ["evaluations"]
    assert found.rows[0].reward == "NaN"
    html_episodes.evaluations(found)


def test_many_evaluations(fixture: FixtureRun) -> None:
    for i in range(1, 121):
        evaluate(fixture, i, float(i), span=1.0)
    found, _ = read(fixture)
    assert len(found.rows) == MAX_ROWS
    assert found.rows[0].span == "119.0 to 121.0"
    assert found.omitted == "The newest 50 of 120 evaluations."


def test_videos_newest_first_in_words(fixture: FixtureRun) -> None:
    first = record(fixture, 1)
    record(fixture, 2, b"x" * 1_200_000, reason="checkpoint", length=800, shown=800, speed=1.0)
    found, reader = read(fixture)
    newest, oldest = found.videos
    assert newest.label == "2,000 env steps · reward -19.00 · 800 steps long · checkpoint"
    assert oldest.label == "1,000 env steps · reward -20.00 · 1,204 steps long"
    assert "at a checkpoint (1.2 MB)." in newest.about
    assert "twice as fast" not in newest.about
    assert "first 900 of 1,204 env steps" in oldest.about
    assert "twice as fast" in oldest.about
    assert oldest.path == first
    assert video_bytes(reader, oldest) == b"a video"
    assert found.video(oldest.key) == oldest
    assert found.video(None) is None


def test_videos_that_made_room_for_others(fixture: FixtureRun) -> None:
    for i in range(1, 6):
        record(fixture, i, None if i in (2, 3) else b"a video")
    found, _ = read(fixture)
    assert [video.label.split(" ")[0] for video in found.videos] == ["5,000", "4,000", "1,000"]
    assert found.videos_message.startswith("2 other videos were removed")


def test_a_file_that_is_gone_is_said(fixture: FixtureRun) -> None:
    record(fixture, 1)
    path = record(fixture, 2, None)
    found, reader = read(fixture)
    assert path in found.videos[0].missing
    assert found.videos_message == ""
    (fixture.folder / "head/videos/1.mp4").unlink()
    gone = video_bytes(reader, found.videos[1])
    assert isinstance(gone, str)
    assert "gone" in gone


def test_only_files_of_the_run_are_opened(fixture: FixtureRun, tmp_path: Path) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"secret")
    record(fixture, 1, None, path=str(secret))
    record(fixture, 2, None, path="../../../secret.mp4")
    (fixture.folder / "head" / "videos").mkdir(parents=True)
    (fixture.folder / "head/videos/3.mp4").symlink_to(secret)
    record(fixture, 3, None)
    record(fixture, 4, b"x" * (MAX_BYTES + 1))
    record(fixture, 5, None, path=7)
    record(fixture, 6, b"ok", reward="<b>", length=None, size=None, shown="no")
    found, reader = read(fixture)
    for video in found.videos[1:]:
        assert isinstance(video_bytes(reader, video), str)
    assert video_bytes(reader, found.videos[0]) == b"ok"
    assert "reward —" in found.videos[0].label


def test_names_with_html_are_text(fixture: FixtureRun) -> None:
    evaluate(fixture, 1, 1.0)
    record(fixture, 1, None, reason="<img src=x>", path="head/videos/<b>.mp4")
    found, _ = read(fixture)
    assert "<img" not in html_episodes.note(found.videos[0].missing)
    assert "<b>" not in html_episodes.note(found.videos[0].missing)
