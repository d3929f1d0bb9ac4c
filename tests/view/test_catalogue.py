"""All metrics of a run in groups, and the search for one."""

from __future__ import annotations

from rl_widgets.view.catalogue import groups, search


def test_known_groups_come_first_then_other_prefixes_then_the_rest() -> None:
    names = [
        "loss",
        "own/a",
        "resources/head/cpu",
        "throughput/env_steps_sampled_per_s",
        "learner/entropy",
        "learners/default_policy/vf_loss",
        "evaluation/episode_reward_mean",
        "episode_reward_mean",
        "env_runners/episode_return_mean",
        "own/b",
        "training_iteration",
        "/odd",
    ]
    found = {group.name: group.metrics for group in groups(names)}
    assert list(found) == [
        "rollout",
        "evaluation",
        "learner",
        "throughput",
        "resources",
        "own",
        "other",
    ]
    assert found["learner"] == ("learner/entropy", "learners/default_policy/vf_loss")
    assert found["rollout"] == (
        "episode_reward_mean",
        "env_runners/episode_return_mean",
        "training_iteration",
    )
    assert found["own"] == ("own/a", "own/b")
    assert found["other"] == ("loss", "/odd")


def test_a_name_stands_once_and_an_empty_group_not_at_all() -> None:
    assert [group.title for group in groups(["a", "a", "learner/x"])] == [
        "Learner (1)",
        "Other (1)",
    ]
    assert groups([]) == ()


def test_a_prefix_that_is_called_other_joins_the_rest() -> None:
    [group] = groups(["other/a", "b"])
    assert group.metrics == ("other/a", "b")


def test_a_group_is_shown_by_its_name_as_it_is() -> None:
    assert [g.title for g in groups(["<b>/x", "A" * 100 + "/y"])] == [
        "<b> (1)",
        "A" * 39 + "… (1)",
    ]


def test_search_takes_all_words_in_any_order_and_case() -> None:
    names = ["learner/vf_loss", "learner/total_loss", "evaluation/LOSS", "Größe", "<b>x</b>"]
    assert search(names, "") == names
    assert search(names, " loss  LEARNER ") == ["learner/vf_loss", "learner/total_loss"]
    assert search(names, "grösse") == ["Größe"]
    assert search(names, "<b>") == ["<b>x</b>"]
    assert search(names, "nothing") == []
