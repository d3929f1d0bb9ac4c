"""The panel's forms as files, in a real JupyterLab: a teacher's lock, what cannot be opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator

from rl_widgets import Workspace
from rl_widgets.fields.compute_target import ComputeTargetFields
from rl_widgets.forms import document
from rl_widgets.forms.checking import check
from rl_widgets.forms.experiment import ExperimentFields
from tests.browser.test_forms import TEACHERS
from tests.panel.conftest import Lab
from tests.panel.test_forms import enabled, opened, wrong

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def choose(page: Locator, file: Path) -> None:
    """Open a file in the form."""
    with page.page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open YAML").click()
    chooser.value.set_files(file)


def saved(page: Locator, name: str, file: Path) -> bytes:
    """What 'Save as YAML' saves; it is in the file afterwards."""
    page.locator("button:enabled", has_text="Save as YAML").wait_for()
    with page.page.expect_download() as download:
        page.get_by_role("button", name="Save as YAML").click()
    assert download.value.suggested_filename == name
    download.value.save_as(file)
    return file.read_bytes()


def test_a_teachers_file_is_opened_with_its_lock_and_saved_again(
    lab: Lab, ws: Workspace, tmp_path: Path
) -> None:
    page = opened(lab)
    before = page.get_by_label("Experiment", exact=True).input_value()
    bad = tmp_path / "bad.yaml"
    for content, said in (
        (b"version: 1\nenviroment: x\n", "bad.yaml, line 2, column 1: There is no field"),
        (b"version: 9\n", "bad.yaml, line 1, column 1: an experiment of version 9"),
        (b"version: 1\nseeds: [1,\n", "bad.yaml, line 3, column 1: "),
        (b"version: 1\n#" + b"x" * (1 << 20), "bad.yaml has more than 512 KiB"),
        (b"version: 1\n\xff", "bad.yaml is no text in UTF-8 (byte 11)"),
    ):
        bad.write_bytes(content)
        choose(page, bad)
        page.get_by_role("alert").get_by_text(said).wait_for()
        assert page.get_by_label("Experiment", exact=True).input_value() == before
    lab.picture("form-file-refused")

    file = tmp_path / "class.yaml"
    file.write_text(TEACHERS)
    choose(page, file)
    page.get_by_text("class.yaml is opened.").wait_for()
    assert page.get_by_role("alert").count() == 0
    for label, text in (("Environment", "Acrobot-v1"), ("Learning rate", "0.001")):
        control = page.get_by_label(label, exact=True)
        assert control.is_disabled()
        assert control.input_value() == text
        described = (control.get_attribute("aria-describedby") or "").split()
        words = [page.locator(f"[id='{one}']") for one in described]
        assert "locked by the teacher" in [w.inner_text() for w in words if w.count()]
    page.get_by_label("Environment", exact=True).scroll_into_view_if_needed()
    lab.picture("form-locked-light")
    lab.use_theme("JupyterLab Dark")
    lab.picture("form-locked-dark")

    seeds = page.get_by_label("Seeds", exact=True)
    assert seeds.input_value() == "1, 2"
    seeds.fill("3, 4")
    enabled(page)
    mine = tmp_path / "mine.yaml"
    values = {**document.read(TEACHERS).values, "seeds": [3, 4]}
    checked = check(ExperimentFields, values, ws)
    wanted = document.dump(ExperimentFields, checked.values, ["environment", "config.lr"])
    assert saved(page, "experiment.yaml", mine) == wanted.encode()
    choose(page, file)
    lab.wait_until(lambda: seeds.input_value() == "1, 2", "the teacher's values")
    choose(page, mine)
    lab.wait_until(lambda: seeds.input_value() == "3, 4", "the student's values")
    assert page.get_by_label("Environment", exact=True).is_disabled()

    # A compute target is a file, too.
    lab.execute("rl-widgets:new-compute-target")
    target = lab.page.locator(".rlp-experiment:visible")
    enabled(target)
    content = saved(target, "compute-target.yaml", tmp_path / "target.yaml").decode()
    assert document.read(content).values == dict(ComputeTargetFields.begins)
    target.get_by_label("Name", exact=True).fill("x y")
    wrong(target, "Name")
    choose(target, tmp_path / "target.yaml")
    enabled(target)
    assert target.get_by_label("Name", exact=True).input_value() == "my-nodes"
