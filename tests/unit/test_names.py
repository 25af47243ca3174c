"""How variables are called in checkpoints."""

import pytest

from checkpoints.names import RestoreOptions, raw_names, roots, scopes_before, stored_names

EMA = "/ExponentialMovingAverage"


def named(*stored, wanted=("n/a", "n/b"), **options):
    return list(stored_names(wanted, stored, RestoreOptions(**options)).values())


def test_shadows_go_first_where_they_are():
    stored = ("n/a", f"n/a{EMA}", "n/b")
    assert named(*stored) == [f"n/a{EMA}", "n/b"]
    assert named(*stored, use_moving_averages=False) == ["n/a", "n/b"]


def test_names_with_an_outputs_number_are_the_same_names():
    assert named("n/a:0", "n/b") == ["n/a:0", "n/b"]
    assert named("n/a", "n/a:0", "n/b:0") == ["n/a", "n/b:0"]
    assert named(f"n/a{EMA}:0", "n/a", "n/b") == [f"n/a{EMA}:0", "n/b"]


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        (["x/n/a", f"x/n/b{EMA}", "n/a"], ["x/n/a", f"x/n/b{EMA}"]),
        (["x/a", "x/b", "n/a"], ["x/a", "x/b"]),
        (["n/a", "n/b"], ["x/n/a", "x/n/b"]),
        (["x/n/a", "x/b"], ["x/n/a", "x/n/b"]),
    ],
    ids=["in front", "in place of the network's", "not there", "in front, not all there"],
)
def test_scope(stored, found):
    assert named(*stored, checkpoint_scope="x") == found


def test_a_networks_own_scope_changes_nothing():
    assert named("n/a", "n/b", checkpoint_scope="n") == ["n/a", "n/b"]


def test_raw_names():
    stored = {"a": f"x/a{EMA}", "b": "x/b", "c": f"c{EMA}:0"}
    assert raw_names(stored) == {"a": "x/a", "c": "c:0"}


def test_scopes_before():
    stored = ["n/a", "y/n/a:0", f"x/z/n/a{EMA}", "x/n/b", "xn/a"]
    assert scopes_before("n/a", stored) == ["x/z", "y"]


def test_roots():
    assert roots(["b/c", "a/b/c", "a/d", "global_step"]) == ["a/...", "b/...", "global_step"]
