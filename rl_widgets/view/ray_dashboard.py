"""Where the Ray dashboard of a run's cluster is, while there is one."""

from __future__ import annotations

from dataclasses import dataclass

from rl_widgets.backend.cluster_record import RECORD_NAME, read_record
from rl_widgets.view.jupyter_server import page_of
from rl_widgets.view.reader import RunReader


@dataclass(frozen=True)
class RayDashboard:
    """`url` is '' where there is none; `sentence` says how to get in, or why there is none."""

    url: str
    sentence: str


def ray_dashboard(reader: RunReader) -> RayDashboard:
    """The dashboard of the run of a reader. The cluster's token is never in it."""
    with reader.lock:
        record = reader.record
    if record.role != "parent":
        return RayDashboard("", "A run without a cluster has no Ray dashboard.")
    if record.final:
        return RayDashboard("", "The Ray dashboard ended with the run's cluster.")
    path = reader.run_folder / RECORD_NAME
    cluster = read_record(path)
    if cluster is None or not cluster.dashboard:
        return RayDashboard("", "The Ray dashboard comes with the head node.")
    served = page_of(reader, "ray")
    if served:
        return RayDashboard(served, "Through the Jupyter server, to look at only.")
    return RayDashboard(
        f"http://{cluster.dashboard}",
        "It answers on the machine of the run alone, and asks for the cluster's token: the value "
        f"of 'token' in {path}, which only you can read.",
    )
