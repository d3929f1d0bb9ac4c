"""A real JupyterLab of its own for a test, and a page of Chromium on it."""

from __future__ import annotations

import contextlib
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

import nbformat
import pytest
from playwright.sync_api import Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]

ROOT = Path(__file__).parent.parent.parent
ARTIFACTS = ROOT / "artifacts"
#: A Jupyter server else builds a parser as it starts that nothing here uses: 2.4 of its 6 seconds.
LEAN = str(ROOT / "rl_widgets" / "backend" / "lean_imports")


class Lab:
    """JupyterLab in a folder, with nothing of the person who runs the tests."""

    def __init__(self, folder: Path, own: Path) -> None:
        self.folder = folder
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.token = secrets.token_hex(16)
        self.base = f"http://127.0.0.1:{port}"
        settings = own / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        (settings / "notification.jupyterlab-settings").write_text(
            json.dumps({"fetchNews": "false", "checkForUpdates": False})
        )
        self._log = (own / "jupyter.log").open("w")
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyterlab",
                "--no-browser",
                "--allow-root",
                f"--port={port}",
                "--ServerApp.port_retries=0",
                f"--IdentityProvider.token={self.token}",
                f"--ServerApp.root_dir={folder}",
                "--LabApp.expose_app_in_browser=True",
                "--JupyterNotebookApp.expose_app_in_browser=True",
            ],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                "PYTHONPATH": LEAN,
                "JUPYTER_CONFIG_DIR": str(own / "config"),
                "JUPYTER_DATA_DIR": str(own / "data"),
                "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
                "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"),
                "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
            },
        )

    def wait_until_up(self) -> None:
        deadline = time.monotonic() + 90
        while True:
            try:
                urllib.request.urlopen(f"{self.base}/api/status?token={self.token}", timeout=5)
                return
            except (urllib.error.URLError, OSError):
                assert self._process.poll() is None, "JupyterLab has ended"
                assert time.monotonic() < deadline, "JupyterLab did not start"
                time.sleep(0.2)

    def write(self, name: str, *cells: str) -> None:
        """A notebook of code cells, not run yet."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        nbformat.write(notebook, self.folder / name)

    def url(self, name: str) -> str:
        return f"{self.base}/lab/tree/{name}?reset&token={self.token}"

    def stop(self) -> None:
        # SIGTERM has the server shut its kernels down first.
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


@contextlib.contextmanager
def laboratory(folder: Path, own: Path) -> Iterator[Lab]:
    """A JupyterLab on the notebooks of `folder`, whose settings and data are below `own`."""
    for place in (folder, own):
        place.mkdir(exist_ok=True)
    lab = Lab(folder, own)
    try:
        lab.wait_until_up()
        yield lab
    finally:
        lab.stop()


@pytest.fixture
def lab(tmp_path: Path, own_home: Path) -> Iterator[Lab]:
    with laboratory(tmp_path / "notebooks", tmp_path / "jupyter") as lab:
        yield lab


class Browser:
    """A page, and what its console said of errors."""

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page = page
        self._lab = lab
        self.errors: list[str] = []
        page.set_default_timeout(90_000)
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: self.errors.append(str(e)))

    def open(self, notebook: str) -> None:
        self.page.goto(self._lab.url(notebook))
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", state="visible")
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        # Cells that are run before there is a kernel are answered by a question for one.
        self.page.wait_for_function(
            """() => {
                const context = window.jupyterapp?.shell?.currentWidget?.sessionContext;
                return context?.isReady && context.session?.kernel?.status === "idle";
            }"""
        )

    def run_all(self) -> None:
        self.execute("notebook:run-all-cells")

    def execute(self, command: str, **arguments: str) -> None:
        """Carry out a command of JupyterLab, without waiting for its end."""
        self.page.evaluate(
            "([c, a]) => { window.jupyterapp.commands.execute(c, a); }", [command, arguments]
        )

    def use_theme(self, name: str) -> None:
        light = "false" if "Dark" in name else "true"
        self.execute("apputils:change-theme", theme=name)
        self.page.wait_for_selector(f'body[data-jp-theme-light="{light}"]', state="attached")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")

    def picture(self, name: str) -> Path:
        ARTIFACTS.mkdir(exist_ok=True)
        file = ARTIFACTS / f"{name}.png"
        self.page.screenshot(path=str(file))
        return file

    def our_errors(self) -> list[str]:
        """Errors but those of JupyterLab's own requests for settings and workspaces."""
        return [e for e in self.errors if "Failed to load resource" not in e]

    def wait_until(self, condition: Callable[[], object], what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
            self.page.wait_for_timeout(50)


@pytest.fixture
def browser(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS
        )
        page = chromium.new_page(viewport={"width": 1300, "height": 1500})
        found = Browser(page, lab)
        try:
            yield found
            # What the page showed last tells why a test failed.
            found.picture(f"last-{request.node.name}")
        finally:
            chromium.close()
