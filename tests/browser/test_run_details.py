"""RunDetails in a real JupyterLab: of a real run, live, canceled, and in a saved notebook."""

from __future__ import annotations

from pathlib import Path

import pytest

from rl_widgets import Workspace
from rl_widgets.store import statuses
from tests.browser.conftest import Browser, Lab
from tests.view.fixture_runs import make

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

SCRIPT = """
import time
from rl_widgets import Run

run = Run.get_context()
for i in range(1, 100_000):
    run.log_metrics(
        {
            "episode_reward_mean": -21 + 39 * i / (i + 60),
            "training_iteration": i,
            "num_env_steps_sampled_lifetime": 500 * i,
            "throughput/env_steps_sampled_per_s": 2500,
        },
        step=i,
        env_steps=500 * i,
    )
    print(f"iteration {i}", flush=True)
    time.sleep(0.2)
"""

SUBMIT = """
from rl_widgets import *
ws = Workspace()
config = AmlCompute.provisioning_configuration(vm_size="LOCAL_1", max_nodes=2)
workers = ComputeTarget.create(ws, "workers", config)
config = AmlCompute.provisioning_configuration(vm_size="LOCAL_1", max_nodes=1)
head = ComputeTarget.create(ws, "head", config)
estimator = ReinforcementLearningEstimator(
    "files",
    entry_script="script.py",
    script_params={"--stop": '{"episode_reward_mean": 18}'},
    compute_target=head,
    worker_configuration=WorkerConfiguration(node_count=2, compute_target=workers),
)
run = Experiment(ws, "browser-test").submit(estimator)
"""

#: The article's own cell: the kernel is busy while the view is used.
WATCH = """
RunDetails(run).show()
run.wait_for_completion(raise_on_error=False)["status"]
"""


@pytest.mark.cluster
def test_a_run_is_watched_and_canceled(lab: Lab, browser: Browser, workspace: Workspace) -> None:
    (lab.folder / "files").mkdir()
    (lab.folder / "files" / "script.py").write_text(SCRIPT)
    lab.write("watch.ipynb", SUBMIT, WATCH)
    browser.open("watch.ipynb")
    browser.run_all()
    page = browser.page
    view = page.locator(".rlw-card.jupyter-widgets")
    view.wait_for()
    browser.picture("run-details-starting")

    # The chart grows by itself.
    line = view.locator(".bqplot path.line").last
    line.wait_for(state="attached", timeout=150_000)
    before = iteration(browser)
    browser.wait_until(lambda: iteration(browser) > before + 5, "new iterations")
    drawn = line.get_attribute("d")
    browser.wait_until(lambda: line.get_attribute("d") != drawn, "a longer line")

    # Head and workers are there, with their nodes.
    rows = view.locator("tr.rlw-child")
    assert rows.count() == 2
    assert "1 of 1 node alive" in rows.nth(0).inner_text()
    assert "2 of 2 nodes alive" in rows.nth(1).inner_text()
    assert view.locator("tr.rlw-node").count() == 3
    # Which logs there are is looked at every few seconds; the script's comes by itself.
    log = view.locator(".rlw-log")
    browser.wait_until(lambda: "iteration " in log.inner_text(), "the script's log", 30)
    # What a saved notebook keeps is folded away while the widget lives.
    assert page.locator(".rlw-saved").count() == 1
    assert not page.locator(".rlw-saved").is_visible()
    view.get_by_text("Env steps", exact=True).click()
    view.locator(".bqplot").get_by_text("env steps", exact=True).wait_for()
    browser.picture("run-details-running-light")
    browser.use_theme("JupyterLab Dark")
    browser.picture("run-details-running-dark")

    # Cancel asks once; the kernel is busy waiting for the run meanwhile.
    view.get_by_role("button", name="Cancel run").click()
    view.get_by_text("Cancel this run?").wait_for()
    assert badge(browser) == "Running"
    assert view.get_by_text("While a cell runs, the buttons here").count() == 0
    view.get_by_role("button", name="Yes, cancel it").click()
    browser.wait_until(lambda: badge(browser) == "Canceled", "the end of the run", 60)
    [run] = workspace.experiments["browser-test"].get_runs()
    assert run.status == statuses.CANCELED
    page.locator(".jp-OutputArea-output pre", has_text="'Canceled'").wait_for()
    assert not view.get_by_role("button", name="Cancel run").is_visible()
    browser.picture("run-details-canceled-dark")
    assert browser.our_errors() == []


def test_every_state_is_drawn(lab: Lab, browser: Browser, own_home: Path) -> None:
    fixtures = {name: make(own_home, run_id=f"pong_{name}") for name in ("failed", "done")}
    for fixture in fixtures.values():
        fixture.start()
        for i in range(1, 60):
            fixture.result(i, -21 + i * 0.3, take_in=False)
        fixture.take_in()
        fixture.write_log("\x1b[32m(IMPALA)\x1b[0m the last line\n")
    error = {"message": "ValueError: no <environment>", "file": "a.py", "line": 3}
    fixtures["failed"].end(statuses.FAILED, error)
    fixtures["done"].end(statuses.COMPLETED)
    queued = make(own_home, run_id="pong_queued", message="Waits for 2 nodes of 'worker-cpu'.")
    names = [*fixtures, "queued"]
    first = "from rl_widgets import *\nws = Workspace()"
    lab.write("states.ipynb", first, *(f"RunDetails(ws.get_run('pong_{n}'))" for n in names))
    browser.page.set_viewport_size({"width": 1100, "height": 2600})
    browser.open("states.ipynb")
    browser.run_all()
    views = browser.page.locator(".rlw-card.jupyter-widgets")
    browser.wait_until(lambda: views.count() == 3, "three views")
    browser.page.get_by_text("ValueError: no <environment>").first.wait_for()
    browser.page.get_by_text("Waits for 2 nodes of 'worker-cpu'.").first.wait_for()
    browser.page.get_by_text("The chart begins when").first.wait_for()
    browser.wait_until(
        lambda: browser.page.locator(".bqplot path.line[d]").count() >= 2, "both curves"
    )
    browser.picture("run-details-states-light")
    browser.use_theme("JupyterLab Dark")
    browser.picture("run-details-states-dark")
    assert queued.run.status == "Queued"
    assert browser.our_errors() == []


def write_of_a_completed_run(lab: Lab, home: Path, name: str, *cells: str) -> None:
    """A notebook that shows a run which has ended, and more cells."""
    fixture = make(home, run_id="pong_done")
    fixture.start()
    for i in range(1, 60):
        fixture.result(i, -21 + i * 0.3, take_in=False)
    fixture.take_in()
    fixture.end(statuses.COMPLETED)
    first = "from rl_widgets import *\nRunDetails(Workspace().get_run('pong_done'))"
    lab.write(name, first, *cells)


def test_a_saved_notebook_without_kernel(lab: Lab, browser: Browser, own_home: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    write_of_a_completed_run(lab, own_home, "saved.ipynb")
    path = lab.folder / "saved.ipynb"
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    nbformat.write(notebook, path)
    browser.open("saved.ipynb")
    # Not trusted: no style sheet, no script, but words and curve.
    saved = browser.page.locator(".jp-OutputArea-output img[alt*='episode_reward_mean']")
    saved.wait_for()
    assert saved.evaluate("image => image.naturalWidth") > 0
    browser.page.locator(".jp-Notebook").get_by_text("Completed").first.wait_for()
    browser.picture("saved-notebook-untrusted")
    assert browser.our_errors() == []


def test_a_notebook_that_was_saved_outlives_its_kernel(
    lab: Lab, browser: Browser, own_home: Path
) -> None:
    others = "CompareRuns(['pong_done'], workspace=Workspace())", "ClusterForm(Workspace())"
    write_of_a_completed_run(lab, own_home, "kept.ipynb", *others)
    browser.page.set_viewport_size({"width": 1100, "height": 2600})
    browser.open("kept.ipynb")
    browser.run_all()
    live = browser.page.locator(".rlw-card.jupyter-widgets")
    browser.wait_until(lambda: live.count() == 3, "three live views")
    folded = browser.page.locator(".jp-OutputArea-output .rlw[class*='rlw-saved-']")
    browser.wait_until(
        lambda: folded.count() == 3 and not any(f.is_visible() for f in folded.all()),
        "the folded forms",
    )
    saved = browser.page.locator(".jp-OutputArea-output img[alt*='episode_reward_mean']").first
    browser.execute("docmanager:save")
    path = lab.folder / "kept.ipynb"
    browser.wait_until(lambda: path.read_text().count("widget-view") == 3, "the file")
    browser.execute("notebook:shutdown-kernel")
    # Its widgets are no more; the page that comes then has a new kernel, which knows none of them.
    browser.open("kept.ipynb")
    browser.wait_until(saved.is_visible, "the saved form")
    assert live.count() == 0
    browser.wait_for_kernel()
    gone = browser.page.get_by_text("model not found")
    browser.wait_until(lambda: gone.count() == 3, "three widgets that are gone")
    assert not any(words.is_visible() for words in gone.all())
    assert all(form.is_visible() for form in folded.all())
    browser.picture("saved-notebook-trusted")


def iteration(browser: Browser) -> int:
    """The iteration that the view shows."""
    fact = browser.page.locator(".rlw-card.jupyter-widgets .rlw-fact", has_text="iteration")
    return int(fact.locator("b").inner_text().replace(",", ""))


def badge(browser: Browser) -> str:
    """The words of the view's badge."""
    return browser.page.locator(".rlw-card.jupyter-widgets .rlw-title .rlw-badge").inner_text()
