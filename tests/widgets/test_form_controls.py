"""Every field of the forms: its trait is seen in its control, and its control in the trait."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl_widgets import (
    AmlCompute,
    ClusterForm,
    ComputeTarget,
    ExperimentForm,
    UserError,
    Workspace,
)
from rl_widgets.fields.compute_target import ComputeTargetFields
from rl_widgets.fields.describe import describe
from rl_widgets.forms.checking import check
from rl_widgets.forms.experiment import ExperimentFields
from rl_widgets.forms.settings import settings_of
from rl_widgets.store.text import storable
from rl_widgets.view.escape import escape
from rl_widgets.widgets import field_text
from rl_widgets.widgets.field_control import FieldControl
from rl_widgets.widgets.field_text import NOTHING
from rl_widgets.widgets.form import Form
from rl_widgets.widgets.form_entries import value_at, with_value
from rl_widgets.widgets.target_control import NEW
from tests.widgets.conftest import wait_until

#: A value of each field of an experiment, and what a person does in its control to say it.
SAID: dict[str, tuple[Any, Any]] = {
    "experiment": ("another-name", "another-name"),
    "tags": ({"who": "<b> 日本"}, '{"who": "<b> 日本"}'),
    "environment": ("Acrobot-v1", "Acrobot-v1"),
    "algorithm": ("APPO", "APPO"),
    "preset": ("impala-cartpole", "impala-cartpole"),
    "config": ({"lr": 0.5, "broadcast_interval": 2}, '{"lr": 0.5, "broadcast_interval": 2}'),
    "config.lr": ([[0, 0.1], [1000, 0.01]], "[[0, 0.1], [1000, 0.01]]"),
    "config.entropy_coeff": (0.01, "1e-2"),
    "config.vf_loss_coeff": (1, "1"),
    "config.gamma": (0.9, ".9"),
    "config.grad_clip": (40.0, "40.0"),
    "config.num_env_runners": (3, "3"),
    "config.num_envs_per_env_runner": (5, "5"),
    "config.rollout_fragment_length": (50, "50"),
    "config.train_batch_size_per_learner": (500, "5e2"),
    "config.num_epochs": (2, "2"),
    "config.minibatch_size": (100, "100"),
    "config.num_gpus_per_learner": (0, "0"),
    "vary": ({"lr": [0.1, 0.2]}, '{"lr": [0.1, 0.2]}'),
    "seeds": ([1, 2, 3], "1, 2 3"),
    "stop": ({"episode_len_mean": 100}, '{"episode_len_mean": 100}'),
    "stop.episode_reward_mean": (-1.5, "-1.5"),
    "stop.time_total_s": (60, "60"),
    "stop.timesteps_total": (1_000_000, "1e6"),
    "stop.training_iteration": (7, "7"),
    "checkpoint_freq": (0, "0"),
    "checkpoint_at_end": (True, True),
    "keep_checkpoints_num": (2, "2"),
    "evaluation_interval_s": (0.5, "0.5"),
    "evaluation_videos": (4, "4"),
    "head_target": ("local", "=local"),
    "use_gpu": (False, False),
    "worker_nodes": (2, "2"),
    "worker_target": ("four-nodes", "=four-nodes"),
    "worker_use_gpu": (True, True),
    "max_run_duration_seconds": (90, "90"),
    "cluster_coordination_timeout_seconds": (30, "30"),
    "shm_size": ("2g", "2g"),
    "worker_shm_size": (1 << 30, "1073741824"),
    "pip_packages": (["numpy>=1", "gymnasium"], "numpy>=1\ngymnasium"),
    "environment_variables": ({"A_B": "c", "HOME": None}, '{"A_B": "c", "HOME": null}'),
}
#: Beside which a field has a meaning.
BESIDE = {"worker_target": {"worker_nodes": 1}, "worker_use_gpu": {"worker_nodes": 1},
          "worker_shm_size": {"worker_nodes": 1}}  # fmt: skip
NEW_TARGET: dict[str, tuple[Any, Any]] = {
    "name": ("new-nodes", "new-nodes"),
    "vm_size": ("LOCAL_1", "LOCAL_1"),
    "cpus": (2, "2"),
    "gpus": (1, "1"),
    "memory_gb": (1.5, "1.5"),
    "min_nodes": (1, "1"),
    "max_nodes": (3, "3"),
    "idle_seconds_before_scaledown": (60, "60"),
}
#: What this machine may not have: that is said at the field itself.
NEEDS_GPU = {"worker_use_gpu"}
HTML = '<img src=x onerror="alert(1)">'
BAD = ["many", HTML, "日本語 עברית 🎮", "x" * 10_000, '{"lr": 1,\n  oops}']


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    made = Workspace(folder=tmp_path_factory.mktemp("controls") / "ws")
    configuration = AmlCompute.provisioning_configuration(vm_size="LOCAL_1", max_nodes=4)
    ComputeTarget.create(made, "four-nodes", configuration)
    yield made
    made.close()


@pytest.fixture(scope="module")
def forms(ws: Workspace) -> Iterator[list[Form]]:
    found: list[Form] = [ExperimentForm(ws), ClusterForm(ws)]
    yield found
    for form in found:
        settled(form)
        form.close()


def settled(form: Form) -> None:
    wait_until(lambda: not form._thread.busy, "the drawing of the form")


def first(form: Form) -> dict[str, Any]:
    return dict(ExperimentFields.begins) if isinstance(form, ExperimentForm) else {}


def begin(form: Form, path: str) -> FieldControl:
    """A form without a value at the path, whose control is drawn."""
    values = with_value(first(form) | BESIDE.get(path, {}), path, NOTHING)
    form.values = values | ({"experiment": "quickstart"} if "experiment" in first(form) else {})
    advanced = {entry.path for entry in form._entries(form.values) if entry.advanced}
    form._drawn.search.value = path if path in advanced else ""
    settled(form)
    return form._drawn.controls[path]


def test_the_table_has_every_field(forms: list[Form]) -> None:
    for form in forms:
        members = form._members(form.values)
        paths = {
            entry.path
            for entry in form._entries(form.values)
            if "." not in entry.path or (not entry.advanced and members)
        }
        assert paths <= set(SAID), paths - set(SAID)
    controls = {n for n, s in _properties(ComputeTargetFields).items() if not s.get("x-advanced")}
    assert controls == set(NEW_TARGET)


@pytest.mark.parametrize("path", SAID)
def test_trait_and_control_are_one(forms: list[Form], path: str) -> None:
    value, doing = SAID[path]
    mine = [form for form in forms if path in {e.path for e in form._entries(form.values)}]
    assert mine
    for form in mine:
        control = begin(form, path)
        form.values = with_value(form.values, path, value)
        settled(form)
        assert control.read() == value
        assert set(form.errors) <= NEEDS_GPU & {path}
        control = begin(form, path)
        control.control.value = doing
        assert value_at(form.values, path) == value
        assert set(form.errors) <= NEEDS_GPU & {path}
        settled(form)
        assert control.control.value == doing  # as it was typed
        assert bool(control.said) == bool(form.errors)


@pytest.mark.parametrize("name", NEW_TARGET)
def test_a_new_targets_fields_are_one_with_their_controls(forms: list[Form], name: str) -> None:
    value, doing = NEW_TARGET[name]
    for form in forms:
        control: Any = begin(form, "head_target")
        new = {"name": "some-nodes", "vm_size": "LOCAL_2", "max_nodes": 2}
        if name in ("cpus", "gpus", "memory_gb"):
            new = {"name": "some-nodes", "cpus": 1, "max_nodes": 2}
        form.values = {**form.values, "head_target": {**new, name: value}}
        settled(form)
        assert control.control.value == NEW
        assert control._parts[name].read() == value
        form.values = {**form.values, "head_target": new}
        settled(form)
        control._parts[name].control.value = doing
        assert form.values["head_target"][name] == value
        assert not [sentence for at, sentence in form.errors.items() if at.endswith(name)]
        settled(form)


@pytest.mark.parametrize("path", [p for p, (_, doing) in SAID.items() if isinstance(doing, str)])
def test_what_is_typed_is_refused_in_the_words_of_the_check(
    ws: Workspace, forms: list[Form], path: str
) -> None:
    form = next(f for f in forms if path in {e.path for e in f._entries(f.values)})
    control = begin(form, path)
    if isinstance(control.control, ipywidgets.Dropdown):
        return  # nothing can be typed
    before = dict(form.values)
    for text in BAD:
        control.control.value = text
        value = field_text.read(text, control.schema)
        checked = check(form.fields, with_value(before, path, value), ws)
        assert form.errors == checked.errors
        settled(form)
        for sentence in checked.errors.values():
            assert escape(sentence) in control.said
        assert bool(form.code) == (not checked.errors)
        assert "<img" not in control.said


def test_it_takes_a_workspace_or_finds_it(own_home: Path) -> None:
    form = ExperimentForm()
    assert form.workspace.folder == Workspace().folder
    settled(form)
    form.close()
    with pytest.raises(UserError, match="Workspace"):
        ExperimentForm("ws")  # type: ignore[arg-type]


def _properties(cls: Any) -> dict[str, Any]:
    found: dict[str, Any] = describe(cls)["properties"]
    return found


def test_the_control_of_every_setting_shows_its_default_and_reads_it_again() -> None:
    schemas = _properties(settings_of("IMPALA"))
    assert len(schemas) > 200
    for path, schema in schemas.items():
        default = schema.get("default", NOTHING)
        if field_text.kinds_of(schema) == {"string"} and not isinstance(default, str):
            continue  # RLlib's own default is not of the type that RLlib names
        control = FieldControl(path, schema, lambda _: None)
        for show in (control.show, control._set):
            show(default)
            assert control.read() == default, path
            assert isinstance(control.read(), bool) == isinstance(default, bool), path
            control.show(NOTHING)
        control.widget.close()


@pytest.mark.parametrize("text", ["1_000", "\u0663", "nan", "inf", "1e999", "0x10"])
def test_what_the_panel_takes_for_no_number_is_none_here(text: str) -> None:
    assert field_text.read(text, {"type": "integer"}) == text
    assert field_text.read(text, {"type": "number"}) == text


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_json_has_finite_numbers_as_in_the_panel(ws: Workspace, name: str) -> None:
    text = f'{{"lr": {name}}}'
    value = field_text.read(text, _properties(ExperimentFields)["config"])
    assert value == text
    errors = check(ExperimentFields, {**ExperimentFields.begins, "config": value}, ws).errors
    assert f"{name} is no number that JSON knows" in errors["config"]


WORDS = st.text(min_size=1, max_size=20).filter(lambda text: storable(text) and text.strip())
NUMBERS = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
VALUES = {
    "integer": st.integers(-(10**12), 10**12),
    "number": NUMBERS,
    "string": WORDS,
    "object": st.dictionaries(WORDS, JSON, max_size=3),
}


@settings(deadline=None, database=None, derandomize=True, max_examples=300)
@given(data=st.data())
def test_any_value_is_read_again_from_its_text(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([*VALUES, "numbers", "lines", "any"]))
    schema: dict[str, Any] = {"type": kind}
    if kind == "numbers":
        schema = {"type": ["array", "integer"], "items": {"type": "integer"}}
        value: Any = data.draw(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=5))
    elif kind == "lines":
        schema = {"type": "array", "items": {"type": "string"}}
        lines = st.from_regex(r"[a-z][a-z0-9<>=.\- ]{0,9}[a-z0-9]", fullmatch=True)
        value = data.draw(st.lists(lines, min_size=1, max_size=4))
    elif kind == "any":
        schema = {}
        value = data.draw(JSON)
    else:
        value = data.draw(VALUES[kind])
    again = field_text.read(field_text.written(value, schema), schema)
    same = isinstance(again, float) and math.isclose(again, value)
    assert same or again == value
    assert isinstance(again, bool) == isinstance(value, bool)
