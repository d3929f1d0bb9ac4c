"""Every form of a view says the same of every run: widget, HTML, text and terminal."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import ipywidgets
import pytest
from rich.console import Console

from rl_widgets import RunDetails
from rl_widgets.terminal import picture, watch
from rl_widgets.view import text
from rl_widgets.view.charts.picture import svg
from rl_widgets.view.html import run as html
from rl_widgets.view.reader import RunReader
from tests.view.golden import GOLDEN


class _Words(HTMLParser):
    """The text of an HTML page and of its pictures, and the tags in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.tags: list[str] = []
        self._style = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._style = tag == "style"
        self.parts += [value or "" for name, value in attrs if name == "alt"]

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.parts.append(data)


def words(page: str) -> str:
    return " ".join(_Words(page).parts)


def of_widget(widget: ipywidgets.Widget) -> str:
    """The HTML of all widgets that are shown."""
    if widget.layout.display == "none":
        return ""
    if isinstance(widget, ipywidgets.HTML):
        return str(widget.value)
    return " ".join(of_widget(child) for child in getattr(widget, "children", []))


def flat(said: str) -> str:
    """Words without line breaks and frames, so that a narrow terminal says the same."""
    return re.sub(r"[\s│]+", " ", said)


@pytest.mark.parametrize("name", GOLDEN)
def test_all_forms_say_the_same(name: str, tmp_path: Path) -> None:
    make, says, never = GOLDEN[name]
    fixture = make(tmp_path / "ws")
    view = RunReader.of(fixture.run).read()
    console = Console(file=io.StringIO(), width=110, height=60, force_terminal=True, no_color=True)
    console.print(picture(view, 110, 60))
    terminal = console.file.getvalue()  # type: ignore[attr-defined]
    terminal = re.sub(r"\x1b\[[0-9;]*m", "", terminal)
    details = RunDetails(fixture.run)
    widget = words(of_widget(details)) + view.curve.sentence * (not view.curve.empty)
    forms = {
        "HTML": words(html.document(view, "key", "now")),
        "text": text.text(view),
        "terminal": terminal,
        "widget": widget,
    }
    for form, said in forms.items():
        for expected in says:
            assert expected in flat(said), f"the {form} of a {name} run does not say {expected!r}"
        for wrong in never:
            assert wrong not in flat(said), f"the {form} of a {name} run says {wrong!r}"
    ET.fromstring(svg(view.curve, view.chart_message))
    details.close()


def test_html_in_names_is_text(tmp_path: Path) -> None:
    fixture = GOLDEN["names_with_html"][0](tmp_path / "ws")
    view = RunReader.of(fixture.run).read()
    tags = set(_Words(html.document(view, "key", "now")).tags)
    assert not {"script", "i"} & tags
    assert "<script" not in svg(view.curve)


@pytest.mark.parametrize(
    "name", ["x" * 10_000, "日本語の名前", "اسم التجربة", "‮evil", "\x1b[31m\x00", "🏓"]
)
def test_any_name_is_shown_on_one_line_that_ends(name: str, tmp_path: Path) -> None:
    from tests.view.fixture_runs import make

    fixture = make(tmp_path / "ws", display_name=name)
    fixture.start()
    fixture.logger.log_metrics({name[:255]: 1.0}, step=1)
    fixture.take_in()
    view = RunReader.of(fixture.run).read()
    assert len(view.header.name) <= 80
    assert not set(view.header.name) & set("\x00\x1b\u202e\n")
    ET.fromstring(svg(view.curve))
    assert "\x1b" not in text.text(view)
    assert "\u202e" not in html.document(view, "key", "now")


@pytest.mark.parametrize("name", ["finished", "failed", "canceled"])
def test_watching_an_ended_run_without_a_terminal(name: str, tmp_path: Path) -> None:
    make, says, _ = GOLDEN[name]
    stream = io.StringIO()
    status = watch(make(tmp_path / "ws").run, stream=stream)
    lines = stream.getvalue().splitlines()
    assert status == {"finished": "Completed"}.get(name, name.capitalize())
    assert says[0] in lines[0]
    assert len(lines) <= 5
    assert "\x1b" not in stream.getvalue()
