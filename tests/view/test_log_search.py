"""The search in a whole log, in a process of its own."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from rl_widgets.view.logs import page as log_page
from rl_widgets.view.logs.search_process import LogSearch
from tests.widgets.conftest import wait_until


def search(path: Path, pattern: str, regex: bool = False) -> LogSearch:
    found = LogSearch(path, pattern, regex, lambda _: None)
    found.start()
    wait_until(lambda: found.done and not found.alive, "the end of the search")
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "log.txt"
    file.write_text("one\nTwo äÖ\n\x1b[36m(pid=7)\x1b[0m Error: x\n[two]\nlast error")
    return file


def test_plain_text_in_any_case(path: Path) -> None:
    data = path.read_bytes()
    found = search(path, "two")
    assert found.offsets == [data.index(b"Two"), data.index(b"[two]")]
    assert found.places[found.offsets[1]] == (1, 4)
    assert search(path, "[TWO]").count == 1
    assert search(path, "Äö").count == 1
    # What is searched is what is seen.
    assert search(path, "(pid=7) error").count == 1
    assert search(path, "36m").count == 0
    assert search(path, "last error").offsets == [data.index(b"last")]


def test_a_regular_expression_stays_in_its_line(path: Path) -> None:
    assert search(path, "^.*error", regex=True).count == 2
    assert search(path, r"one\s+two", regex=True).count == 0
    assert search(path, "error$", regex=True).count == 1


def test_a_wrong_pattern_is_a_sentence(path: Path) -> None:
    found = search(path, "[a", regex=True)
    assert "'[a' is no regular expression (unterminated character set" in found.sentence(None, 1)
    assert "at most 500" in search(path, "x" * 501).trouble
    assert search(path, "[a").sentence(None, 1).startswith("Nothing found")


def test_next_and_previous_go_round(path: Path) -> None:
    found = search(path, "o")
    first, *_, last = found.offsets
    assert found.next(-1, 1) == first
    assert found.next(last, 1) == first
    assert found.next(first, -1) == last
    assert found.next(first, 1) == found.offsets[1]
    assert found.sentence(found.offsets[1], 1) == f"2 of {found.count} lines"


def test_a_file_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    found = search(tmp_path / "none", "x")
    assert "cannot be read: No such file" in found.sentence(None, 1)


def test_100_mb_are_searched(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    line = b"(EnvRunner pid=123) \x1b[32mepisode\x1b[0m ended after 1234 steps with reward -3\n"
    with path.open("wb") as file:
        for _ in range(100):
            file.write(line * (1_000_000 // len(line)))
        file.write(b"needle\n")
    found = search(path, "NEEDLE")
    assert found.count == 1
    page = log_page.around(path, found.offsets[0])
    assert "needle" in "".join(s.text for s in page.lines[log_page.CONTEXT].segments)
    many = search(path, "episode")
    assert many.count == sum(1 for _ in path.open("rb")) - 1
    assert len(many.offsets) == 5_000
    assert "the first 5,000 can be shown" in many.sentence(None, 1)


def test_an_expression_without_an_end_leaves_the_kernel_free(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("a" * 60 + "b\n")
    found = LogSearch(path, "(a+)+$", True, lambda _: None)
    found.start()
    assert found._process is not None
    process = found._process
    wait_until(lambda: process.poll() is None, "its process")
    found.stop()
    assert not found.alive
    assert process.poll() is not None
    assert not [t for t in threading.enumerate() if "searches" in t.name]
