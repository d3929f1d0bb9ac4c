"""The extension: its settings, what it starts with the server and ends with it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_server._tz import utcnow
from jupyter_server.extension.application import ExtensionApp
from tornado.ioloop import PeriodicCallback
from traitlets import Bool, Float, Int, List, Unicode, validate

from rl_widgets.backend import servers
from rl_widgets.server import watching
from rl_widgets.server.handler import ApiHandler
from rl_widgets.server.pages import OpenHandler
from rl_widgets.server.proxies import RayHandler, TensorboardHandler
from rl_widgets.server.routes import FILE_PATTERN, ROUTES
from rl_widgets.server.run_files import FileHandler
from rl_widgets.server.run_table import News
from rl_widgets.server.served import Limits, Served
from rl_widgets.server.tensorboards import Boards
from rl_widgets.store.errors import RLWidgetsError
from rl_widgets.view.following_thread import FollowingThread

SCHEMA_ID = "https://events.jupyter.org/rl_widgets/changes"
#: Threads that answer requests. More would wait for each other: most of the work is Python's.
_THREADS = 6
_MOST_RUNS_TOLD = 100


class RLWidgets(ExtensionApp):
    """Reinforcement learning runs of a workspace in this Jupyter server."""

    name = "rl_widgets"
    app_name = "RL Widgets"
    description = """Shows and steers reinforcement learning runs on Ray clusters.

    `jupyter rl-widgets` starts JupyterLab with the extension; any other Jupyter server has it too,
    once the package is installed."""
    extension_url = "/lab"
    load_other_extensions = True

    workspace = Unicode(
        "",
        help="""Folder of the workspace, or a config.json that names it. By default the one that a
        notebook in the server's root folder has: that of the nearest config.json, else the embedded
        workspace of this user.""",
    ).tag(config=True)

    read_only = Bool(
        False, help="Show the workspace and refuse every request that would change something."
    ).tag(config=True)

    max_runs = Int(
        0, min=0, help="Runs that may be active at a time for another to be started; 0: any number."
    ).tag(config=True)

    max_nodes = Int(
        0, min=0, help="Nodes that a run or a compute target may have at most; 0: any number."
    ).tag(config=True)

    allowed_targets = List(
        Unicode(),
        help="""Names of the compute targets that runs may take and that may be made, scaled and
        deleted here; empty: all.""",
    ).tag(config=True)

    reaper_period = Float(
        15.0,
        help="""Seconds between two looks for runs whose supervisor is gone: what they left is ended
        and they read Failed, with the reason.""",
    ).tag(config=True)

    keep_server_alive = Bool(
        True,
        help="""While a run of this machine is active the server counts as active, so that it is not
        shut down as idle.""",
    ).tag(config=True)

    @validate("reaper_period")
    def _at_least_a_second(self, proposal: Any) -> float:
        return max(1.0, float(proposal["value"]))

    @classmethod
    def get_extension_package(cls) -> str:
        """The package that a server's configuration names."""
        return "rl_widgets.server"

    def initialize_settings(self) -> None:
        assert self.serverapp is not None
        limits = Limits(self.read_only, self.max_runs, self.max_nodes, tuple(self.allowed_targets))
        root = Path(self.serverapp.root_dir).expanduser().absolute()
        self.served = Served(self.workspace, root, limits, self._kernel)
        self.boards = Boards()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="rl_widgets answers")
        self._threads: list[FollowingThread] = []
        self._watcher = watching.Watcher(self.served, self._tell)
        self._registered = False
        self._minute: PeriodicCallback | None = None
        assert self.serverapp.event_logger is not None
        self.serverapp.event_logger.register_event_schema(Path(__file__).with_name("changes.yaml"))
        # Once the loop runs, and with it the server at its port.
        self.serverapp.io_loop.add_callback(self._begin)

    def initialize_handlers(self) -> None:
        common = {"served": self.served, "pool": self._pool}
        self.handlers.extend(
            (route.pattern, ApiHandler, {"route": route, **common}) for route in ROUTES
        )
        boards = {**common, "boards": self.boards}
        self.handlers.extend(
            [
                (FILE_PATTERN, FileHandler, common),
                (r"rl-widgets/open/([^/]+)", OpenHandler, common),
                (r"rl-widgets/ray/([^/]+)(/.*)?", RayHandler, common),
                (r"rl-widgets/tensorboard/([^/]+)(/.*)?", TensorboardHandler, boards),
            ]
        )

    def current_activity(self) -> list[str] | None:
        """The runs that would be without their server, were it shut down as idle."""
        # Jupyter asks on its loop: nothing is read here.
        return list(self._watcher.active) or None if self.keep_server_alive else None

    async def stop_extension(self) -> None:
        """End the threads and what they hold; runs go on."""
        if self._minute is not None:
            self._minute.stop()
        for thread in self._threads:
            thread.stop()
        await self._off_the_loop(self._end)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _begin(self) -> None:
        self._threads = [self._watcher, watching.Caretaker(self.served, self.reaper_period)]
        for thread in self._threads:
            thread.start()
        self._minute = PeriodicCallback(self._each_minute, 60_000)
        self._minute.start()
        await self._off_the_loop(self._register)

    async def _each_minute(self) -> None:
        """Count as active also for who asks from outside, such as JupyterHub; end idle boards."""
        await self._off_the_loop(self.boards.end_idle)
        assert self.serverapp is not None
        if self.current_activity():
            self.serverapp.web_app.settings["last_activity_times"][self.name] = utcnow()

    def _register(self) -> None:
        """Write the server's address into the record; also a workspace that only shows has it."""
        assert self.serverapp is not None
        with contextlib.suppress(RLWidgetsError, OSError, sqlite3.Error):
            store = self.served.workspace.store
            servers.forget_the_dead(store)
            store.servers.add(servers.this_process(self.serverapp.connection_url))
            self._registered = True

    def _end(self) -> None:
        self.boards.close()
        for thread in self._threads:
            thread.stop(wait=5.0)
        with contextlib.suppress(RLWidgetsError, OSError, sqlite3.Error):
            if self._registered:
                here = servers.this_process("")
                self.served.workspace.store.servers.remove(here.host, here.pid)
        self.served.close()

    async def _off_the_loop(self, call: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(None, call)

    def _tell(self, news: News) -> None:
        """On the watcher's thread: have the loop's thread emit the event."""
        assert self.serverapp is not None
        with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
            self.serverapp.io_loop.add_callback(self._emit, news)

    def _emit(self, news: News) -> None:
        assert self.serverapp is not None
        assert self.serverapp.event_logger is not None
        self.serverapp.event_logger.emit(
            schema_id=SCHEMA_ID,
            data={
                "revision": news.revision,
                "runs": list(news.runs[:_MOST_RUNS_TOLD]),
                "targets": news.targets,
            },
        )

    def _kernel(self, name: str) -> Sequence[str]:
        assert self.serverapp is not None
        assert self.serverapp.kernel_spec_manager is not None
        try:
            argv: Sequence[str] = self.serverapp.kernel_spec_manager.get_kernel_spec(name).argv
        except (NoSuchKernel, ValueError) as error:
            raise KeyError(name) from error
        return argv


main = RLWidgets.launch_instance
