"""What a run was given: its submission, the settings in force, versions, and git's state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rl_widgets.backend.arguments import json_of
from rl_widgets.backend.node_groups import HEAD_OBJECT_STORE, WORKER_OBJECT_STORE
from rl_widgets.backend.source_state import BRANCH, COMMIT, DIRTY
from rl_widgets.store.runs import RunRecord
from rl_widgets.view import wording
from rl_widgets.view.as_python import as_python
from rl_widgets.view.reader import RunReader

#: Written by `rl_widgets.rllib.effective_config` when the algorithm stands.
ALGORITHM_FILE = Path("head") / "algorithm_config.json"

#: What is said in place of an environment variable's value.
NOT_SHOWN = "set (its value is not shown)"

_VALUE_LENGTH = 2_000


@dataclass(frozen=True)
class Setting:
    """One row: `part` says what it belongs to, `note` who has set it.

    `changed`: a person, the script or rl_widgets has set it to something else than the default.
    `fact`: it is no setting, but what was there (a version, a commit).
    """

    part: str
    name: str
    value: str
    default: str = ""
    changed: bool = False
    fact: bool = False
    note: str = ""


@dataclass(frozen=True)
class Configuration:
    """All that a run was given; settings that differ from their defaults come first.

    `notes` is what was said of the translation of the script's settings, `code` the cell that makes
    the same run again ('' where there is none), `message` what is missing here and why.
    """

    settings: tuple[Setting, ...] = ()
    notes: tuple[str, ...] = ()
    code: str = ""
    message: str = ""
    algorithm: Mapping[str, Any] = field(default_factory=dict)

    def matching(self, query: str, only_changed: bool = False) -> tuple[Setting, ...]:
        """The settings that hold every word of the query, wherever in their row."""
        words = query.casefold().split()
        return tuple(
            s
            for s in self.settings
            if not (only_changed and not (s.changed or s.fact))
            and all(w in f"{s.part} {s.name} {s.value} {s.note}".casefold() for w in words)
        )


def stamp(reader: RunReader) -> tuple[Any, ...]:
    """What changes with a run's configuration; cheap."""
    record = reader.record
    try:
        status = (reader.run_folder / ALGORITHM_FILE).stat()
        file = (status.st_mtime_ns, status.st_size)
    except OSError:
        file = (0, 0)
    return (file, record.final, str(record.tags), str(record.properties))


def configuration(reader: RunReader) -> Configuration:
    """The configuration of the run of a reader."""
    with reader.lock:
        record = reader.record
    algorithm, wrong = _algorithm(reader.run_folder / ALGORITHM_FILE)
    rows = [
        *_submission(record),
        *_algorithm_settings(algorithm),
        *_imported(record),
        *_facts(record, algorithm),
    ]
    rows.sort(key=lambda s: 0 if s.changed else 1 if s.fact else 2)
    return Configuration(
        settings=tuple(rows),
        notes=tuple(wording.shown(str(n), 500) for n in algorithm.get("notes") or ()),
        code=as_python(
            record,
            reader.run_folder.parent.parent,
            reader.run_folder / "snapshot",
            reader.store.targets.get,
        ),
        message=wrong or _message(record, algorithm),
        algorithm=algorithm,
    )


def text_of(value: Any) -> str:
    """A value on one line: texts as they are, the rest as Python writes it."""
    if value is None:
        return "None"
    return wording.shown(value if isinstance(value, str) else repr(value), _VALUE_LENGTH)


def _algorithm(path: Path) -> tuple[dict[str, Any], str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict) and isinstance(found.get("settings"), list):
            return found, ""
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError):
        pass
    return {}, f"The algorithm's settings cannot be read: {path.name} is broken."


def _message(record: RunRecord, algorithm: Mapping[str, Any]) -> str:
    if algorithm:
        return ""
    if record.type == "imported":
        return "This run was imported: there is no submission that could be repeated."
    if record.role == "interactive":
        return (
            "This run was logged from a cell or a script: there is no submission that could be "
            "repeated."
        )
    if record.final:
        return (
            "The algorithm's settings in force are not known: the script ended before RLlib had "
            "its algorithm, or it does not train by rl_widgets.rllib."
        )
    return (
        "The algorithm's settings in force are shown once RLlib has built its algorithm; a script "
        "that does not train by rl_widgets.rllib tells none."
    )


def _submission(record: RunRecord) -> Iterable[Setting]:
    plan = record.definition
    script = "Script"
    if plan.get("entry_script"):
        yield Setting(script, "entry_script", text_of(plan["entry_script"]), changed=True)
        yield Setting(script, "source_directory", text_of(plan["source_directory"]), changed=True)
    params = plan.get("script_params") or {}
    if isinstance(params, Mapping):
        for name, value in params.items():
            settings = _object(name, value)
            for key, one in settings.items():
                yield Setting(f"{script} {wording.shown(str(name))}", key, one, changed=True)
            if not settings:
                bare = value is None or value == ""
                words = "(flag)" if bare else text_of(value)
                yield Setting(script, wording.shown(str(name)), words, changed=True)
    else:
        yield Setting(script, "arguments", text_of(list(params)), changed=True)
    for name, value in (plan.get("stop") or {}).items():
        yield Setting("Stop criteria", str(name), text_of(value), changed=True)
    yield from _limits(plan)
    yield from _nodes("Head", plan.get("head"), HEAD_OBJECT_STORE)
    yield from _nodes("Workers", plan.get("worker"), WORKER_OBJECT_STORE)
    for name in plan.get("environment_variables") or ():
        yield Setting("Environment variables", text_of(name), NOT_SHOWN, changed=True)
    for name, value in record.tags.items():
        yield Setting("Tags", text_of(name), text_of(value), changed=True)


def _object(name: str, value: Any) -> dict[str, str]:
    """The settings in a parameter that is one JSON object, as --config is; else none."""
    found = json_of({name: value}, name) or {}
    return {wording.shown(str(key)): text_of(one) for key, one in found.items()}


def _limits(plan: Mapping[str, Any]) -> Iterable[Setting]:
    if "entry_script" not in plan:
        return
    for name in ("max_run_duration_seconds", "cluster_coordination_timeout_seconds"):
        value = plan.get(name)
        yield Setting("Limits", name, text_of(value), "None", changed=value is not None)
    arguments = plan.get("framework_arguments") or []
    yield Setting("Ray", "framework_arguments", text_of(arguments), "[]", changed=bool(arguments))
    packages = plan.get("requirements") or plan.get("pip_packages") or []
    installed = plan.get("pip_packages") or []
    note = f"installed for the run: {', '.join(installed)}" if installed else ""
    yield Setting("Packages", "pip_packages", text_of(packages), "[]", bool(packages), note=note)


def _nodes(part: str, group: Mapping[str, Any] | None, object_store: int) -> Iterable[Setting]:
    if not group:
        return
    target = group["target"] or "(shares the head's node)"
    yield Setting(part, "compute_target", text_of(target), "local", target != "local")
    yield Setting(part, "node_count", text_of(group["node_count"]), "1", group["node_count"] != 1)
    size = f"{wording.plural(group['cpus'], 'CPU')}, {group['memory'] / 1e9:.1f} GB"
    if group["gpus"]:
        size += f", {wording.plural(group['gpus'], 'GPU')}"
    yield Setting(part, "vm_size", f"{group['vm_size']}: {size}", changed=True)
    store = group["object_store"]
    yield Setting(
        part,
        "shm_size",
        f"{store / (1 << 20):,.0f} MiB",
        f"{object_store / (1 << 20):,.0f} MiB",
        store != object_store,
        note="the object store of a node",
    )


def _algorithm_settings(algorithm: Mapping[str, Any]) -> Iterable[Setting]:
    if not algorithm:
        return
    name = text_of(algorithm.get("algorithm", ""))
    yield Setting("Algorithm", "algorithm", name, changed=True)
    for row in algorithm["settings"]:
        value, default, said_as = row.get("value"), row.get("default"), row.get("said_as")
        changed = value != default
        note = ""
        if said_as:
            note = "set by the script"
            if said_as != row["name"]:
                note += f" as {wording.shown(str(said_as), 60)}"
        elif changed:
            note = "set by rl_widgets or RLlib"
        yield Setting(
            f"{name} · {row.get('group', '')}",
            text_of(row.get("name")),
            text_of(value),
            text_of(default),
            changed or bool(said_as),
            note=note,
        )


def _imported(record: RunRecord) -> Iterable[Setting]:
    config = record.definition.get("config")
    if isinstance(config, Mapping):
        for name, value in config.items():
            yield Setting("Imported settings", text_of(name), text_of(value), changed=True)


def _facts(record: RunRecord, algorithm: Mapping[str, Any]) -> Iterable[Setting]:
    versions = {
        str(name).replace("_", "-"): version
        for source in (record.definition.get("versions") or {}, algorithm.get("versions") or {})
        for name, version in source.items()
    }
    for name, version in versions.items():
        yield Setting("Versions", text_of(name), text_of(version), fact=True)
    properties = record.properties
    if COMMIT in properties:
        source = "Source directory (git)"
        yield Setting(source, "commit", text_of(properties[COMMIT]), fact=True)
        branch = properties.get(BRANCH) or "(none is checked out)"
        yield Setting(source, "branch", text_of(branch), fact=True)
        words = {"true": "yes: files differ from the commit", "false": "no"}
        dirty = words.get(str(properties.get(DIRTY)), "not known: git took too long to tell")
        yield Setting(source, "changed since the commit", dirty, fact=True)
