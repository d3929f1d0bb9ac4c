"""Videos of an agent: what is written, how large, and which are kept."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from rl_widgets.rllib import video
from rl_widgets.rllib.atari import make_vector_env
from rl_widgets.rllib.errors import VideoError
from rl_widgets.rllib.pictures import AtariPictures
from rl_widgets.rllib.video import VideoFile, VideoWriter, files_in, new_name, surplus


def read(path: Path) -> tuple[list[np.ndarray], str, float]:
    """Frames, codec and frames a second of a video."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        return frames, stream.codec_context.name, float(stream.average_rate)


def test_frames_come_back_out_of_the_video(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.mp4"
    writer = VideoWriter(tmp_path / "new" / ".partial.mp4", fps=30, scale=2)
    frame = np.zeros((210, 160, 3), np.uint8)
    frame[:, :80] = (200, 30, 30)
    for _ in range(45):
        writer.add(frame)
    assert not path.exists(), "what is not whole has no name yet"
    size = writer.close(path)
    assert size == path.stat().st_size < video.MAX_BYTES
    assert writer.seconds == 1.5
    frames, codec, fps = read(path)
    assert (len(frames), codec, fps) == (45, "h264", 30.0)
    assert frames[0].shape == (420, 320, 3)
    assert abs(frames[20][200, 40].astype(int) - (200, 30, 30)).max() < 12
    assert [file.name for file in path.parent.iterdir()] == ["a.mp4"]


def test_noise_stays_below_two_megabytes(tmp_path: Path) -> None:
    # The worst that there is: nothing of a frame can be foretold.
    dice = np.random.default_rng(0)
    writer = VideoWriter(tmp_path / ".partial.mp4", fps=30)
    while not writer.full:
        writer.add(dice.integers(0, 256, (240, 320, 3), np.uint8))
    assert 0 < writer.close(tmp_path / "noise.mp4") <= video.MAX_BYTES
    assert writer.frames <= video.MAX_FRAMES


def test_a_video_is_half_a_minute_at_most(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / ".partial.mp4", fps=10)
    for _ in range(400):
        writer.add(np.zeros((16, 16, 3), np.uint8))
    writer.close(tmp_path / "a.mp4")
    assert writer.frames == 300
    assert writer.seconds == video.MAX_SECONDS


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((33, 17), (32, 16)), ((1, 1), (2, 2)), ((900, 1300, 3), (300, 434)), ((64, 64, 4), (64, 64))],
)
def test_sizes_that_the_format_wants(
    tmp_path: Path, shape: tuple[int, ...], expected: tuple[int, int]
) -> None:
    writer = VideoWriter(tmp_path / ".partial.mp4", fps=30)
    writer.add(np.full(shape, 90, np.uint8))
    writer.close(tmp_path / "a.mp4")
    frames, _, _ = read(tmp_path / "a.mp4")
    assert frames[0].shape[:2] == expected


@pytest.mark.parametrize(
    "frame", [np.zeros((4, 4, 3)), np.zeros((3, 4, 5), np.uint8), "no frame", np.zeros(3, np.uint8)]
)
def test_what_is_no_picture_is_said(tmp_path: Path, frame: object) -> None:
    writer = VideoWriter(tmp_path / ".partial.mp4", fps=30)
    with pytest.raises(VideoError, match="shape"):
        writer.add(frame)
    assert writer.close(tmp_path / "b.mp4") == 0
    assert not list(tmp_path.iterdir())


def test_pictures_of_two_sizes_are_no_video(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / ".partial.mp4", fps=30)
    writer.add(np.zeros((16, 16, 3), np.uint8))
    with pytest.raises(VideoError, match="change their size"):
        writer.add(np.zeros((16, 18, 3), np.uint8))
    writer.discard()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    writer = VideoWriter(tmp_path / "file" / "a.mp4", fps=30)
    with pytest.raises(VideoError, match="cannot be made here"):
        writer.add(np.zeros((16, 16, 3), np.uint8))


@pytest.mark.parametrize("reward", [-21.0, 0.0, 1e-7, 123456789.0, math.inf, math.nan])
def test_a_name_tells_what_the_video_is_of(tmp_path: Path, reward: float) -> None:
    (tmp_path / new_name(2, 120_320, reward)).write_bytes(b"")
    (tmp_path / ".partial-1-other.mp4").write_bytes(b"")
    [file] = files_in(tmp_path)
    assert (file.attempt, file.env_steps) == (2, 120_320)
    assert file.reward == pytest.approx(reward, rel=1e-5, nan_ok=True)
    assert files_in(tmp_path / "none") == []


def files(*rewards: float) -> list[VideoFile]:
    return [VideoFile(f"{i}", 1, i * 1000, reward) for i, reward in enumerate(rewards)]


def test_first_best_last_and_evenly_spread_ones_are_kept() -> None:
    kept = files(*range(5))
    best = 0
    for i in range(5, 200):
        # The best one is early and would long be gone.
        reward = 1000.0 if i == 7 else float(i % 11)
        kept.append(VideoFile(str(i), 1, i * 1000, reward))
        for gone in surplus(kept, 10):
            kept.remove(gone)
        assert len(kept) <= 10
        assert kept[0].env_steps == 0
        assert kept[-1].env_steps == i * 1000
        best = max(best, max(file.reward for file in kept))
    assert best == 1000.0
    assert any(file.reward == 1000.0 for file in kept)
    steps = [file.env_steps for file in kept if file.reward != 1000.0]
    gaps = np.diff(steps)
    assert gaps.max() <= 4 * 200_000 / 9


@pytest.mark.parametrize(("keep", "names"), [(1, {"4"}), (2, {"1", "4"}), (3, {"0", "1", "4"})])
def test_few_are_kept(keep: int, names: set[str]) -> None:
    given = files(1, 9, 2, 3, 4)
    gone = {file.name for file in surplus(given, keep)}
    assert {file.name for file in given} - gone == names


@pytest.mark.parametrize("name", ["PongNoFrameskip-v4", "ALE/Breakout-v5"])
def test_the_screen_shows_the_game_that_the_policy_plays(name: str) -> None:
    seen = make_vector_env(name, 1, {"dim": 84})
    pictures = AtariPictures(name, {"dim": 84, "num_threads": 4})
    dice = np.random.default_rng(3)
    observations, _ = seen.reset(seed=11)
    screen = pictures.reset(11)
    try:
        for _ in range(300):
            assert screen.shape == (210, 160, 3)
            # Scaled down by the eye of a person: the same picture as the policy's newest one.
            grey = screen @ np.array([0.299, 0.587, 0.114])
            rows = np.linspace(0, 209, 84).astype(int)
            columns = np.linspace(0, 159, 84).astype(int)
            small = grey[rows][:, columns]
            policy = observations[0, -1].astype(float)
            if small.std() > 5:
                assert np.corrcoef(small.ravel(), policy.ravel())[0, 1] > 0.8
            action = dice.integers(0, seen.single_action_space.n, 1)
            observations, _, over, cut, _ = seen.step(action)
            screen = pictures.step(action)
            if over[0] or cut[0]:
                break
    finally:
        seen.close()
        pictures.close()
