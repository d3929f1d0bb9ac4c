"""A run that ended is gone on with: canceled, killed, at its goal; and a new run from it."""

from __future__ import annotations

import json

import pytest

from rl_widgets import Run, UserError
from rl_widgets.backend import stacks
from tests.cluster.conftest import Lab, wait_until
from tests.cluster.test_runs import supervisor_of

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(580)]

TRAIN = """
import ray
from rl_widgets.rllib import train, tune

args = train.create_parser().parse_args()
ray.init(address=args.ray_address)
tune.run(
    "IMPALA",
    config={"env": "CartPole-v1", "num_gpus": 0, "num_workers": 1},
    stop=args.stop,
    local_dir=args.local_dir,
    seed=1,
    checkpoint_interval_s=3,
)
"""
FAR = {"--stop": {"training_iteration": 100_000}}


def train(lab: Lab, stop: dict[str, object] = FAR) -> Run:
    return lab.submit(TRAIN, script_params=stop)


def wait_for_a_checkpoint(run: Run) -> None:
    def made() -> bool:
        assert run.status not in ("Failed", "Completed"), run.get_details()["error"]
        # On a busy machine the first iterations may come before the first env step.
        return any(found["reward"] is not None for found in checkpoints(run))

    wait_until(made, "a checkpoint", 240)


def checkpoints(run: Run) -> list[dict[str, object]]:
    found = []
    store = run.workspace.store
    for series in store.metrics.series([f"{run.id}_head"]):
        if series.name == "events/checkpoint":
            found += [p.payload for p in store.metrics.payloads([series.id])]
    return found


def attempts(run: Run) -> dict[int, list[tuple[float, float]]]:
    """Iteration and env steps of each attempt."""
    frame = run.to_frame().dropna(subset=["training_iteration"])
    return {
        int(attempt): list(zip(rows["iteration"], rows["env_steps"], strict=True))
        for attempt, rows in frame.groupby("attempt")
    }


@pytest.mark.long
def test_a_canceled_run_goes_on_to_its_goal_and_leaves_nothing(lab: Lab) -> None:
    run = train(lab)
    with pytest.raises(UserError, match="is not over"):
        run.resume()
    wait_for_a_checkpoint(run)
    assert "of the trainer" in stacks.dump(run.folder)
    written = run.folder / stacks.STACKS_FILE
    wait_until(lambda: "default_worker.py" in written.read_text(), "the stacks of the trainer", 30)
    run.cancel()
    assert run.wait_for_completion()["status"] == "Canceled"
    first = attempts(run)[1]
    last = checkpoints(run)[-1]
    iteration = int(str(last["path"])[-6:])

    stop = {"training_iteration": iteration + 4}
    assert run.resume(stop=stop) is run
    assert run.status not in ("Canceled", "Completed", "Failed")
    assert run.get_details()["error"] is None
    assert run.wait_for_completion()["status"] == "Completed"

    details = run.get_details()
    assert details["attempt"] == 2
    assert details["runDefinition"]["stop"] == stop
    assert [child.status for child in run.get_children()] == ["Completed"]
    both = attempts(run)
    assert both[1] == first
    assert [i for i, _ in both[2]] == [iteration + n for n in (1, 2, 3, 4)]
    before = dict(first)[iteration]
    assert both[2][0][1] > before
    seconds = run.to_frame()
    again = seconds[(seconds["attempt"] == 2)]["time_total_s"].dropna()
    assert again.iloc[0] > last["time_total_s"]
    assert "attempt 2, from the checkpoint" in (run.folder / "head/driver_log.txt").read_text()
    # The end of the training is a checkpoint, too.
    assert str(checkpoints(run)[-1]["path"]).endswith(f"attempt-2-iteration-{iteration + 4:06d}")
    assert not lab.leftovers(run)

    with pytest.raises(UserError, match="Give it more to reach"):
        run.resume()


@pytest.mark.long
def test_a_run_whose_supervisor_was_killed_goes_on(lab: Lab) -> None:
    run = train(lab)
    wait_for_a_checkpoint(run)
    supervisor_of(run.id).kill()
    wait_until(lambda: run.status == "Failed", "the look of whoever comes next", 30)
    wait_until(lambda: not lab.leftovers(run), "the end of what was left", 30)
    run.resume()
    wait_until(lambda: 2 in attempts(run), "the second attempt", 240)
    assert run.status == "Running"
    run.cancel()
    assert run.wait_for_completion()["status"] == "Canceled"
    last_of_first, first_of_second = attempts(run)[1][-1], attempts(run)[2][0]
    assert 1 < first_of_second[0] <= last_of_first[0] + 1

    child = run.new_run_from(stop={"training_iteration": 1}, script_params={"--seed": 3})
    lab.runs.append(child)
    assert child.wait_for_completion()["status"] == "Completed"
    assert [i for i, _ in attempts(child)[1]] == [1]
    assert child.get_details()["runDefinition"]["script_params"]["--seed"] == 3
    assert child.tags["started_from"].startswith(f"{run.id}/head/checkpoints/attempt-2")
    told = json.loads((child.folder / "job" / "restore.json").read_text())
    assert told["weights_only"]
    assert "Goes on from the checkpoint" in (child.folder / "head/driver_log.txt").read_text()
