"""The fields of a compute target: nodes of one size, how many, and how long they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rl_widgets.backend.machine import find_size, sizes
from rl_widgets.fields.mapping import Texts
from rl_widgets.fields.specification import Fields, collect
from rl_widgets.fields.trait import Choice, Field, Number, Text, Whole, shown
from rl_widgets.store.errors import FieldError
from rl_widgets.store.text import storable

MAX_NODES = 1_000
#: The largest node that a person may describe, in GiB.
_MOST_MEMORY_GB = 1 << 20
NETWORK = ("vnet_resourcegroup_name", "vnet_name", "subnet_name")
_NAMED, _SIZE, _NODES, _MORE = "Name", "Size of a node", "Nodes", "More"


class VmSize(Field):
    """The name of a size of nodes; case does not matter."""

    json_type = "string"

    def converted(self, value: Any) -> str:
        if isinstance(value, str) and (value == "" or find_size(value) is not None):
            return value
        names = ", ".join(s.name for s in sizes())
        text = f"{value!r:.80}" if isinstance(value, str) else shown(value)
        raise self.refuses(
            f"There is no size {text}. There are: {names}; or give cpus=…, gpus=…, "
            "memory_gb=… for a size of your own."
        )

    def schema(self) -> dict[str, Any]:
        """The sizes that there are here, each with what it has."""
        return {
            "enum": ["", *(s.name for s in sizes())],
            "x-sizes": [
                {"name": s.name, "cpus": s.cpus, "memory_gb": s.memory_gb, "gpus": s.gpus}
                for s in sizes()
            ],
        }


class Nodes(Fields):
    """A size of nodes, and how many: what a new compute target is made of, but for its name."""

    title = "Compute target"
    about = "Nodes of one size, from which runs take what they need."

    vm_size = VmSize(
        "",
        label="Size",
        help="A size from the list, or none and CPUs, GPUs and memory of your own.",
        group=_SIZE,
    )
    cpus = Whole(
        low=1,
        high=1024,
        optional=True,
        label="CPUs",
        help="Of a size of your own: logical CPUs of each node.",
        group=_SIZE,
    )
    gpus = Whole(
        0, low=0, high=64, label="GPUs", help="Of a size of your own: GPUs of each node.",
        group=_SIZE,
    )  # fmt: skip
    memory_gb = Number(
        low=0.5,
        high=_MOST_MEMORY_GB,
        unit="GiB",
        optional=True,
        label="Memory",
        help="Of a size of your own: memory of each node; by default 4 GiB for each CPU.",
        group=_SIZE,
    )
    min_nodes = Whole(
        0, low=0, high=MAX_NODES, label="Nodes at least", help="Kept ready, also when idle.",
        group=_NODES,
    )  # fmt: skip
    max_nodes = Whole(
        low=1,
        high=MAX_NODES,
        needed="how many nodes at most",
        label="Nodes at most",
        help="Runs that need more wait for ever, so they are refused.",
        group=_NODES,
        examples=(4,),
    )
    idle_seconds_before_scaledown = Whole(
        1800,
        low=0,
        high=7 * 86_400,
        unit="s",
        label="Idle time",
        help="How long an idle node is kept before it is given back.",
        group=_NODES,
    )
    vm_priority = Choice(
        "dedicated", ("dedicated", "lowpriority"), label="Priority", group=_MORE, advanced=True
    )
    vnet_resourcegroup_name = Text(
        optional=True, longest=200, label="Resource group of the network", group=_MORE,
        advanced=True,
    )  # fmt: skip
    vnet_name = Text(optional=True, longest=200, label="Network", group=_MORE, advanced=True)
    subnet_name = Text(optional=True, longest=200, label="Subnet", group=_MORE, advanced=True)
    tags = Texts(optional=True, label="Tags", help="Names and values.", group=_MORE, advanced=True)
    description = Text(
        optional=True, longest=10_000, label="Description", group=_MORE, advanced=True
    )

    @classmethod
    def across(cls, values: Mapping[str, Any], errors: dict[str, str]) -> None:
        """One size, by its name or of one's own; bounds in order; a network whole or none."""
        own = values.get("cpus") is not None or "cpus" in errors
        beside = [name for name in ("gpus", "memory_gb") if values.get(name)]
        if own and values.get("vm_size"):
            errors["vm_size"] = "Give either vm_size or cpus (a size of your own)."
        elif beside and values.get("vm_size"):
            errors["vm_size"] = (
                f"Give either vm_size or {' and '.join(beside)} (with cpus, a size of your own)."
            )
        elif not own and values.get("vm_size") == "":
            errors["vm_size"] = (
                "vm_size is needed, such as 'STANDARD_D2_V2' or 'LOCAL_2', or cpus=… for a size "
                "of your own. AmlCompute.supported_vmsizes(ws) lists them."
            )
        low, high = values.get("min_nodes"), values.get("max_nodes")
        if low is not None and high is not None and low > high:
            errors["min_nodes"] = f"min_nodes ({low}) is greater than max_nodes ({high})."
        missing = [name for name in NETWORK if not values.get(name) and name not in errors]
        if 0 < len(missing) < len(NETWORK):
            errors[missing[0]] = (
                "vnet_resourcegroup_name, vnet_name and subnet_name are given all or none; "
                f"{' and '.join(missing)} is missing."
            )


class ComputeTargetFields(Nodes):
    """A compute target with its name, as a form makes one."""

    groups = (_NAMED, _SIZE, _NODES, _MORE)
    begins: ClassVar[Mapping[str, Any]] = {"name": "my-nodes", "vm_size": "LOCAL_2", "max_nodes": 1}

    name = Text(
        longest=24,
        pattern=r"[A-Za-z][A-Za-z0-9-]{0,22}[A-Za-z0-9]",
        refusal=(
            "cannot name a compute target: 2 to 24 letters, digits and '-', beginning with a "
            "letter and not ending with '-'."
        ),
        label="Name",
        help="2 to 24 letters, digits and '-'.",
        group=_NAMED,
        examples=("cpu-nodes",),
    )


class Target(Field):
    """A compute target: an object that is one, or its name; optional ones may be None."""

    json_type = "string"

    def converted(self, value: Any) -> Any:
        named = isinstance(value, str) and value and storable(value)
        if named or (hasattr(value, "vm_size") and hasattr(value, "name")):
            return value
        raise self.says("a compute target, its name, or None", value)


class NewOrKnownTarget(Field):
    """The name of a compute target, or the fields of one that is made where there is none."""

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "object", "null"], "x-kind": "compute_target"}

    def converted(self, value: Any) -> Any:
        self.check_json(value)
        if isinstance(value, Mapping):
            found, errors = collect(ComputeTargetFields, value)
            inside = {f"{self.name}.{name}": sentence for name, sentence in errors.items()}
            for name, sentence in inside.items():
                raise FieldError(sentence, name, inside)
            return {name: found[name] for name in found if value.get(name) is not None}
        if hasattr(value, "vm_size") and hasattr(value, "name"):
            return value.name
        if isinstance(value, str) and value and storable(value):
            return value
        raise self.says("a compute target, its name, or None", value)
