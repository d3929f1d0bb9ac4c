"""A form's values from what there is: an estimator, or a run that is to be run again."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rl_widgets.backend.arguments import json_of, to_argv
from rl_widgets.backend.node_groups import HEAD_OBJECT_STORE, WORKER_OBJECT_STORE
from rl_widgets.compute import LOCAL_TARGET
from rl_widgets.estimator import ReinforcementLearningEstimator
from rl_widgets.forms.code import plain
from rl_widgets.forms.submission import GROUP, is_packaged, script_folder, target_name
from rl_widgets.forms.training import OWN, whole_config
from rl_widgets.forms.trial import untried
from rl_widgets.run import Run
from rl_widgets.store.errors import UserError
from rl_widgets.store.runs import RunRecord
from rl_widgets.view.as_python import STARTED_FROM

_JSON = ("--config", "--stop")
_WHOLE = {
    "--seed": "seeds",
    "--checkpoint-freq": "checkpoint_freq",
    "--keep-checkpoints-num": "keep_checkpoints_num",
}
_TEXTS = {"--run": "algorithm", "--env": "environment"}
_FLAG = "--checkpoint-at-end"
_NO_FORM = (
    "An experiment's form opens entry scripts with the arguments of train.create_parser(): "
    f"{', '.join([*_TEXTS, *_JSON, *_WHOLE, _FLAG])}. {{}} ClusterForm.from_estimator(estimator) "
    "opens the cluster alone; of a run, 'Copy as Python' (RunDetails, 'Configuration') has all."
)
_NO_FIELDS = (
    "A form has no field for environment=EnvironmentDefinition(…), pip_requirements_file and "
    "framework_arguments: give packages and variables to the estimator itself, or submit it as it "
    "is."
)


def from_estimator(estimator: ReinforcementLearningEstimator) -> dict[str, Any]:
    """The experiment's values, but for its name.

    Raises `UserError` for a script of other arguments than the packaged one's: `cluster_of` has
    its cluster.
    """
    script = _script(estimator.source_directory, estimator.entry_script)
    return script | _training(estimator.script_params, script) | cluster_of(estimator)


def cluster_of(estimator: ReinforcementLearningEstimator) -> dict[str, Any]:
    """The values of the cluster's fields, of an estimator of any script."""
    worker = estimator.worker_configuration
    own = [estimator.environment, estimator.pip_requirements_file]
    own += [] if worker is None else [worker.environment, worker.pip_requirements_file]
    if any(own) or estimator.framework.framework_arguments:
        raise UserError(_NO_FIELDS)
    found: dict[str, Any] = {
        "head_target": target_name(estimator.compute_target),
        "use_gpu": estimator.use_gpu,
        "shm_size": estimator.shm_size,
        "pip_packages": estimator.pip_packages,
        "environment_variables": plain(estimator.environment_variables),
        "max_run_duration_seconds": estimator.max_run_duration_seconds,
        "cluster_coordination_timeout_seconds": estimator.cluster_coordination_timeout_seconds,
    }
    if worker is not None:
        packages = [*(estimator.pip_packages or []), *(worker.pip_packages or [])]
        found |= {
            "worker_nodes": worker.node_count,
            "worker_target": target_name(worker.compute_target),
            "worker_use_gpu": worker.use_gpu,
            "worker_shm_size": worker.shm_size,
            # All nodes of a run have the same packages.
            "pip_packages": list(dict.fromkeys(packages)),
        }
    return _said(found)


def from_run(run: Run) -> dict[str, Any]:
    """The experiment's values of a run. Raises `UserError` for one that no form can make.

    Those of a trial are its whole run's: 'run again' is not cut short.

    Environment variables are null: their values are the run's own, so that a new run takes them
    from where it is submitted. An entry script of one's own is the one in its directory as it is
    now; where that is gone, the one of the run's snapshot.
    """
    run = run.parent or run
    record = run.workspace.store.runs.get(run.id)
    plan = record.definition
    if not {"entry_script", "head"} <= set(plan):
        raise UserError(
            f"The run {run.id} was not submitted: there is nothing to fill a form with."
        )
    if STARTED_FROM in record.tags:
        raise UserError(
            f"The run {run.id} began with the weights of another's checkpoint, and a form begins "
            "at the beginning: ws.get_run(…).new_run_from(…) makes such a run."
        )
    if plan.get("framework_arguments"):
        raise UserError(_NO_FIELDS)
    script = _script_of(run, plan)
    values = script | _training(plan.get("script_params") or plan["arguments"], script)
    head, worker = plan["head"], plan.get("worker")
    values["experiment"] = record.experiment
    values["tags"] = _tags(record, whole_config(values))
    values["head_target"] = None if head["target"] == LOCAL_TARGET else head["target"]
    values["use_gpu"] = _use_gpu(run, head)
    values["shm_size"] = _unless(head["object_store"], HEAD_OBJECT_STORE)
    values["pip_packages"] = plan.get("requirements")
    values["environment_variables"] = dict.fromkeys(plan.get("environment_variables") or ())
    for name in ("max_run_duration_seconds", "cluster_coordination_timeout_seconds"):
        values[name] = plan.get(name)
    if worker is not None:
        values["worker_nodes"] = worker["node_count"]
        # Without a target of their own, workers are on the head's.
        values["worker_target"] = _unless(worker["target"] or None, head["target"])
        values["worker_use_gpu"] = worker["gpus"] > 0
        values["worker_shm_size"] = _unless(worker["object_store"], WORKER_OBJECT_STORE)
    return _said(untried(values))


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty; False says something."""
    return {name: value for name, value in values.items() if value not in (None, {}, [], "")}


def _script(source_directory: str, entry_script: str | None) -> dict[str, Any]:
    """The values that name an entry script of one's own; {} for the packaged one."""
    if not entry_script:
        raise UserError(_NO_FORM.format("The estimator names no entry_script."))
    if is_packaged(source_directory, entry_script):
        return {}
    return {"source_directory": source_directory, "entry_script": entry_script}


def _script_of(run: Run, plan: Mapping[str, Any]) -> dict[str, Any]:
    source, entry_script = plan.get("source_directory", ""), plan["entry_script"]
    script = _script(source, entry_script)
    if not script or source == str(script_folder(run.workspace)):
        return {}
    if not os.path.isfile(os.path.join(source, entry_script)):
        script["source_directory"] = str(run.workspace.run_folder(run.id) / "snapshot")
        if not os.path.isfile(os.path.join(script["source_directory"], entry_script)):
            raise UserError(
                f"The entry script {entry_script!r:.200} of the run {run.id} is no more in "
                f"{source!r:.300}, and the run has no snapshot of it: put it there again."
            )
    return script


def _training(
    params: Mapping[str, Any] | Sequence[str], script: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of a script's arguments; one's own may choose by itself what they leave out."""
    argv = to_argv(params)
    values: dict[str, Any] = {}
    while argv:
        name, equals, value = argv.pop(0).partition("=")
        if name == _FLAG:
            values["checkpoint_at_end"] = True
            continue
        if name not in {*_JSON, *_WHOLE, *_TEXTS} or not (equals or argv):
            raise UserError(_NO_FORM.format(f"This one is given {name!r:.60}."))
        value = value if equals else argv.pop(0)
        if name in _TEXTS:
            values[_TEXTS[name]] = value
        elif name in _WHOLE:
            values[_WHOLE[name]] = _whole(name, value)
        else:
            values[name.removeprefix("--")] = _object(name, value)
    for name, field in _TEXTS.items() if script else ():
        if field not in values:
            raise UserError(_NO_FORM.format(f"This one is not given {name}."))
    if "seeds" in values:
        values["seeds"] = [values["seeds"]]
    config = values.get("config") or {}
    values |= {name: config.pop(name) for name in OWN if name in config}
    return {name: value for name, value in values.items() if value != {}}


def _object(name: str, text: str) -> dict[str, Any]:
    found = json_of([name, text], name)
    if found is None:
        raise UserError(_NO_FORM.format(f"This one's {name} is {text!r:.60}, no object of JSON."))
    return found


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        said = f"This one's {name} is {text!r:.60}, no whole number."
        raise UserError(_NO_FORM.format(said)) from None


def _tags(record: RunRecord, config: Mapping[str, Any]) -> dict[str, Any]:
    """A person's tags, without those that a group has put there."""
    group = str(record.tags.get(GROUP, ""))
    if not re.fullmatch(re.escape(record.experiment) + r"-\d{13}", group):
        return dict(record.tags)
    ours = {name: json.dumps(value) for name, value in config.items()}
    return {
        name: value
        for name, value in record.tags.items()
        if name not in (GROUP, "seed") and ours.get(name) != value
    }


def _use_gpu(run: Run, head: Mapping[str, Any]) -> bool | None:
    if head["gpus"]:
        return True
    target = run.workspace.store.targets.get(head["target"])
    return False if target is not None and target.gpus else None


def _unless(value: Any, default: Any) -> Any:
    return None if value == default else value
