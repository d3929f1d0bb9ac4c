"""What the Pong script does with each training result."""

from rl_widgets import Run


def on_train_result(info):
    """Log how the training goes into the run.

    `info["result"]` is RLlib's result with the names of 0.8.3 beside those of 2.60. What is logged
    here without a step is taken to belong to the result's iteration.
    """
    run = Run.get_context()
    result = info["result"]
    run.log("episode_reward_mean", result["episode_reward_mean"])
    run.log("episodes_total", result["episodes_total"])
