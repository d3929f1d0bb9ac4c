"""How soon JupyterLab's panel paints its list of runs, and how smoothly that scrolls.

    python benchmarks/panel.py [--runs 1000] [--points 1000] [--rounds 5]

A real JupyterLab serves a workspace of `--runs` runs with `--points` points each of reward,
iteration and env steps. In Chromium (headless), in a page that is loaded anew each round: from the
command that shows the panel to the painted list, with the browser's own time of the request in it;
then the list is scrolled through by 400 pixels a frame, and its frames are timed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from playwright.sync_api import sync_playwright  # noqa: E402

from benchmarks.server import write_workspace  # noqa: E402
from rl_widgets.store import statuses  # noqa: E402
from tests.browser.conftest import FLAGS  # noqa: E402
from tests.panel.conftest import Lab, Server  # noqa: E402

GOAL_MS = 1000.0

#: From the command to a frame with a run in it: milliseconds, and those of the request in them.
PAINTED = """async () => {
    const began = performance.now();
    window.jupyterapp.commands.execute("rl-widgets:show-panel");
    const frame = () => new Promise(requestAnimationFrame);
    while (!document.querySelector(".rlp-runs [data-run-id]")) await frame();
    await frame();
    const painted = performance.now() - began;
    const asked = performance.getEntriesByType("resource")
        .filter(e => e.name.includes("/rl-widgets/api/runs?"));
    return [painted, asked.length ? asked[0].responseEnd - asked[0].startTime : NaN];
}"""

#: Milliseconds of each frame while all of the list is scrolled through.
SCROLLED = """async () => {
    const list = document.querySelector(".rlp-runs .jp-WindowedPanel-outer");
    const frames = [];
    let last = await new Promise(requestAnimationFrame);
    for (let i = 0; i < 80; i++) {
        list.scrollTop += 400;
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
    }
    return frames;
}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="rl_widgets-benchmark-") as place:
        folder = Path(place) / "ws"
        run = write_workspace(folder, given.runs, given.points, given.points)
        for name in ("notebooks", "jupyter"):
            (Path(place) / name).mkdir()
        server = Server(
            Path(place) / "notebooks", Path(place) / "jupyter", f"--RLWidgets.workspace={folder}"
        )
        server.start()
        try:
            painted = _measure(server, given.rounds)
        finally:
            server.stop()
            run.end(statuses.CANCELED)
    return int(painted > GOAL_MS)


def _measure(server: Server, rounds: int) -> float:
    """Print the figures; the median of the paintings, in milliseconds."""
    paintings, requests, frames = [], [], []
    with sync_playwright() as playwright:
        program = os.environ.get("CHROMIUM") or shutil.which("chromium")
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        for _ in range(rounds):
            context = chromium.new_context(viewport={"width": 1300, "height": 1000})
            lab = Lab(context.new_page(), server)
            lab.open("lab?reset")  # else the panel is there from the round before
            painted, asked = lab.page.evaluate(PAINTED)
            paintings.append(painted)
            requests.append(asked)
            frames += lab.page.evaluate(SCROLLED)
            context.close()
        chromium.close()
    median = statistics.median(paintings)
    each = ", ".join(f"{one:.0f}" for one in paintings)
    print(f"list painted after: {each} ms, median {median:.0f} ms (goal {GOAL_MS:.0f})")
    print(f"its request, as the browser saw it: median {statistics.median(requests):.0f} ms")
    p95 = sorted(frames)[round(0.95 * len(frames)) - 1]
    print(
        f"{len(frames)} frames of the scrolled list: median {statistics.median(frames):.0f} ms, "
        f"p95 {p95:.0f} ms, longest {max(frames):.0f} ms"
    )
    return median


if __name__ == "__main__":
    sys.exit(main())
