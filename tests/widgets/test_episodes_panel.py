"""The tab of evaluations and videos without a browser."""

from __future__ import annotations

import ipywidgets

from rl_widgets.store import statuses
from rl_widgets.view.charts.marks import EventMark
from rl_widgets.view.reader import RunReader
from rl_widgets.widgets.episodes_panel import EpisodesPanel
from rl_widgets.widgets.panel import PanelContext
from tests.view.fixture_runs import FixtureRun
from tests.view.test_episodes import evaluate, record
from tests.widgets.conftest import Messages


class Tab:
    """The panel on a thread of its own that is this one, and a clock that goes on by hand."""

    def __init__(self, fixture: FixtureRun) -> None:
        self.fixture = fixture
        self.now = 0.0
        self.reader = RunReader.of(fixture.run)
        context = PanelContext(fixture.run, self.reader, lambda command: command(), lambda _: None)
        self.panel = EpisodesPanel(context, clock=lambda: self.now)
        self.draw()

    def draw(self, after: float = 3.0) -> None:
        self.now += after
        self.fixture.take_in()
        self.panel.draw(self.reader.read())

    def find(self, kind: type) -> list[ipywidgets.Widget]:
        def all_of(widget: ipywidgets.Widget) -> list[ipywidgets.Widget]:
            below = [all_of(child) for child in getattr(widget, "children", ())]
            return [widget, *(w for some in below for w in some)]

        return [w for w in all_of(self.panel.widget) if isinstance(w, kind)]

    @property
    def choice(self) -> ipywidgets.Select:
        return self.find(ipywidgets.Select)[0]

    @property
    def words(self) -> str:
        return " ".join(w.value for w in self.find(ipywidgets.HTML))

    def player(self) -> ipywidgets.Video:
        [player] = self.find(ipywidgets.Video)
        return player


def test_nothing_of_a_video_is_sent_before_a_person_chooses(
    fixture: FixtureRun, messages: Messages
) -> None:
    evaluate(fixture, 1, -21.0)
    record(fixture, 1, b"first video")
    tab = Tab(fixture)
    record(fixture, 2, b"second video")
    tab.draw()
    assert [label.split(" ")[0] for label, _ in tab.choice.options] == ["2,000", "1,000"]
    assert tab.choice.value is None
    assert tab.find(ipywidgets.Video) == []
    assert "-21.00" in tab.words
    tab.find(ipywidgets.Button)[0].click()
    player = tab.player()
    assert bytes(player.value) == b"second video"
    assert (player.autoplay, player.loop, player.controls) == (False, False, True)
    assert tab.choice.label.startswith("2,000 env steps")


def test_one_player_is_used_again(fixture: FixtureRun, messages: Messages) -> None:
    for i in (1, 2, 3):
        record(fixture, i, f"video {i}".encode())
    tab = Tab(fixture)
    tab.choice.index = 2
    player = tab.player()
    assert bytes(player.value) == b"video 1"
    messages.clear()
    tab.choice.index = 0
    assert tab.player() is player
    assert bytes(player.value) == b"video 3"
    # The bytes are no part of a message's state, so all messages count.
    assert len([m for m in messages if m.comm_id == player.comm.comm_id]) == 1
    # The same one again is not sent again.
    messages.clear()
    tab.find(ipywidgets.Button)[0].click()
    assert not [m for m in messages if m.comm_id == player.comm.comm_id]


def test_buttons_go_through_the_list(fixture: FixtureRun, messages: Messages) -> None:
    for i in (1, 2, 3):
        record(fixture, i, f"video {i}".encode())
    tab = Tab(fixture)
    newest, newer, older = tab.find(ipywidgets.Button)
    shown = []
    for button in (older, older, older, older, newer, newest, newer):
        button.click()
        shown.append(bytes(tab.player().value)[-1:])
        assert tab.choice.label.startswith(f"{shown[-1].decode()},000")
    assert b"".join(shown) == b"3211233"


def test_a_new_video_changes_neither_the_choice_nor_the_player(
    fixture: FixtureRun, messages: Messages
) -> None:
    record(fixture, 1, b"video 1")
    record(fixture, 2, b"video 2")
    tab = Tab(fixture)
    tab.choice.index = 1
    label = tab.choice.label
    messages.clear()
    record(fixture, 3, b"video 3")
    tab.draw()
    assert tab.choice.label == label
    assert len(tab.choice.options) == 3
    assert bytes(tab.player().value) == b"video 1"
    assert not [m for m in messages if m.comm_id == tab.player().comm.comm_id]
    assert len([m for m in messages.updates() if m.comm_id == tab.choice.comm.comm_id]) == 1


def test_a_quiet_run_sends_nothing(fixture: FixtureRun, messages: Messages) -> None:
    evaluate(fixture, 1, -21.0)
    record(fixture, 1)
    tab = Tab(fixture)
    tab.choice.index = 0
    tab.draw()
    messages.clear()
    for _ in range(5):
        tab.draw()
    tab.draw(after=0.1)
    assert messages == []
    fixture.end(statuses.COMPLETED)
    tab.draw(after=0.1)
    messages.clear()
    tab.draw()
    assert messages == []


def test_a_video_whose_file_is_gone_is_said(fixture: FixtureRun, messages: Messages) -> None:
    for i in (1, 2):
        record(fixture, i, f"video {i}".encode())
    tab = Tab(fixture)
    (fixture.folder / "head/videos/2.mp4").unlink()
    tab.choice.index = 0
    assert tab.find(ipywidgets.Video) == []
    assert "gone" in tab.words
    tab.choice.index = 1
    assert bytes(tab.player().value) == b"video 1"
    assert "gone" not in tab.words
    tab.draw()
    tab.choice.index = 0
    assert tab.player().layout.display == "none"
    # Back to the one that is there.
    tab.choice.index = 1
    assert tab.player().layout.display is None


def test_a_mark_on_the_curve_loads_its_video(fixture: FixtureRun, messages: Messages) -> None:
    tab = Tab(fixture)
    for i in (1, 2, 3):
        record(fixture, i, f"video {i}".encode())
    fixture.take_in()
    tab.reader.read()
    first, second, _ = [e.id for e in tab.reader.events if e.kind == "video"]
    # It is newer than the panel's last look.
    tab.panel.show(EventMark("video", 0.0, 0.0, "Video", "Episodes", event=second))
    assert bytes(tab.player().value) == b"video 2"
    assert tab.choice.value == second
    (fixture.folder / "head/videos/1.mp4").unlink()
    tab.draw()
    tab.panel.show(EventMark("video", 0.0, 0.0, "<b>Video", "Episodes", event=first))
    assert tab.player().layout.display == "none"
    assert "&lt;b&gt;Video: its file was removed" in tab.words


def test_before_the_first_one(fixture: FixtureRun, messages: Messages) -> None:
    tab = Tab(fixture)
    assert "No evaluation yet" in tab.words
    assert "No video yet" in tab.words
    assert tab.choice.layout.display == "none"
    tab.find(ipywidgets.Button)[0].click()
    record(fixture, 1)
    tab.draw()
    assert tab.choice.layout.display is None
    assert tab.choice.value is None
