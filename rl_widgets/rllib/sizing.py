"""How IMPALA and APPO are spread over a cluster's nodes, cores and GPUs, where a script is silent.

Pure arithmetic on what `ray.nodes()` tells. Each choice comes with one line that says why; whatever
a script sets by hand stays as it is, and the rest is chosen around it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

#: Without a GPU, learning takes about as much of the CPUs as this (`docs/performance.md`) …
LEARNER_SHARE: Final = 0.4
#: … up to the number of threads from which small batches gain nothing more.
MOST_LEARNER_CPUS: Final = 16
#: More env runners than this for each CPU of the learner would only wait for it.
RUNNERS_PER_LEARNER_CPU: Final = 2
#: A sample is made with weights at most about so many updates old.
MOST_LAG_UPDATES: Final = 4
#: With few env runners each steps many environments at once, with many each has fewer, so that
#: the samples under way do not grow with the cluster: (env runners up to, part of the preset's).
_ENVIRONMENTS: Final = ((2, 1.0), (6, 0.5), (math.inf, 0.25))
_EPSILON = 1e-6


@dataclass(frozen=True)
class NodeCapacity:
    """What one Ray node offers."""

    cpus: float
    gpus: float = 0.0
    head: bool = False


@dataclass
class Sizing:
    """Settings of RLlib 2.60 by name, and one line for each choice."""

    settings: dict[str, Any] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def choose(self, reason: str, **settings: Any) -> None:
        """Take settings over, for a reason."""
        self.settings.update(settings)
        self.reasons.append(reason)


def size(
    nodes: Sequence[NodeCapacity],
    preset: Mapping[str, Any],
    given: Mapping[str, Any],
    *,
    cuda: bool,
) -> Sizing:
    """Choose what `given`, a script's settings, leaves open.

    `preset`: the algorithm's defaults. `cuda`: whether PyTorch can use a GPU. Empty for a cluster
    without a head or without a whole CPU.
    """
    head = next((node for node in nodes if node.head), None)
    if head is None or sum(node.cpus for node in nodes) < 1:
        return Sizing()
    return _Choices(nodes, head, preset, given, cuda).made()


def capacities(nodes: Sequence[Mapping[str, Any]]) -> list[NodeCapacity]:
    """The nodes of `ray.nodes()` that are alive."""
    return [
        NodeCapacity(
            cpus=node["Resources"].get("CPU", 0.0),
            gpus=node["Resources"].get("GPU", 0.0),
            head="node:__internal_head__" in node["Resources"],
        )
        for node in nodes
        if node["Alive"]
    ]


class _Choices:
    """The choices in their order: where the learner is, its CPUs, the env runners, the batch."""

    def __init__(
        self,
        nodes: Sequence[NodeCapacity],
        head: NodeCapacity,
        preset: Mapping[str, Any],
        given: Mapping[str, Any],
        cuda: bool,
    ) -> None:
        self._nodes, self._head, self._preset, self._given = nodes, head, preset, given
        self._cuda = cuda
        self._sizing = Sizing()

    def made(self) -> Sizing:
        """All that the script left open."""
        gpu = self._place_learner()
        main = self._main_cpus(gpu)
        self._choose_batch(self._choose_env_runners(main, gpu))
        return self._sizing

    def _place_learner(self) -> bool:
        """Tells whether the learner is on a GPU."""
        if "num_gpus_per_learner" in self._given:
            return bool(self._given["num_gpus_per_learner"])
        gpus = sum(node.gpus for node in self._nodes)
        if gpus < 1:
            return False
        if not self._cuda:
            self._sizing.reasons.append(
                f"The learner is on the CPU: the cluster has {_count(gpus, 'GPU')}, but this "
                "PyTorch is built without CUDA."
            )
            return False
        if self._given.get("num_learners"):
            each = 1 if gpus >= self._given["num_learners"] else 0
            self._sizing.choose(
                f"Each of {_count(self._given['num_learners'], 'learner')} has a GPU."
                if each
                else f"The learners are on the CPU: {self._given['num_learners']} learners, "
                f"{_count(gpus, 'GPU')}.",
                num_gpus_per_learner=each,
            )
            return bool(each)
        spare = f"; {gpus - 1:g} more are free (num_learners uses them)" if gpus >= 2 else ""
        if self._head.gpus >= 1:
            self._sizing.choose(f"The learner is on the head's GPU{spare}.", num_gpus_per_learner=1)
        elif "num_learners" in self._given:
            return False
        else:
            self._sizing.choose(
                f"One remote learner, because the GPU is on a worker node{spare}.",
                num_learners=1,
                num_gpus_per_learner=1,
            )
        return True

    def _main_cpus(self, gpu: bool) -> int:
        """CPUs of the main process, in which a learner without a GPU lives."""
        if "num_cpus_for_main_process" in self._given:
            return int(self._given["num_cpus_for_main_process"])
        if gpu or self._given.get("num_learners"):
            return 1
        total = sum(math.floor(node.cpus + _EPSILON) for node in self._nodes)
        wanted = min(int(LEARNER_SHARE * total), MOST_LEARNER_CPUS)
        runners = self._given.get("num_env_runners")
        each = self._given.get("num_cpus_per_env_runner", 1)
        if isinstance(runners, int) and isinstance(each, (int, float)):
            # What is asked for by hand is to fit beside it.
            wanted = min(
                wanted, math.floor(total - (runners + self._evaluating()) * each + _EPSILON)
            )
        else:
            wanted = min(wanted, total - self._evaluating() - 1)
        # The main process lives on the head, and one CPU at least samples.
        cpus = max(1, min(wanted, math.floor(self._head.cpus + _EPSILON), total - 1))
        if cpus > 1:
            self._sizing.choose(
                f"The learner has {cpus} of {total} CPUs, as much as learning takes of the work "
                "without a GPU.",
                num_cpus_for_main_process=cpus,
            )
        return cpus

    def _evaluating(self) -> int:
        """Env runners that evaluate beside the others, and take as many CPUs."""
        given = self._given.get("evaluation_num_env_runners")
        return given if isinstance(given, int) else 0

    def _choose_env_runners(self, main: int, gpu: bool) -> int:
        if "num_env_runners" in self._given:
            return int(self._given["num_env_runners"])
        each = self._given.get("num_cpus_per_env_runner", 1)
        if not isinstance(each, (int, float)) or each <= 0:
            return 1
        free = [node.cpus - (main if node.head else 0) for node in self._nodes]
        learners = 0 if gpu else int(self._given.get("num_learners") or 0)
        # At most as many as there can be: a part of a CPU may be next to nothing.
        fit = sum(max(0, math.floor(min(cpus / each + _EPSILON, 1e5))) for cpus in free)
        fit -= learners + self._evaluating()
        total = sum(node.cpus for node in self._nodes)
        if fit < 1:
            self._sizing.choose(
                f"No env runner: the main process samples by itself, as {_count(total, 'CPU')} "
                f"{'leaves' if total == 1 else 'leave'} none for another process.",
                num_env_runners=0,
            )
            return 0
        most = fit if gpu or self._given.get("num_learners") else RUNNERS_PER_LEARNER_CPU * main
        runners = max(1, min(fit, most))
        why = f"{_count(total, 'CPU')} less {main} of the main process"
        if learners:
            why += f" and {learners} of the learners"
        if self._evaluating():
            why += f" and {self._evaluating()} of the evaluation"
        if each != 1:
            why += f", {each:g} for each"
        if runners < fit:
            why = (
                f"{RUNNERS_PER_LEARNER_CPU} for each CPU of the learner, which takes no more "
                f"samples; {fit - runners} more would fit"
            )
        self._sizing.choose(f"{_count(runners, 'env runner')}: {why}.", num_env_runners=runners)
        return runners

    def _choose_batch(self, runners: int) -> None:
        shape = (
            "num_envs_per_env_runner",
            "rollout_fragment_length",
            "train_batch_size_per_learner",
        )
        envs, fragment, batch = (self._preset.get(name) for name in shape)
        # A script that sets one of the three has the other two fitted to it (`algorithm.py`).
        if any(name in self._given for name in shape) or not (envs and fragment and batch):
            return
        part = next(part for up_to, part in _ENVIRONMENTS if runners <= up_to)
        envs = max(1, round(envs * part))
        in_flight = self._given.get(
            "max_requests_in_flight_per_env_runner",
            self._preset.get("max_requests_in_flight_per_env_runner", 1),
        )
        sample = envs * fragment
        samples = max(1, math.ceil(max(1, runners) * in_flight / MOST_LAG_UPDATES))
        chosen = max(samples * sample, math.ceil(batch / sample) * sample)
        if envs == self._preset[shape[0]] and chosen == batch:
            return
        self._sizing.choose(
            f"{envs} environments for each env runner and {chosen:,} env steps a batch, so that "
            f"samples are at most about {MOST_LAG_UPDATES} updates old.",
            num_envs_per_env_runner=envs,
            train_batch_size_per_learner=chosen,
        )


def _count(number: float, what: str) -> str:
    return f"{number:g} {what}{'' if number == 1 else 's'}"
