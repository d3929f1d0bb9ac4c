"""The environment of a local cluster's processes, built from nothing."""

from __future__ import annotations

import importlib.util
import os
import site
import sys
from collections.abc import Mapping
from pathlib import Path

import rl_widgets
from rl_widgets.backend.errors import ClusterError

MARKER = "RL_WIDGETS_CLUSTER"
"""Names the cluster in the environment of each of its processes: how a sweep finds them."""

# What a program needs to find its files, its language, its libraries and the way out.
_INHERITED = {
    "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERMINFO",
    "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "CONDA_PREFIX", "CONDA_DEFAULT_ENV",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "HF_HOME", "TORCH_HOME", "MPLCONFIGDIR", "ALE_ROMS_DIR",
}  # fmt: skip
_INHERITED_PREFIXES = ("LC_", "XDG_", "PIP_", "UV_", "CUDA_", "NVIDIA_", "SLURM_")

_RAY = {
    "RAY_AUTH_MODE": "token",
    "RAY_START_HOOK": "rl_widgets.backend.ray_hook.start",
    # Despite its name: 0 makes every process keep the loopback address (ray_hook.py).
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_OVERRIDE_JOB_RUNTIME_ENV": "1",
    "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "10",
    "RAY_prestart_worker_first_driver": "0",
    "RAY_enable_metrics_collection": "0",
    # The one fixed port that would be left (44227).
    "DASHBOARD_METRIC_PORT": "0",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_health_check_failure_threshold": "3",
    "RAY_NUM_REDIS_GET_RETRIES": "5",
    # Python that starts on a busy machine or from a slow disk needs more than Ray's 30 s.
    "RAY_agent_register_timeout_ms": "120000",
    # How long Ray asks for a node at a time (ray_hook.py).
    "RAY_raylet_start_wait_time_s": "1",
    "RAY_worker_register_timeout_seconds": "180",
    # The run's own cluster_coordination_timeout_seconds tells how long is too long.
    "RAY_DASHBOARD_STARTUP_TIMEOUT_S": "300",
}
_TUNABLE = {
    name: _RAY[name]
    for name in _RAY
    if name.startswith("RAY_health_check") or name == "RAY_prestart_worker_first_driver"
}


def check_variables(variables: Mapping[str, str]) -> None:
    """Refuse what would break the cluster. Raises ClusterError naming the variable."""
    for name, value in variables.items():
        if not name or "=" in name or "\0" in name or "\0" in value:
            raise ClusterError(
                f"The environment variable {name!r} cannot be set: a name may not be empty or "
                "hold '=', and neither name nor value a null character."
            )
        if name.startswith("RL_WIDGETS_") or (name in _RAY and name not in _TUNABLE):
            raise ClusterError(
                f"The environment variable {name} is set by rl_widgets itself; take it out of "
                "environment_variables."
            )
        if name in ("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS", "RAY_AUTH_TOKEN"):
            raise ClusterError(
                f"The environment variable {name} would send the job to another cluster; take it "
                "out of environment_variables."
            )


def node_environment(
    *, token: str, marker: str, variables: Mapping[str, str], python_path: list[str]
) -> dict[str, str]:
    """The whole environment of a cluster's processes, but for the devices of each node.

    `variables` are the run's own and the user's; they win over what is inherited, never over what
    keeps clusters apart. `python_path` comes after a PYTHONPATH among them.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _INHERITED or name.startswith(_INHERITED_PREFIXES)
    }
    environment = {**inherited, **_RAY, **variables}
    environment["RAY_AUTH_TOKEN"] = token
    environment[MARKER] = marker
    if sys.prefix != sys.base_prefix:
        environment["VIRTUAL_ENV"] = sys.prefix
    if "PATH" not in variables:
        programs = os.environ.get("PATH") or os.defpath
        environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), programs])
    environment.setdefault("LANG", "C.UTF-8")
    for name in ("no_proxy", "NO_PROXY"):
        known = environment.get(name)
        environment[name] = ",".join(filter(None, [known, "127.0.0.1", "localhost"]))
    folders = [*filter(None, [variables.get("PYTHONPATH")]), *python_path, *_package_paths()]
    if folders:
        environment["PYTHONPATH"] = os.pathsep.join(folders)
    return environment


def _package_paths() -> list[str]:
    """Folders that the interpreter does not know by itself but its programs here need."""
    folders = []
    if importlib.util.find_spec("rfc3987_syntax") is not None:
        folders.append(str(Path(__file__).with_name("lean_imports")))
    root = Path(rl_widgets.__file__).resolve().parent.parent
    known = [Path(folder) for folder in (*site.getsitepackages(), site.getusersitepackages())]
    if root not in known and not any(_is_linked(root, folder) for folder in known):
        folders.append(str(root))
    return folders


def _is_linked(root: Path, site_packages: Path) -> bool:
    """Whether an editable installation's .pth file in `site_packages` names `root`."""
    for link in site_packages.glob("*.pth"):
        try:
            lines = link.read_text().splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        if str(root) in (line.strip() for line in lines):
            return True
    return False
