"""The tab of throughput without a browser: one message for what changed, none for what did not."""

from __future__ import annotations

import pytest

from rl_widgets.widgets.cursor import Cursor
from rl_widgets.widgets.panel import PanelContext
from rl_widgets.widgets.run_details import PANELS
from rl_widgets.widgets.throughput_panel import ThroughputPanel
from tests.view.made_results import MadeRun, made
from tests.widgets.conftest import Messages

__all__ = ["made"]

LEARNER_BOUND = {
    "throughput/phase_emulation_s": 0.3,
    "throughput/phase_inference_s": 0.2,
    "throughput/phase_connectors_s": 0.1,
    "throughput/phase_idle_s": 0.4,
    "throughput/phase_learner_s": 0.95,
    "throughput/phase_learner_idle_s": 0.02,
    "throughput/env_runners": 2.0,
    "learner/entropy": 1.7,
}


@pytest.fixture
def panel(made: MadeRun, messages: Messages) -> ThroughputPanel:
    made.results(150, lambda i: LEARNER_BOUND)
    reader = made.read()
    context = PanelContext(
        made.fixture.run, reader, lambda command: None, lambda title: None, cursor=Cursor()
    )
    return ThroughputPanel(context)


def test_it_shows_the_sentence_the_figures_the_phases_and_the_findings(
    panel: ThroughputPanel, made: MadeRun
) -> None:
    reader = panel.context.reader
    panel.draw(reader.view())
    throughput, findings = (child.value for child in panel.widget.children)
    assert "The learner limits the run: it is busy 95 % of the time" in throughput
    assert "waiting for the learner 40 %" in throughput
    assert "Nothing unusual." in findings
    made.results(1, lambda i: {**LEARNER_BOUND, "learner/total_loss": float("nan")})
    made.fixture.take_in()
    panel.context.reader._held.judged = (None, 0.0)  # a second later
    panel.draw(reader.read())
    assert "<b>Warning:</b> The loss learner/total_loss is NaN" in panel.widget.children[1].value


def test_what_has_not_changed_is_not_sent_again(
    panel: ThroughputPanel, made: MadeRun, messages: Messages
) -> None:
    reader = panel.context.reader
    panel.draw(reader.view())
    messages.clear()
    for _ in range(5):
        panel.draw(reader.read())
    assert messages.updates() == []
    made.results(1, lambda i: {**LEARNER_BOUND, "throughput/phase_idle_s": 0.9})
    made.fixture.take_in()
    panel.draw(reader.read())
    assert len(messages.updates()) == 1


def test_it_is_the_tab_after_the_metrics() -> None:
    titles = [panel.title for panel in PANELS]
    assert titles.index("Throughput") == titles.index("Metrics") + 1


def test_its_text_comes_through_the_one_escaping_function(
    made: MadeRun, messages: Messages
) -> None:
    name = "learner/<img src=x onerror=alert(1)>/entropy"
    made.results(200, lambda i: {name: 1.0 if i < 50 else 0.001})
    reader = made.read()
    context = PanelContext(made.fixture.run, reader, lambda command: None, lambda title: None)
    panel = ThroughputPanel(context)
    panel.draw(reader.view())
    assert "<img" not in panel.widget.children[1].value
    assert "&lt;img" in panel.widget.children[1].value
