"""The fields of a cluster's nodes: those of the head, which are the estimator's, and of workers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rl_widgets.fields.compute_target import Target
from rl_widgets.fields.mapping import Arguments, Bytes, Packages, Variables
from rl_widgets.fields.specification import Fields
from rl_widgets.fields.trait import Field, Flag, Text, Whole

MAX_SECONDS = 90 * 86_400
MAX_WORKERS = 1_000

#: Groups of fields.
_SCRIPT, CLUSTER, LIMITS, PACKAGES = "Script", "Cluster", "Limits", "Packages and variables"
PIP_HELP = "Requirements as pip has them. What is installed already costs nothing."
SHM_HELP = (
    "An upper limit of the object store of {of}: bytes, or a text such as '24g'. By default {size}."
)


class Conda(Field):
    """What the reference took and a run here cannot: given at all, it is refused."""

    def converted(self, value: Any) -> Any:
        if value:
            raise self.refuses(
                "conda_packages and conda_dependencies_file are not supported: the run uses the "
                "Python environment of the notebook. Name the packages in pip_packages."
            )
        return None


class RelativeFile(Text):
    """The path of a file in the source directory."""

    def converted(self, value: Any) -> str:
        outside = isinstance(value, str) and os.path.normpath(value).split(os.sep)[0] == os.pardir
        if not isinstance(value, str) or Path(value).is_absolute() or outside:
            raise self.refuses(
                f"{self.name} is the path of a file in source_directory, relative to it."
            )
        return super().converted(value)


class Directory(Text):
    """The path of a directory."""

    def converted(self, value: Any) -> str:
        if not (isinstance(value, str) or hasattr(value, "__fspath__")) or not str(value):
            raise self.says("the path of a directory", value)
        return super().converted(str(value))


class WorkerFields(Fields):
    """The fields of `WorkerConfiguration`."""

    title = "Worker configuration"
    about = "The worker nodes: how many, of which compute target. One Ray node for each."

    node_count = Whole(low=1, high=MAX_WORKERS, label="Worker nodes", group=CLUSTER, examples=(4,))
    compute_target = Target(
        optional=True,
        label="Compute target",
        help="By default the head's.",
        group=CLUSTER,
    )
    use_gpu = Flag(False, label="Use GPUs", group=CLUSTER)
    shm_size = Bytes(
        optional=True,
        unit="bytes",
        label="Shared memory",
        help=SHM_HELP.format(of="each worker node", size="200 MiB"),
        group=LIMITS,
        advanced=True,
    )
    pip_packages = Packages(optional=True, label="pip packages", help=PIP_HELP, group=PACKAGES)
    pip_requirements_file = RelativeFile(
        optional=True, longest=1_000, label="pip requirements file", group=PACKAGES, advanced=True
    )
    conda_packages = Conda(optional=True, label="conda packages", group=PACKAGES, advanced=True)
    conda_dependencies_file = Conda(
        optional=True, label="conda dependencies file", group=PACKAGES, advanced=True
    )


class RunLimits(Fields):
    """How long a run may wait and train."""

    max_run_duration_seconds = Whole(
        low=1,
        high=MAX_SECONDS,
        floats=True,
        optional=True,
        unit="s",
        label="Time limit",
        help="The run is canceled when it is over, counted from the start of the script.",
        group=LIMITS,
    )
    cluster_coordination_timeout_seconds = Whole(
        low=1,
        high=MAX_SECONDS,
        floats=True,
        optional=True,
        unit="s",
        label="Wait for nodes",
        help="The longest wait for all nodes once the first has started; then the run fails.",
        group=LIMITS,
        advanced=True,
    )


class EstimatorFields(RunLimits):
    """The fields of `ReinforcementLearningEstimator`."""

    title = "Estimator"
    about = "A job on a Ray cluster: an entry script, a head node, and the worker configuration."

    groups = (_SCRIPT, CLUSTER, LIMITS, PACKAGES)

    source_directory = Directory(
        longest=4_000,
        label="Source directory",
        help="The directory of the entry script and all that it imports.",
        group=_SCRIPT,
    )
    entry_script = Text(
        optional=True,
        longest=1_000,
        label="Entry script",
        help="A Python file in the source directory, relative to it.",
        group=_SCRIPT,
    )
    script_params = Arguments(
        optional=True,
        label="Arguments of the script",
        help="Names and values, read as a shell would read them.",
        group=_SCRIPT,
    )
    compute_target = Target(
        optional=True,
        label="Compute target of the head",
        help="By default the whole of this machine.",
        group=CLUSTER,
    )
    use_gpu = Flag(
        optional=True,
        label="Use GPUs",
        help="By default as the size and the machine have them.",
        group=CLUSTER,
    )
    shm_size = Bytes(
        optional=True,
        unit="bytes",
        label="Shared memory",
        help=SHM_HELP.format(of="the head", size="1 GiB"),
        group=LIMITS,
        advanced=True,
    )
    pip_packages = Packages(optional=True, label="pip packages", help=PIP_HELP, group=PACKAGES)
    environment_variables = Variables(
        optional=True,
        label="Environment variables",
        help="Their values are kept with the run and shown nowhere.",
        group=PACKAGES,
    )
    pip_requirements_file = RelativeFile(
        optional=True, longest=1_000, label="pip requirements file", group=PACKAGES, advanced=True
    )
    conda_packages = Conda(optional=True, label="conda packages", group=PACKAGES, advanced=True)
    conda_dependencies_file = Conda(
        optional=True, label="conda dependencies file", group=PACKAGES, advanced=True
    )
