"""All that RunDetails shows, of one real training of Pong, live and after its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from rl_widgets import Workspace
from tests.browser.conftest import Browser, Lab
from tests.browser.test_run_details import badge, iteration

pytestmark = [
    pytest.mark.browser,
    pytest.mark.cluster,
    pytest.mark.long,
    pytest.mark.timeout(900),
]

SOURCE = Path(__file__).parent.parent.parent / "notebooks" / "files"

SUBMIT = f"""
import json
from rl_widgets import *
ws = Workspace()
config = AmlCompute.provisioning_configuration(vm_size="LOCAL_1", max_nodes=1)
estimator = ReinforcementLearningEstimator(
    {str(SOURCE)!r},
    entry_script="pong_rllib.py",
    script_params={{
        "--run": "IMPALA",
        "--env": "PongNoFrameskip-v4",
        "--config": json.dumps({{"num_workers": 1, "evaluation_interval_s": 15}}),
        "--stop": json.dumps({{"episode_reward_mean": 18, "time_total_s": 75}}),
    }},
    compute_target=ComputeTarget.create(ws, "head", config),
    worker_configuration=WorkerConfiguration(
        node_count=1, compute_target=ComputeTarget.create(ws, "workers", config)
    ),
)
run = Experiment(ws, "every-point").submit(estimator)
"""
WATCH = """
RunDetails(run).show()
run.wait_for_completion(raise_on_error=False)["status"]
"""
AFTER = """
frame = run.to_frame()
of_all = ws.experiments["every-point"].to_frame()
print(len(frame) > 20, frame["env_steps"].max() > 5000, len(of_all))
CompareRuns([run])
"""


def test_a_real_training_is_seen_from_every_side(
    lab: Lab, browser: Browser, workspace: Workspace, tmp_path: Path
) -> None:
    lab.write("pong.ipynb", SUBMIT, WATCH, AFTER)
    browser.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    browser.open("pong.ipynb")
    browser.run_all()
    page = browser.page
    view = page.locator(".rlw-card.jupyter-widgets").first
    view.wait_for()

    def tab(name: str) -> None:
        view.get_by_role("tab", name=name).click()

    def both(name: str) -> None:
        view.scroll_into_view_if_needed()
        for theme, word in (("JupyterLab Light", "light"), ("JupyterLab Dark", "dark")):
            browser.use_theme(theme)
            browser.picture(f"every-point-{name}-{word}")

    # 1 to 3: head, child runs, the reward with its band and target.
    browser.wait_until(lambda: badge(browser) == "Running", "the start", 150)
    view.locator(".bqplot path.line").last.wait_for(state="attached", timeout=150_000)
    before = iteration(browser)
    browser.wait_until(lambda: iteration(browser) > before + 2, "new iterations", 120)
    words = view.inner_text()
    for said in ("of 18", "of 75 s", "1 of 1 node alive"):
        assert said in words, (said, words)
    # 5, 6: what limits it, and how it learns.
    tab("Throughput")
    bars = view.locator(".rlw-phases")
    browser.wait_until(
        lambda: "emulation" in (bars.first.get_attribute("aria-label") or ""), "bars"
    )
    both("throughput")
    # 7: the driver's log and those of the nodes.
    tab("Logs")
    log = view.locator(".rlw-log")
    browser.wait_until(lambda: "iteration" in log.inner_text().lower(), "the log")
    # 4: what RLlib reports, in groups.
    tab("Metrics")
    charts = view.locator(".rlw-metrics .rlw-small-chart")
    browser.wait_until(lambda: charts.count() == 12, "twelve charts")
    both("metrics")
    # 8: a video of the agent, recorded while it trains.
    tab("Episodes")
    choices = view.locator(".rlw-video-list option")
    browser.wait_until(lambda: choices.count() >= 1, "the first video", 180)
    view.get_by_role("button", name="Show the newest").click()
    player = page.locator("video")
    player.wait_for()
    browser.wait_until(lambda: player.evaluate("video => video.readyState") >= 2, "its frames")
    assert player.evaluate("video => video.duration") > 1
    both("episodes")

    legend = view.locator(".rlw-legend").first
    browser.wait_until(lambda: "episodes" in legend.inner_text(), "the mean's episodes", 120)

    browser.wait_until(lambda: badge(browser) == "Completed", "the end", 240)
    # 9: the checkpoint of the end, to take along.
    tab("Checkpoints")
    rows = view.locator(".rlw-checkpoints tr")
    browser.wait_until(lambda: rows.count() >= 2, "the checkpoint of the end")
    view.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as waiting:
        view.get_by_role("link", name="Save attempt-1-iteration-").click()
    waiting.value.save_as(tmp_path / "taken.zip")
    assert (tmp_path / "taken.zip").stat().st_size > 100_000
    assert view.get_by_placeholder("Search the names of files").is_visible()
    both("checkpoints")
    # 10, 11: what was submitted and what came of it; TensorBoard.
    tab("Configuration")
    table = view.locator("table.rlw-config")
    table.wait_for()
    view.get_by_placeholder("Search settings").fill("trace_lambda")
    browser.wait_until(lambda: table.locator("tbody tr").count() == 1, "the preset's setting")
    view.get_by_placeholder("Search settings").fill("")
    view.get_by_role("button", name="Copy as Python").click()
    view.get_by_role("button", name="Copied").wait_for()
    compile(page.evaluate("navigator.clipboard.readText()"), "cell", "exec")
    with page.context.expect_page() as opened:
        view.get_by_role("link", name="TensorBoard").click()
    browser.wait_until(lambda: opened.value.title() == "TensorBoard", "TensorBoard", 90)
    opened.value.close()
    both("configuration")
    # 12 to 14: the saved form is folded away; the comparison and the frames are made.
    saved = page.locator(".rlw-saved")
    assert saved.count()
    assert not saved.first.is_visible()
    page.locator(".jp-OutputArea-output pre", has_text="True True").wait_for()
    page.locator(".rlw-card.jupyter-widgets").nth(1).wait_for()

    assert "is NaN" not in view.inner_text(), "a result without an update has no loss"
    [run] = workspace.experiments["every-point"].get_runs()
    assert [child.status for child in run.get_children()] == ["Completed", "Completed"]
    assert browser.our_errors() == []
