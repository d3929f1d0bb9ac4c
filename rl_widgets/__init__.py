"""Distributed reinforcement learning in Jupyter: size a Ray cluster, submit a job, watch it live.

The names below are all that a notebook needs. They are imported at first use: `import rl_widgets`
loads neither Ray nor torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rl_widgets.compute import AmlCompute, ComputeTarget, ComputeTargetException
    from rl_widgets.estimator import (
        EnvironmentDefinition,
        Ray,
        ReinforcementLearningEstimator,
        WorkerConfiguration,
    )
    from rl_widgets.experiment import Experiment
    from rl_widgets.run import Run, RunFailedError
    from rl_widgets.store.errors import (
        ConflictError,
        NotFoundError,
        RLWidgetsError,
        StoreError,
        UserError,
    )
    from rl_widgets.widgets.cluster_form import ClusterForm
    from rl_widgets.widgets.compare_runs import CompareRuns
    from rl_widgets.widgets.experiment_form import ExperimentForm
    from rl_widgets.widgets.run_details import RunDetails
    from rl_widgets.widgets.tensorboard import Tensorboard
    from rl_widgets.workspace import Workspace

__version__ = "0.1.0"

_MODULES = {
    "AmlCompute": "compute",
    "ClusterForm": "widgets.cluster_form",
    "CompareRuns": "widgets.compare_runs",
    "ComputeTarget": "compute",
    "ComputeTargetException": "compute",
    "ConflictError": "store.errors",
    "EnvironmentDefinition": "estimator",
    "Experiment": "experiment",
    "ExperimentForm": "widgets.experiment_form",
    "NotFoundError": "store.errors",
    "RLWidgetsError": "store.errors",
    "Ray": "estimator",
    "ReinforcementLearningEstimator": "estimator",
    "Run": "run",
    "RunDetails": "widgets.run_details",
    "RunFailedError": "run",
    "StoreError": "store.errors",
    "Tensorboard": "widgets.tensorboard",
    "UserError": "store.errors",
    "WorkerConfiguration": "estimator",
    "Workspace": "workspace",
}

__all__ = [
    "AmlCompute",
    "ClusterForm",
    "CompareRuns",
    "ComputeTarget",
    "ComputeTargetException",
    "ConflictError",
    "EnvironmentDefinition",
    "Experiment",
    "ExperimentForm",
    "NotFoundError",
    "RLWidgetsError",
    "Ray",
    "ReinforcementLearningEstimator",
    "Run",
    "RunDetails",
    "RunFailedError",
    "StoreError",
    "Tensorboard",
    "UserError",
    "WorkerConfiguration",
    "Workspace",
    "__version__",
]


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
