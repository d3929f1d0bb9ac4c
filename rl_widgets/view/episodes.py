"""What a run's greedy evaluations found, and the videos of them."""

from __future__ import annotations

import math
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from rl_widgets.view import wording
from rl_widgets.view.events import Event
from rl_widgets.view.facts import Fact
from rl_widgets.view.series import Series

if TYPE_CHECKING:
    from rl_widgets.view.reader import RunReader

#: The series of an evaluation, whoever makes it: RLlib or our own process beside the training.
MEAN = "evaluation/episode_reward_mean"
LOWEST = "evaluation/episode_reward_min"
HIGHEST = "evaluation/episode_reward_max"
LENGTH = "evaluation/episode_len_mean"
EPISODES = "evaluation/episodes"
_SERIES = (MEAN, LOWEST, HIGHEST, LENGTH, EPISODES)

#: Evaluations that the table shows, the newest.
MAX_ROWS = 50
#: A video that is larger is not sent to a page.
MAX_BYTES = 4_000_000

#: Why a video was made: a word in the list (none for what is usual), and words beside it.
_REASONS = {
    "evaluation": ("", "at an evaluation"),
    "checkpoint": ("checkpoint", "at a checkpoint"),
    "end": ("end of training", "at the end of the training"),
}


@dataclass(frozen=True)
class EvaluationRow:
    """One evaluation in words."""

    env_steps: str
    reward: str
    span: str
    length: str
    episodes: str


@dataclass(frozen=True)
class VideoRow:
    """One video: `key` tells it from the others, `path` is relative to the run's folder.

    `label` is its line in the list, `about` what is said beside it while it plays; `missing` is a
    sentence where its file is gone.
    """

    key: int
    path: str
    label: str
    about: str
    reward: float | None
    size: int
    missing: str = ""


@dataclass(frozen=True)
class Episodes:
    """Evaluations and videos of a run, newest first; `message` says why there are none (yet)."""

    facts: tuple[Fact, ...] = ()
    rows: tuple[EvaluationRow, ...] = ()
    omitted: str = ""
    videos: tuple[VideoRow, ...] = ()
    videos_message: str = ""
    message: str = ""

    def video(self, key: int | None) -> VideoRow | None:
        """The video of a key."""
        return next((video for video in self.videos if video.key == key), None)


def episodes(reader: RunReader) -> Episodes:
    """What there is now. Raises `StoreError`."""
    with reader.lock:
        series = reader.several(_SERIES)
        events = [event for event in reader.events if event.kind == "video"]
        final = reader.record.final
        folder = reader.run_folder
    mean = series.get(MEAN)
    videos, removed = _videos(events, folder)
    if mean is None or not len(mean):
        return Episodes(
            videos=videos,
            videos_message=_videos_message(videos, removed, final),
            message=_no_evaluation(final),
        )
    rows = _rows(series)
    count = len(mean)
    omitted = f"The newest {MAX_ROWS} of {count:,} evaluations." if count > MAX_ROWS else ""
    return Episodes(
        facts=_facts(mean, series.get(EPISODES)),
        rows=rows,
        omitted=omitted,
        videos=videos,
        videos_message=_videos_message(videos, removed, final),
    )


def video_bytes(reader: RunReader, video: VideoRow) -> bytes | str:
    """A video as it is, or a sentence that says why it cannot be shown."""
    path = _inside(reader.run_folder, video.path)
    if path is None:
        return "The record names a file outside of the run's folder: it is not opened."
    try:
        # Followed links would lead anywhere: a video is a file, and no larger than it says.
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            return f"{video.path} is no file."
        if found.st_size > MAX_BYTES:
            return (
                f"The video has {_size(found.st_size)}, too much for a notebook: it is "
                f"{video.path} in the run's folder."
            )
        return path.read_bytes()
    except FileNotFoundError:
        return f"The video is gone: there is no {video.path} in the run's folder any more."
    except OSError as error:
        return f"The video cannot be read: {error.strerror or error} ({video.path})."


def _facts(mean: Series, counts: Series | None) -> tuple[Fact, ...]:
    values, steps = mean.column("value"), mean.column("env_steps")
    finite = np.flatnonzero(np.isfinite(values))
    if not len(finite):
        return (Fact("evaluations", "evaluations", wording.count(len(values))),)
    last, best = finite[-1], finite[np.argmax(values[finite])]
    played = None if counts is None else float(np.nansum(counts.column("value")))
    found = [
        Fact("last", f"last, at {_steps(steps[last])}", wording.number(float(values[last]))),
        Fact("best", f"best, at {_steps(steps[best])}", wording.number(float(values[best]))),
        Fact("evaluations", "evaluations", wording.count(len(values))),
    ]
    if played:
        found.append(Fact("episodes", "episodes played", wording.count(played)))
    return tuple(found)


def _rows(series: dict[str, Series]) -> tuple[EvaluationRow, ...]:
    mean = series[MEAN]
    rows = []
    others = {name: _by_time(found) for name, found in series.items() if name != MEAN}
    values, steps, times = (mean.column(c)[-MAX_ROWS:] for c in ("value", "env_steps", "time"))
    for value, step, when in zip(values.tolist(), steps.tolist(), times.tolist(), strict=True):
        beside = {name: found.get(when) for name, found in others.items()}
        low, high = beside.get(LOWEST), beside.get(HIGHEST)
        alone = low is None or high is None or low == high
        rows.append(
            EvaluationRow(
                env_steps=wording.count(step),
                reward=wording.number(value),
                span="—" if alone else f"{wording.number(low)} to {wording.number(high)}",
                length=wording.count(beside.get(LENGTH)),
                episodes=wording.count(beside.get(EPISODES)),
            )
        )
    return tuple(reversed(rows))


def _by_time(series: Series) -> dict[float, float]:
    # What one evaluation found was logged by one line, and has one time.
    return dict(
        zip(
            series.column("time")[-2 * MAX_ROWS :].tolist(),
            series.column("value")[-2 * MAX_ROWS :].tolist(),
            strict=True,
        )
    )


def _videos(events: list[Event], folder: Path) -> tuple[tuple[VideoRow, ...], int]:
    """The videos that are there, newest first, and how many were removed to make room."""
    there, removed = [], 0
    names = _names(folder, events)
    for i, event in enumerate(reversed(events)):
        row = _video(event)
        if row is None:
            continue
        if row.path not in names:
            # What is evenly spread loses its middle ones: only the newest is missed as a file.
            removed += 1
            if i:
                continue
            row = VideoRow(
                **{**row.__dict__, "missing": f"{row.path} is not in the run's folder any more."}
            )
        there.append(row)
    return tuple(there), removed


def _names(folder: Path, events: list[Event]) -> set[str]:
    """Paths of the files that are there, with one look into each folder that events name."""
    found = set()
    places = {PurePosixPath(str(e.details.get("path", ""))).parent.as_posix() for e in events}
    for place in places:
        inside = _inside(folder, place)
        if inside is None:
            continue
        try:
            found |= {f"{place}/{entry.name}" for entry in inside.iterdir()}
        except OSError:
            continue
    return found


def _video(event: Event) -> VideoRow | None:
    path = event.details.get("path")
    if not isinstance(path, str) or not path:
        return None
    reward, length = _float(event.details.get("reward")), _float(event.details.get("length"))
    size = int(_float(event.details.get("size")) or 0)
    reason = str(event.details.get("reason", ""))
    words = [f"{wording.count(event.env_steps)} env steps", f"reward {wording.number(reward)}"]
    if length is not None:
        words.append(f"{wording.count(length)} steps long")
    words.append(_REASONS.get(reason, ("", ""))[0])
    label = " · ".join(word for word in words if word)
    return VideoRow(event.id, path, label, _about(event, length, reason, size), reward, size)


def _about(event: Event, length: float | None, reason: str, size: int) -> str:
    """What the list does not tell, and a person does not see in the video itself."""
    why = _REASONS.get(reason, ("", wording.shown(reason, 30)))[1]
    parts = [
        f"A greedy episode with the weights of {wording.count(event.env_steps)} env steps, "
        f"recorded {wording.clock(event.time)}{f' {why}' if why else ''} ({_size(size)})."
    ]
    shown, speed = _float(event.details.get("shown")), _float(event.details.get("speed"))
    if length and shown and shown < length:
        parts.append(
            f"It shows the first {wording.count(shown)} of {wording.count(length)} env steps."
        )
    if event.details.get("cut") is True:
        parts.append("The episode did not end by itself: it was cut there.")
    if speed == 2:
        parts.append("It plays twice as fast as the game.")
    elif speed and speed != 1:
        parts.append(f"It plays {speed:g} times as fast.")
    return " ".join(parts)


def _videos_message(videos: tuple[VideoRow, ...], removed: int, final: bool) -> str:
    if videos:
        gone = removed - sum(1 for video in videos if video.missing)
        if gone <= 0:
            return ""
        were = "was" if gone == 1 else "were"
        return (
            f"{wording.plural(gone, 'other video')} {were} removed: the best, the first, the last "
            "and evenly spread ones are kept."
        )
    if final:
        return "There is no video of this run."
    return (
        "No video yet. Where the encoder is not installed, the log says how to get it: "
        'pip install "rl-widgets[video]".'
    )


def _no_evaluation(final: bool) -> str:
    if final:
        return "The policy of this run was not evaluated."
    return (
        "No evaluation yet: the first one comes after about a minute of training, the next ones "
        "every few minutes, beside the training."
    )


def _inside(folder: Path, relative: str) -> Path | None:
    path = PurePosixPath(relative)
    if path.is_absolute() or ".." in path.parts:
        return None
    return folder / path


def _float(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def _steps(value: float) -> str:
    return f"{wording.count(value)} env steps" if math.isfinite(value) else "an unknown step"


def _size(size: float) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3)):,} kB"
