"""Random valid experiments: their code, their file and their run come back to the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import ipywidgets
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import rl_widgets
from rl_widgets import (
    ClusterForm,
    Experiment,
    ExperimentForm,
    ReinforcementLearningEstimator,
    Workspace,
)
from rl_widgets.fields.specification import fields_of
from rl_widgets.fields.trait import storable
from rl_widgets.forms import document, opened
from rl_widgets.forms.checking import check
from rl_widgets.forms.cluster import ClusterFields
from rl_widgets.forms.code import given as not_default
from rl_widgets.forms.experiment import ExperimentFields
from rl_widgets.store.runs import RunRecord
from rl_widgets.widgets.form import Form
from tests.widgets.conftest import wait_until

F = TypeVar("F", bound=Form)

TEXT = st.text(max_size=20).filter(storable)
SETTINGS = {
    "lr": st.floats(1e-9, 1.0),
    "gamma": st.floats(0, 1),
    "num_epochs": st.integers(1, 100),
    "grad_clip": st.floats(0, 100),
    "env_config": st.dictionaries(TEXT, TEXT | st.integers() | st.booleans(), max_size=3),
}
#: Of those, what can be varied beside a fixed value of another.
VARIED = {"entropy_coeff": st.floats(0, 1), "vf_loss_coeff": st.floats(0, 10)}


def fitting(values: dict[str, Any]) -> dict[str, Any]:
    """A game has no settings of any name."""
    if values["environment"].startswith("Pong") and "config" in values:
        kept = {name: v for name, v in values["config"].items() if name != "env_config"}
        return {**values, "config": kept}
    return values


TARGET = {"name": "new-nodes", "cpus": 2, "max_nodes": 4, "memory_gb": 1.5}
EXPERIMENTS = st.fixed_dictionaries(
    {"experiment": st.from_regex(r"[a-z]{3,10}", fullmatch=True)}
    | {"environment": st.sampled_from(["CartPole-v1", "Acrobot-v1", "PongNoFrameskip-v4"])},
    optional={
        "algorithm": st.sampled_from(["IMPALA", "APPO"]),
        "config": st.fixed_dictionaries({}, optional=SETTINGS),
        "vary": st.fixed_dictionaries(
            {}, optional={n: st.lists(v, min_size=1, max_size=2) for n, v in VARIED.items()}
        ),
        "seeds": st.lists(st.integers(0, 2**31 - 1), max_size=2, unique=True),
        "stop": st.fixed_dictionaries(
            {}, optional={"episode_reward_mean": st.floats(-1e6, 1e6), "time_total_s": st.just(60)}
        ),
        "checkpoint_freq": st.integers(0, 100),
        "checkpoint_at_end": st.booleans(),
        "keep_checkpoints_num": st.integers(1, 10),
        "evaluation_interval_s": st.floats(0, 1000),
        "evaluation_videos": st.integers(0, 10),
        "head_target": st.sampled_from(["local", TARGET]),
        "worker_nodes": st.integers(1, 3),
        "shm_size": st.sampled_from(["1g", 1 << 30]),
        "max_run_duration_seconds": st.integers(1, 1000),
        "pip_packages": st.just(["numpy>=1"]),
        "environment_variables": st.dictionaries(
            st.from_regex(r"[A-Z]{3}_[A-Z]{3}", fullmatch=True), TEXT, max_size=2
        ),
        "tags": st.dictionaries(TEXT.filter(bool), TEXT, max_size=2),
    },
).map(fitting)


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder: Path = tmp_path_factory.mktemp("round-trips")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rl_widgets.backend.submission.start_supervisor", lambda *_: None)
        # Nobody looks at these runs.
        for view in ("CompareRuns", "RunDetails"):
            patch.setitem(vars(rl_widgets), view, lambda _: SimpleNamespace(show=lambda: None))
        patch.setattr("rl_widgets.widgets.experiment_form.submitted", lambda *_: ipywidgets.VBox())
        made = Workspace(folder=folder)
        yield made
        made.close()


@pytest.fixture(scope="module")
def form(ws: Workspace) -> Iterator[ExperimentForm]:
    yield from _open(ExperimentForm(ws))


@pytest.fixture(scope="module")
def cluster(ws: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterForm]:
    folder = tmp_path_factory.mktemp("script")
    (folder / "train.py").write_text("")
    estimator = ReinforcementLearningEstimator(str(folder), entry_script="train.py")
    yield from _open(ClusterForm(ws, estimator=estimator))


def _open(form: F) -> Iterator[F]:
    yield form
    wait_until(lambda: not form._thread.busy, "the drawing")
    form.close()


SLOW = settings(
    deadline=None,
    database=None,
    derandomize=True,
    max_examples=12,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


@settings(SLOW, max_examples=60)
@given(values=EXPERIMENTS)
def test_a_file_comes_back(ws: Workspace, values: dict[str, Any]) -> None:
    checked = check(ExperimentFields, values, ws)
    assert not {k: v for k, v in checked.errors.items() if not k.startswith("worker_nodes")}
    text = document.write(checked.values)
    again = check(ExperimentFields, document.read(text).values, ws)
    assert again.values == checked.values
    assert again.code == checked.code


@SLOW
@given(values=EXPERIMENTS)
def test_a_form_and_its_code_make_equal_submissions_and_the_run_opens_as_the_same(
    ws: Workspace, form: ExperimentForm, values: dict[str, Any]
) -> None:
    form.values = values
    if form.errors:
        assert set(form.errors) == {"worker_nodes"}  # a target has fewer nodes than asked for
        return
    checked = check(ExperimentFields, values, ws)
    runs = form.submit()
    by_form = [ws.store.runs.get(run.id) for run in runs]
    by_code = _submitted_by(ws, form.code)
    assert [_said(record) for record in by_code] == [_said(record) for record in by_form]

    again = opened.from_run(runs[0])
    again["environment_variables"] = checked.values["environment_variables"]
    reopened = check(ExperimentFields, again, ws)
    assert not reopened.errors
    if len(runs) == 1:
        first = not_default(ExperimentFields, checked.values)
        second = not_default(ExperimentFields, reopened.values)
        assert _alike(second) == _alike(first)


@SLOW
@given(values=EXPERIMENTS)
def test_a_cluster_and_its_code_make_equal_submissions(
    ws: Workspace, cluster: ClusterForm, values: dict[str, Any]
) -> None:
    cluster.values = {n: value for n, value in values.items() if n in fields_of(ClusterFields)}
    if cluster.errors:
        assert set(cluster.errors) == {"worker_nodes"}
        return
    by_code = _submitted_by(
        ws,
        f"{cluster.code}\nfrom rl_widgets import Experiment, Workspace\n"
        f"Experiment(Workspace(folder={str(ws.folder)!r}), 'of-a-cluster').submit(estimator)",
    )
    run = Experiment(ws, "of-a-cluster").submit(cluster.estimator)
    assert [_said(record) for record in by_code] == [_said(ws.store.runs.get(run.id))]


def _submitted_by(ws: Workspace, code: str) -> list[RunRecord]:
    """The runs that the code makes, in order."""
    before = {record.id for record in ws.store.runs.find(limit=10_000)}
    exec(compile(code, "code", "exec"), {})
    found = [record for record in ws.store.runs.find(limit=10_000) if record.id not in before]
    return sorted(found, key=lambda record: record.number)


def _said(record: RunRecord) -> tuple[Any, ...]:
    tags = {name: value for name, value in record.tags.items() if name != "group"}
    return record.experiment, record.definition, tags


def _alike(values: dict[str, Any]) -> dict[str, Any]:
    """One varied value is a setting, a target is its name, sizes are bytes; nothing is left out."""
    config = {**values.pop("config", {})}
    config |= {name: listed[0] for name, listed in values.pop("vary", {}).items()}
    target = values.pop("head_target", "local")
    name = target["name"] if isinstance(target, dict) else target
    if "shm_size" in values:
        values["shm_size"] = None if values["shm_size"] in ("1g", 1 << 30) else "another"
    kept = {key: value for key, value in values.items() if value not in (None, {}, [])}
    return {**kept, "config": config, "head_target": name}
