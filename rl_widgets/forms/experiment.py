"""The fields of a whole experiment: what it trains, on which cluster, under which name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rl_widgets.fields.mapping import Texts
from rl_widgets.fields.names import ExperimentName
from rl_widgets.fields.nodes import Directory, RelativeFile
from rl_widgets.forms.cluster import ClusterFields
from rl_widgets.forms.submission import GROUP, runs_of
from rl_widgets.forms.training import TrainingFields
from rl_widgets.run import LONGEST_TAG, LONGEST_TAG_NAME

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
        longest_name=LONGEST_TAG_NAME,
        longest=LONGEST_TAG,
        label="Tags",
        help="Names and values by which runs are found again.",
        examples=({"lesson": "first"},),
        group=_NAMED,
        advanced=True,
    )
    source_directory = Directory(
        optional=True,
        longest=4_000,
        label="Source directory",
        help="The directory of an entry script of one's own; by default the packaged one trains.",
        group=_NAMED,
        drawn=False,
    )
    entry_script = RelativeFile(
        optional=True,
        longest=1_000,
        label="Entry script",
        help="A Python file in the source directory that takes the arguments of the packaged one.",
        group=_NAMED,
        drawn=False,
    )

    @classmethod
    def across(cls, values: Mapping[str, Any], errors: dict[str, str]) -> None:
        """An entry script of one's own has its directory; a varied value can be a tag."""
        super().across(values, errors)
        _check_tags(values, errors)
        for name, other in (
            ("source_directory", "entry_script"),
            ("entry_script", "source_directory"),
        ):
            if values.get(other) and not values.get(name) and name not in errors:
                errors[name] = f"{name} is needed, as {other} is given: an entry script has both."


def _check_tags(values: Mapping[str, Any], errors: dict[str, str]) -> None:
    """Add what is too long to be a tag: each run of several has its own varied values as tags."""
    if {name.partition(".")[0] for name in errors} & {"vary", "seeds", "tags"}:
        return
    runs = runs_of(values)
    for one in runs if len(runs) > 1 else ():
        for name in {GROUP, *one.tags} & {*(values.get("tags") or {})}:
            errors.setdefault(
                "tags", f"Each run of a group has its own tag {name!r}: leave it out of tags."
            )
        for name, text in one.tags.items():
            if len(text) > LONGEST_TAG:
                errors.setdefault(
                    f"vary.{name}",
                    f"Each run is tagged with its value of {name!r}, and a tag has at most "
                    f"{LONGEST_TAG:,} characters; one has {len(text):,} as JSON. Submit a "
                    "run for each, with the value in config.",
                )
