"""Short videos of an agent: frames in, H.264 in an mp4 out, small enough to go into a notebook.

The encoder is PyAV (`pip install "rl-widgets[video]"`). It is BSD-licensed; its wheels carry an
FFmpeg with x264, which are under the GPL.
"""

from __future__ import annotations

import contextlib
import importlib.util
import math
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rl_widgets.rllib.errors import VideoError

#: Where they lie, relative to the run's folder.
FOLDER = "head/videos"
#: What a video lasts at most, in seconds and in frames, whichever is less.
MAX_SECONDS = 30.0
MAX_FRAMES = 900
MAX_FPS = 30.0
#: What a video holds at most. Past the first figure no frame is taken in; those that wait in the
#: encoder (its look-ahead) and the index come on top and stay below the second.
FULL_BYTES = 1_400_000
MAX_BYTES = 2_000_000
#: Larger pictures are thinned to this edge length in pixels.
MAX_EDGE = 640

HOW_TO_INSTALL = (
    "Evaluation records no videos: PyAV, which encodes them, is not installed where the training "
    'runs. pip install "rl-widgets[video]" brings it.'
)

#: veryfast: 0.4 to 1.1 s of CPU for 900 frames of a game, and larger by a few kB than medium.
_X264 = {"preset": "veryfast", "crf": "23", "tune": "animation", "maxrate": "420k",
         "bufsize": "840k"}  # fmt: skip

Frame = npt.NDArray[np.uint8]


def encoder_installed() -> bool:
    """Whether videos can be made here."""
    return importlib.util.find_spec("av") is not None


class VideoWriter:
    """Encodes frames as they come, into `partial`; `close` gives the video its name.

    Frames are uint8, (height, width, 3) or (height, width), all of one size; each of their pixels
    becomes `scale` x `scale` of the video. Raises `VideoError` for other frames and for a disk that
    takes no more.
    """

    def __init__(self, partial: Path, fps: float, scale: int = 1) -> None:
        self.fps = float(round(min(max(fps, 1.0), MAX_FPS)))
        self.frames = 0
        self._partial = partial
        self._scale = scale
        self._limit = min(MAX_FRAMES, math.floor(MAX_SECONDS * self.fps))
        self._shape: tuple[int, ...] = ()
        self._written = 0
        self._container: Any = None
        self._stream: Any = None

    @property
    def full(self) -> bool:
        """Whether no more frames are taken in."""
        return self.frames >= self._limit or self._written >= FULL_BYTES

    @property
    def seconds(self) -> float:
        """What it lasts."""
        return self.frames / self.fps

    def add(self, frame: Any) -> None:
        """Append a frame, unless the video is full."""
        if self.full:
            return
        import av

        pixels = _rgb(frame)
        if self._stream is None:
            self._shape = pixels.shape
            self._open(*_fitted(pixels, self._scale).shape[:2])
        elif pixels.shape != self._shape:
            raise VideoError(
                f"The pictures of the environment change their size, from {self._shape} to "
                f"{pixels.shape}: there is no video of this episode."
            )
        picture = av.VideoFrame.from_ndarray(_fitted(pixels, self._scale), format="rgb24")
        self._encode(picture)
        self.frames += 1

    def close(self, path: Path) -> int:
        """Finish the video and call it `path`; returns its size in bytes, 0 without a frame."""
        if self._container is None:
            return 0
        try:
            self._encode(None)
            self._container.close()
            self._container = None
            os.replace(self._partial, path)
            return path.stat().st_size
        except OSError as error:
            raise VideoError(f"The video cannot be written: {error.strerror or error}.") from error
        finally:
            self.discard()

    def discard(self) -> None:
        """Leave nothing of a video that is not whole."""
        if self._container is not None:
            with contextlib.suppress(Exception):  # the index of a broken file
                self._container.close()
            self._container = None
        with contextlib.suppress(OSError):
            self._partial.unlink()

    def _open(self, height: int, width: int) -> None:
        import av

        try:
            self._partial.parent.mkdir(parents=True, exist_ok=True)
            self._container = av.open(
                str(self._partial), "w", format="mp4", options={"movflags": "+faststart"}
            )
            stream = self._container.add_stream("libx264", rate=int(self.fps))
        except (OSError, ValueError, av.FFmpegError) as error:
            self.discard()
            raise VideoError(f"A video cannot be made here: {error}.") from error
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = _X264
        # One thread: the cores are the training's.
        stream.codec_context.thread_count = 1
        self._stream = stream

    def _encode(self, picture: Any) -> None:
        import av

        try:
            for packet in self._stream.encode(picture):
                self._written += packet.size
                self._container.mux(packet)
        except (OSError, av.FFmpegError) as error:
            self.discard()
            raise VideoError(f"The video cannot be written: {error}.") from error


def _rgb(frame: Any) -> Frame:
    pixels = np.asarray(frame)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise VideoError(
            f"The environment draws pictures of shape {pixels.shape} and type {pixels.dtype}; a "
            "video takes uint8 of shape (height, width, 3): there are no videos of it."
        )
    return pixels[:, :, :3]


def _fitted(pixels: Frame, scale: int) -> Frame:
    """Scaled by whole numbers, and cut to even edges, as H.264's colours want them."""
    every = math.ceil(max(pixels.shape[:2]) * scale / MAX_EDGE)
    if scale > 1:
        pixels = pixels.repeat(scale, axis=0).repeat(scale, axis=1)
    pixels = pixels[::every, ::every]
    height, width = (max(2, edge - edge % 2) for edge in pixels.shape[:2])
    if pixels.shape[0] < height or pixels.shape[1] < width:
        pixels = np.pad(
            pixels,
            ((0, height - pixels.shape[0]), (0, width - pixels.shape[1]), (0, 0)),
            mode="edge",
        )
    return np.ascontiguousarray(pixels[:height, :width])


# -- which are kept --------------------------------------------------------------------------------

_NAME = re.compile(
    r"^attempt-(?P<attempt>\d+)-steps-(?P<steps>\d+)-reward(?P<reward>[-+][^-]\S*)-[0-9a-f]{6}\.mp4$"
)


@dataclass(frozen=True)
class VideoFile:
    """What the name of a video tells: the attempt, the env steps of its weights, its reward."""

    name: str
    attempt: int
    env_steps: int
    reward: float


def new_name(attempt: int, env_steps: int, reward: float) -> str:
    """A name for a new video, which `files_in` can read."""
    rounded = f"{reward:+.6g}"
    return f"attempt-{attempt}-steps-{env_steps:012d}-reward{rounded}-{secrets.token_hex(3)}.mp4"


def files_in(folder: Path) -> list[VideoFile]:
    """The whole videos in a folder, in the order of training."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for path in folder.iterdir():
            match = _NAME.match(path.name)
            if match:
                attempt, steps = int(match["attempt"]), int(match["steps"])
                found.append(VideoFile(path.name, attempt, steps, float(match["reward"])))
    return sorted(found, key=lambda file: (file.attempt, file.env_steps, file.name))


def surplus(files: Sequence[VideoFile], keep: int) -> list[VideoFile]:
    """Those to delete: kept are the first, the best, the last, and evenly spread ones."""
    kept = list(files)
    gone: list[VideoFile] = []
    while len(kept) > max(1, keep):
        best = max(kept, key=lambda file: (_ranked(file.reward), file.attempt, file.env_steps))
        if keep < 3:
            # No room for spreading: the last, then the best.
            inner = [file for file in kept[:-1] if file is not best or keep < 2]
            chosen = inner[0]
        else:
            inner = [file for file in kept[1:-1] if file is not best]
            # Without it, the gap that opens is the smallest.
            place = {file.name: i for i, file in enumerate(kept)}
            chosen = min(
                inner,
                key=lambda file: (
                    kept[place[file.name] + 1].env_steps - kept[place[file.name] - 1].env_steps
                ),
            )
        kept.remove(chosen)
        gone.append(chosen)
    return gone


def _ranked(reward: float) -> float:
    return -math.inf if math.isnan(reward) else reward
