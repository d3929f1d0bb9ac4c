"""The tab of the logs without a browser: what is shown, and how little is sent."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import ipywidgets
import pytest

from rl_widgets.store import statuses
from rl_widgets.view.reader import RunReader
from rl_widgets.widgets.log_panel import LogPanel
from rl_widgets.widgets.panel import PanelContext
from tests.view.fixture_runs import FixtureRun
from tests.widgets.conftest import Clock, Messages, wait_until


class Panel:
    """A panel whose commands are carried out at once, under a lock in place of a thread."""

    def __init__(self, fixture: FixtureRun) -> None:
        self.fixture = fixture
        self.clock = Clock()
        self.lock = threading.RLock()
        self.reader = RunReader.of(fixture.run)
        self.context = PanelContext(fixture.run, self.reader, self._post, lambda _: None)
        self.panel = LogPanel(self.context, self.clock)

    def _post(self, command: Callable[[], None]) -> None:
        with self.lock:
            command()

    def draw(self, seconds: float = 1.0) -> None:
        self.clock.now += seconds
        with self.lock:
            self.panel.draw(self.reader.read())

    def all(self, kind: type[ipywidgets.Widget]) -> list[ipywidgets.Widget]:
        def below(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
            yield widget
            for child in getattr(widget, "children", ()):
                yield from below(child)

        return [w for w in below(self.panel.widget) if isinstance(w, kind)]

    def shown(self) -> list[str]:
        values = [w.value for w in self.all(ipywidgets.HTML) if "rlw-lines" in w.value]
        return unescape(re.sub("<.*?>", "", "".join(values))).splitlines()

    def said(self) -> str:
        values = [w.value for w in self.all(ipywidgets.HTML) if "rlw-lines" not in w.value]
        return unescape(re.sub("<.*?>", " ", " ".join(values)))

    def press(self, words: str) -> None:
        self.button(words).click()

    def button(self, words: str) -> ipywidgets.Button:
        return next(w for w in self.all(ipywidgets.Button) if w.description == words)

    def search(self, text: str, regex: bool = False) -> None:
        with self.lock:
            toggles = {w.description: w for w in self.all(ipywidgets.ToggleButton)}
            toggles["Regex"].value = regex
            self.all(ipywidgets.Text)[0].value = text
        search = self.panel._search._search
        if search is not None:
            wait_until(lambda: search.done and not search.alive, "the end of the search")

    @property
    def choices(self) -> list[ipywidgets.Dropdown]:
        return self.all(ipywidgets.Dropdown)

    @property
    def follow(self) -> ipywidgets.ToggleButton:
        toggles = {w.description: w for w in self.all(ipywidgets.ToggleButton)}
        return toggles["Follow"]


@pytest.fixture
def panel(fixture: FixtureRun, messages: Messages) -> Iterator[Panel]:
    found = Panel(fixture)
    yield found
    found.panel.close()


def node_log(fixture: FixtureRun, child: str, node: str, name: str, text: str) -> Path:
    path = fixture.folder / child / "nodes" / node / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_drivers_log_comes_as_soon_as_it_is_there(fixture: FixtureRun, panel: Panel) -> None:
    panel.draw()
    assert "There is no log yet." in panel.said()
    fixture.write_log("first\n")
    panel.draw(6)
    assert panel.shown() == ["first"]
    fixture.write_log("\x1b[31m<b>second</b>\x1b[0m\n")
    panel.draw()
    assert panel.shown() == ["first", "<b>second</b>"]
    assert "driver_log.txt  2 lines" in panel.said()
    assert ", live" in panel.said()


def test_a_chatty_log_costs_little(fixture: FixtureRun, panel: Panel, messages: Messages) -> None:
    """200 lines of 110 characters a second, seen five times a second, for 30 s."""
    panel.draw()
    fixture.write_log("begin\n")
    panel.draw(6)
    messages.clear()
    number, most = 0, 0
    per_second: list[int] = []
    for second in range(30):
        before = sum(len(str(m.state)) for m in messages.updates())
        sendings = len(messages)
        for _ in range(5):
            for _ in range(40):
                number += 1
                fixture.write_log(f"{number:06d} " + "x" * 103 + "\n")
            panel.draw(0.2)
        most = max(most, len(messages) - sendings)
        per_second.append(sum(len(str(m.state)) for m in messages.updates()) - before)
        assert second < 2 or panel.shown()[-1] > f"{number - 300:06d}"
    print(f"mean {sum(per_second) / 30 / 1000:.0f} kB/s, most {max(per_second) / 1000:.0f} kB/s")
    assert sum(per_second) / 30 < 80_000
    assert max(per_second) <= 200_000
    assert most <= 2 * (10 + 3)


def test_nothing_is_sent_while_nothing_changes(
    fixture: FixtureRun, panel: Panel, messages: Messages
) -> None:
    fixture.write_log("x\n" * 5_000)
    panel.draw()
    panel.draw()
    messages.clear()
    for _ in range(20):
        panel.draw()
    assert messages.updates() == []


def test_pages_and_back_to_the_end(fixture: FixtureRun, panel: Panel) -> None:
    fixture.write_log("".join(f"line {i}\n" for i in range(2_500)))
    panel.draw()
    assert panel.shown()[0] == "line 1500"
    assert panel.button("Newer").disabled
    panel.press("Older")
    assert (panel.shown()[0], panel.shown()[-1]) == ("line 500", "line 1499")
    assert not panel.follow.value
    assert "from 18 % to 58 %" in panel.said()
    panel.press("Older")
    assert panel.shown()[0] == "line 0"
    assert panel.button("Older").disabled
    # New lines do not move what is read.
    fixture.write_log("new\n")
    panel.draw()
    assert panel.shown()[-1] == "line 499"
    panel.press("Newer")
    assert panel.shown()[0] == "line 500"
    panel.press("Start")
    assert panel.shown()[0] == "line 0"
    panel.press("End")
    assert panel.shown()[-1] == "new"
    assert panel.follow.value
    panel.follow.value = False
    fixture.write_log("newer\n")
    panel.draw()
    assert panel.shown()[-1] == "new"
    panel.follow.value = True
    assert panel.shown()[-1] == "newer"


def test_a_search_jumps_to_what_it_finds(fixture: FixtureRun, panel: Panel) -> None:
    fixture.write_log("".join(f"line {i}\n" for i in range(9_000)) + "Error: <x>\n")
    panel.draw()
    panel.search("line 10")
    assert panel.shown()[0] == "line 2"
    assert "1 of 111 lines" in panel.said()
    for _ in range(2):
        panel.press("Next")
    assert "3 of 111 lines" in panel.said()
    assert panel.shown()[8] == "line 101"
    marks = "".join(w.value for w in panel.all(ipywidgets.HTML))
    assert '<span class="rlw-here"><mark>line 10</mark>1</span>' in marks
    panel.search("ERROR: <")
    assert "1 of 1 line" in panel.said()
    assert panel.shown()[-1] == "Error: <x>"
    # Enter once more finds what has been written since.
    fixture.write_log("another error: <y>\n")
    panel.all(ipywidgets.Text)[0]._handle_custom_msg({"event": "submit"}, [])
    wait_until(lambda: "1 of 2 lines" in panel.said(), "the newer line")
    panel.search("nowhere")
    assert "Nothing found in" in panel.said()
    panel.search("(", regex=True)
    assert "'(' is no regular expression" in panel.said()
    panel.search("")
    assert "regular" not in panel.said()


def test_logs_of_nodes_and_of_a_chosen_child(fixture: FixtureRun, panel: Panel) -> None:
    fixture.write_log("driver\n")
    node_log(fixture, "worker", "worker-0", "raylet.out", "of worker 0\n")
    node_log(fixture, "worker", "worker-1", "raylet.out", "of worker 1\n")
    node_log(fixture, "head", "head", "gcs_server.out", "of the head\n")
    panel.draw()
    source, file = panel.choices
    assert [label for label, _ in source.options] == [
        "Entry script (driver_log.txt)",
        "Node head",
        "Node worker-0",
        "Node worker-1",
    ]
    assert file.layout.display == "none"
    source.value = "worker/nodes/worker-1"
    assert panel.shown() == ["of worker 1"]
    assert "worker-1: raylet.out" in panel.said()
    assert [label for label, _ in file.options] == ["raylet.out · 12 bytes"]
    # Files come and go; the choice stays.
    node_log(fixture, "worker", "worker-1", "raylet.err", "an error\n")
    panel.draw(6)
    assert len(file.options) == 2
    assert panel.shown() == ["of worker 1"]
    file.value = "worker/nodes/worker-1/raylet.err"
    assert panel.shown() == ["an error"]
    panel.context.child = "head"
    panel.draw(0.1)
    assert [value for _, value in source.options] == ["head/driver_log.txt", "head/nodes/head"]
    assert panel.shown() == ["driver"]
    panel.context.child = "worker"
    panel.draw(0.1)
    assert panel.shown() == ["of worker 0"]


def test_a_log_that_goes_is_told_of_and_comes_back(fixture: FixtureRun, panel: Panel) -> None:
    fixture.write_log("one\n")
    panel.draw()
    path = fixture.folder / "head" / "driver_log.txt"
    path.unlink()
    panel.draw()
    assert "driver_log.txt is not there" in panel.said()
    panel.draw(6)
    path.write_text("two\n")
    panel.draw(6)
    assert panel.shown() == ["two"]
    assert "is not there" not in panel.said()


def test_a_download_is_offered_and_taken_back(
    fixture: FixtureRun, panel: Panel, messages: Messages
) -> None:
    fixture.write_log("<one>\n")
    panel.draw()
    panel.press("Download")
    offered = panel.panel._download.offered
    assert 'download="driver_log.txt" href="data:' in offered.value
    assert "PG9uZT4K" in offered.value
    panel.panel._download.take_back()
    assert offered.value == ""
    path = fixture.folder / "head" / "driver_log.txt"
    with path.open("ab") as file:
        file.truncate(6_000_000)
    messages.clear()
    panel.press("Download")
    assert "too large for a link" in offered.value
    assert f'ws.get_run("{fixture.run_id}").download_file("head/driver_log.txt")' in unescape(
        offered.value
    )
    assert str(path) in offered.value
    assert sum(len(str(m.state)) for m in messages.updates()) < 5_000


def test_the_last_lines_of_a_run_are_drawn(fixture: FixtureRun, panel: Panel) -> None:
    fixture.write_log("one\n")
    panel.draw()
    fixture.write_log("the end\n")
    fixture.end(statuses.COMPLETED)
    panel.draw(0.01)
    assert panel.shown()[-1] == "the end"
    assert "live" not in panel.said()
    assert panel.follow.layout.display == "none"


def test_a_log_that_had_ended_before_its_run_is_live_no_more(
    fixture: FixtureRun, panel: Panel
) -> None:
    fixture.write_log("one\n")
    panel.draw()
    panel.draw()
    assert "live" in panel.said()
    fixture.end(statuses.COMPLETED)
    panel.draw(0.01)
    assert "live" not in panel.said()


def test_a_name_that_is_not_listed_is_not_opened(fixture: FixtureRun, panel: Panel) -> None:
    fixture.write_log("driver\n")
    node_log(fixture, "head", "head", "raylet.out", "x\n")
    (fixture.folder / "secret").write_text("secret\n")
    panel.draw()
    for name in ("secret", "../../secret", "/etc/passwd"):
        panel.panel._choose_source(name)
        panel.panel._choose_file(name)
    assert panel.shown() == ["driver"]
