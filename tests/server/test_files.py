"""Files and logs of a run: all of them, and nothing else of the machine."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from rl_widgets.backend.submission import ENVIRONMENT_FILE
from rl_widgets.workspace import Workspace
from tests.server.conftest import TOKEN, Api, Fetch
from tests.view.fixture_runs import RUN_ID, FixtureRun, make

FILES = f"rl-widgets/api/runs/{RUN_ID}/files"


@pytest.fixture(scope="module")
def run(workspace: Workspace, folder: Path) -> FixtureRun:
    made = make(folder)
    made.start()
    outputs = made.folder / "head" / "outputs"
    outputs.mkdir(parents=True)
    (outputs / "weights.bin").write_bytes(bytes(range(256)) * 4000)
    (outputs / "page.html").write_text("<script>alert(1)</script>")
    (outputs / "picture.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (outputs / "play.mp4").write_bytes(b"video" * 100)
    (outputs / 'odd "name" ä 🎮 %2e.txt').write_text("odd")
    secret = folder.parent / "secret.txt"
    secret.write_text("secret")
    (outputs / "link.txt").symlink_to(secret)
    (outputs / "loop").symlink_to(outputs)
    (outputs / "out").symlink_to(folder.parent)
    (outputs / "own").symlink_to(made.folder)
    (outputs / "environment").symlink_to(made.folder / ENVIRONMENT_FILE)
    os.mkfifo(outputs / "pipe")
    (made.folder / ENVIRONMENT_FILE).write_text('{"PASSWORD": "secret"}')
    (made.folder / "cluster.json").write_text('{"token": "secret"}')
    (made.folder / "supervisor.log").write_text("supervisor\n")
    return made


async def get(jp_fetch: Fetch, path: str, **headers: str) -> Any:
    return await jp_fetch(f"{FILES}/{path}", headers={"Authorization": f"token {TOKEN}", **headers})


async def test_what_is_listed_can_be_had(api: Api, jp_fetch: Fetch, run: FixtureRun) -> None:
    found = await api(f"runs/{RUN_ID}/files")
    kinds = {file["path"]: file["kind"] for file in found["files"]}
    assert kinds == {
        "supervisor.log": "text",
        'head/outputs/odd "name" ä 🎮 %2e.txt': "text",
        "head/outputs/page.html": "other",
        "head/outputs/picture.svg": "image",
        "head/outputs/play.mp4": "video",
        "head/outputs/weights.bin": "other",
    }
    assert found["bytes"] > 1_024_000
    for file in found["files"]:
        answer = await get(jp_fetch, file["path"].replace("%", "%25"))
        assert (answer.code, len(answer.body)) == (200, file["size"]), file
        assert file["modified"] > 1e9


async def test_a_file_cannot_act_in_the_page(jp_fetch: Fetch, run: FixtureRun) -> None:
    for name, attached in (("page.html", True), ("picture.svg", False), ("play.mp4", False)):
        answer = await get(jp_fetch, f"head/outputs/{name}")
        assert answer.headers["Content-Security-Policy"].endswith("default-src 'none'; sandbox")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert ("Content-Disposition" in answer.headers) is attached
        assert "html" not in answer.headers["Content-Type"]
    answer = await jp_fetch(f"{FILES}/head/outputs/play.mp4", params={"download": 1})
    assert answer.headers["Content-Disposition"].startswith("attachment")


async def test_ranges_and_what_the_browser_has(jp_fetch: Fetch, run: FixtureRun) -> None:
    part = await get(jp_fetch, "head/outputs/weights.bin", Range="bytes=300-309")
    assert (part.code, part.body) == (206, bytes(range(44, 54)))
    assert part.headers["Content-Range"] == "bytes 300-309/1024000"
    wrong = await get(jp_fetch, "head/outputs/weights.bin", Range="bytes=9999999-")
    assert wrong.code == 416
    again = await get(
        jp_fetch, "head/outputs/weights.bin", **{"If-None-Match": part.headers["ETag"]}
    )
    assert again.code == 304


@pytest.mark.parametrize(
    "name",
    [
        "../../record.sqlite",
        "..%2f..%2frecord.sqlite",
        "head/../../../record.sqlite",
        "head/outputs/../../../../record.sqlite",
        "%2fetc%2fpasswd",
        "//etc/passwd",
        ENVIRONMENT_FILE,
        "cluster.json",
        "head/outputs/link.txt",
        "head/outputs/out/secret.txt",
        f"head/outputs/out/ws/runs/{RUN_ID}/{ENVIRONMENT_FILE}",
        "head/outputs/own/cluster.json",
        "head/outputs/environment",
        "head/outputs/pipe",
        "head/outputs",
        "head",
        "head/outputs/none.txt",
        "head/outputs/weights.bin%00.txt",
        "head/" + "x/" * 2000 + "x",
        "head/" + "x" * 300,
    ],
)
async def test_nothing_else_can_be_had(jp_fetch: Fetch, run: FixtureRun, name: str) -> None:
    answer = await get(jp_fetch, name)
    assert answer.code in (400, 404), (answer.code, answer.body)
    assert json.loads(answer.body)["message"]
    assert b"secret" not in answer.body.replace(b"secret.txt", b"")
    for page in (name, name.replace("%2f", "/")):
        answer = await jp_fetch(f"rl-widgets/api/runs/{RUN_ID}/logs/page", params={"file": page})
        assert answer.code == 404


async def test_a_nodes_log_is_read_through_its_link_and_no_further(
    api: Api, jp_fetch: Fetch, run: FixtureRun, folder: Path
) -> None:
    live = folder.parent / "node"
    live.mkdir()
    (live / "raylet.out").write_text("raylet\n")
    (live / "out.txt").symlink_to(folder.parent / "secret.txt")
    nodes = run.folder / "head" / "nodes"
    nodes.mkdir()
    (nodes / "head").symlink_to(live)
    (run.folder / "head" / "logs").symlink_to(folder.parent)
    path = f"runs/{RUN_ID}/logs"
    listed = [file["name"] for file in (await api(path))["files"]]
    assert "head/nodes/head/raylet.out" in listed
    found = await api(f"{path}/page", file="head/nodes/head/raylet.out")
    assert found["lines"] == [[{"text": "raylet", "colour": "", "bold": False}]]
    await api(f"{path}/page", file="head/nodes/head/out.txt", status=404)
    await api(f"{path}/page", file="head/logs/secret.txt", status=404)
    # It is taken along the same way, while the node runs.
    answer = await get(jp_fetch, "head/nodes/head/raylet.out")
    assert answer.body == b"raylet\n"
    for name in ("head/nodes/head/out.txt", "head/logs/secret.txt"):
        assert (await get(jp_fetch, name)).code == 404


async def test_log_pages_by_lines(api: Api, run: FixtureRun) -> None:
    lines = [f"line {i} {'ä' * (i % 7)}" for i in range(5000)]
    run.write_log("\n".join(lines))
    path, name = f"runs/{RUN_ID}/logs/page", "head/driver_log.txt"

    async def page(**asked: Any) -> tuple[dict[str, Any], list[str]]:
        found = await api(path, file=name, **asked)
        return found, ["".join(s["text"] for s in line) for line in found["lines"]]

    newest, texts = await page()
    assert (newest["first"], newest["total_lines"], newest["at_end"]) == (4000, 5000, True)
    assert texts == [line.strip() if not line.strip() else line for line in lines[4000:]]
    for first in (0, 1, 1023, 1024, 1025, 2047, 2048, 4990):
        found, texts = await page(line=first, lines=7)
        assert (found["first"], texts) == (first, lines[first : first + 7])
        assert found["at_end"] is (first == 4993)
    beyond, texts = await page(line=10**9)
    assert (beyond["first"], texts, beyond["at_end"]) == (5000, [], True)
    run.write_log(" and more\nnext\n")
    found, texts = await page(line=4999)
    assert (texts, found["total_lines"]) == ([f"{lines[4999]} and more", "next"], 5001)
    (run.folder / name).write_text("begun anew\n")
    found, texts = await page()
    assert (texts, found["total_lines"]) == (["begun anew"], 1)
    (run.folder / name).write_bytes(b"x" * 9_000_000 + b"\n\xff\xfe\x00 end\n")
    found, texts = await page()
    assert found["total_lines"] == 2
    assert len(texts[0]) < 2000
    (run.folder / name).unlink()
    await api(path, file=name, status=404)
