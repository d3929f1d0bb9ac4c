"""The notebook's forms in a real JupyterLab: typed into, drawn, looked at, and a run submitted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator

from rl_widgets import AmlCompute, ComputeTarget, Workspace
from rl_widgets.forms import document
from rl_widgets.forms.checking import check
from rl_widgets.forms.experiment import ExperimentFields
from rl_widgets.store import statuses
from tests.browser.conftest import Browser, Lab, laboratory
from tests.view.fixture_runs import make

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

PANEL = Path(__file__).parent.parent.parent / "rl_widgets" / "labextension"
IMPORTS = "from rl_widgets import *\nws = Workspace()"
TEACHERS = """version: 1
locked: [environment, config.lr]
experiment: first-hour
environment: Acrobot-v1
config: {lr: 0.001}
seeds: [1, 2]
"""


@pytest.fixture
def lab(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """JupyterLab with the panel as it is built here: 'Insert as cell' is its work."""
    own = tmp_path / "jupyter"
    extensions = own / "data" / "labextensions"
    extensions.mkdir(parents=True)
    if PANEL.is_dir():
        (extensions / "rl-widgets").symlink_to(PANEL)
    # In a virtual environment Jupyter else takes what is installed there first.
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    with laboratory(tmp_path / "notebooks", own) as lab:
        yield lab


def field(form: Locator, label: str) -> Locator:
    """A field with its error, by its label."""
    named = form.page.locator(".widget-label").get_by_text(label, exact=True)
    return form.locator(".rlw-field", has=named).first


def overflowing(form: Locator) -> list[str]:
    """What of a form reaches beyond it to the right, or scrolls within itself."""
    found: list[str] = form.evaluate(
        """form => {
            const right = form.getBoundingClientRect().right + 1;
            const shown = [...form.querySelectorAll('*')].filter(e => e.checkVisibility());
            const code = e => e.closest('pre, select, option, svg');
            return shown.filter(e => !code(e) && (e.getBoundingClientRect().right > right
                || (getComputedStyle(e).overflowX === 'auto' && e.scrollWidth > e.clientWidth + 1)
            )).map(e => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 40)}`);
        }"""
    )
    return found


def test_forms_are_typed_into_and_drawn(lab: Lab, browser: Browser, workspace: Workspace) -> None:
    configuration = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=5)
    ComputeTarget.create(workspace, "class-nodes", configuration)
    cluster = 'ClusterForm(ws, {"head_target": "class-nodes", "worker_nodes": 1})'
    lab.write("forms.ipynb", IMPORTS, "form = ExperimentForm(ws)\nform", cluster)
    browser.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    browser.page.set_viewport_size({"width": 1300, "height": 2600})
    browser.open("forms.ipynb")
    browser.run_all()
    page = browser.page
    forms = page.locator(".rlw-card.jupyter-widgets")
    browser.wait_until(lambda: forms.count() == 2, "both forms")
    experiment, nodes = forms.nth(0), forms.nth(1)
    submit = experiment.get_by_role("button", name="Submit")
    browser.wait_until(submit.is_enabled, "a form that can be submitted as it is")
    browser.picture("forms-light")

    # What is wrong stands at its field as it is typed, and goes when it is put right.
    workers = field(nodes, "Worker nodes")
    workers.get_by_role("textbox").fill("many")
    wrong = workers.get_by_role("alert")
    wrong.wait_for()
    assert "worker_nodes is a whole number from 0 to 1,000, not 'many'." in wrong.inner_text()
    copy = nodes.get_by_role("button", name="Copy as Python")
    browser.wait_until(lambda: copy.count() == 0, "no code of what is wrong")
    boxes = nodes.locator("svg g")
    workers.get_by_role("textbox").fill("3")
    browser.wait_until(lambda: boxes.count() == 4, "a head and three workers")
    assert wrong.count() == 0
    # The picture comes first: what is said beneath is another of the kernel's messages.
    counted = "2 + 3 × 2 − 1 = 7 rollout workers."  # noqa: RUF001
    browser.wait_until(lambda: counted in nodes.inner_text(), "the number of rollout workers")

    # What others do is seen, too.
    workspace.compute_targets["class-nodes"].delete()
    head = field(nodes, "Compute target of the head")
    browser.wait_until(lambda: "There is no compute target" in head.inner_text(), "the sentence")

    # Environments are searched by name, and a slip is answered with the nearest.
    environment = field(experiment, "Environment").get_by_role("combobox")
    names = "e => [...e.list.options].map(o => o.value)"
    assert "PongNoFrameskip-v4" in environment.evaluate(names)
    environment.fill("CartPoel-v1")
    said = field(experiment, "Environment").get_by_role("alert")
    said.wait_for()
    assert "Did you mean 'CartPole-v1'?" in said.inner_text()
    browser.wait_until(submit.is_disabled, "no submission of what is wrong")
    settings = field(experiment, "Settings").locator("textarea")
    settings.fill('{"lr": 0.001,\n  "gamma": 0,9}')
    browser.wait_until(lambda: "line 2, column 14" in experiment.inner_text(), "the place")
    browser.picture("forms-wrong-light")
    environment.fill("CartPole-v1")
    settings.fill("")
    experiment.get_by_placeholder("Search all other settings").fill("<b>vtrace")
    experiment.get_by_placeholder("Search all other settings").fill("vtrace clip")
    field(experiment, "vtrace_clip_rho_threshold").wait_for()
    browser.wait_until(submit.is_enabled, "a form without a mistake")

    experiment.get_by_role("button", name="Copy as Python").click()
    experiment.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    compile(copied, "cell", "exec")
    if PANEL.is_dir():
        experiment.get_by_role("button", name="Insert as cell").click()
        cell = page.locator(".jp-Notebook .jp-Cell").nth(2)
        browser.wait_until(lambda: "CartPole-v1" in cell.inner_text(), "the cell")
        assert page.locator(".jp-Notebook .jp-Cell").count() == 4
    else:
        assert not experiment.get_by_role("button", name="Insert as cell").is_visible()

    assert [overflowing(form) for form in (experiment, nodes)] == [[], []]
    browser.use_theme("JupyterLab Dark")
    browser.picture("forms-dark")
    page.set_viewport_size({"width": 640, "height": 2600})
    for theme, name in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
        browser.use_theme(theme)
        browser.picture(f"forms-narrow-{name}")
        assert [overflowing(form) for form in (experiment, nodes)] == [[], []]
    assert browser.our_errors() == []


def choose(form: Locator, file: Path) -> None:
    """Open a file in the form."""
    with form.page.expect_file_chooser() as chooser:
        form.get_by_role("button", name="Open YAML").click()
    chooser.value.set_files(file)


def saved(form: Locator, file: Path) -> bytes:
    """What 'Save as YAML' saves; it is in the file afterwards."""
    with form.page.expect_download() as download:
        form.get_by_role("link", name="Save as YAML").click()
    assert download.value.suggested_filename == "experiment.yaml"
    download.value.save_as(file)
    return file.read_bytes()


def test_a_teachers_file_is_opened_with_its_lock_and_saved_again(
    lab: Lab, browser: Browser, workspace: Workspace, tmp_path: Path
) -> None:
    lab.write("file.ipynb", IMPORTS, "form = ExperimentForm(ws)\nform")
    browser.page.set_viewport_size({"width": 1300, "height": 2600})
    browser.open("file.ipynb")
    browser.run_all()
    form = browser.page.locator(".rlw-card.jupyter-widgets").first
    browser.wait_until(form.get_by_role("button", name="Submit").is_enabled, "the form")

    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1\nenviroment: CartPole-v1\n")
    choose(form, bad)
    said = "bad.yaml, line 2, column 1: There is no field 'enviroment'. Did you mean 'environment'?"
    form.get_by_role("alert").get_by_text(said).wait_for()
    assert field(form, "Experiment").get_by_role("textbox").input_value() == "quickstart"
    browser.picture("forms-file-refused-light")

    file = tmp_path / "class.yaml"
    file.write_text(TEACHERS)
    choose(form, file)
    locked = field(form, "Environment (locked)").get_by_role("combobox")
    locked.wait_for()
    assert locked.is_disabled()
    assert locked.input_value() == "Acrobot-v1"
    assert field(form, "Learning rate (locked)").get_by_role("textbox").is_disabled()
    assert "locked" in field(form, "Environment (locked)").inner_text()
    assert "class.yaml is opened." in form.inner_text()
    assert overflowing(form) == []
    browser.picture("forms-locked-light")

    # A student changes what is not locked, and what is saved opens as the same again.
    seeds = field(form, "Seeds").get_by_role("textbox")
    assert seeds.input_value() == "1, 2"
    seeds.fill("3, 4")
    values = {**document.read(TEACHERS).values, "seeds": [3, 4]}
    checked = check(ExperimentFields, values, workspace)
    wanted = document.dump(ExperimentFields, checked.values, ["environment", "config.lr"])
    mine = tmp_path / "mine.yaml"
    browser.wait_until(lambda: saved(form, mine) == wanted.encode(), "the file")
    choose(form, file)
    browser.wait_until(lambda: seeds.input_value() == "1, 2", "the teacher's values")
    choose(form, mine)
    browser.wait_until(lambda: seeds.input_value() == "3, 4", "the student's values")
    assert locked.is_disabled()
    browser.use_theme("JupyterLab Dark")
    browser.picture("forms-locked-dark")
    assert browser.our_errors() == []


def test_a_run_is_opened_as_a_form(lab: Lab, browser: Browser, workspace: Workspace) -> None:
    node = {"target": "local", "vm_size": "", "cpus": 2, "gpus": 0, "object_store": 1 << 30}
    params = {
        "--run": "IMPALA",
        "--env": "Acrobot-v1",
        "--config": {"lr": 0.25, "num_env_runners": 1},
        "--stop": {"time_total_s": 90},
        "--seed": 7,
    }
    definition = {
        "entry_script": "train_rllib.py",
        "script_params": params,
        "head": {**node, "node_count": 1},
    }
    made = make(workspace.folder, "made_1", definition=definition)
    made.end(statuses.COMPLETED)
    made.workspace.close()
    lab.write("again.ipynb", IMPORTS, 'ExperimentForm.from_run(ws.get_run("made_1"))')
    browser.page.set_viewport_size({"width": 1300, "height": 2600})
    browser.open("again.ipynb")
    browser.run_all()
    form = browser.page.locator(".rlw-card.jupyter-widgets").first
    browser.wait_until(form.get_by_role("button", name="Submit").is_enabled, "the form")
    for label, text in (
        ("Experiment", "rllib-pong-multi-node"),
        ("Learning rate", "0.25"),
        ("Env runners", "1"),
        ("Seconds of training", "90"),
        ("Seeds", "7"),
    ):
        assert field(form, label).get_by_role("textbox").input_value() == text
    assert field(form, "Environment").get_by_role("combobox").input_value() == "Acrobot-v1"
    assert '"lr": 0.25' in field(form, "Settings").locator("textarea").input_value()
    browser.picture("forms-from-run-light")
    assert browser.our_errors() == []


@pytest.mark.cluster
@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_short_run_is_tried(lab: Lab, browser: Browser, workspace: Workspace) -> None:
    lab.write("try.ipynb", IMPORTS, "form = ExperimentForm(ws)\nform")
    browser.page.set_viewport_size({"width": 1300, "height": 2600})
    browser.open("try.ipynb")
    browser.run_all()
    form = browser.page.locator(".rlw-card.jupyter-widgets").first
    attempt = form.get_by_role("button", name="Try 60 seconds")
    browser.wait_until(attempt.is_enabled, "the form")
    # It is stopped by what the form says where that is sooner than 60 s.
    field(form, "Seconds of training").get_by_role("textbox").fill("3")
    field(form, "Seeds").get_by_role("textbox").fill("1, 2")
    browser.wait_until(lambda: "2 runs, with a common tag" in form.inner_text(), "the check")
    attempt.click()
    details = form.locator(".rlw-card")
    details.wait_for(timeout=240_000)
    browser.wait_until(lambda: "1 run submitted" in form.inner_text(), "the words", 120)
    browser.wait_until(lambda: "Completed" in details.inner_text(), "the end", 500)
    [run] = workspace.experiments["quickstart"].get_runs()
    assert run.status == statuses.COMPLETED
    assert run.tags == {"trial": "60 s of 3 s"}
    # The form itself is as it was.
    assert field(form, "Seeds").get_by_role("textbox").input_value() == "1, 2"
    browser.picture("forms-tried-light")
    assert browser.our_errors() == []


@pytest.mark.cluster
def test_a_run_is_submitted_and_shown_beneath(
    lab: Lab, browser: Browser, workspace: Workspace
) -> None:
    lab.write("submit.ipynb", IMPORTS, "form = ExperimentForm(ws)\nform")
    browser.page.set_viewport_size({"width": 1300, "height": 2600})
    browser.open("submit.ipynb")
    browser.run_all()
    form = browser.page.locator(".rlw-card.jupyter-widgets").first
    submit = form.get_by_role("button", name="Submit")
    browser.wait_until(submit.is_enabled, "the form")
    field(form, "Seconds of training").get_by_role("textbox").fill("2")
    field(form, "Learning rate").get_by_role("textbox").fill("0.002")
    browser.wait_until(lambda: "after 2 s at the latest" in form.inner_text(), "the duration")
    submit.click()
    details = form.locator(".rlw-card")
    details.wait_for()
    browser.wait_until(lambda: "1 run submitted" in form.inner_text(), "the words")
    details.locator(".bqplot path.line[d]").first.wait_for(state="attached", timeout=240_000)
    browser.wait_until(lambda: "Completed" in details.inner_text(), "the end", 90)
    [run] = workspace.experiments["quickstart"].get_runs()
    assert run.status == statuses.COMPLETED
    # How fast it was is said of the next one.
    browser.wait_until(lambda: "measured in 1 run" in form.inner_text(), "what was measured")
    browser.picture("forms-submitted-light")
    assert browser.our_errors() == []
