"""The layers: imports run one way, and importing the package costs next to nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "rl_widgets"

PUBLIC = {"workspace", "experiment", "compute", "estimator", "run"}

#: What each layer may import at the top of a module or inside of a function.
ALLOWED = {
    "store": {"store"},
    "backend": {"backend", "store"},
    "rllib": {"rllib", "store", "run"},
    "fields": {"fields", "backend", "store"},
    "public": {"public", "fields", "backend", "store"},
    "forms": {"forms", "view", "public", "fields", "rllib", "backend", "store"},
    "view": {"view", "public", "backend", "store"},
    "widgets": {"widgets", "forms", "fields", "view", "public", "store"},
    "server": {"server", "forms", "fields", "view", "public", "backend", "store"},
    "terminal": {"view", "public", "store"},
    "cli": {"terminal", "forms", "view", "public", "store"},
}

#: Where a library may be imported at all.
ONLY_IN = {
    "ipywidgets": ("widgets/",),
    "bqplot": ("widgets/chart.py", "widgets/reward_chart.py", "widgets/small_chart.py"),
    "rich": ("terminal.py",),
    "ray": ("backend/", "rllib/"),
    "torch": ("rllib/",),
    "sqlalchemy": ("store/",),
    "jupyter_client": ("server/",),
    "jupyter_server": ("server/",),
    "jupyter_server_proxy": ("server/",),
    "tornado": ("server/",),
}


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if "lean_imports" not in p.parts)


def imports(path: Path) -> set[str]:
    """Absolute names of what a module imports at run time."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def layer(name: str) -> str:
    return "public" if name in PUBLIC else name


def test_imports_run_one_way() -> None:
    wrong = []
    for path in modules():
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts == ("__init__",):
            continue
        here = layer(parts[0])
        for name in imports(path):
            if name.startswith("rl_widgets.") and name.split(".")[1] != "__version__":
                there = name.split(".")[1]
                if there == "Run":  # the public name
                    there = "run"
                allowed = {layer(x) for x in ALLOWED[here]} | ALLOWED[here]
                if layer(there) not in allowed and there not in allowed:
                    wrong.append(f"{path.relative_to(PACKAGE)} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_libraries_stay_where_they_belong() -> None:
    wrong = []
    for path in modules():
        relative = path.relative_to(PACKAGE).as_posix()
        for name in imports(path):
            places = ONLY_IN.get(name.split(".")[0])
            if places is not None and not relative.startswith(places):
                wrong.append(f"{relative} imports {name}")
    assert not wrong, "\n".join(wrong)


def _loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; print('\\n'.join(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in result.stdout.split()}


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {"ray", "torch", "pandas", "numpy", "sqlalchemy", "ipywidgets", "bqplot", "gymnasium"}
    assert not heavy & _loaded_by("import rl_widgets")


def test_submitting_and_watching_need_neither_ray_nor_torch() -> None:
    public = "from rl_widgets import Workspace, Experiment, RunDetails, WorkerConfiguration"
    assert not {"ray", "torch"} & _loaded_by(public)


def test_an_entry_script_that_logs_loads_no_database() -> None:
    assert not {"sqlalchemy", "ipywidgets", "ray"} & _loaded_by(
        "from rl_widgets import Run; Run.get_context().log('x', 1)"
    )


def test_a_server_without_ray_and_torch_has_the_extension() -> None:
    blocked = "import sys; sys.modules.update(ray=None, torch=None, gymnasium=None)"
    loaded = _loaded_by(
        f"{blocked}\nimport rl_widgets.server.app\n"
        "from rl_widgets.server.machine import trains_here; assert not trains_here()"
    )
    assert "ipywidgets" not in loaded
    assert "bqplot" not in loaded
    assert "pandas" not in loaded


def test_forms_need_neither_ray_nor_torch() -> None:
    blocked = "import sys; sys.modules.update(ray=None, torch=None, gymnasium=None)"
    check = (
        "import tempfile; from rl_widgets import Workspace;"
        "from rl_widgets.forms.checking import *;"
        "found = check(ExperimentFields, {'experiment': 'abc', 'environment': 'CartPole-v1',"
        "'config': {'lr': 'x'}}, Workspace(folder=tempfile.mkdtemp()));"
        "assert set(found.errors) == {'config.lr'}, found.errors; describe(KINDS['appo']())"
    )
    assert "ipywidgets" not in _loaded_by(f"{blocked}\n{check}")


def test_every_public_name_can_be_imported() -> None:
    import rl_widgets

    for name in rl_widgets.__all__:
        assert getattr(rl_widgets, name) is not None
