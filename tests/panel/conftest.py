"""A real JupyterLab with the server extension and the panel, and pages of Chromium on it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from rl_widgets.store import statuses
from tests.browser.conftest import ARTIFACTS, FLAGS, LEAN, ROOT
from tests.view.fixture_runs import FixtureRun, make


class Server:
    """JupyterLab in a folder, on the panel as it is built here; it may be started again.

    `python`: of an environment that has the panel installed, which is taken then.
    """

    def __init__(
        self, folder: Path, own: Path, *flags: str, base: str = "/", python: Path | None = None
    ) -> None:
        self.folder = folder
        self.token = secrets.token_hex(16)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self._port = s.getsockname()[1]
        self.base = f"http://127.0.0.1:{self._port}{base}"
        self._own = own
        self._flags = [f"--ServerApp.base_url={base}"]
        for name, values in {
            "notification": {"fetchNews": "false", "checkForUpdates": False},
        }.items():
            place = own / "settings" / "@jupyterlab" / "apputils-extension"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{name}.jupyterlab-settings").write_text(json.dumps(values))
        self._python = str(python or sys.executable)
        if python is None:
            # The panel of this checkout, also where an older one is installed.
            extensions = own / "data" / "labextensions"
            extensions.mkdir(parents=True)
            (extensions / "rl-widgets").symlink_to(ROOT / "rl_widgets" / "labextension")
            self._flags.append("--ServerApp.jpserver_extensions=rl_widgets.server=True")
        self._flags += flags
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        own = self._own
        with (own / "jupyter.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._python,
                    "-m",
                    "jupyterlab",
                    "--no-browser",
                    "--allow-root",
                    f"--port={self._port}",
                    "--ServerApp.port_retries=0",
                    f"--IdentityProvider.token={self.token}",
                    f"--ServerApp.root_dir={self.folder}",
                    "--LabApp.expose_app_in_browser=True",
                    "--JupyterNotebookApp.expose_app_in_browser=True",
                    *self._flags,
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    "PYTHONPATH": LEAN,
                    "JUPYTER_CONFIG_DIR": str(own / "config"),
                    "JUPYTER_DATA_DIR": str(own / "data"),
                    # In a virtual environment Jupyter else takes what is installed there first.
                    "JUPYTER_PREFER_ENV_PATH": "0",
                    "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
                    "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"),
                    "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
                },
            )
        deadline = time.monotonic() + 90
        while not self.answers("api/status"):
            assert self._process.poll() is None, (own / "jupyter.log").read_text()[-3000:]
            assert time.monotonic() < deadline, "JupyterLab did not start"
            time.sleep(0.2)

    def answers(self, path: str) -> bool:
        try:
            return self.get(path) is not None
        except (urllib.error.URLError, OSError):
            return False

    def get(self, path: str) -> Any:
        """What the server answers a program."""
        request = urllib.request.Request(
            self.base + path, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def restores(self, run: str) -> bool:
        """Whether a page that is loaded now brings the run's page back."""
        named = f"rl-widgets-runs:{run}"
        # Once with what it shows, and once in the layout.
        saved = (self._own / "workspaces").glob("*.jupyterlab-workspace")
        return any(file.read_text().count(named) >= 2 for file in saved)

    def write(self, name: str, *cells: str) -> None:
        """A notebook of code cells, not run yet."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, self.folder / name)


FOCUS_IN_MAIN = """() =>
    document.getElementById("jp-main-dock-panel")?.contains(document.activeElement)"""


class Lab:
    """A page on the server, and what a person does in it."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.errors: list[str] = []
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda e: self.errors.append(str(e)))

    def open(self, path: str = "lab") -> None:
        joint = "&" if "?" in path else "?"
        self.page.goto(f"{self.server.base}{path}{joint}token={self.server.token}")
        self.ready()
        if path == "lab":
            # Its launcher comes last, and takes the focus.
            self.page.wait_for_function(FOCUS_IN_MAIN)

    def ready(self) -> None:
        self.page.wait_for_function("() => window.jupyterapp?.restored")
        self.page.evaluate("() => window.jupyterapp.restored")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")

    def show_panel(self) -> Locator:
        self.execute("rl-widgets:show-panel")
        panel = self.page.locator(".rlp-sidebar")
        panel.wait_for()
        return panel

    def lines(self) -> Locator:
        return self.page.locator(".rlp-runs [role=treeitem]")

    def line(self, run: str) -> Locator:
        return self.page.locator(f'.rlp-runs [data-run-id="{run}"]')

    def run_page(self) -> Locator:
        return self.page.locator(".rlp-page:visible")

    def execute(self, command: str, **arguments: str) -> None:
        self.page.evaluate(
            "([c, a]) => { window.jupyterapp.commands.execute(c, a); }", [command, arguments]
        )

    def use_theme(self, name: str) -> None:
        light = "false" if "Dark" in name else "true"
        self.execute("apputils:change-theme", theme=name)
        self.page.wait_for_selector(f'body[data-jp-theme-light="{light}"]', state="attached")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")

    def picture(self, name: str) -> None:
        ARTIFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=str(ARTIFACTS / f"{name}.png"))

    def wait_until(self, condition: Callable[[], object], what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
            self.page.wait_for_timeout(50)


def recorded(folder: Path, run_id: str, status: str = "", results: int = 60) -> FixtureRun:
    """A run with a curve and a log, going on or ended."""
    fixture = make(folder, run_id=run_id)
    fixture.start()
    fixture.use_resources()
    for i in range(1, results):
        fixture.result(i, -21 + i * 0.3, take_in=False)
    fixture.take_in()
    fixture.write_log("\x1b[32m(IMPALA)\x1b[0m the last line\n")
    if status:
        error = {"message": "ValueError: no <environment>", "file": "a.py", "line": 3}
        fixture.end(status, error if status == statuses.FAILED else None)
    return fixture


@pytest.fixture
def make_server(tmp_path: Path, own_home: Path) -> Iterator[Callable[..., Server]]:
    made: list[Server] = []

    def make(*flags: str, base: str = "/", python: Path | None = None) -> Server:
        folder = tmp_path / f"notebooks-{len(made)}"
        own = tmp_path / f"jupyter-{len(made)}"
        folder.mkdir()
        own.mkdir()
        server = Server(folder, own, *flags, base=base, python=python)
        made.append(server)
        server.start()
        return server

    try:
        yield make
    finally:
        for server in made:
            server.stop()


@pytest.fixture
def server(make_server: Callable[..., Server]) -> Server:
    return make_server()


@pytest.fixture
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS
        )
        try:
            yield found
        finally:
            found.close()


@pytest.fixture
def new_lab(
    chromium: Browser, server: Server, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Lab]]:
    """Pages that share nothing, as two persons' browsers do."""
    made: list[Lab] = []

    def make(other: Server | None = None, width: int = 1300, height: int = 1000) -> Lab:
        context = chromium.new_context(viewport={"width": width, "height": height})
        lab = Lab(context.new_page(), other or server)
        made.append(lab)
        return lab

    yield make
    for i, lab in enumerate(made):
        # What the page showed last tells why a test failed.
        lab.picture(f"last-{request.node.name}-{i}")
        assert lab.errors == []


@pytest.fixture
def lab(new_lab: Callable[..., Lab]) -> Lab:
    return new_lab()
