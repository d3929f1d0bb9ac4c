"""What several tests of the training need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def learner_of() -> Iterator[Callable[[Any], Any]]:
    """Makes the learner of a configuration, in this process; ended with the test's module."""
    from rl_widgets.rllib.env_runner import ReportingEnvRunner

    built = []

    def build(config: Any) -> Any:
        runner = ReportingEnvRunner(config=config, worker_index=1)
        learner = config.learner_class(
            config=config, module_spec=config.get_multi_rl_module_spec(spaces=runner.get_spaces())
        )
        runner.stop()
        learner.build()
        built.append(learner)
        return learner

    yield build
    for learner in built:
        learner.shutdown()
