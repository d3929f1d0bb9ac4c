"""How live the live view is: from `run.log` in a job to the picture in a real browser.

    python benchmarks/live_view.py [--points 60] [--views 1 20] [--period 1.0] [--only live]

A real run on a one-node cluster logs a result every `--period` seconds and notes when each `log`
had returned. A notebook in JupyterLab (Chromium, headless, 1300 by 1500 pixels) shows `--views`
views of it, each of which has been scrolled to once. The page itself notes, after the frame is
painted, when header and reward curve show each result; views in sight and out of sight are told
apart. Then views are scrolled into sight, and it is noted when they show the newest result of
before. `--wall` makes the window tall enough for all views at once. All clocks are this machine's.
Then: kernel CPU of a quiet run, opening a run of 300 metrics, and opening and zooming long curves
at the data source.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import psutil  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

from rl_widgets import Experiment, ReinforcementLearningEstimator, Run, Workspace  # noqa: E402
from rl_widgets.store import statuses  # noqa: E402
from rl_widgets.store.metrics import NewPoint  # noqa: E402
from rl_widgets.view.charts import curve  # noqa: E402
from rl_widgets.view.reader import RunReader  # noqa: E402
from tests.browser.conftest import FLAGS, Browser, Lab, laboratory  # noqa: E402
from tests.browser.test_metrics_tab import TIME_TO_PAINT  # noqa: E402
from tests.view.fixture_runs import make  # noqa: E402

SCRIPT = """
import json, sys, time
from rl_widgets import Run

path, period = sys.argv[1], float(sys.argv[2])
run, i = Run.get_context(), 0
with open(path, "w", buffering=1) as file:
    while True:
        i += 1
        run.log_metrics(
            {
                "episode_reward_mean": -21 + 39 * i / (i + 60),
                "training_iteration": i,
                "num_env_steps_sampled_lifetime": 500 * i,
            },
            step=i,
            env_steps=500 * i,
        )
        file.write(json.dumps([i, time.time()]) + "\\n")
        time.sleep(period)
"""

#: Notes after each frame which views that have changed show which iteration, and whether their
#: curve is another one: [view, iteration, is it new, is the curve new, when, is it in sight].
WATCH = """() => {
    window.painted = [];
    const seen = new Map(), changed = new Set(), inSight = new Set();
    const sight = new IntersectionObserver(found => found.forEach(
        e => e.isIntersecting ? inSight.add(e.target) : inSight.delete(e.target)));
    const { port1, port2 } = new MessageChannel();
    let asked = false;
    port1.onmessage = () => {
        const now = performance.timeOrigin + performance.now();
        asked = false;
        for (const view of changed) {
            const fact = [...view.querySelectorAll('.rlw-fact')].find(
                f => f.textContent.trim().startsWith('iteration'));
            const line = [...view.querySelectorAll('.rlw-reward path.line')].map(
                p => p.getAttribute('d')).join('|');
            const before = seen.get(view);
            const text = fact ? fact.querySelector('b').textContent.replaceAll(',', '') : '';
            if (text !== before.text || line !== before.line) {
                window.painted.push([before.place, text, text !== before.text,
                    line !== before.line, now, inSight.has(view)]);
                seen.set(view, {place: before.place, text, line});
            }
        }
        changed.clear();
    };
    document.querySelectorAll('.rlw-card.jupyter-widgets').forEach((view, place) => {
        seen.set(view, {place});
        sight.observe(view);
        new MutationObserver(() => {
            changed.add(view);
            if (asked) return;
            asked = true;
            requestAnimationFrame(() => port2.postMessage(0));
        }).observe(view, {subtree: true, childList: true, characterData: true, attributes: true,
            attributeFilter: ['d']});
    });
}"""

#: Scrolls to a cell; milliseconds until its view has been painted with an iteration or a later one.
SCROLLED = """([place, iteration]) => new Promise(resolve => {
    const cell = document.querySelectorAll('.jp-Notebook .jp-Cell')[place];
    const began = performance.now();
    cell.scrollIntoView();
    const look = () => {
        const fact = [...cell.querySelectorAll('.rlw-card.jupyter-widgets .rlw-fact')].find(
            f => f.textContent.trim().startsWith('iteration'));
        const text = fact ? fact.querySelector('b').textContent.replaceAll(',', '') : '0';
        requestAnimationFrame(+text >= iteration && cell.querySelector('.rlw-reward path.line')
            ? () => resolve(performance.now() - began) : look);
    };
    look();
})"""

REWARD = "episode_reward_mean"

#: Clicks a button of the chart; milliseconds until its lines are drawn anew and painted.
REDRAWN = """name => new Promise(resolve => {
    const view = document.querySelector('.rlw-card.jupyter-widgets');
    const lines = () => [...view.querySelectorAll('.bqplot path.line')].map(
        p => p.getAttribute('d')).join('|');
    const before = lines(), began = performance.now();
    [...view.querySelectorAll('button')].find(b => b.textContent.trim() === name).click();
    const look = () => requestAnimationFrame(lines() === before ? look : () =>
        requestAnimationFrame(() => resolve(performance.now() - began)));
    look();
})"""


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def latencies(path: Path, painted: list[list[Any]]) -> list[float]:
    """Seconds from `log` to the frame in which header and curve show it, of each view and point."""
    logged = dict(json.loads(line) for line in path.read_text().splitlines())
    found = []
    for place in {row[0] for row in painted}:
        rows = [row for row in painted if row[0] == place]
        # A view that skips a result shows the next one in its place, which is later.
        headers = [(int(r[1]), r[4] / 1000) for r in rows if r[2] and r[1].isdigit()]
        lines = [r[4] / 1000 for r in rows if r[3]]
        first = headers[2][0] if len(headers) > 2 else 0
        for i, when in logged.items():
            if i < first or i > headers[-1][0]:
                continue
            header = next((t for n, t in headers if n >= i), None)
            line = next((t for t in lines if t > when), None)
            if header is not None and line is not None:
                found.append(max(header, line) - when)
    return found


def told(what: str, found: list[float]) -> None:
    """Print the median and the percentile of some latencies, in seconds."""
    if found:
        print(
            f"{what}: median {1000 * statistics.median(found):4.0f} ms, "
            f"p95 {1000 * percentile(found, 0.95):4.0f} ms, of {len(found)} (goal 500)",
            flush=True,
        )


@contextlib.contextmanager
def opened(lab: Lab, height: int) -> Iterator[Browser]:
    """Chromium with a window 1,300 pixels wide."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or "/usr/bin/chromium", args=FLAGS
        )
        yield Browser(chromium.new_page(viewport={"width": 1300, "height": height}), lab)
        chromium.close()


def watched(lab: Lab, run: Run, path: Path, views: int, points: int, wall: bool) -> None:
    name = f"watch-{views}.ipynb"
    cell = f"RunDetails(ws.get_run({run.id!r})).show()"
    lab.write(name, "from rl_widgets import *\nws = Workspace()", *([cell] * views))
    with opened(lab, 1000 * views if wall else 1500) as browser:
        page = browser.page
        browser.open(name)
        browser.run_all()
        prompt = page.locator(".jp-CodeCell .jp-InputPrompt").last
        browser.wait_until(lambda: prompt.inner_text() == f"[{views + 1}]:", "all cells", 240)

        def newest() -> int:
            return len(path.read_text().splitlines())

        # JupyterLab draws a cell when it is first scrolled to.
        first = [page.evaluate(SCROLLED, [place, newest()]) / 1000 for place in range(1, views + 1)]
        page.evaluate(SCROLLED, [(views + 1) // 2, newest()])
        page.wait_for_timeout(3000)
        page.evaluate(WATCH)
        begin = newest()
        browser.wait_until(lambda: newest() >= begin + points, "enough points", 600)
        page.wait_for_timeout(1500)
        painted = page.evaluate("() => window.painted")
        jumps = [place for i in range(views // 2) for place in (1 + i, views - i)]
        again = [page.evaluate(SCROLLED, [place, newest()]) / 1000 for place in jumps]
        assert browser.our_errors() == [], browser.our_errors()
    in_sight = {row[0] for row in painted if row[5]}
    seen = [row for row in painted if row[0] in in_sight]
    unseen = [row for row in painted if row[0] not in in_sight]
    title = f"log to paint, {views:2} open views{', all in sight' if wall else ''}"
    told(f"{title}: {len(in_sight)} in sight", latencies(path, seen))
    told(f"{title}: out of sight", latencies(path, unseen))
    told(f"{title}: scrolled to for the first time", first)
    told(f"{title}: scrolled to again", again)


def live(folder: Path, views: list[int], points: int, period: float, wall: bool) -> None:
    (folder / "source").mkdir()
    (folder / "source" / "script.py").write_text(SCRIPT)
    path = folder / "logged.jsonl"
    estimator = ReinforcementLearningEstimator(
        folder / "source", entry_script="script.py", script_params=[str(path), str(period)]
    )
    run = Experiment(Workspace(), "benchmark").submit(estimator)
    try:
        with laboratory(folder / "live-notebooks", folder / "live-jupyter") as lab:
            while not path.exists() or len(path.read_text().splitlines()) < 3:
                time.sleep(0.1)
            for count in views:
                watched(lab, run, path, count, points, wall)
    finally:
        run.cancel()
        run.wait_for_completion(raise_on_error=False)


def long_curves(folder: Path) -> None:
    for count in (100_000, 1_000_000):
        fixture = make(folder / f"record-{count}", run_id=f"long_{count}")
        fixture.start()
        metrics = fixture.workspace.store.metrics
        began = time.time() - count
        for start in range(0, count, 20_000):
            metrics.add(
                [
                    NewPoint(
                        f"{fixture.run_id}_head",
                        "episode_reward_mean",
                        1,
                        began + i,
                        float(i % 1009),
                        step=i,
                        env_steps=i * 10,
                    )
                    for i in range(start, start + 20_000)
                ]
            )
        opened, zoomed = [], []
        for _ in range(5):
            begin = time.perf_counter()
            view = RunReader.of(fixture.run).read()
            opened.append(time.perf_counter() - begin)
            assert view.curve.points == count
        reader = RunReader.of(fixture.run)
        reader.read()
        series = reader.series("episode_reward_mean")
        assert series is not None
        for i in range(5):
            begin = time.perf_counter()
            low, high = count * i, count * (i + 5)
            x, y = series.column("env_steps"), series.column("value")
            inside = slice(*x.searchsorted([low, high]))
            curve.thinned(x[inside], y[inside])
            zoomed.append(time.perf_counter() - begin)
        print(
            f"{count:9,} points: opened in {statistics.median(opened):.3f} s, "
            f"zoomed in {statistics.median(zoomed) * 1000:.1f} ms",
            flush=True,
        )
        fixture.end(statuses.COMPLETED)


def wide_and_quiet(folder: Path) -> None:
    """A run of 300 metrics with nothing new: until it is painted, and what it then costs."""
    fixture = make(Path(os.environ["RL_WIDGETS_HOME"]), run_id="wide")
    fixture.start()
    for i in range(1, 301):
        values = {f"group_{n % 7}/metric_{n:03d}": n + (i % 17) for n in range(300)}
        fixture.logger.log_metrics(
            {"episode_reward_mean": -21 + i / 20, "training_iteration": i, **values},
            step=i,
            env_steps=500 * i,
        )
    fixture.take_in()
    with laboratory(folder / "wide-notebooks", folder / "wide-jupyter") as lab:
        cell = "RunDetails(ws.get_run('wide')).show()"
        lab.write("wide.ipynb", "from rl_widgets import *\nws = Workspace(); RunDetails", cell)
        with opened(lab, 2400) as browser:
            page = browser.page
            browser.open("wide.ipynb")
            browser.execute("notebook:run-cell-and-select-next")
            page.locator(".jp-CodeCell .jp-InputPrompt", has_text="[1]").wait_for()
            begin = time.perf_counter()
            browser.execute("notebook:run-cell")
            page.locator(".rlw-card .bqplot path.line[d]").first.wait_for(state="attached")
            painted = time.perf_counter() - begin
            page.wait_for_timeout(3000)
            charts = page.evaluate(TIME_TO_PAINT) / 1000
            page.wait_for_timeout(3000)
            kernels = [
                p
                for p in psutil.Process(lab._process.pid).children(recursive=True)
                if "ipykernel_launcher" in " ".join(p.cmdline())
            ]
            before = sum(sum(k.cpu_times()[:2]) for k in kernels)
            page.wait_for_timeout(30_000)
            used = sum(sum(k.cpu_times()[:2]) for k in kernels) - before
        print(
            f"300 metrics: view painted in {painted:.2f} s (goal 2), tab of the metrics in "
            f"{charts:.2f} s; quiet, its kernel takes {used / 30:.2%} of a core (goal 1 %)",
            flush=True,
        )
    fixture.end(statuses.COMPLETED)


def zoomed_in_page(folder: Path) -> None:
    """A million points in the page: how soon a zoom is drawn, how long the page stands still."""
    fixture = make(Path(os.environ["RL_WIDGETS_HOME"]), run_id="long")
    fixture.start()
    count, began = 1_000_000, time.time() - 1_000_000
    for start in range(0, count, 20_000):
        fixture.workspace.store.metrics.add(
            [
                NewPoint("long_head", REWARD, 1, began + i, float(i % 1009), i, i * 10)
                for i in range(start, start + 20_000)
            ]
        )
    with laboratory(folder / "long-notebooks", folder / "long-jupyter") as lab:
        lab.write("long.ipynb", "from rl_widgets import *\nRunDetails(Workspace().get_run('long'))")
        with opened(lab, 1400) as browser:
            page = browser.page
            browser.open("long.ipynb")
            browser.run_all()
            line = page.locator(".rlw-card .bqplot path.line[d]").last
            line.wait_for(state="attached")
            page.wait_for_timeout(4000)
            page.get_by_role("button", name="Zoom", exact=True).click()
            page.get_by_role("button", name="Zoom in").wait_for()
            page.wait_for_timeout(2000)
            page.evaluate(
                """() => { window.stalls = [];
                new PerformanceObserver(l => l.getEntries().forEach(
                    e => window.stalls.push(e.duration))).observe({entryTypes: ["longtask"]}); }"""
            )
            waits = []
            for _ in range(8):
                waits.append(page.evaluate(REDRAWN, "Zoom in"))
                page.wait_for_timeout(700)
            for _ in range(8):
                waits.append(page.evaluate(REDRAWN, "Earlier"))
                page.wait_for_timeout(700)
            stalls = page.evaluate("() => window.stalls")
        print(
            "1,000,000 points in the page, zoom and pan: drawn after "
            f"{statistics.median(waits):.0f} ms (p95 {percentile(waits, 0.95):.0f}, goal 500); "
            "the page stood still for at most "
            f"{max(stalls, default=0):.0f} ms ({sum(s > 100 for s in stalls)} times over 100)",
            flush=True,
        )
    fixture.end(statuses.COMPLETED)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=60)
    parser.add_argument("--views", type=int, nargs="*", default=[1, 20])
    parser.add_argument("--period", type=float, default=1.0)
    parser.add_argument("--wall", action="store_true", help="a window that shows all views")
    parser.add_argument("--only", choices=["live"], help="only from log to paint")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        os.environ["RL_WIDGETS_HOME"] = str(folder / "home")
        if not arguments.only:
            long_curves(folder)
            wide_and_quiet(folder)
            zoomed_in_page(folder)
        live(folder, arguments.views, arguments.points, arguments.period, arguments.wall)
    return 0


if __name__ == "__main__":
    sys.exit(main())
