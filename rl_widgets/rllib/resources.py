"""Whether a cluster can ever give what a trial asks for. Tune would wait for it for ever."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rl_widgets.rllib.errors import ResourceRequestError

Amounts = Mapping[str, float]
HEAD_RESOURCE = "node:__internal_head__"
#: Of a CPU, what an env runner is given at least where they have to share. More of them would fill
#: the memory (each is a process of some 400 MB) before they fill the CPUs.
LEAST_SHARE = 0.1
_EPSILON = 1e-6
#: More processes than anybody asks for.
_ENDLESS = 1e9


@dataclass(frozen=True)
class Part:
    """A part of a request: `count` processes, each of which needs `amounts` on one node."""

    what: str
    count: int
    amounts: Amounts
    setting: str


def request(settings: Mapping[str, Any]) -> list[Part]:
    """The parts of RLlib's request, of settings in names of 2.60, its defaults among them.

    As `default_resource_request` has it, which wants Ray; a test holds the two together.
    """
    learners, gpus = settings["num_learners"], settings["num_gpus_per_learner"]
    cpus = settings["num_cpus_per_learner"]
    cpus = int(not gpus) if isinstance(cpus, str) else cpus
    main = {"CPU": settings["num_cpus_for_main_process"], "GPU": 0}
    beside = settings["num_aggregator_actors_per_learner"]
    learner = learners, {"CPU": cpus + beside, "GPU": gpus}
    if not learners:
        main, learner = {"CPU": max(cpus, main["CPU"]), "GPU": gpus}, (beside, {"CPU": 1})
    each = {name: settings[f"num_{name.lower()}s_per_env_runner"] for name in ("CPU", "GPU")}
    parts = [Part("main process", 1, {**main, HEAD_RESOURCE: 0.001}, "num_cpus_for_main_process")]
    if settings["num_env_runners"]:
        runners = "num_env_runners (num_workers)"
        parts.append(Part("env runner", settings["num_env_runners"], each, runners))
    evaluating = settings["evaluation_num_env_runners"], each
    kind = "offline_eval_runner"
    offline = {name: settings[f"num_{name.lower()}s_per_{kind}"] for name in ("CPU", "GPU")}
    rest = (evaluating, (settings[f"num_{kind}s"], offline), learner)
    return parts + [_other(count, amounts) for count, amounts in rest if count]


def parts_of(config: Any, bundles: Sequence[Amounts]) -> list[Part]:
    """Put names to the bundles of RLlib's request: main process, env runners, the rest."""
    runners = int(config.num_env_runners)
    parts = [Part("main process", 1, bundles[0], "num_cpus_for_main_process")]
    if runners:
        parts.append(Part("env runner", runners, bundles[1], "num_env_runners (num_workers)"))
    rest: dict[tuple[tuple[str, float], ...], int] = {}
    for bundle in bundles[1 + runners :]:
        key = tuple(sorted(bundle.items()))
        rest[key] = rest.get(key, 0) + 1
    for key, count in rest.items():
        parts.append(_other(count, dict(key)))
    return parts


def _other(count: int, amounts: Amounts) -> Part:
    return Part("learner or evaluation runner", count, amounts, "num_learners, evaluation_…")


def check_fits(parts: Sequence[Part], nodes: Sequence[Amounts]) -> None:
    """Raise `ResourceRequestError`, with the arithmetic, when the parts can never be placed.

    `nodes`: the total resources of each node, as `ray.nodes()` tells them.
    """
    for resource in ("GPU", "CPU"):
        needed = sum(part.count * part.amounts.get(resource, 0) for part in parts)
        have = sum(node.get(resource, 0) for node in nodes)
        if needed > have + _EPSILON:
            raise _refused(_too_much(resource, needed, have, parts, nodes), resource)
    for part in parts:
        if not any(_holds(node, part.amounts) for node in nodes):
            raise _refused(
                f"The {part.what} needs {_said(part.amounts)} on one node, and no node of the "
                f"cluster has that: the nodes have {_nodes_said(nodes)}. Ask for less, or start a "
                "larger node.",
                "GPU" if part.amounts.get("GPU") else "CPU",
            )
    left_over = _place(parts, nodes)
    # Placing the largest first finds a place if there is one when all but the main process are
    # alike; of mixed requests it may be wrong, so there the sum and each single part decide.
    if left_over is not None and len(parts) <= 2:
        part, count = left_over
        raise _refused(
            f"{count} of {part.count} {part.what}s have no place: each needs {_said(part.amounts)} "
            f"on one node beside what is placed already, and the nodes have {_nodes_said(nodes)}. "
            f"Lower {part.setting} by {count}, or start more nodes.",
            "GPU" if part.amounts.get("GPU") else "CPU",
        )


def share(parts: Sequence[Part], nodes: Sequence[Amounts]) -> float | None:
    """CPUs for each env runner with which more env runners than CPUs find a place.

    None where they have one as they are, or can have none: the rest alone does not fit, or each
    would have less than `LEAST_SHARE`.
    """
    runners = next((part for part in parts if part.what == "env runner"), None)
    asked = 0.0 if runners is None else runners.amounts.get("CPU", 0.0)
    if runners is None or not asked or _place(parts, nodes) is None:
        return None
    others = [part for part in parts if part is not runners]
    # Ray counts in ten-thousandths; so many of a share fill a whole CPU.
    for of_a_cpu in range(1, round(1 / LEAST_SHARE) + 1):
        each = math.floor(10_000 / of_a_cpu) / 10_000
        if each < asked:
            sharing = replace(runners, amounts={**runners.amounts, "CPU": each})
            if _place([*others, sharing], nodes) is None:
                return each
    return None


def check_request(prepared_config: Any, algorithm: Any, grace_s: float = 3.0) -> str:
    """Check a configuration against the running cluster.

    Nodes that are just joining have `grace_s` seconds. Where there are more env runners than CPUs,
    they are made to share them, and the sentence that comes back says so. `algorithm` is None where
    RLlib cannot look at the configuration yet, as Tune is to choose some of it. Raises
    `ResourceRequestError`.
    """
    import ray

    if algorithm is None:
        parts = request(prepared_config.to_dict())
    else:
        bundles = algorithm.default_resource_request(prepared_config.to_dict()).bundles
        parts = parts_of(prepared_config, bundles)

    def nodes() -> list[Amounts]:
        return [node["Resources"] for node in ray.nodes() if node["Alive"]]

    try:
        _check_until(lambda: check_fits(parts, nodes()), grace_s)
    except ResourceRequestError:
        each = share(parts, nodes())
        if each is None:
            raise
        prepared_config.env_runners(num_cpus_per_env_runner=each)
        return (
            f"Warning: {prepared_config.num_env_runners} env runners share the CPUs, {each:g} for "
            f"each: the cluster has {_nodes_said(nodes())}. They wait for each other, and every "
            "one takes memory; as many as CPUs are left beside the main process sample as fast."
        )
    return ""


def _check_until(check: Callable[[], None], grace_s: float) -> None:
    deadline = time.monotonic() + grace_s
    while True:
        try:
            check()
        except ResourceRequestError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.25)
        else:
            return


def _refused(sentence: str, resource: str) -> ResourceRequestError:
    error = ResourceRequestError(sentence)
    error.resource = resource
    return error


def _too_much(
    resource: str, needed: float, have: float, parts: Sequence[Part], nodes: Sequence[Amounts]
) -> str:
    sums = " + ".join(
        f"{part.count} {part.what}{'s' if part.count > 1 else ''} x "
        f"{part.amounts.get(resource, 0):g}"
        for part in parts
        if part.amounts.get(resource, 0)
    )
    message = (
        f"The training asks for {needed:g} {resource}s ({sums}), and the cluster has {have:g} "
        f"({_nodes_said(nodes)}): it would wait for ever."
    )
    if resource == "GPU":
        if have == 0:
            return (
                f'{message} Without a GPU, set "num_gpus": 0 in the script\'s configuration '
                "(--config) and use_gpu=False in the estimator."
            )
        return f'{message} Set "num_gpus" to {have:g} or less.'
    runners = next((part for part in parts if part.what == "env runner"), None)
    if runners is None or not runners.amounts.get("CPU"):
        return f"{message} Start a larger cluster."
    others = needed - runners.count * runners.amounts["CPU"]
    possible = int((have - others + _EPSILON) // runners.amounts["CPU"])
    if possible >= 1:
        return (
            f'{message} Set "num_workers" to {possible} or less (all CPUs less '
            f"{others:g} for the rest), or start more nodes."
        )
    return f"{message} Start a larger cluster."


def _place(parts: Sequence[Part], nodes: Sequence[Amounts]) -> tuple[Part, int] | None:
    free = [dict(node) for node in nodes]
    for part in parts:
        left = part.count
        # The fullest node that still has room keeps the larger ones for larger parts.
        for node in sorted(free, key=lambda item: item.get("CPU", 0)):
            placed = min(left, _room(node, part.amounts))
            for name, amount in part.amounts.items():
                node[name] = node.get(name, 0) - placed * amount
            left -= placed
        if left:
            return part, left
    return None


def _room(node: Amounts, amounts: Amounts) -> int:
    """How many processes that need `amounts` each a node has room for."""
    most = [(node.get(name, 0) + _EPSILON) / amount for name, amount in amounts.items() if amount]
    return max(0, math.floor(min(most, default=_ENDLESS)))


def _holds(node: Amounts, amounts: Amounts) -> bool:
    return all(node.get(name, 0) + _EPSILON >= amount for name, amount in amounts.items() if amount)


def _said(amounts: Amounts) -> str:
    return " and ".join(
        f"{amount:g} {name}"
        for name, amount in amounts.items()
        if amount and not name.startswith("node:")
    )


def _nodes_said(nodes: Sequence[Amounts]) -> str:
    said = []
    for node in sorted(nodes, key=lambda item: HEAD_RESOURCE not in item):
        role = "head" if HEAD_RESOURCE in node else "worker"
        gpus = f", {node['GPU']:g} GPU" if node.get("GPU") else ""
        said.append(f"{role}: {node.get('CPU', 0):g} CPU{gpus}")
    return "; ".join(said) or "no node"
