"""What is unusual about how a run learns: every finding, and no false alarms."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Mapping

import pytest

from rl_widgets.store import statuses
from rl_widgets.view import diagnosis, text
from rl_widgets.view.diagnosis import Finding, diagnose
from rl_widgets.view.html import run as html
from rl_widgets.view.html import throughput as html_throughput
from tests.view.made_results import MadeRun, made

__all__ = ["made"]

NOISE = random.Random(7)


def healthy(i: int) -> dict[str, float]:
    """A result of a training that goes well: the reward rises from -20.4."""
    return {
        "episode_reward_mean": min(18.0, -20.4 + 0.02 * i + NOISE.uniform(-0.2, 0.2)),
        "learner/entropy": max(0.6, 1.79 - 0.0005 * i),
        "learner/total_loss": 0.02 + NOISE.uniform(-0.01, 0.01),
        "learner/vf_explained_var": 0.4,
        "learner/policy_lag_updates": 4.0 + NOISE.uniform(-2, 2),
        "learner/env_steps_dropped_lifetime": 0.0,
        "num_env_runner_restarts": 0.0,
        "num_healthy_env_runners": 2.0,
        "throughput/requests_in_flight": 4.0,
    }


def but(**changed: float) -> Mapping[str, float]:
    return {name.replace("__", "/"): value for name, value in changed.items()}


def only(found: tuple[Finding, ...]) -> Finding:
    assert len(found) == 1, [finding.sentence for finding in found]
    return found[0]


def test_a_training_that_goes_well_has_nothing_unusual(made: MadeRun) -> None:
    reader = made.results(1500, healthy).read()
    assert diagnose(reader) == ()
    assert diagnosis.nothing(reader) == "Nothing unusual."


def test_the_first_minutes_raise_no_alarm(made: MadeRun) -> None:
    # Everything that would be said later: it is too early for all of it.
    values = but(
        episode_reward_mean=-21.0,
        learner__policy_lag_updates=80.0,
        learner__vf_explained_var=-0.3,
    )
    reader = made.results(
        110, lambda i: {**values, "learner/entropy": 1.79 if i < 15 else 0.01}
    ).read()
    assert diagnose(reader) == ()
    assert diagnosis.nothing(reader).startswith("Nothing can be said yet")


def test_entropy_that_collapsed_is_said_with_when(made: MadeRun) -> None:
    made.results(
        400,
        lambda i: {
            **healthy(i),
            "episode_reward_mean": -20.5 + NOISE.uniform(-0.2, 0.2),
            "learner/entropy": 1.79 if i < 80 else 0.02,
        },
    )
    finding, flat = diagnose(made.read())
    assert finding.severity == "warning"
    assert "usual" not in flat.sentence, "the entropy explains it"
    assert finding.sentence == (
        "The entropy of the policy has collapsed: 0.0200 now, 1.79 at the start, below a tenth of "
        "it since 60,800 env steps. It hardly tries other actions any more."
    )
    assert finding.figures["first"] == pytest.approx(1.79)


def test_low_entropy_of_a_policy_that_has_learned_is_a_note(made: MadeRun) -> None:
    made.results(
        600,
        lambda i: {
            **healthy(i),
            "episode_reward_mean": min(17.0, -20 + 0.1 * i),
            "learner/entropy": 1.79 if i < 300 else 0.05,
        },
    )
    finding = next(f for f in diagnose(made.read()) if f.name == "entropy")
    assert finding.severity == "note"
    assert "all but deterministic" in finding.sentence


def test_entropies_of_continuous_actions_may_be_negative(made: MadeRun) -> None:
    made.results(300, lambda i: {**healthy(i), "learner/entropy": -0.5 - 0.01 * i})
    assert diagnose(made.read()) == ()


def test_entropy_is_judged_for_each_module(made: MadeRun) -> None:
    made.results(200, lambda i: {"learner/prey/entropy": 1.0 if i < 50 else 0.001})
    assert "of the policy of prey has collapsed" in only(diagnose(made.read())).sentence


def test_a_loss_that_is_no_number_is_said_at_once(made: MadeRun) -> None:
    made.results(3, lambda i: {**healthy(i), "learner/total_loss": math.nan if i == 2 else 0.1})
    finding = only(diagnose(made.read()))
    assert finding.severity == "warning"
    assert finding.sentence == (
        "The loss learner/total_loss is NaN or infinite in 1 of 3 results, last at 1,600 env "
        "steps. RLlib sets gradients that are not numbers to 0 and goes on; nothing is learned "
        "then."
    )


def test_an_infinite_loss_of_any_script_is_said_too(made: MadeRun) -> None:
    made.results(4, lambda i: {"my_loss": math.inf if i > 2 else 1.0})
    assert only(diagnose(made.read())).sentence == (
        "The loss my_loss is infinite in 2 of 4 results, last at 3,200 env steps."
    )


def test_a_flat_reward_is_a_note_with_how_long(made: MadeRun) -> None:
    made.results(
        1200,
        lambda i: {
            **healthy(i),
            "episode_reward_mean": min(-8.0, -20.4 + 0.04 * i) + NOISE.uniform(-0.1, 0.1),
        },
    )
    finding = only(diagnose(made.read()))
    assert (finding.name, finding.severity) == ("flat", "note")
    assert finding.sentence.startswith("The reward has been flat for ")
    level = float(finding.sentence.rpartition(" at about ")[2].rstrip("."))
    assert level == pytest.approx(-8.0, abs=0.1)
    assert finding.figures["env_steps"] == pytest.approx(890 * 800, rel=0.1)


def test_pong_that_still_stands_at_its_start_is_told_what_it_is(made: MadeRun) -> None:
    made.results(
        600, lambda i: {**healthy(i), "episode_reward_mean": -20.4 + NOISE.uniform(-0.15, 0.15)}
    )
    finding = only(diagnose(made.read()))
    assert finding.severity == "note"
    assert "It has not risen yet, which is usual at first" in finding.sentence


def test_a_reward_that_rises_slowly_is_not_flat(made: MadeRun) -> None:
    # -20.4 to -18 within 1,200 results: slower than any run that gets anywhere.
    made.results(
        1200,
        lambda i: {
            **healthy(i),
            "episode_reward_mean": -20.4 + 0.002 * i + NOISE.uniform(-0.2, 0.2),
        },
    )
    assert diagnose(made.read()) == ()


def test_a_reward_at_its_goal_is_not_flat(made: MadeRun) -> None:
    made.results(900, lambda i: {**healthy(i), "episode_reward_mean": min(18.5, -20 + i * 0.4)})
    assert diagnose(made.read()) == ()


def test_high_policy_lag_is_a_warning(made: MadeRun) -> None:
    made.results(200, lambda i: {**healthy(i), "learner/policy_lag_updates": 34.0})
    finding = only(diagnose(made.read()))
    assert finding.severity == "warning"
    assert "samples are 34 updates old" in finding.sentence


def test_many_env_runners_and_replay_have_their_lag_on_purpose(made: MadeRun) -> None:
    lag = {"learner/policy_lag_updates": 34.0}
    made.results(200, lambda i: {**healthy(i), **lag, "throughput/requests_in_flight": 26.0})
    assert diagnose(made.read()) == ()


def test_replay_is_old_on_purpose(made: MadeRun) -> None:
    made.results(
        200,
        lambda i: {**healthy(i), "learner/policy_lag_updates": 9000.0, "learner/qf_loss": 0.1},
    )
    assert diagnose(made.read()) == ()


def test_dropped_batches_are_a_warning_while_they_are_dropped(made: MadeRun) -> None:
    made.results(100, healthy)
    made.results(
        100, lambda i: {**healthy(i), "learner/env_steps_dropped_lifetime": (i - 100) * 200.0}
    )
    finding = only(diagnose(made.read()))
    assert finding.sentence.startswith(
        "Batches are dropped: 25 % of what was sampled in the last minute"
    )
    made.results(100, lambda i: {**healthy(i), "learner/env_steps_dropped_lifetime": 20_000.0})
    assert diagnose(made.read()) == (), "that was once, and is over"


def test_a_value_function_that_explains_nothing_is_a_note(made: MadeRun) -> None:
    made.results(100, healthy)
    made.results(300, lambda i: {**healthy(i), "learner/vf_explained_var": -0.02})
    finding = only(diagnose(made.read()))
    assert finding.severity == "note"
    assert "explained variance has been -0.0200 or so since 8" in finding.sentence


def test_restarts_are_a_warning_at_first_and_a_note_later(made: MadeRun) -> None:
    made.results(20, healthy)
    made.results(20, lambda i: {**healthy(i), "num_env_runner_restarts": 2.0})
    finding = only(diagnose(made.read()))
    assert finding.severity == "warning"
    assert finding.sentence.startswith(
        "Env runners were started again twice, last at 16,800 env steps."
    )
    made.results(700, lambda i: {**healthy(i), "num_env_runner_restarts": 2.0})
    assert only(diagnose(made.read())).severity == "note"


def test_env_runners_that_are_gone_are_counted(made: MadeRun) -> None:
    made.results(20, healthy)
    made.results(1, lambda i: {**healthy(i), "num_healthy_env_runners": 1.0})
    assert diagnose(made.read()) == (), "one result may be a restart"
    made.results(5, lambda i: {**healthy(i), "num_healthy_env_runners": 1.0})
    assert only(diagnose(made.read())).sentence == ("1 of 2 env runners is gone; the others go on.")


def test_warnings_come_first_and_into_every_form(made: MadeRun) -> None:
    made.results(
        600,
        lambda i: {
            **healthy(i),
            "episode_reward_mean": -21.0,
            "learner/<b>x</b>/loss": math.nan if i > 590 else 1.0,
        },
    )
    view = made.read().view()
    assert [f.severity for f in view.findings] == ["warning", "note"]
    assert "is NaN or infinite in 10 of 600" in text.text(view)
    assert "has been flat" not in text.text(view), "a note is no alarm"
    document = html.document(view, "key", "now")
    assert "<b>Learning:</b> The loss learner/&lt;b&gt;x" in document
    assert "<b>x</b>" not in document
    assert "<b>Note:</b> The reward has been flat" in html_throughput.findings(view.findings, "")
    assert view.as_dict()["findings"][0]["figures"]["not_a_number"] == 10


def test_a_script_that_logs_nothing_to_judge_is_told_so(made: MadeRun) -> None:
    reader = made.results(300, lambda i: {"pi": 3.14}).read()
    assert diagnose(reader) == ()
    assert diagnosis.nothing(reader) == (
        "The script logs neither rewards nor losses, so nothing can be said."
    )


def test_a_run_that_was_over_soon_is_told_so(made: MadeRun) -> None:
    made.results(20, healthy)
    made.fixture.take_in()
    made.fixture.end(statuses.COMPLETED)
    assert diagnosis.nothing(made.read()).startswith("Nothing can be said: that takes")


def test_a_long_run_is_judged_quickly(made: MadeRun) -> None:
    rewards = {"episode_reward_mean": -21.0, "learner/entropy": 1.7}
    reader = made.results(12_000, lambda i: {**rewards, "learner/vf_explained_var": 0.5}).read()
    diagnose(reader)
    began = time.process_time()
    diagnose(reader)
    assert time.process_time() - began < 0.1


def test_env_runners_that_share_cpus_are_a_warning_from_the_first_result_on(made: MadeRun) -> None:
    shared = {"throughput/env_runners": 9.0, "throughput/cpus_per_env_runner": 0.2}
    made.results(1, lambda i: {**healthy(i), **shared})
    found = only(diagnose(made.read()))
    assert (found.name, found.severity) == ("shared_cpus", "warning")
    assert found.sentence.startswith("9 env runners share the cluster's CPUs, 0.2 for each")
    made.results(3, lambda i: {**healthy(i), **shared, "throughput/cpus_per_env_runner": 1.0})
    assert not [f for f in diagnose(made.read()) if f.name == "shared_cpus"]
