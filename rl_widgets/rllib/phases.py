"""Where the seconds of a training go: timers of env runners, learners and the main process.

RLlib's own timers keep moving averages, from which no share of an iteration can be had. Here the
same stretches of time are added up; each costs a reading of the clock or two.

An env runner's time is emulation (stepping and resetting environments), inference, connectors
(RLlib's own Python between these), handover (its share of giving samples away), weights (fetching
and loading them) and idle (nobody asks for samples). A learner's is the update, the batches built
for it, the weights given out, and waiting for samples.
"""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from ray.rllib.utils.metrics import (
    ALL_MODULES,
    ENV_RESET_TIMER,
    ENV_RUNNER_SAMPLING_TIMER,
    ENV_RUNNER_STATE_SERVER_PULL_TIMER,
    ENV_STEP_TIMER,
    RLMODULE_INFERENCE_TIMER,
    SAMPLE_TIMER,
    TIMERS,
)
from ray.rllib.utils.metrics.metrics_logger import MetricsLogger

#: The parts of an env runner's time, and of a learner's; names end in `_s` where they are logged.
ENV_RUNNER_PHASES = ("emulation", "inference", "connectors", "handover", "weights", "idle")
LEARNER_PHASES = ("learner", "batches", "learner_weights", "learner_idle")

_ENV_RUNNER_TIMERS = {
    ENV_STEP_TIMER: "emulation",
    ENV_RESET_TIMER: "emulation",
    RLMODULE_INFERENCE_TIMER: "inference",
    ENV_RUNNER_STATE_SERVER_PULL_TIMER: "weights",
}
_MAIN_TIMERS = {
    (TIMERS, SAMPLE_TIMER): "sample",
    (TIMERS, ENV_RUNNER_SAMPLING_TIMER): "sample",
}
_CPU_WAIT = "cpu_wait_s"
#: What IMPALA and APPO name their requests for samples.
_SAMPLE_TAG = "sample_get_state_and_metrics"
_QUEUE_SUM, _QUEUE_SEEN = "learner_queue_sum", "learner_queue_seen"


class PhaseLogger(MetricsLogger):
    """RLlib's logger; the seconds of some of its timers are added up beside."""

    seconds: defaultdict[str, float]
    timers: Mapping[Any, str]

    def log_time(self, key: Any, **kwargs: Any) -> Any:
        """As RLlib's, for a with-block."""
        timer = super().log_time(key, **kwargs)
        phase = self.timers.get(key)
        return timer if phase is None else _Adding(timer, self.seconds, phase)


class _Adding:
    """A timer of RLlib that adds what it measures to a sum, too."""

    __slots__ = ("_began", "_phase", "_seconds", "_timer")

    def __init__(self, timer: Any, seconds: defaultdict[str, float], phase: str) -> None:
        self._timer, self._seconds, self._phase = timer, seconds, phase

    def __enter__(self) -> Any:
        self._began = time.perf_counter()
        return self._timer.__enter__()

    def __exit__(self, *error: Any) -> Any:
        self._seconds[self._phase] += time.perf_counter() - self._began
        return self._timer.__exit__(*error)


def _add_up(logger: Any, timers: Mapping[Any, str]) -> defaultdict[str, float]:
    """Have a logger add up its timers; returns the sums, empty for ever where that cannot be."""
    seconds: defaultdict[str, float] = defaultdict(float)
    if type(logger) is MetricsLogger:
        # RLlib makes its loggers itself and offers no place to choose another class.
        logger.__class__ = PhaseLogger
        logger.seconds, logger.timers = seconds, timers
    return seconds


class EnvRunnerClock:
    """Times one env runner from sample to sample and logs the sums into its metrics.

    `own_process`: it does nothing else but sample. The one of the main process also learns between
    two samples.
    """

    def __init__(self, logger: Any, own_process: bool = True) -> None:
        self._logger = logger
        self._own_process = own_process
        self._seconds = _add_up(logger, _ENV_RUNNER_TIMERS)
        self._began: float | None = None
        self._weights_before = 0.0
        self._loading_cpu = 0.0
        self._left: float | None = None
        self._left_cpu = 0.0
        self._cpu_wait = _waited_for_a_core()

    def begin(self) -> None:
        """A sample is asked for."""
        now, seconds = time.perf_counter(), self._seconds
        self._weights_before = seconds["weights"]
        if self._left is not None:
            gap = max(0.0, now - self._left - self._weights_before)
            # What the thread itself did meanwhile is the handing over of the sample before.
            busy = time.thread_time() - self._left_cpu - self._loading_cpu
            handing_over = min(max(busy, 0.0), gap) if self._own_process else 0.0
            seconds["handover"] += handing_over
            seconds["idle"] = gap - handing_over
        self._began = now

    def handed_over(self) -> None:
        """The sample made last lies in the object store: what follows is its reply, and waiting."""
        if self._left is None:
            return
        now = time.perf_counter()
        self._seconds["handover"] += now - self._left
        self._left, self._left_cpu = now, time.thread_time()

    def loaded(self, seconds: float, cpu_seconds: float) -> None:
        """Weights were put in place."""
        self._seconds["weights"] += seconds
        self._loading_cpu += cpu_seconds

    def end(self) -> None:
        """The sample is made: log where the time since the last one has gone."""
        if self._began is None:
            return
        seconds = self._seconds
        known = seconds["emulation"] + seconds["inference"]
        known += seconds["weights"] - self._weights_before
        seconds["connectors"] = max(0.0, time.perf_counter() - self._began - known)
        for phase in ENV_RUNNER_PHASES:
            _log_sum(self._logger, f"phase_{phase}_s", seconds[phase])
        waited = _waited_for_a_core()
        if waited is not None and self._cpu_wait is not None:
            _log_sum(self._logger, _CPU_WAIT, max(0.0, waited - self._cpu_wait))
        self._cpu_wait = waited
        seconds.clear()
        self._began, self._loading_cpu = None, 0.0
        self._left, self._left_cpu = time.perf_counter(), time.thread_time()


class LearnerClock:
    """Times a learner's updates and logs the sums into its metrics, once for each update.

    With a learner thread (IMPALA, APPO) batches are built on one thread and learned from on
    another; without, all happens inside of one call.
    """

    def __init__(self, logger: Any) -> None:
        self._logger = logger
        self._lock = threading.Lock()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._called = self._update_began = time.perf_counter()

    def __getstate__(self) -> dict[str, Any]:
        # RLlib's offline algorithms send learners to other processes.
        return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())

    def called(self) -> None:
        """`update` is called: a batch is about to be built."""
        self._called = time.perf_counter()

    def built(self, in_update: bool) -> None:
        """The batch is there; `in_update`: on the thread that learns from it."""
        now = time.perf_counter()
        with self._lock:
            self._seconds["batches"] += now - self._called
        if in_update:
            self._update_began = now

    def queued(self, waiting: int) -> None:
        """A batch goes to the learner thread; so many wait there already."""
        with self._lock:
            self._seconds[_QUEUE_SUM] += waiting
            self._seconds[_QUEUE_SEEN] += 1

    def waited(self, seconds: float) -> None:
        """The learner thread had nothing to do."""
        with self._lock:
            self._seconds["learner_idle"] += seconds

    def gave_weights(self, seconds: float) -> None:
        """The learner thread made its weights ready for the env runners."""
        with self._lock:
            self._seconds["learner_weights"] += seconds

    def update_begins(self) -> None:
        """The update proper begins."""
        self._update_began = time.perf_counter()

    def update_ends(self) -> None:
        """It is done: log all that has been added up."""
        with self._lock:
            self._seconds["learner"] += time.perf_counter() - self._update_began
            seconds, self._seconds = self._seconds, defaultdict(float)
        for name, value in seconds.items():
            plain = name in (_QUEUE_SUM, _QUEUE_SEEN)
            _log_sum(self._logger, (ALL_MODULES, name if plain else f"phase_{name}_s"), value)


class TrainingClock:
    """Times the main process and makes the metrics of a result's phases."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, float] | None = None
        self._waited_before = 0.0
        self._machine: dict[str, float] = {}
        self._ticks: tuple[int, int] | None = None

    def watch(self, algorithm: Any) -> None:
        """Begin; called once the algorithm stands."""
        self._seconds = _add_up(getattr(algorithm, "metrics", None), _MAIN_TIMERS)
        self._waited_before = _waited(algorithm)
        self._machine = _machine()
        self._ticks = _machine_ticks()

    def metrics(self, algorithm: Any, result: Mapping[str, Any]) -> dict[str, float]:
        """Seconds by phase of one env runner and of one learner since the last result.

        What is not known (an env runner or a learner of the script's own) is absent.
        """
        config = algorithm.config
        learners = max(1, int(getattr(config, "num_learners", 0) or 0))
        remote = int(getattr(config, "num_env_runners", 0) or 0)
        healthy = int((result.get("fault_tolerance") or {}).get("num_healthy_workers") or 0)
        runners = max(1, min(remote, healthy) if remote else 1)
        sampled = result.get("env_runners") or {}
        learned = (result.get("learners") or {}).get(ALL_MODULES) or {}
        found: dict[str, float] = {}
        for phase in ENV_RUNNER_PHASES:
            _put(found, f"phase_{phase}_s", sampled.get(f"phase_{phase}_s"), runners)
        _put(found, "env_runner_cpu_wait_s", sampled.get(_CPU_WAIT), runners)
        for phase in LEARNER_PHASES:
            _put(found, f"phase_{phase}_s", learned.get(f"phase_{phase}_s"), learners)
        self._put_learner_idle(found, algorithm, remote)
        seen = _number(learned.get(_QUEUE_SEEN))
        if seen:
            _put(found, "learner_queue", learned.get(_QUEUE_SUM), seen)
        found["env_runners"] = runners
        if remote:
            found["cpus_per_env_runner"] = float(config.num_cpus_per_env_runner)
        if remote and hasattr(config, "learner_queue_size") and _manager(algorithm) is not None:
            waiting = _manager(algorithm).num_outstanding_async_reqs(_SAMPLE_TAG)
            found["requests_in_flight"] = float(waiting)
        found |= self._machine
        if "machine_cores" in found:
            before, self._ticks = self._ticks, _machine_ticks()
            _put(found, "machine_cores_busy", _busy_cores(before, self._ticks), 1)
        return {f"throughput/{name}": float(value) for name, value in found.items()}

    def _put_learner_idle(self, found: dict[str, float], algorithm: Any, remote: int) -> None:
        """How long learning stood still for want of samples."""
        seconds = self._seconds
        if seconds is None:
            return
        total = _waited(algorithm)
        waited, self._waited_before = total - self._waited_before, total
        sampling = seconds.pop("sample", 0.0)
        if getattr(algorithm.config, "num_learners", 0):
            # Learners of their own processes know it best; what is spent on building their
            # batches is no waiting for samples.
            if "phase_learner_idle_s" in found:
                idle = found["phase_learner_idle_s"] - found.get("phase_batches_s", 0.0)
                found["phase_learner_idle_s"] = max(0.0, idle)
            return
        asynchronous = hasattr(algorithm.config, "learner_queue_size")
        found["phase_learner_idle_s"] = waited if asynchronous and remote else sampling


def _manager(algorithm: Any) -> Any:
    return getattr(getattr(algorithm, "env_runner_group", None), "_worker_manager", None)


def _waited(algorithm: Any) -> float:
    return float(getattr(_manager(algorithm), "waited_s", 0.0))


def _machine() -> dict[str, float]:
    """The cores that there are for the whole cluster, where all of its nodes are one machine."""
    import ray

    if not ray.is_initialized():
        return {}
    alive = [node for node in ray.nodes() if node.get("Alive")]
    machines = {node.get("NodeManagerHostname") for node in alive}
    found = {
        "machines": float(len(machines)),
        "logical_cpus": sum(float(node["Resources"].get("CPU", 0)) for node in alive),
    }
    if len(machines) == 1:
        found["machine_cores"] = float(_usable_cores())
    return found


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _machine_ticks() -> tuple[int, int] | None:
    """The machine's clock ticks so far: at work for anybody, and all; None where Linux is not."""
    try:
        with open("/proc/stat", "rb") as file:
            ticks = [int(field) for field in file.readline().split()[1:9]]
    except (OSError, ValueError):
        return None
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def _busy_cores(before: tuple[int, int] | None, after: tuple[int, int] | None) -> float | None:
    """How many cores were at work between two readings; None where others than ours count too."""
    cores = _usable_cores()
    if before is None or after is None or after[1] <= before[1] or cores != os.cpu_count():
        return None
    return (after[0] - before[0]) / (after[1] - before[1]) * cores


def _waited_for_a_core() -> float | None:
    """Seconds for which this thread was ready and no core was free; None where Linux is not."""
    try:
        with open("/proc/thread-self/schedstat", "rb") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return None


def _log_sum(logger: Any, key: Any, value: float) -> None:
    logger.log_value(key, value, reduce="sum")


def _put(found: dict[str, float], name: str, total: Any, parts: float) -> None:
    value = _number(total)
    if value is not None:
        found[name] = value / parts


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if number == number else None
