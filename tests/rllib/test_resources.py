"""Requests against clusters, without a cluster."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_widgets.rllib import catalogue, resources
from rl_widgets.rllib.algorithm import prepare
from rl_widgets.rllib.errors import ResourceRequestError
from rl_widgets.rllib.presets import preset
from rl_widgets.rllib.resources import HEAD_RESOURCE, LEAST_SHARE, Part, check_fits, share


def head(cpus, gpus=0):
    return {"CPU": cpus, "GPU": gpus, HEAD_RESOURCE: 1.0}


def worker(cpus, gpus=0):
    return {"CPU": cpus, "GPU": gpus}


def request(runners, runner_cpus=1, gpus=0):
    return [
        Part("main process", 1, {"CPU": 1, "GPU": gpus, HEAD_RESOURCE: 0.001}, "x"),
        Part("env runner", runners, {"CPU": runner_cpus}, "num_env_runners (num_workers)"),
    ]


def test_the_article_fits_its_cluster():
    check_fits(request(13, gpus=1), [head(6, 1), worker(2), worker(2), worker(2), worker(2)])


def test_two_runners_fit_a_head_and_two_workers_of_one_cpu():
    check_fits(request(2), [head(1), worker(1), worker(1)])


@pytest.mark.parametrize(
    ("parts", "nodes", "words"),
    [
        (request(3), [head(1), worker(1), worker(1)],
         ["4 CPUs", "1 main process x 1 + 3 env runners x 1", "has 3", '"num_workers" to 2']),
        (request(1, gpus=1), [head(4)], ["1 GPU", '"num_gpus": 0', "use_gpu=False"]),
        (request(1, gpus=2), [head(4, 1)], ['"num_gpus" to 1 or less']),
        (request(1, runner_cpus=4), [head(3), worker(3)], ["4 CPU on one node"]),
        (request(3, runner_cpus=2), [head(2), worker(3), worker(3)],
         ["1 of 3 env runners", "have no place"]),
        (request(1, gpus=1), [head(1), worker(1, 1)], ["main process", "on one node"]),
        (request(2), [head(1)], ["Start a larger cluster"]),
    ],
)  # fmt: skip
def test_what_can_never_be_placed_is_an_error_with_its_arithmetic(parts, nodes, words):
    with pytest.raises(ResourceRequestError) as error:
        check_fits(parts, nodes)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("parts", "nodes", "each"),
    [
        (request(2), [head(1), worker(1), worker(1)], None),  # they fit as they are
        (request(3), [head(1), worker(1), worker(1)], 0.5),
        (request(9), [head(3)], 0.2),
        (request(3), [head(2)], 0.3333),
        (request(10), [head(2)], 0.1),
        (request(11), [head(2)], None),  # less than a tenth for each
        (request(2), [head(1)], None),  # the main process leaves nothing
        (request(3, runner_cpus=2), [head(2), worker(2)], 1.0),
        (request(3, gpus=1), [head(2)], None),
    ],
)
def test_more_env_runners_than_cpus_share_them(parts, nodes, each):
    assert share(parts, nodes) == each


@given(st.integers(1, 60), st.integers(1, 6), st.lists(st.integers(0, 6), max_size=5))
def test_with_their_share_all_are_placed(runners, head_cpus, worker_cpus):
    nodes = [head(head_cpus), *map(worker, worker_cpus)]
    each = share(request(runners), nodes)
    if each is not None:
        assert LEAST_SHARE <= each < 1
        check_fits(request(runners, runner_cpus=each), nodes)


@given(
    st.integers(0, 20),
    st.integers(1, 6),
    st.lists(st.integers(0, 6), max_size=5),
)
def test_one_cpu_runners_fit_exactly_when_the_sum_does(runners, head_cpus, worker_cpus):
    nodes = [head(head_cpus), *map(worker, worker_cpus)]
    fits = runners + 1 <= head_cpus + sum(worker_cpus)
    if fits:
        check_fits(request(runners), nodes)
    else:
        with pytest.raises(ResourceRequestError):
            check_fits(request(runners), nodes)


@pytest.mark.parametrize("algorithm", ["IMPALA", "PPO", "DQN"])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"num_env_runners": 0},
        {"num_env_runners": 3, "num_cpus_per_env_runner": 0.5, "num_gpus_per_env_runner": 0.1},
        {"num_gpus_per_learner": 1},
        {"num_learners": 2, "num_gpus_per_learner": 1},
        {"num_learners": 2, "num_cpus_per_learner": 3, "num_cpus_for_main_process": 2},
        {"evaluation_interval": 5, "evaluation_num_env_runners": 2},
        {"num_aggregator_actors_per_learner": 2},
        {"num_offline_eval_runners": 2, "num_cpus_per_offline_eval_runner": 3},
    ],
)
def test_what_a_form_takes_for_the_request_is_rllibs(algorithm, given):
    prepared = prepare(algorithm, {"env": "CartPole-v1", **given})
    bundles = prepared.algorithm.default_resource_request(prepared.config.to_dict()).bundles
    default = catalogue.default_config(algorithm).defaults
    settings = {**default, **preset(algorithm, atari=False), **given}

    def counted(parts):
        found = {}
        for part in parts:
            key = frozenset((name, amount) for name, amount in part.amounts.items() if amount)
            found[key] = found.get(key, 0) + part.count
        return found

    rllibs = resources.parts_of(prepared.config, bundles)
    assert counted(resources.request(settings)) == counted(rllibs)


def test_a_thousand_nodes_are_filled_in_no_time():
    nodes = [head(64), *[worker(64)] * 1000]
    check_fits(request(64_063), nodes)
    assert share(request(100_000), nodes) == 0.5
