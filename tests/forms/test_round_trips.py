"""Random valid experiments: their code, their file and their run come back to the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
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
from rl_widgets.backend.machine import GIB, Machine
from rl_widgets.fields.specification import fields_of
from rl_widgets.forms import document, opened
from rl_widgets.forms.checking import check
from rl_widgets.forms.cluster import ClusterFields
from rl_widgets.forms.code import given as not_default
from rl_widgets.forms.experiment import ExperimentFields
from rl_widgets.forms.settings import check_settings, check_together
from rl_widgets.forms.submission import GROUP, estimator_of, runs_of, start, training_script
from rl_widgets.rllib import catalogue
from rl_widgets.rllib.names import OLD_NAMES
from rl_widgets.store.runs import RunRecord
from rl_widgets.store.text import storable
from rl_widgets.widgets.form import Form
from tests.widgets.conftest import wait_until

F = TypeVar("F", bound=Form)

#: The machine of all of it, whatever this one is.
MACHINE = Machine(cpus=8, gpus=1, memory=32 * GIB, shared_memory=8 * GIB)

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
TARGET = {"name": "new-nodes", "cpus": 2, "max_nodes": 4, "memory_gb": 1.5}
WITH_GPU = {"name": "gpu-nodes", "cpus": 2, "gpus": 1, "max_nodes": 4, "memory_gb": 2.0}
TARGETS = st.sampled_from(["local", TARGET, WITH_GPU])
BYTES = st.sampled_from(["1g", 1 << 30, "100m"])


@cache
def others(algorithm: str) -> list[str]:
    """Settings that are none of these, and can be given as they are by default."""
    apart = {*SETTINGS, *VARIED, *OLD_NAMES, "model", "model_config", "minibatch_size"}
    defaults = catalogue.default_config(algorithm).defaults
    plain = (bool, int, float, str, list, dict)
    return sorted(
        name
        for name, value in defaults.items()
        if name not in apart and not name.startswith("num_") and isinstance(value, plain)
        if not check_settings("config", algorithm, {name: value})
        if not check_together(algorithm, "CartPole-v1", {name: value})
    )


def fitting(values: dict[str, Any]) -> dict[str, Any]:
    """What goes with what: settings and presets with the algorithm and the environment, nodes that
    use GPUs with targets that have some."""
    values = {name: value for name, value in values.items() if value is not None}
    config = dict(values.get("config", {}))
    algorithm = values.get("algorithm", "IMPALA")
    for place in values.pop("others", ()):
        name = others(algorithm)[place % len(others(algorithm))]
        config[name] = catalogue.default_config(algorithm).defaults[name]
    if values["environment"].startswith("Pong"):
        config.pop("env_config", None)
    if "preset" in values:
        values["preset"] = f"{algorithm.lower()}-{values['preset']}"
    if not values.get("worker_nodes"):
        for name in ("worker_target", "worker_use_gpu", "worker_shm_size"):
            values.pop(name, None)
    for target, flag in (("head_target", "use_gpu"), ("worker_target", "worker_use_gpu")):
        if values.get(flag) and values.get(target) != WITH_GPU:
            values.pop(flag)
    if values.pop("own_script", False):
        values |= {"source_directory": SCRIPT, "entry_script": "parts/pong.py"}
    return {**values, "config": config} if config or "config" in values else values


#: Where a script of one's own is; the workspace's folder has it.
SCRIPT = "files"
GIVEN = {
    "experiment": st.from_regex(r"[a-z]{3,10}", fullmatch=True),
    "environment": st.sampled_from(["CartPole-v1", "Acrobot-v1", "PongNoFrameskip-v4"]),
}
CHOSEN = {
    "algorithm": st.sampled_from(["IMPALA", "APPO"]),
    "preset": st.sampled_from(["cartpole", "pong", "atari"]),
    "config": st.fixed_dictionaries({}, optional=SETTINGS),
    "vary": st.fixed_dictionaries({}, optional={n: st.lists(v, min_size=1, max_size=2, unique=True)
                                                for n, v in VARIED.items()}),
    "seeds": st.lists(st.integers(0, 2**31 - 1), max_size=2, unique=True),
    "stop": st.fixed_dictionaries(
        {}, optional={"episode_reward_mean": st.floats(-1e6, 1e6), "time_total_s": st.just(60)}
    ),
    "checkpoint_freq": st.integers(0, 100),
    "checkpoint_at_end": st.booleans(),
    "keep_checkpoints_num": st.integers(1, 10),
    "evaluation_interval_s": st.floats(0, 1000),
    "evaluation_videos": st.integers(0, 10),
    "head_target": TARGETS,
    "use_gpu": st.booleans(),
    "worker_nodes": st.sampled_from([0, 1, 2, 3]),
    "worker_target": TARGETS,
    "worker_use_gpu": st.booleans(),
    "shm_size": BYTES,
    "worker_shm_size": BYTES,
    "max_run_duration_seconds": st.integers(1, 1000),
    "cluster_coordination_timeout_seconds": st.integers(1, 1000),
    "pip_packages": st.just(["numpy>=1"]),
    "environment_variables": st.dictionaries(
        st.from_regex(r"[A-Z]{3}_[A-Z]{3}", fullmatch=True), TEXT, max_size=2
    ) | st.just({"PATH": None}),
    "tags": st.dictionaries(TEXT.filter(bool), TEXT, max_size=2),
}  # fmt: skip
#: What stands for several: settings of all others, a script of one's own.
MADE = {
    "others": st.lists(st.integers(0, 10_000), max_size=3),
    "own_script": st.booleans(),
}
# Each of what may be left out is there in about half of them.
EXPERIMENTS = st.fixed_dictionaries(
    GIVEN | {name: st.none() | drawn for name, drawn in (CHOSEN | MADE).items()}
).map(fitting)


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder: Path = tmp_path_factory.mktemp("round-trips")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rl_widgets.backend.submission.start_supervisor", lambda *_: None)
        for module in ("estimator", "forms.checking"):
            patch.setattr(f"rl_widgets.{module}.this_machine", lambda: MACHINE)
        # Nobody looks at these runs.
        for view in ("CompareRuns", "RunDetails"):
            patch.setitem(vars(rl_widgets), view, lambda _: SimpleNamespace(show=lambda: None))
        patch.setattr("rl_widgets.widgets.experiment_form.submitted", lambda *_: ipywidgets.VBox())
        patch.chdir(folder)
        Path(SCRIPT, "parts").mkdir(parents=True)
        Path(SCRIPT, "parts", "pong.py").write_text("")
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
    max_examples=20,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


def test_a_file_the_code_and_an_opened_estimator_come_back_with_every_field(ws: Workspace) -> None:
    seen = set()

    @settings(SLOW, max_examples=60)
    @given(values=EXPERIMENTS)
    def come_back(values: dict[str, Any]) -> None:
        checked = check(ExperimentFields, values, ws)
        if set(checked.errors) == {"worker_nodes"}:
            return  # a target has fewer nodes than asked for
        assert not checked.errors
        text = document.write(checked.values)
        again = check(ExperimentFields, document.read(text).values, ws)
        assert again.values == checked.values
        assert again.code == checked.code
        assert document.write(again.values) == text
        seen.update(not_default(ExperimentFields, checked.values))

        started = _submissions(lambda: start(checked.values, ws))
        assert _submissions(lambda: exec(compile(checked.code, "code", "exec"), {})) == started
        one = runs_of(checked.values)[0]
        estimator = estimator_of(checked.values, training_script(ws), one)
        found = {"experiment": values["experiment"], **opened.from_estimator(estimator)}
        reopened = check(ExperimentFields, found, ws)
        assert not reopened.errors
        [same] = _submissions(lambda: start(reopened.values, ws))
        assert same[:3] == started[0][:3]

    come_back()
    assert seen == set(fields_of(ExperimentFields))


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
    [same] = start(reopened.values, ws)
    first, second = _said(by_form[0]), _said(ws.store.runs.get(same.id))
    assert second[:2] == first[:2]
    if len(runs) == 1:
        assert second == first


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


def _submissions(submit: Callable[[], Any]) -> list[tuple[Any, ...]]:
    """What would be submitted, without a run of it in the record."""
    found: list[tuple[Any, ...]] = []

    def keep(*given: Any) -> Any:
        _, _, experiment, plan, _, variables, tags, _ = given
        kept = {name: value for name, value in tags.items() if name != GROUP}
        found.append((experiment, plan, variables, kept))
        return SimpleNamespace(id="none", role="parent", parent=None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rl_widgets.backend.submission.submit", keep)
        submit()
    return found


def _submitted_by(ws: Workspace, code: str) -> list[RunRecord]:
    """The runs that the code makes, in order."""
    before = {record.id for record in ws.store.runs.find(limit=10_000)}
    exec(compile(code, "code", "exec"), {})
    found = [record for record in ws.store.runs.find(limit=10_000) if record.id not in before]
    return sorted(found, key=lambda record: record.number)


def _said(record: RunRecord) -> tuple[Any, ...]:
    tags = {name: value for name, value in record.tags.items() if name != GROUP}
    return record.experiment, record.definition, tags
