"""The panel's forms in a real JupyterLab: the notebook's fields and words, checked as one types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
from playwright.sync_api import Locator

from rl_widgets import AmlCompute, ComputeTarget, Workspace
from rl_widgets.fields.specification import Fields
from rl_widgets.forms.checking import check, kind
from rl_widgets.forms.experiment import ExperimentFields
from rl_widgets.forms.settings import settings_of
from rl_widgets.forms.stopping import StopFields
from rl_widgets.store import statuses
from rl_widgets.widgets.field_control import FieldControl
from rl_widgets.widgets.form_entries import Entry, entries
from rl_widgets.widgets.target_control import TargetControl
from tests.panel.conftest import Lab

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

#: By kind of form: its command, and the fields of what is in its mappings.
FORMS: dict[str, tuple[str, dict[str, type[Fields]]]] = {
    "experiment": (
        "rl-widgets:new-experiment",
        {"config": settings_of("IMPALA"), "stop": StopFields},
    ),
    "compute_target": ("rl-widgets:new-compute-target", {}),
}

#: The groups of fields with what a person reads of each.
DRAWN = """fields => [...fields.querySelectorAll(':scope > fieldset')].map(group => [
    group.querySelector('legend').textContent,
    [...group.querySelectorAll('.rlp-field')].map(field => {
        const label = field.querySelector('label');
        const control = document.getElementById(label.htmlFor);
        return {
            label: label.textContent,
            about: field.querySelector('.rlp-about')?.textContent ?? '',
            unit: field.querySelector('.rlp-unit')?.textContent ?? '',
            kind: control.type,
            options: [...(control.options ?? [])].map(one => one.textContent),
            placeholder: control.placeholder ?? '',
        };
    }),
])"""

OVERFLOWING = """form => [...form.querySelectorAll('*')]
    .filter(e => e.getBoundingClientRect().width > 1)
    .filter(e => !e.closest('pre'))
    .filter(e => e.getBoundingClientRect().right > form.getBoundingClientRect().right + 1)
    .map(e => `${e.tagName} ${e.className} ${e.textContent.slice(0, 40)}`)"""


@pytest.fixture
def ws(own_home: Path) -> Iterator[Workspace]:
    """The workspace that the server serves, as a notebook has it."""
    workspace = Workspace()
    yield workspace
    workspace.close()


def opened(lab: Lab, form: str = "experiment") -> Locator:
    lab.open()
    # The command of a new target waits for the panel to know the server.
    lab.show_panel().get_by_text("There is no run yet").wait_for()
    lab.execute(FORMS[form][0])
    page = lab.run_page()
    enabled(page)
    return page


def button(page: Locator) -> Locator:
    return page.locator(".rlp-primary")


def enabled(page: Locator) -> None:
    page.locator(".rlp-primary:enabled").wait_for()


def field(page: Locator, label: str) -> Locator:
    return page.locator(".rlp-field", has=page.page.get_by_label(label, exact=True)).first


def wrong(page: Locator, label: str) -> str:
    """What is wrong with a field, when it is said."""
    said = field(page, label).locator(".rlp-wrong")
    said.wait_for()
    button(page).and_(page.page.locator(":disabled")).wait_for()
    return said.inner_text()


def in_notebook(entry: Entry) -> dict[str, Any]:
    """The same of the notebook's control."""
    made: FieldControl
    if entry.schema.get("x-kind") == "compute_target":
        made = TargetControl(entry.path, entry.schema, lambda _: None, choices=["local"])
    else:
        made = FieldControl(entry.path, entry.schema, lambda _: None)
    kinds = {
        ipywidgets.Checkbox: "checkbox",
        ipywidgets.Dropdown: "select-one",
        ipywidgets.Textarea: "textarea",
    }
    return {
        "label": made.control.description,
        "about": entry.schema["description"],
        "unit": entry.schema.get("x-unit", ""),
        "kind": kinds.get(type(made.control), "text"),
        "options": [words for words, _ in getattr(made.control, "options", ())],
        "placeholder": getattr(made.control, "placeholder", ""),
    }


# Of an experiment's form it compares more than 200 settings: among the slow ones.
@pytest.mark.parametrize(
    "form",
    [pytest.param(f, marks=pytest.mark.long if f == "experiment" else ()) for f in FORMS],
)
def test_a_form_has_the_fields_words_and_choices_of_the_notebooks(lab: Lab, form: str) -> None:
    page = opened(lab, form)
    groups: dict[str, list[dict[str, Any]]] = {}
    others: dict[str, Entry] = {}
    for entry in entries(kind(form), FORMS[form][1]):
        if entry.advanced:
            others[entry.path] = entry
        else:
            groups.setdefault(entry.group, []).append(in_notebook(entry))
    drawn = [(title, fields) for title, fields in page.locator(".rlp-fields").first.evaluate(DRAWN)]
    if form == "experiment":
        title, [python] = drawn.pop()
        assert (title, python["label"]) == ("Python", "Python")
        assert "The server's own" in python["options"]
        # What stands in an empty setting is what is in force, which a field alone does not know.
        settings = settings_of("IMPALA").class_traits()
        labels = {trait.label for trait in settings.values() if hasattr(trait, "label")}
        for one in [*groups["Training"], *dict(drawn)["Training"]]:
            if one["label"] in labels:
                del one["placeholder"]
    assert drawn == list(groups.items())

    # All others are behind the search, each with the same words, too.
    search = page.get_by_label("Search all other settings")
    shown = page.locator(".rlp-find + .rlp-fields")
    found: list[tuple[str, dict[str, Any]]] = []

    def look(asked: str) -> None:
        search.fill(asked)
        for title, fields in shown.evaluate(DRAWN):
            for one in fields:
                del one["placeholder"]  # what is in force, as above
                found.append((title, one))

    for path, entry in others.items():
        wanted = entry.group, in_notebook(entry)
        del wanted[1]["placeholder"]
        if wanted not in found:
            look(path.rpartition(".")[2].partition("_")[0])
        if wanted not in found:
            search.fill(f"{path} {wanted[1]['label']}")
            shown.get_by_text(wanted[1]["about"], exact=True).first.wait_for()
            look(search.input_value())
        assert wanted in found


def test_a_form_is_checked_while_one_types(lab: Lab, ws: Workspace) -> None:
    lab.open()
    lab.show_panel().get_by_text("There is no run yet").wait_for()
    lab.execute("launcher:create")
    # JupyterLab may open a launcher of its own beside this one.
    card = lab.page.locator(".jp-LauncherCard:visible", has_text="New RL experiment")
    card.first.click()
    page = lab.run_page()
    enabled(page)
    values: dict[str, Any] = dict(ExperimentFields.begins)

    # Each wrong value is refused at its field, in the words of the specification.
    for label, name, text in (
        ("Checkpoint every", "checkpoint_freq", "often"),
        ("Experiment", "experiment", "<b>x</b>"),
        ("Environment", "environment", "CartPole-v9"),
        ("Settings", "config", '{"lr": 1,\n x}'),
        ("Seeds", "seeds", "1, 1.5"),
    ):
        control = page.get_by_label(label, exact=True)
        before = control.input_value()
        control.fill(text)
        said = wrong(page, label)
        given = [1, 1.5] if name == "seeds" else text
        assert said == check(ExperimentFields, {**values, name: given}, ws).errors[name]
        assert control.get_attribute("aria-invalid") == "true"
        assert page.locator("pre").count() == 0
        lab.picture(f"form-wrong-{name}")
        control.fill(before)
        enabled(page)
    assert page.locator(".rlp-wrong").count() == 0

    # What the values come to changes with them.
    found = check(ExperimentFields, values, ws)
    assert found.picture is not None
    assert page.locator("svg title").first.text_content() == found.picture.text
    notes = page.locator(".rlp-notes li")
    assert notes.all_inner_texts()[: len(found.notes)] == list(found.notes)
    assert page.locator("pre").text_content() == found.code
    values |= {"worker_nodes": 3, "config": {"num_env_runners": 2, "broadcast_interval": 2}}
    page.get_by_label("Worker nodes", exact=True).fill("3")
    page.get_by_label("Env runners", exact=True).fill("2")
    page.get_by_label("Search all other settings").fill("broadcast interval")
    page.get_by_text("1 other setting found.").wait_for()
    page.get_by_label("broadcast_interval", exact=True).fill("2")
    found = check(ExperimentFields, values, ws)
    lab.wait_until(lambda: page.locator("pre").text_content() == found.code, "the code of it")
    assert found.picture is not None
    assert page.locator("svg title").first.text_content() == found.picture.text
    assert notes.all_inner_texts()[: len(found.notes)] == list(found.notes)
    whole = page.get_by_label("Settings", exact=True)
    assert whole.input_value() == '{"num_env_runners": 2, "broadcast_interval": 2}'

    # Pictures of the top and of what stands beneath.
    def shot(name: str) -> None:
        page.locator(".rlp-title").scroll_into_view_if_needed()
        lab.picture(f"form-experiment-{name}")
        page.get_by_text("Show the code").scroll_into_view_if_needed()
        lab.picture(f"form-experiment-{name}-beneath")

    shot("light")
    lab.use_theme("JupyterLab Dark")
    shot("dark")
    page.get_by_label("Env runners", exact=True).fill("many")
    assert "num_env_runners" in wrong(page, "Env runners")
    lab.picture("form-experiment-dark-wrong")


def test_a_narrow_form_does_not_overflow(new_lab: Callable[..., Lab]) -> None:
    lab = new_lab(None, 420)
    page = opened(lab)
    lab.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    page.get_by_label("Compute target of the head", exact=True).select_option(label="New …")
    page.get_by_label("Size", exact=True).wait_for()
    page.get_by_label("Checkpoint every", exact=True).fill("often" * 30)
    wrong(page, "Checkpoint every")
    width = "e => e.getBoundingClientRect().width"
    lab.page.set_viewport_size({"width": 420 - int(page.evaluate(width)) + 300, "height": 1000})
    lab.wait_until(lambda: page.evaluate(width) <= 301, "a page of 300 pixels")
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate("e => e.scrollWidth <= e.clientWidth")
    lab.picture("form-experiment-300-pixels")
    page.locator(".rlp-cluster, .rlp-wrong").first.scroll_into_view_if_needed()
    lab.picture("form-experiment-300-pixels-wrong")
    page.get_by_label("Checkpoint every", exact=True).fill("")
    enabled(page)
    page.get_by_text("Show the code").click()
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate("e => e.scrollWidth <= e.clientWidth")
    lab.picture("form-experiment-300-pixels-beneath")
    lab.use_theme("JupyterLab Dark")
    lab.picture("form-experiment-300-pixels-dark")
    assert page.evaluate(OVERFLOWING) == []


def test_a_compute_target_is_made_and_one_that_is_deleted_is_said(lab: Lab, ws: Workspace) -> None:
    page = opened(lab, "compute_target")
    page.get_by_label("Name", exact=True).fill("local")
    assert wrong(page, "Name") == "There is a compute target 'local' already."
    page.get_by_label("Name", exact=True).fill("mine")
    page.get_by_label("Size", exact=True).select_option(label="Of my own")
    assert "vm_size is needed" in wrong(page, "Size")
    page.get_by_label("CPUs", exact=True).fill("2")
    page.get_by_label("Nodes at least", exact=True).fill("3")
    assert wrong(page, "Nodes at least") == "min_nodes (3) is greater than max_nodes (1)."
    lab.picture("form-target-wrong")
    page.get_by_label("Nodes at least", exact=True).fill("")
    enabled(page)
    page.get_by_text("Each node has 2 CPUs and 8 GiB").wait_for()
    lab.picture("form-target-light")
    lab.use_theme("JupyterLab Dark")
    lab.picture("form-target-dark")
    button(page).click()
    lab.page.locator(".rlp-target", has_text="mine").wait_for()
    assert ws.compute_targets["mine"].get_status().max_nodes == 1

    # A form that is open follows what happens to the targets.
    lab.execute("rl-widgets:new-experiment")
    form = lab.run_page()
    enabled(form)
    head = form.get_by_label("Compute target of the head", exact=True)
    head.select_option(label="mine")
    enabled(form)
    form.get_by_text("CUSTOM", exact=True).wait_for()
    ws.compute_targets["mine"].delete()
    assert "no compute target 'mine'" in wrong(form, "Compute target of the head")
    configuration = AmlCompute.provisioning_configuration("LOCAL_1", max_nodes=2)
    ComputeTarget.create(ws, "other", configuration)
    form.locator("option", has_text="other").first.wait_for(state="attached")
    head.select_option(label="other")
    enabled(form)


def test_each_field_of_a_new_target_shows_its_own_error(lab: Lab) -> None:
    page = opened(lab)
    page.get_by_label("Compute target of the head", exact=True).select_option(label="New …")
    page.get_by_label("Nodes at most", exact=True).fill("0")
    page.get_by_label("Nodes at least", exact=True).fill("-1")
    assert "max_nodes is a whole number" in wrong(page, "Nodes at most")
    assert "min_nodes is a whole number" in wrong(page, "Nodes at least")


@pytest.mark.cluster
@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_run_is_submitted_and_run_again_with_one_thing_changed(lab: Lab, ws: Workspace) -> None:
    page = opened(lab)
    page.get_by_label("Worker nodes", exact=True).fill("1")
    page.get_by_label("Env runners", exact=True).fill("1")
    page.get_by_label("Seconds of training", exact=True).fill("15")
    page.get_by_label("Seeds", exact=True).fill("7")
    # The kernel is this very Python: what it has is looked at before anything is submitted.
    page.get_by_label("Python", exact=True).select_option(label="Python 3 (ipykernel)")
    page.get_by_text("the settings ask for").or_(page.locator(".rlp-notes")).first.wait_for()
    enabled(page)
    try:
        button(page).click()
        lab.wait_until(lambda: "quickstart" in ws.experiments, "the experiment", 180)
        runs = ws.experiments["quickstart"].get_runs
        lab.wait_until(lambda: len(list(runs())) == 1, "the run", 180)
        [run] = runs()
        run_page = lab.run_page()
        run_page.get_by_text("Completed").first.wait_for(timeout=300_000)
        lab.picture("form-run-completed")
        assert run.get_status() == statuses.COMPLETED

        lab.execute("rl-widgets:new-run-from", id=run.id)
        again = lab.page.locator(".rlp-experiment:visible")
        again.locator(".rlp-primary:enabled").wait_for()
        assert again.get_by_label("Seeds", exact=True).input_value() == "7"
        assert again.get_by_label("Seconds of training", exact=True).input_value() == "15"
        assert again.get_by_label("Env runners", exact=True).input_value() == "1"
        python = again.get_by_label("Python", exact=True)
        assert python.evaluate("e => e.selectedOptions[0].textContent") == "Python 3 (ipykernel)"
        # How long it takes is known from the first.
        again.get_by_text("env steps/s, measured in 1 run").or_(
            again.get_by_text("That is some")
        ).first.wait_for()
        lab.picture("form-run-again")
        again.get_by_label("Seeds", exact=True).fill("7, 8")
        again.get_by_text("2 runs, with a common tag 'group'.").wait_for()
    finally:
        for name in ws.experiments:
            for one in ws.experiments[name].get_runs():
                one.cancel()
                one.wait_for_completion(raise_on_error=False)


@pytest.mark.cluster
@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_short_run_is_tried(lab: Lab, ws: Workspace) -> None:
    page = opened(lab)
    # It is stopped by what the form says where that is sooner than 60 s.
    page.get_by_label("Seconds of training", exact=True).fill("3")
    page.get_by_label("Seeds", exact=True).fill("1, 2")
    page.get_by_text("2 runs, with a common tag 'group'.").wait_for()
    enabled(page)
    page.get_by_role("button", name="Try 60 seconds").click()
    page.get_by_text("Completed").first.wait_for(timeout=400_000)
    [run] = ws.experiments["quickstart"].get_runs()
    assert run.tags == {"trial": "60 s of 3 s"}
    # The form itself is as it was.
    lab.page.locator(".lm-TabBar-tab", has_text="New RL experiment").click()
    assert page.get_by_label("Seeds", exact=True).input_value() == "1, 2"
    lab.picture("form-tried")
