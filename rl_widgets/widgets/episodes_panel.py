"""The tab of evaluations and videos of the agent."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import ipywidgets

from rl_widgets.view import episodes
from rl_widgets.view.charts.marks import EventMark
from rl_widgets.view.episodes import Episodes
from rl_widgets.view.html import episodes as html_episodes
from rl_widgets.view.run_view import RunView
from rl_widgets.widgets.command_thread import Command
from rl_widgets.widgets.filling import Filling
from rl_widgets.widgets.panel import Panel, PanelContext, set_shown, set_value

#: Seconds between two looks at what there is; a choice is answered at once.
_PERIOD = 2.0
#: Lines of the list that are seen at once.
_LINES = 8


class EpisodesPanel(Panel):
    """Evaluations in figures, and one player for the video that a person chooses.

    A video's bytes go to the page only then; the player never starts by itself.
    """

    title = "Episodes"

    def __init__(self, context: PanelContext, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(context)
        self._clock = clock
        self._looked: float | None = None
        self._ended = False
        self._found = Episodes()
        #: What a person chose, and what the player has.
        self._chosen: int | None = None
        self._playing: int | None = None
        self._filling = Filling()
        self._build()

    def _build(self) -> None:
        self._evaluations = ipywidgets.HTML()
        self._evaluations.add_class("rlw-evaluation-figures")
        self._heading = ipywidgets.HTML()
        self._list = ipywidgets.Select(
            options=[], rows=_LINES, tooltip="Videos of the agent, newest first"
        )
        self._list.observe(self._on_choice, names="value")
        # JupyterLab takes the arrow keys for its cells, so a keyboard needs buttons for the list.
        self._newest = self._button(
            "Show the newest", "Load the newest video into the player", self.show_newest
        )
        self._newer = self._button(
            "Newer", "Load the video before this one in the list", lambda: self._move(-1)
        )
        self._older = self._button(
            "Older", "Load the video after this one in the list", lambda: self._move(1)
        )
        buttons = ipywidgets.HBox([self._newest, self._newer, self._older])
        self._message = ipywidgets.HTML()
        self._about = ipywidgets.HTML()
        self._player: ipywidgets.Video | None = None
        choice = ipywidgets.VBox([self._list, buttons, self._message])
        choice.add_class("rlw-video-list")
        # The player comes into the page with its first video.
        self._place = ipywidgets.VBox([self._about])
        self._place.add_class("rlw-video-place")
        self._videos = ipywidgets.Box([choice, self._place])
        self._videos.add_class("rlw-videos")
        self.widget = ipywidgets.VBox([self._evaluations, self._heading, self._videos])
        self.controls = (self._list, self._newest, self._newer, self._older)

    def _button(self, words: str, tooltip: str, command: Command) -> ipywidgets.Button:
        button = ipywidgets.Button(
            description=words, tooltip=tooltip, layout=ipywidgets.Layout(width="auto")
        )
        button.on_click(lambda _: self.context.post(command))
        return button

    def draw(self, view: RunView) -> None:
        now = self._clock()
        due = self._looked is None or now - self._looked >= _PERIOD
        if not due and view.final == self._ended:
            return
        # A run that has ended changes no more.
        if self._ended and view.final and self._looked is not None:
            return
        self._looked, self._ended = now, view.final
        self._found = episodes.episodes(self.context.reader)
        self._draw()

    def show(self, mark: EventMark) -> None:
        """Load the video of a mark into the player."""
        if self._found.video(mark.event) is None:
            # It may be newer than the last look.
            self._found = episodes.episodes(self.context.reader)
            self._draw()
        if self._found.video(mark.event) is not None:
            self.choose(mark.event)
            return
        self._chosen = self._playing = None
        self._fill()
        if self._player is not None:
            set_shown(self._player, False)
        self._say(f"{mark.text}: its file was removed to make room for others.")

    def show_newest(self) -> None:
        """Load the newest video into the player."""
        if self._found.videos:
            self.choose(self._found.videos[0].key)

    def _move(self, places: int) -> None:
        """Load the video so many places further down the list; from nowhere, the newest."""
        keys = [video.key for video in self._found.videos]
        if self._chosen not in keys:
            self.show_newest()
            return
        at = keys.index(self._chosen) + places
        self.choose(keys[min(max(at, 0), len(keys) - 1)])

    def choose(self, key: int) -> None:
        """Load a video into the player."""
        self._chosen = key
        self._fill()
        self._play()

    def _draw(self) -> None:
        set_value(self._evaluations, value=html_episodes.evaluations(self._found))
        set_value(self._heading, value=html_episodes.heading("Videos of the agent"))
        self._fill()
        words = html_episodes.note(self._found.videos_message)
        set_value(self._message, value=words)
        set_shown(self._message, bool(words))
        set_shown(self._list, bool(self._found.videos))
        set_shown(self._newest, bool(self._found.videos))
        for button in (self._newer, self._older):
            set_shown(button, len(self._found.videos) > 1)

    def _fill(self) -> None:
        """Show the list with what is chosen in it, and take that for no choice of a person."""
        options = tuple((video.label, video.key) for video in self._found.videos)
        chosen = self._chosen if self._found.video(self._chosen) else None
        if tuple(self._list.options) == options and self._list.value == chosen:
            return
        with self._filling, self._list.hold_sync():
            if tuple(self._list.options) != options:
                self._list.options = options
                self._list.rows = min(_LINES, max(2, len(options)))
            self._list.value = chosen

    def _on_choice(self, change: Any) -> None:
        if self._filling.here or change["new"] is None:
            return
        self._chosen = change["new"]
        self.context.post(self._play)

    def _play(self) -> None:
        """Hand the chosen video to the player; of several choices in a row, the last."""
        video = self._found.video(self._chosen)
        if video is None or video.key == self._playing:
            return
        data = video.missing or episodes.video_bytes(self.context.reader, video)
        if isinstance(data, str):
            self._playing = None
            if self._player is not None:
                set_shown(self._player, False)
            self._say(data)
            return
        self._playing = video.key
        self._load(data)
        self._say(video.about)

    def _load(self, data: bytes) -> None:
        if self._player is None:
            # With a tooltip of its own its view in the page fails (ipywidgets 8.1).
            self._player = ipywidgets.Video(
                value=data, format="mp4", autoplay=False, loop=False, controls=True
            )
            self._player.add_class("rlw-player")
            self._place.children = [self._player, self._about]
            return
        self._player.value = data
        set_shown(self._player, True)

    def _say(self, words: str) -> None:
        set_value(self._about, value=html_episodes.note(words))
