"""A log that grows, and what else may happen to it while it is shown."""

from __future__ import annotations

import os
import re
from pathlib import Path

from rl_widgets.view.logs.live import LiveLog


def plain(live: LiveLog) -> list[str]:
    return ["".join(s.text for s in line.segments) for line in live.page().lines]


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_it_grows_line_by_line_and_half_line_by_half_line(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    live = LiveLog(path)
    assert live.look()
    assert "is not there" in live.page().trouble
    assert not live.look()
    written = ""
    base = None
    for piece in ("a", "b\nc", "\n", "d\ne\nf", "\n\n"):
        append(path, piece)
        written += piece
        assert live.look()
        assert not live.look()
        assert plain(live) == written.removesuffix("\n").split("\n")
        assert [written[line.offset :][:1] for line in live.page().lines if line.segments] == [
            text[0] for text in plain(live) if text
        ]
        assert base in (None, live.base)
        base = live.base
    assert live.page().trouble == live.notice == ""


def test_it_holds_the_last_thousand_lines_at_least(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    live = LiveLog(path)
    bases = set()
    for start in range(0, 6_000, 100):
        append(path, "".join(f"line {i}\n" for i in range(start, start + 100)))
        live.look()
        bases.add(live.base)
        shown = plain(live)
        assert min(1000, start + 100) <= len(shown) < 2000
        assert shown[-1] == f"line {start + 99}"
        page = live.page()
        with path.open("rb") as file:
            file.seek(page.start)
            assert file.readline().decode().strip() == shown[0]
    # What is drawn begins anew five times in sixty.
    assert len(bases) <= 6


def test_much_at_once_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("first\n")
    live = LiveLog(path)
    live.look()
    append(path, "x" * 99 + "\n")
    append(path, ("y" * 99 + "\n") * 50_000)
    live.look()
    assert len(plain(live)) == 1000
    assert live.notice == ""


def test_a_file_that_shrinks_or_is_replaced_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("one\ntwo\n")
    live = LiveLog(path, now=lambda: 0.0)
    live.look()
    path.write_text("new\n")
    assert live.look()
    assert plain(live) == ["new"]
    assert re.match(r"The file began anew at \d\d:\d\d:\d\d", live.notice)
    other = tmp_path / "other"
    other.write_text("another, and longer\n")
    os.replace(other, path)
    live.look()
    assert plain(live) == ["another, and longer"]


def test_a_copy_of_the_same_goes_on(tmp_path: Path) -> None:
    # At a run's end the links to its nodes' logs give way to copies.
    path, copy = tmp_path / "log.txt", tmp_path / "copy"
    path.write_text("one\ntwo\n")
    live = LiveLog(path)
    live.look()
    copy.write_text("one\ntwo\nthree\n")
    path.unlink()
    live.look()
    assert plain(live) == ["one", "two"]
    assert "is not there" in live.page().trouble
    os.replace(copy, path)
    assert live.look()
    assert plain(live) == ["one", "two", "three"]
    assert live.notice == live.page().trouble == ""


def test_a_progress_bar_without_an_end_is_its_last_state(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.touch()
    live = LiveLog(path)
    for i in range(3_000):
        append(path, f"\r{i:6d} of 3,000 {'#' * 40}")
    live.look()
    for i in range(3_000, 3_100):
        append(path, f"\r{i} of 3,000")
        live.look()
    assert plain(live) == ["3099 of 3,000"]
    append(path, "\nnext\n")
    live.look()
    assert plain(live) == ["3099 of 3,000", "next"]
    assert path.read_bytes()[live.page().lines[1].offset :] == b"next\n"


def test_binary_junk_is_shown_as_far_as_it_is_text(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(bytes(range(256)) * 4 + b"\nend\n")
    live = LiveLog(path)
    live.look()
    assert live.page().binary
    assert plain(live)[-1] == "end"
    assert "\x00" not in "".join(plain(live))
