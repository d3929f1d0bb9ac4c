"""The workspace: the top-level place in which experiments, runs and compute targets are kept."""

from __future__ import annotations

import json
import math
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.paths import jupyter_data_dir

from rl_widgets.backend import reaper
from rl_widgets.store.database import Store
from rl_widgets.store.errors import UserError
from rl_widgets.store.times import utc_text

if TYPE_CHECKING:
    from rl_widgets.compute import AmlCompute
    from rl_widgets.experiment import Experiment
    from rl_widgets.run import Run

_CONFIG = "config.json"
_CONFIG_FOLDER = ".rl_widgets"
_DEFAULT_NAME = "local"

_told: set[str] = set()


def home() -> Path:
    """Where embedded workspaces are kept: `$RL_WIDGETS_HOME`, else Jupyter's data folder."""
    configured = os.environ.get("RL_WIDGETS_HOME")
    if configured:
        return Path(configured).expanduser().absolute()
    return Path(jupyter_data_dir()) / "rl_widgets"


class Workspace:
    """A workspace on this machine. Any number of processes may have it open at once.

    `folder` is where its record (SQLite) and the runs' folders are; it is made at first use.
    Raises `StoreError` where it cannot be written.
    """

    def __init__(
        self,
        name: str = _DEFAULT_NAME,
        folder: str | os.PathLike[str] | None = None,
        *,
        subscription_id: str = "",
        resource_group: str = "",
        location: str = "local",
    ) -> None:
        self.name = name
        self.subscription_id = subscription_id or socket.gethostname()
        self.resource_group = resource_group or "local"
        self.location = location
        self.folder = Path(folder).expanduser().absolute() if folder else _folder_of(name)
        self.store = Store.open(self.folder)
        if "RL_WIDGETS_RUN_ID" not in os.environ:
            # A process of a job sees only its node's GPUs and must not take these for all.
            from rl_widgets.compute import ensure_local_target

            ensure_local_target(self.store)

    @classmethod
    def from_config(cls, path: str | os.PathLike[str] | None = None) -> Workspace:
        """Open the workspace that a `config.json` names.

        `path` is the file or a folder; with None the search begins in the working directory. In
        each folder `.rl_widgets/config.json` comes before `config.json`, then the parents are
        searched. With no such file the default embedded workspace is opened. Raises `UserError`
        for a file that is there and broken, with file and line.
        """
        file = _find_config(None if path is None else Path(path))
        if file is None:
            workspace = cls()
            key = str(workspace.folder)
            if key not in _told:
                _told.add(key)
                print(
                    f"No config.json found: the embedded workspace {workspace.name!r} in "
                    f"{workspace.folder} is used."
                )
            return workspace
        values = _read_config(file)
        folder = values.get("folder")
        name = values.get("workspace_name") or _DEFAULT_NAME
        return cls(
            name,
            None if folder is None else file.parent / str(folder),
            subscription_id=values.get("subscription_id", ""),
            resource_group=values.get("resource_group", ""),
            location=values.get("location", "local"),
        )

    @property
    def compute_targets(self) -> dict[str, AmlCompute]:
        """The compute targets by name."""
        from rl_widgets.compute import AmlCompute

        return {t.name: AmlCompute._of(self, t) for t in self.store.targets.all()}

    @property
    def experiments(self) -> dict[str, Experiment]:
        """The experiments by name."""
        from rl_widgets.experiment import Experiment

        return {name: Experiment(self, name) for name in self.store.runs.experiments()}

    def get_run(self, run_id: str) -> Run:
        """The run of that id. Raises `NotFoundError`."""
        from rl_widgets.run import Run

        return Run.get(self, run_id)

    def run_folder(self, run_id: str) -> Path:
        """The folder of a parent run; its children's files lie in `head` and `worker` in it."""
        return self.folder / "runs" / run_id

    def refresh(self, run_id: str, seconds: float = math.inf) -> None:
        """Look after a run whose supervisor may be gone; cheap while it is not.

        Who has no time takes in what was logged for some seconds only.
        """
        reaper.look_after(self.store, self.folder, run_id, seconds)

    def write_config(
        self, path: str | os.PathLike[str] | None = None, file_name: str | None = None
    ) -> Path:
        """Write `.rl_widgets/config.json` under `path` (default: the working directory)."""
        folder = Path(path or ".").absolute() / _CONFIG_FOLDER
        file = folder / (file_name or _CONFIG)
        values = {
            "subscription_id": self.subscription_id,
            "resource_group": self.resource_group,
            "workspace_name": self.name,
            "location": self.location,
            "folder": str(self.folder),
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise UserError(f"{file} cannot be written ({error.strerror}).") from error
        return file

    def get_details(self) -> dict[str, Any]:
        """What there is to say of the workspace, as a dict."""
        return {
            "id": str(self.folder),
            "name": self.name,
            "location": self.location,
            "type": "rl_widgets.Workspace",
            "subscriptionId": self.subscription_id,
            "resourceGroup": self.resource_group,
            "record": str(self.store.path),
            "experiments": len(self.store.runs.experiments()),
            "computeTargets": len(self.store.targets.all()),
            "creationTime": utc_text(self.store.path.stat().st_ctime),
        }

    def close(self) -> None:
        """Close the record's connections."""
        self.store.close()

    def __repr__(self) -> str:
        return f"Workspace(name={self.name!r}, folder={str(self.folder)!r})"


def _folder_of(name: str) -> Path:
    if name == _DEFAULT_NAME:
        return home()
    if not name.replace("-", "").replace("_", "").isalnum() or len(name) > 64:
        raise UserError(
            f"The workspace name {name[:80]!r} is not usable: at most 64 letters, digits, '-' "
            "and '_'."
        )
    return home() / "workspaces" / name


def _find_config(path: Path | None) -> Path | None:
    if path is not None:
        path = path.expanduser().absolute()
        if path.is_file():
            return path
        if not path.exists():
            raise UserError(f"There is no workspace configuration at {path}.")
    start = path or Path.cwd()
    for folder in (start, *start.parents):
        for candidate in (folder / _CONFIG_FOLDER / _CONFIG, folder / _CONFIG):
            if candidate.is_file() and _names_a_workspace(candidate):
                return candidate
    return None


def _names_a_workspace(file: Path) -> bool:
    """A plain `config.json` may be anybody's: only one that speaks of a workspace, or that is
    ours by its folder, is taken (and may then be found broken)."""
    if file.parent.name == _CONFIG_FOLDER:
        return True
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return "workspace_name" in text


def _read_config(file: Path) -> dict[str, str]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The workspace configuration {file} cannot be read ({error}).") from error
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(
            f"The workspace configuration {file} is broken in line {error.lineno}, column "
            f"{error.colno}: {error.msg}. Mend it, or delete it and use Workspace.write_config()."
        ) from error
    if not isinstance(values, dict):
        raise UserError(f"The workspace configuration {file} is no JSON object (line 1).")
    for key in ("workspace_name", "folder", "subscription_id", "resource_group", "location"):
        if key in values and not isinstance(values[key], str):
            line = next((i for i, t in enumerate(text.splitlines(), 1) if f'"{key}"' in t), 1)
            raise UserError(
                f"The workspace configuration {file}, line {line}: {key} is a text, not "
                f"{values[key]!r:.60}."
            )
    if not values.get("workspace_name"):
        raise UserError(f"The workspace configuration {file} has no workspace_name (line 1).")
    return values
