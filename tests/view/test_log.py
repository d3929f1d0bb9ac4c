"""The tail of a log: colours, progress bars, size."""

from __future__ import annotations

from pathlib import Path

from rl_widgets.view.html import run as html
from rl_widgets.view.logs.tail import Segment, parse, tail
from tests.view.bytes_read import bytes_read


def test_colours_are_segments_and_other_escapes_are_gone() -> None:
    line = "\x1b]0;title\x07a \x1b[1;31mred\x1b[0m \x1b[38;5;2mgreen\x1b[39m\x1b[2K end\x08"
    assert parse(line) == (
        Segment("a "),
        Segment("red", "red", True),
        Segment(" "),
        Segment("green", "green"),
        Segment(" end"),
    )


def test_a_progress_bar_is_what_it_last_showed(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"  1%\r 50%\r100%\r\nnext\r\n")
    assert tail(path).plain() == ["100%", "next"]


def test_markup_is_text(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("<script>&\x1b[31m<b>\x1b[0m\n")
    assert html.log_lines(tail(path)) == (
        '<pre>&lt;script&gt;&amp;<span class="rlw-ansi-red">&lt;b&gt;</span></pre>'
    )


def test_a_hundred_megabytes_cost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    with path.open("wb") as file:
        file.truncate(100_000_000)
        file.seek(0, 2)
        file.write(b"\n" + "ünï\n".encode() * 300)
    before = bytes_read()
    found = tail(path, 200)
    assert bytes_read() - before < 1_000_000
    assert found.plain() == ["ünï"] * 200
    assert found.cut


def test_a_line_without_end_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("x" * 1_000_000)
    [line] = tail(path).plain()
    assert len(line) < 1100


def test_no_file_and_no_permission_are_an_empty_log(tmp_path: Path) -> None:
    assert tail(tmp_path / "none.txt").size is None
    assert tail(tmp_path).lines == ()
