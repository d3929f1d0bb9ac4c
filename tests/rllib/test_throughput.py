"""The headline in short; `benchmarks/training_throughput.py` has it in full."""

import pytest

from benchmarks.training_throughput import run_side

pytestmark = pytest.mark.cluster


@pytest.mark.timeout(900)
def test_pong_is_trained_at_a_multiple_of_rllibs_own_speed():
    """Both are whole trainings, one after the other; ours learns three times from each batch."""
    ours, stock = (run_side(side, runners=1, seconds=6.0) for side in ("ours", "stock"))
    assert ours["trained"] > 0.5 * ours["sampled"]
    # 3.6 and 3 times on two quiet cores, more on busy ones: a fast path that is lost is at 1.
    assert ours["sampled"] > 1.5 * stock["sampled"], (ours, stock)
    assert stock["cpu_us"] > 1.5 * ours["cpu_us"], (ours, stock)
