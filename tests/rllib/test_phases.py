"""Timers of a training's phases, with clocks that this test holds."""

import pickle
import threading
from collections import defaultdict
from types import SimpleNamespace

import pytest
from ray.rllib.utils.metrics import ALL_MODULES, ENV_STEP_TIMER, RLMODULE_INFERENCE_TIMER
from ray.rllib.utils.metrics.metrics_logger import MetricsLogger

from rl_widgets.rllib import phases
from rl_widgets.rllib.learner import _GuardedQueue, _LearnerThreadGuard
from rl_widgets.rllib.phases import EnvRunnerClock, LearnerClock, TrainingClock


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only when it is told to; `busy` seconds of it are the thread's own."""

    class Clock:
        now = cpu = 0.0

        def passes(self, seconds, busy=None):
            self.now += seconds
            self.cpu += seconds if busy is None else busy

    clock = Clock()
    monkeypatch.setattr(phases.time, "perf_counter", lambda: clock.now)
    monkeypatch.setattr(phases.time, "thread_time", lambda: clock.cpu)
    return clock


def sums(logger):
    found = {}
    for name, stats in logger.reduce().items():
        if isinstance(stats, dict):
            found.update({inner: s.peek() for inner, s in stats.items()})
        else:
            found[name] = stats.peek()
    return found


def sample(env_runner, logger, clock):
    env_runner.begin()
    for _ in range(10):
        with logger.log_time(RLMODULE_INFERENCE_TIMER):
            clock.passes(0.02)
        with logger.log_time(ENV_STEP_TIMER):
            clock.passes(0.05)
        clock.passes(0.01)
    env_runner.end()


def test_the_phases_of_an_env_runner_add_up_to_the_time_that_passed(clock):
    logger = MetricsLogger()
    env_runner = EnvRunnerClock(logger)
    sample(env_runner, logger, clock)
    first = sums(logger)
    assert first["phase_emulation_s"] == pytest.approx(0.5)
    assert first["phase_inference_s"] == pytest.approx(0.2)
    assert first["phase_connectors_s"] == pytest.approx(0.1)
    assert first["phase_idle_s"] == 0.0, "what was before the first sample is no waiting"
    clock.passes(0.02, busy=0.0)  # the object store takes the sample
    env_runner.handed_over()
    clock.passes(0.01)  # the reply is made
    clock.passes(0.4, busy=0.0)  # nobody asks
    sample(env_runner, logger, clock)
    second = sums(logger)
    assert second["phase_handover_s"] == pytest.approx(0.03)
    assert second["phase_idle_s"] == pytest.approx(0.4)
    assert sum(second[f"phase_{p}_s"] for p in phases.ENV_RUNNER_PHASES) == pytest.approx(1.23)


def test_an_env_runner_of_the_main_process_hands_nothing_over_while_it_learns(clock):
    logger = MetricsLogger()
    env_runner = EnvRunnerClock(logger, own_process=False)
    sample(env_runner, logger, clock)
    sums(logger)
    clock.passes(0.7)  # the same thread learns
    sample(env_runner, logger, clock)
    found = sums(logger)
    assert (found["phase_handover_s"], found["phase_idle_s"]) == (0.0, pytest.approx(0.7))


def test_new_weights_count_once_wherever_they_come(clock):
    logger = MetricsLogger()
    env_runner = EnvRunnerClock(logger)
    sample(env_runner, logger, clock)
    sums(logger)
    clock.passes(0.06)
    env_runner.loaded(0.06, 0.06)  # between two samples, as PPO gives them
    clock.passes(0.1, busy=0.0)
    env_runner.begin()
    clock.passes(0.04)
    env_runner.loaded(0.04, 0.04)  # inside of one, as IMPALA's env runners fetch them
    clock.passes(0.01)
    env_runner.end()
    found = sums(logger)
    assert found["phase_weights_s"] == pytest.approx(0.1)
    assert found["phase_idle_s"] == pytest.approx(0.1)
    assert found["phase_handover_s"] == pytest.approx(0.0)
    assert found["phase_connectors_s"] == pytest.approx(0.01)


def test_rllibs_own_timers_stay_as_they_are(clock):
    logger = MetricsLogger()
    EnvRunnerClock(logger)
    with logger.log_time(ENV_STEP_TIMER):
        clock.passes(0.05)
    with logger.log_time("a timer of the script's own"):
        clock.passes(0.2)
    assert logger.peek("a timer of the script's own") is not None
    assert logger.peek(ENV_STEP_TIMER) is not None


def test_a_learner_without_a_thread_builds_and_learns_inside_of_one_call(clock):
    logger = MetricsLogger()
    learner = LearnerClock(logger)
    learner.called()
    learner.update_begins()
    clock.passes(0.3)
    learner.built(in_update=True)
    clock.passes(0.9)
    learner.update_ends()
    found = sums(logger)
    assert found["phase_batches_s"] == pytest.approx(0.3)
    assert found["phase_learner_s"] == pytest.approx(0.9)


def test_the_queue_of_a_learner_thread_tells_what_its_time_goes_to(clock):
    logger = MetricsLogger()
    learner = LearnerClock(logger)
    queue = _GuardedQueue(2, _LearnerThreadGuard(), learner)
    queue.put("a")
    queue.put("b")
    queue.get()
    learner.update_begins()
    clock.passes(0.5)
    learner.update_ends()
    queue.task_done()
    clock.passes(0.2)  # its weights are made ready
    queue.get()
    learner.update_begins()
    clock.passes(0.5)
    learner.update_ends()
    assert ALL_MODULES in logger.stats
    found = sums(logger)
    assert found["phase_learner_s"] == pytest.approx(1.0)
    assert found["phase_learner_weights_s"] == pytest.approx(0.2)
    assert (found["learner_queue_sum"], found["learner_queue_seen"]) == (1.0, 2.0)


def test_a_learner_travels_to_other_processes():
    again = pickle.loads(pickle.dumps(LearnerClock(None)))
    again.waited(1.0)
    assert isinstance(again._lock, type(threading.Lock()))


def algorithm(num_learners=0, num_env_runners=2, asynchronous=True, waited=0.0):
    config = SimpleNamespace(
        num_learners=num_learners, num_env_runners=num_env_runners, num_cpus_per_env_runner=1
    )
    if asynchronous:
        config.learner_queue_size = 3
    manager = SimpleNamespace(waited_s=waited, num_outstanding_async_reqs=lambda tag: 4)
    group = SimpleNamespace(_worker_manager=manager)
    return SimpleNamespace(config=config, env_runner_group=group, metrics=MetricsLogger(root=True))


RESULT = {
    "fault_tolerance": {"num_healthy_workers": 2},
    "env_runners": {
        "phase_emulation_s": 1.0,
        "phase_inference_s": 0.4,
        "phase_idle_s": float("nan"),
        "cpu_wait_s": 0.6,
    },
    "learners": {
        ALL_MODULES: {
            "phase_learner_s": 0.8,
            "phase_batches_s": 0.1,
            "learner_queue_sum": 6.0,
            "learner_queue_seen": 4.0,
        }
    },
}


def test_figures_are_of_one_env_runner_and_of_one_learner():
    training = TrainingClock()
    one = algorithm()
    training.watch(one)
    one.env_runner_group._worker_manager.waited_s = 0.3
    found = training.metrics(one, RESULT)
    assert found["throughput/phase_emulation_s"] == 0.5
    assert found["throughput/phase_inference_s"] == 0.2
    assert found["throughput/env_runner_cpu_wait_s"] == 0.3
    assert found["throughput/phase_learner_s"] == 0.8
    assert found["throughput/phase_learner_idle_s"] == pytest.approx(0.3)
    assert found["throughput/learner_queue"] == 1.5
    assert found["throughput/requests_in_flight"] == 4
    assert "throughput/phase_idle_s" not in found, "NaN is not known, not nothing"
    assert training.metrics(one, RESULT)["throughput/phase_learner_idle_s"] == 0.0


def test_where_sampling_and_learning_take_turns_the_learner_waits_while_samples_are_made(clock):
    training = TrainingClock()
    one = algorithm(asynchronous=False)
    training.watch(one)
    with one.metrics.log_time(("timers", "env_runner_sampling_timer")):
        clock.passes(2.5)
    found = training.metrics(one, RESULT)
    assert found["throughput/phase_learner_idle_s"] == pytest.approx(2.5)
    assert "throughput/requests_in_flight" not in found


def test_learners_of_their_own_processes_know_their_waiting_best():
    training = TrainingClock()
    one = algorithm(num_learners=2)
    training.watch(one)
    learned = {"phase_learner_idle_s": 1.0, "phase_batches_s": 0.4, "phase_learner_s": 2.0}
    found = training.metrics(one, {**RESULT, "learners": {ALL_MODULES: learned}})
    assert found["throughput/phase_learner_s"] == 1.0
    assert found["throughput/phase_learner_idle_s"] == pytest.approx(0.3)


def test_an_algorithm_with_parts_of_its_own_says_only_what_is_known():
    training = TrainingClock()
    one = SimpleNamespace(config=SimpleNamespace(), metrics=None)
    training.watch(one)
    found = training.metrics(one, {})
    assert found["throughput/env_runners"] == 1
    assert not any("emulation" in name or "phase_learner_s" in name for name in found)


def test_a_logger_of_the_scripts_own_class_is_left_alone():
    class OwnLogger(MetricsLogger):
        pass

    logger = OwnLogger()
    assert phases._add_up(logger, {}) == defaultdict(float)
    assert type(logger) is OwnLogger
