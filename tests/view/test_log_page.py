"""Pages of a log by byte offsets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rl_widgets.view.html import log as html_log
from rl_widgets.view.logs import page as log_page
from rl_widgets.view.logs.page import LogPage
from tests.view.bytes_read import bytes_read


def plain(page: LogPage) -> list[str]:
    return ["".join(s.text for s in line.segments) for line in page.lines]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "log.txt"
    file.write_text("".join(f"line {i}: äöü\n" for i in range(3_456)))
    return file


def test_pages_backward_and_forward_are_the_whole_file(path: Path) -> None:
    page = log_page.last(path)
    assert plain(page)[-1] == "line 3455: äöü"
    assert len(page.lines) == 1000
    backward = plain(page)
    while page.start > 0:
        page = log_page.before(path, page.start)
        backward = plain(page) + backward
    forward = []
    at = 0
    while at < page.size:
        page = log_page.after(path, at)
        forward += plain(page)
        assert page.start == at
        at = page.end
    assert backward == forward == path.read_text().splitlines()


def test_offsets_are_those_of_the_lines(path: Path) -> None:
    data = path.read_bytes()
    for page in (log_page.last(path), log_page.after(path, 0, 10)):
        for line, text in zip(page.lines, plain(page), strict=True):
            assert data[line.offset :].startswith(text.encode())


def test_a_page_around_a_line_begins_a_few_lines_before(path: Path) -> None:
    offset = path.read_bytes().index(b"line 2000:")
    page = log_page.around(path, offset)
    assert plain(page)[log_page.CONTEXT] == "line 2000: äöü"
    assert plain(log_page.around(path, 0))[0] == "line 0: äöü"


def test_a_line_of_100_mb_is_paged_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    before = bytes_read()
    end = log_page.last(path)
    first = log_page.after(path, 0)
    second = log_page.after(path, first.end)
    assert bytes_read() - before < 10_000_000
    assert second.end > first.end == log_page.PAGE_BYTES
    assert end.end == 100_000_000
    assert end.binary
    assert len(end.lines) == 1


def test_a_long_line_is_cut_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("x" * 5_000 + "\n")
    assert plain(log_page.last(path))[0].endswith("x … 4,000 more characters")


def test_what_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    assert "is not there" in log_page.last(tmp_path / "none.txt").trouble
    assert "no regular file" in log_page.after(tmp_path, 0).trouble
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in log_page.last(tmp_path / "pipe").trouble


def test_an_empty_file_and_one_without_a_last_line_end(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("")
    assert log_page.last(path) == LogPage(0, 0, 0)
    path.write_text("a\nb")
    assert plain(log_page.last(path)) == plain(log_page.after(path, 0)) == ["a", "b"]
    path.write_text("\n\n")
    assert plain(log_page.last(path)) == ["", ""]


def test_found_characters_are_marked_across_colours(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("<a> \x1b[31mred\x1b[0m end\n")
    [line] = log_page.last(path).lines
    assert html_log.lines([line], {0: (5, 9)}, here=0) == (
        '<span class="rlw-here">&lt;a&gt; <span class="rlw-ansi-red">r</span>'
        '<mark><span class="rlw-ansi-red">ed</span></mark><mark> e</mark>nd</span>'
    )
