"""What limits a run: every sentence from figures that were made for it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rl_widgets.store import statuses
from rl_widgets.view import text
from rl_widgets.view.html import run as html
from rl_widgets.view.html import throughput as html_throughput
from rl_widgets.view.reader import RunReader
from rl_widgets.view.throughput import throughput
from tests.view.made_results import MadeRun, made

__all__ = ["made"]

#: Seconds of one second by phase; a run whose env runner and learner share it evenly.
EVEN = {
    "phase_emulation_s": 0.4,
    "phase_inference_s": 0.3,
    "phase_connectors_s": 0.2,
    "phase_handover_s": 0.03,
    "phase_weights_s": 0.02,
    "phase_idle_s": 0.05,
    "phase_learner_s": 0.8,
    "phase_batches_s": 0.08,
    "phase_learner_weights_s": 0.04,
    "phase_learner_idle_s": 0.05,
    "env_runner_cpu_wait_s": 0.01,
    "env_runners": 2.0,
    "learner_queue": 1.5,
    "requests_in_flight": 4.0,
    "machines": 1.0,
    "logical_cpus": 6.0,
    "machine_cores": 8.0,
    "machine_cores_busy": 7.0,
    "env_steps_sampled_per_s": 812.0,
    "env_steps_trained_per_s": 790.0,
}


def figures(**changed: float | None) -> Mapping[str, float]:
    values = {**EVEN, **changed}
    return {f"throughput/{name}": value for name, value in values.items() if value is not None}


LIMITS = {
    "emulation": (
        figures(phase_emulation_s=0.6, phase_inference_s=0.2, phase_connectors_s=0.1,
                phase_learner_s=0.2, phase_learner_idle_s=0.7),
        "Emulation limits the run: env runners spend 60 % of their time on it, the learner waits "
        "70 % of its time.",
    ),
    "inference": (
        figures(phase_emulation_s=0.1, phase_inference_s=0.6, phase_learner_idle_s=0.55),
        "Inference limits the run: env runners spend 60 % of their time on it, the learner waits "
        "55 % of its time.",
    ),
    "connectors": (
        figures(phase_emulation_s=0.1, phase_inference_s=0.2, phase_connectors_s=0.6,
                phase_learner_idle_s=0.4),
        "RLlib's own Python between emulator and network limits the run: env runners spend 60 % "
        "of their time on it, the learner waits 40 % of its time.",
    ),
    "weights": (
        figures(phase_emulation_s=0.1, phase_inference_s=0.1, phase_connectors_s=0.1,
                phase_weights_s=0.65, phase_learner_idle_s=0.6),
        "Fetching weights limits the run: env runners spend 65 % of their time on it, the learner "
        "waits 60 % of its time.",
    ),
    "learner": (
        figures(phase_idle_s=0.41, phase_emulation_s=0.2, phase_inference_s=0.14,
                phase_learner_s=0.9, phase_batches_s=0.05, phase_learner_weights_s=0.01,
                phase_learner_idle_s=0.02),
        "The learner limits the run: it is busy 96 % of the time, env runners wait 41 % of theirs.",
    ),
    "batches": (
        figures(phase_idle_s=0.41, phase_emulation_s=0.2, phase_learner_s=0.3,
                phase_batches_s=0.6, phase_learner_idle_s=0.02),
        "Building batches limits the run: the learner spends 60 % of its time on it, env runners "
        "wait 41 % of theirs.",
    ),
    "learner_weights": (
        figures(phase_idle_s=0.5, phase_emulation_s=0.1, phase_learner_s=0.3,
                phase_learner_weights_s=0.6, phase_learner_idle_s=0.02),
        "Giving out weights limits the run: the learner spends 60 % of its time on it, env runners "
        "wait 50 % of theirs.",
    ),
    "idle_cpus": (
        figures(phase_learner_idle_s=0.62, phase_learner_s=0.3, machine_cores_busy=2.9),
        "Idle CPUs limit the run: 5.1 of 8 cores have nothing to do while the learner waits 62 % "
        "of its time; more than 2 env runners would use them.",
    ),
    "oversubscription": (
        figures(machine_cores=2.0, machine_cores_busy=1.96, env_runner_cpu_wait_s=0.33),
        "Oversubscription limits the run: the machine's 2 cores are 98 % busy with 2 env runners "
        "and the learner on 6 logical CPUs; an env runner waits 33 % of its time for one.",
    ),
    "others": (
        figures(machine_cores=4.0, machine_cores_busy=3.96, env_runner_cpu_wait_s=0.33),
        "Other programs of this machine limit the run: its 4 cores are 99 % busy, and the run has "
        "only 1.9 of them; an env runner waits 33 % of its time for one.",
    ),
    "balance": (
        figures(),
        "Env runners and learner keep pace: neither waits more than 5 % of its time for the other.",
    ),
    "sampling": (
        figures(phase_learner_idle_s=0.7, phase_emulation_s=None, phase_inference_s=None,
                phase_connectors_s=None, phase_handover_s=None, phase_weights_s=None,
                phase_idle_s=None),
        "Sampling limits the run: the learner waits 70 % of its time for samples; what its env "
        "runners do is not measured.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", LIMITS)
def test_each_limit_is_told_with_its_figures(kind: str, made: MadeRun) -> None:
    values, sentence = LIMITS[kind]
    made.results(70, lambda i: values)
    reader = made.node_cpu(head=0.9, worker_0=1.0).read()
    found = throughput(reader)
    assert (found.kind, found.limit) == (kind, sentence)
    view = reader.view()
    assert view.limit == sentence
    assert sentence in text.text(view)
    assert sentence.replace("'", "&#x27;") in html.document(view, "key", "now")


def test_a_machine_without_free_cores_does_not_hide_which_side_is_slower(made: MadeRun) -> None:
    short = {"machine_cores": 2.0, "machine_cores_busy": 1.98, "env_runner_cpu_wait_s": 0.3}
    busy = {"phase_idle_s": 0.41, "phase_inference_s": 0.1, "phase_learner_idle_s": 0.02}
    made.results(70, lambda i: figures(**short, **busy))
    found = throughput(made.read())
    assert found.kind == "oversubscription"
    assert found.note == (
        "Apart from that, the learner limits the run: it is busy 92 % of the time, env runners "
        "wait 41 % of theirs. Measured over the last 1 min 00 s."
    )


def test_where_the_kernel_does_not_tell_the_wait_env_runners_and_cores_are_counted(
    made: MadeRun,
) -> None:
    values = figures(machine_cores=2.0, machine_cores_busy=1.98, env_runner_cpu_wait_s=None)
    made.results(20, lambda i: values)
    found = throughput(made.read())
    assert found.kind == "oversubscription"
    assert found.limit.endswith("with 2 env runners and the learner on 6 logical CPUs.")


def test_dropped_batches_mean_that_the_learner_is_too_slow(made: MadeRun) -> None:
    values = figures(phase_idle_s=0.01, phase_learner_idle_s=0.04)
    made.results(70, lambda i: {**values, "learner/env_steps_dropped_lifetime": i * 240.0})
    found = throughput(made.read())
    assert found.limit == (
        "The learner limits the run: it is busy 96 % of the time, and 30 % of what is sampled is "
        "dropped."
    )


def test_figures_are_of_the_last_minute_and_not_of_the_start(made: MadeRun) -> None:
    slow = figures(phase_learner_idle_s=0.9, phase_emulation_s=0.8)
    made.results(300, lambda i: slow)
    made.results(70, lambda i: figures(phase_idle_s=0.5, phase_emulation_s=0.1), steps=800)
    found = throughput(made.read())
    assert found.kind == "learner"
    assert found.figures.sampled_per_s == pytest.approx(800.0, rel=0.01)
    assert found.note == "Measured over the last 1 min 00 s."


def test_iterations_that_are_longer_than_a_minute_count_too(made: MadeRun) -> None:
    values = {n: v * 90 if "phase" in n else v for n, v in LIMITS["learner"][0].items()}
    made.results(6, lambda i: values, apart=90.0)
    assert throughput(made.read()).limit == LIMITS["learner"][1]


def test_the_first_results_say_nothing_yet(made: MadeRun) -> None:
    made.results(2, lambda i: figures())
    found = throughput(made.read())
    assert (found.kind, found.limit) == (
        "unknown",
        "Not known yet: that takes some results and ten seconds.",
    )
    assert made.read().view().limit == ""


def test_a_script_that_logs_no_phases_has_its_pace_and_no_guess(made: MadeRun) -> None:
    made.results(70, lambda i: {"loss": 1.0 / i})
    reader = made.node_cpu(head=0.5).read()
    found = throughput(reader)
    assert found.limit == "Not known: the script does not log where its time goes."
    assert [(fact.label, fact.text) for fact in found.tiles] == [
        ("sampled, last minute", "800"),
        ("cores in use", "0.5"),
    ]
    assert found.bars == ()
    assert reader.view().limit == ""


def test_a_run_without_any_metric_says_so(made: MadeRun) -> None:
    found = throughput(made.read())
    assert (found.kind, found.tiles, found.bars) == ("unknown", (), ())


def test_an_ended_run_says_what_limited_it_last(made: MadeRun) -> None:
    made.results(70, lambda i: LIMITS["learner"][0])
    made.fixture.take_in()
    made.fixture.end(statuses.COMPLETED)
    assert throughput(made.read()).limit == (
        "When the run ended: the learner limits the run: it is busy 96 % of the time, env runners "
        "wait 41 % of theirs."
    )


def test_a_resumed_run_is_measured_since_it_was_resumed(made: MadeRun) -> None:
    made.results(70, lambda i: figures(phase_idle_s=0.6))
    made.fixture.logger._attempt = 2
    made.results(2, lambda i: figures(), apart=5.0)
    assert throughput(made.read()).kind == "unknown"
    made.results(8, lambda i: figures(phase_learner_idle_s=0.5, machine_cores=None), apart=5.0)
    assert throughput(made.read()).kind == "emulation"


def test_the_bars_add_up_and_are_said_in_words(made: MadeRun) -> None:
    made.results(70, lambda i: LIMITS["learner"][0])
    found = throughput(made.read())
    for bar in found.bars:
        assert sum(phase.share for phase in bar.phases) == pytest.approx(1.0)
    shown = html_throughput.throughput(found)
    assert "waiting for the learner 41 %" in shown
    assert f'aria-label="{found.bars[1].sentence}"' in shown
    assert found.bars[1].sentence == (
        "Time of the learner: updates 90 %, building batches 5 %, giving out weights 1 %, "
        "waiting for samples 2 %, other 2 %."
    )


def test_tiles_show_queue_cores_and_oversubscription(made: MadeRun) -> None:
    made.results(70, lambda i: {**figures(), "learner/policy_lag_updates": 3.25})
    tiles = {f.name: f.text for f in throughput(made.node_cpu(head=1.2).read()).tiles}
    assert tiles["sampled"] == "812"
    assert tiles["sampled_mean"] == "800"
    assert tiles["learner_queue"] == "1.50"
    assert tiles["requests"] == "4"
    assert tiles["cores"] == "1.2 of 8"
    assert tiles["logical_cpus"] == "6 on 8 cores"
    assert tiles["policy_lag"] == "3.25"


def test_a_pace_that_counts_every_minibatch_as_a_batch_is_not_shown(made: MadeRun) -> None:
    made.results(70, lambda i: figures(env_steps_trained_per_s=148_165.0))
    assert "trained" not in {fact.name for fact in throughput(made.read()).tiles}


def test_the_view_judges_once_a_second_at_most(
    made: MadeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.results(70, lambda i: figures())
    reader: RunReader = made.read()
    asked = []
    monkeypatch.setattr(
        "rl_widgets.view.throughput.throughput",
        lambda reader: asked.append(1) or throughput(reader),
    )
    for _ in range(20):
        reader.read()
    assert not asked, "nothing new"


def test_a_second_without_a_sample_is_no_standstill(made: MadeRun) -> None:
    """A result a second, a sample every other: its pace is the mean of both."""
    reader = made.results(20, lambda i: figures(env_steps_sampled_per_s=1000.0 * (i % 2))).read()
    [speed] = [fact for fact in reader.view().facts if fact.name == "speed"]
    assert speed.text in ("400", "600")
    made.results(6, lambda i: figures(env_steps_sampled_per_s=0.0)).read()
    [speed] = [fact for fact in reader.read().facts if fact.name == "speed"]
    assert speed.text == "0"
