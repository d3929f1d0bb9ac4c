"""Pictures of an environment as a person sees it, while the policy sees what it was trained on."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from rl_widgets.rllib.atari import FRAMES_PER_STEP, make_vector_env
from rl_widgets.rllib.errors import VideoError

#: A screen of the Atari 2600, in pixels.
_SCREEN = {"height": 210, "width": 160}
#: Games run at 60 frames a second; at half of what a video can show, that is twice as fast.
_GAME_FRAMES_PER_S = 60.0


class Pictures(Protocol):
    """Makes a picture of an episode after its reset and after each step.

    `fps` pictures a second is how it is shown, `speed` times as fast as it is played; each pixel
    becomes `scale` x `scale`. Methods raise `VideoError`.
    """

    fps: float
    speed: float
    scale: int

    def reset(self, seed: int) -> Any: ...

    def step(self, action: Any) -> Any: ...

    def close(self) -> None: ...


class AtariPictures:
    """The screen in colours, from a second emulator that plays the same game with the same actions.

    ALE's vector environment draws nothing but what the policy sees. A twin with the same seed and
    actions goes through the same game (1.1 ms an env step), so that what the policy sees stays
    what it is, to the last pixel.
    """

    scale = 2
    fps = 2 * _GAME_FRAMES_PER_S / FRAMES_PER_STEP
    speed = 2.0

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        known = {key: value for key, value in settings.items() if key != "dim"}
        self._twin = make_vector_env(name, 1, {**known, "num_threads": 1}, screen=_SCREEN)

    def reset(self, seed: int) -> Any:
        frames, _ = self._twin.reset(seed=seed)
        return frames[0, 0]

    def step(self, action: Any) -> Any:
        frames, *_ = self._twin.step(np.asarray(action))
        return frames[0, 0]

    def close(self) -> None:
        self._twin.close()


class RenderedPictures:
    """What the environment itself draws: `render()` with `render_mode="rgb_array"`."""

    scale = 1
    speed = 1.0

    def __init__(self, env: Any) -> None:
        """`env`: the vector environment with one copy. Raises `VideoError` if it draws nothing."""
        copies = getattr(env.unwrapped, "envs", None)
        self._env = copies[0] if copies else env.unwrapped
        inner = getattr(self._env, "unwrapped", self._env)
        modes = list((getattr(inner, "metadata", None) or {}).get("render_modes") or [])
        if getattr(inner, "render_mode", None) != "rgb_array":
            if "rgb_array" not in modes:
                raise VideoError(
                    "Evaluation records no videos: the environment draws no pictures (it has no "
                    'render_mode "rgb_array").'
                )
            # This copy is the evaluation's own. It was made as the training makes its own, and
            # what it draws with is chosen when it first draws.
            with contextlib.suppress(AttributeError):
                inner.render_mode = "rgb_array"
        fps = (getattr(inner, "metadata", None) or {}).get("render_fps")
        self.fps = float(fps) if isinstance(fps, (int, float)) and fps > 0 else 30.0

    def reset(self, seed: int) -> Any:
        return self._draw()

    def step(self, action: Any) -> Any:
        return self._draw()

    def close(self) -> None:
        """The environment is the player's."""

    def _draw(self) -> Any:
        try:
            drawn = self._env.render()
        except Exception as error:  # whatever it is, the evaluation goes on
            raise VideoError(
                f"Evaluation records no videos: the environment cannot be drawn. {error}"
            ) from error
        if isinstance(drawn, (list, tuple)) and drawn:
            drawn = drawn[-1]
        if drawn is None:
            raise VideoError("Evaluation records no videos: the environment draws no pictures.")
        return drawn
