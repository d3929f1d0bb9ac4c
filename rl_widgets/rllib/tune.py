"""`from rl_widgets.rllib import tune`: `tune.run` of 0.8.3's scripts, on Ray 2.60.

Every other name of `ray.tune` (`grid_search`, `uniform`, `register_env`, …) is there too.
"""

from __future__ import annotations

import inspect
import itertools
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rl_widgets.rllib.errors import ConfigError, nearest

if TYPE_CHECKING:
    from rl_widgets.rllib.checkpoints import CheckpointPlan

#: What `ray.tune.run` would take and RLlib's algorithms cannot, or what is ours to set.
_NOT_PASSED = frozenset(
    {"storage_path", "local_dir", "checkpoint_config", "resources_per_trial", "verbose",
     "raise_on_failed_trial", "checkpoint_freq", "checkpoint_at_end", "keep_checkpoints_num",
     "checkpoint_score_attr", "progress_reporter", "chdir_to_trial_dir"}
)  # fmt: skip

#: Counts the trainings of this process.
_trainings = itertools.count(1)


def run(
    run_or_experiment: Any,
    name: str | None = None,
    stop: Any = None,
    config: Mapping[str, Any] | None = None,
    num_samples: int = 1,
    local_dir: str | os.PathLike[str] | None = None,
    *,
    seed: int | None = None,
    checkpoint_freq: int | None = None,
    checkpoint_at_end: bool = False,
    keep_checkpoints_num: int | None = None,
    checkpoint_interval_s: float | None = None,
    max_failures: int = 0,
    callbacks: Sequence[Any] | None = None,
    verbose: int = 1,
    **others: Any,
) -> Any:
    """Train until a stop criterion is met; returns Tune's `ExperimentAnalysis`.

    `run_or_experiment`: an algorithm's name ("IMPALA") or class. `config`: settings in the names of
    RLlib 0.8.3 or 2.60, with "env". `stop`: values that end the training when a result reaches
    them, in old or new names. `local_dir`: folder for results and checkpoints (default `./logs`).
    `verbose`: 0 prints nothing, 1 a line for each result, 2 and more what Tune prints.

    A run of `exp.submit` has checkpoints by itself: every `checkpoint_interval_s` (default 300,
    less often where saving would take more than 0.5 % of the time), earlier when the mean reward
    has clearly grown, and at the end; the `keep_checkpoints_num` best (default 3) and the last are
    kept. `checkpoint_freq` (iterations; 0: never) and `checkpoint_at_end` leave them to Tune.

    Everything that can be checked is checked before anything starts: raises `ConfigError`,
    `StopError`, `EnvironmentNameError` or `ResourceRequestError`. A training that fails raises the
    exception that failed it.
    """
    import ray
    from ray import tune as ray_tune

    _check_arguments(others, ray_tune.run)
    if callable(run_or_experiment) and not _is_algorithm(run_or_experiment):
        raise ConfigError(
            "run_or_experiment is a function or class that is no RLlib algorithm; run it with "
            "ray.tune.run, and log by Run.get_context().log."
        )
    from rl_widgets.rllib.algorithm import prepare, searched
    from rl_widgets.rllib.checkpoints import KEEP_BEST, CheckpointPlan
    from rl_widgets.rllib.progress import ProgressLines
    from rl_widgets.rllib.resources import check_request
    from rl_widgets.rllib.sizing import capacities
    from rl_widgets.rllib.stopping import check_stop, reached
    from rl_widgets.rllib.tune_checkpoints import AnnounceCheckpoints

    config = dict(config or {})
    # All that can be refused is refused before Ray is asked for anything.
    prepare(run_or_experiment, config, seed)
    own_results = _writes_results(config)
    criteria = check_stop(stop, own_callbacks=own_results)
    stops = criteria
    if isinstance(criteria, dict) and not own_results:
        # Given the criteria themselves, Tune warns with every key of the result where one is not
        # in the first, as no episode has ended yet. That each can come is checked already.
        def stops(_trial_id: str, result: Mapping[str, Any]) -> bool:
            return bool(reached(criteria, result))

    storage_path = _storage_path(local_dir, others)
    several = num_samples > 1 or searched(config)
    if not ray.is_initialized():
        ray.init()
    prepared = prepare(run_or_experiment, config, seed, capacities(ray.nodes()))
    own = _set_up_checkpoints(
        prepared.config,
        checkpoint_freq,
        checkpoint_at_end,
        CheckpointPlan(
            interval_s=_interval(checkpoint_interval_s),
            keep=keep_checkpoints_num or KEEP_BEST,
            stop=criteria if isinstance(criteria, dict) else None,
            several=several,
        ),
    )
    if not searched(config):
        _validate(prepared.config)
    # Where Tune chooses other settings than these, each of its trainings asks for the same.
    if not searched({name: value for name, value in config.items() if "num_" in name}):
        warning = check_request(prepared.config, None if searched(config) else prepared.algorithm)
        prepared.notes.extend([warning] if warning else [])
    if verbose:
        for note in prepared.notes:
            print(f"Note: {note}", flush=True)
    if verbose < 2:
        # Tune's newer output prints a table at the start whatever `verbose` says.
        os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
    analysis = ray_tune.run(
        prepared.algorithm,
        name=name,
        stop=stops,
        config=prepared.config,
        num_samples=num_samples,
        storage_path=storage_path,
        checkpoint_config=ray_tune.CheckpointConfig(
            num_to_keep=None if own else keep_checkpoints_num,
            checkpoint_frequency=checkpoint_freq or 0,
            checkpoint_at_end=checkpoint_at_end,
        ),
        max_failures=max_failures,
        callbacks=[
            *(callbacks or []),
            *([ProgressLines(several, criteria)] if verbose else []),
            *([] if own else [AnnounceCheckpoints(several)]),
        ],
        verbose=max(0, verbose - 1),
        raise_on_failed_trial=False,
        **others,
    )
    _raise_first_error(analysis.trials)
    return analysis


def __getattr__(name: str) -> Any:
    from ray import tune as ray_tune

    return getattr(ray_tune, name)


def _is_algorithm(value: Any) -> bool:
    from ray.rllib.algorithms.algorithm import Algorithm

    return isinstance(value, type) and issubclass(value, Algorithm)


def _check_arguments(others: Mapping[str, Any], function: Any) -> None:
    allowed = {
        parameter
        for parameter in inspect.signature(function).parameters
        if not parameter.startswith("_") and parameter not in _NOT_PASSED
    } | {"storage_path"}
    for argument in others:
        if argument == "resources_per_trial":
            raise ConfigError(
                "resources_per_trial cannot be given: RLlib computes it from num_workers, "
                "num_gpus and the like in the configuration."
            )
        if argument not in allowed:
            own = inspect.signature(run).parameters
            raise ConfigError(
                f"tune.run has no argument {argument!r}.{nearest(argument, allowed | set(own))}"
            )


def _writes_results(config: Mapping[str, Any]) -> bool:
    return any(config.get(name) is not None for name in ("callbacks", "on_train_result"))


def _set_up_checkpoints(
    config: Any, frequency: int | None, at_end: bool, plan: CheckpointPlan
) -> bool:
    """Put our parts into the algorithm's callbacks; tells whether the checkpoints are ours."""
    from rl_widgets.rllib import stacks
    from rl_widgets.rllib.checkpoints import Checkpointer
    from rl_widgets.rllib.restore import Restorer

    # A second training of the same script has a folder of its own.
    number = next(_trainings)
    plan = replace(plan, group="" if number == 1 else f"training-{number}")
    own = frequency is None and not at_end
    if not own and plan.interval_s is not None:
        raise ConfigError(
            "checkpoint_interval_s goes with the checkpoints of rl_widgets; leave it out, or leave "
            "checkpoint_freq and checkpoint_at_end (--checkpoint-freq, --checkpoint-at-end) out."
        )
    # After the callbacks that are there: they complete the result.
    inits = _as_list(config.callbacks_on_algorithm_init)
    config.callbacks(on_algorithm_init=[stacks.on_algorithm_init, *inits, Restorer(plan)])
    if own:
        results = _as_list(config.callbacks_on_train_result)
        config.callbacks(on_train_result=[*results, Checkpointer(plan)])
    return own


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _interval(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise ConfigError(f"checkpoint_interval_s is a number of seconds above 0, not {value!r}.")
    return float(value)


def _storage_path(local_dir: str | os.PathLike[str] | None, others: dict[str, Any]) -> str:
    given = others.pop("storage_path", None)
    if given is not None and local_dir is not None:
        raise ConfigError("local_dir and storage_path are the same thing: leave one out.")
    path = os.fspath(given if given is not None else local_dir or "./logs")
    if "://" in path:
        return path
    # Tune takes absolute paths only; a relative one ends in pyarrow's "empty scheme".
    # Links are followed, because `./logs` of a job is one into the run's folder: what is written
    # into results and checkpoints is then where they stay, not the working copy that goes.
    path = os.path.realpath(os.path.expanduser(path))
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"Results cannot be kept in {path}: {error.strerror}. Give a folder that can be "
            "written as local_dir (--local-dir)."
        ) from None
    return path


def _validate(config: Any) -> None:
    try:
        config.copy(copy_frozen=False).validate()
    except (AssertionError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"RLlib refuses this combination of settings: {error}") from error


def _raise_first_error(trials: Sequence[Any]) -> None:
    from rl_widgets.rllib.errors import TrainingError
    from rl_widgets.rllib.failure import original_error

    for trial in trials:
        if trial.status != "ERROR":
            continue
        error = trial.get_pickled_error()
        if error is None:
            raise TrainingError(f"The training failed; {trial.error_file} tells more.")
        raise original_error(error) from None
