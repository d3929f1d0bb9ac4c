"""The fields of a whole experiment: what it trains, on which cluster, under which name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rl_widgets.fields.mapping import Texts
from rl_widgets.fields.names import ExperimentName
from rl_widgets.forms.cluster import ClusterFields
from rl_widgets.forms.training import TrainingFields

_NAMED = "Name"


class ExperimentFields(TrainingFields, ClusterFields):
    """All of a submission."""

    title = "Experiment"
    about = "What to train, with which settings, on which cluster."

    groups = (_NAMED, "Training", "What is kept", "Cluster", "Limits")
    #: A form that is opened on nothing can be submitted as it is.
    begins: ClassVar[Mapping[str, Any]] = {
        "experiment": "quickstart",
        "environment": "CartPole-v1",
        "stop": {"episode_reward_mean": 150, "time_total_s": 600},
    }

    experiment = ExperimentName(
        needed="the name under which the runs are collected",
        label="Experiment",
        help="Runs are collected under it: 3 to 36 letters, digits, '_' and '-'.",
        group=_NAMED,
        examples=("quickstart",),
    )
    tags = Texts(
        optional=True,
        label="Tags",
        help="Names and values by which runs are found again.",
        group=_NAMED,
        advanced=True,
    )
