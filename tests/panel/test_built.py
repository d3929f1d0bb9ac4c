"""What is shipped of the panel: small, in parts, without maps; and where it is built from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
BUILT = ROOT / "rl_widgets" / "labextension"

#: Bytes of all scripts, and of what is loaded with every page of JupyterLab.
MOST, MOST_AT_FIRST = 300 * 1024, 100 * 1024


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert len(packages) > 100
    assert not [name for name, package in packages.items() if "resolved" in package]


@pytest.mark.skipif(not BUILT.is_dir(), reason="the panel is not built here (no Node)")
def test_the_scripts_are_small_and_loaded_when_needed() -> None:
    scripts = {path.name: path for path in (BUILT / "static").glob("*.js")}
    assert not list(BUILT.rglob("*.map"))
    assert sum(path.stat().st_size for path in scripts.values()) <= MOST
    # The page with its chart, and the form, are parts of their own.
    parts = {
        # In quotes: the styles are a script, too, and have the same names.
        what: next(name for name, path in scripts.items() if f'"{what}"' in path.read_text())
        for what in ("rlp-sidebar", "rlp-page-head", "u-over", "rlp-experiment")
    }
    assert len(set(parts.values())) >= 3, parts
    at_first = scripts[parts["rlp-sidebar"]], *BUILT.glob("static/remoteEntry*.js")
    assert sum(path.stat().st_size for path in at_first) <= MOST_AT_FIRST


@pytest.mark.skipif(not BUILT.is_dir(), reason="the panel is not built here (no Node)")
def test_the_settings_are_shipped() -> None:
    schema = json.loads((BUILT / "schemas" / "rl-widgets" / "plugin.json").read_text())
    assert set(schema["properties"]) == {"groupByExperiment", "notifyOfEnds"}


def test_the_panels_styles_do_not_touch_the_notebook_widgets() -> None:
    # The panel's styles hold for the whole page, the widgets' classes begin with `rlw-`.
    styles = (ROOT / "labextension" / "style").glob("*.css")
    assert not [path.name for path in styles if "rlw-" in path.read_text()]
