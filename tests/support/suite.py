"""Which tests run: all with `--full`, and what is expensive made by one worker alone."""

import os

import pytest

# Files of tests that were collected, before any was left out.
COLLECTED = pytest.StashKey[set]()
# How many tests were left for `--full`.
LEFT = pytest.StashKey[int]()

# Fixtures of several modules that are expensive: the tests that ask for one run on the same
# worker. The first of them counts where a test asks for two.
MADE_ONCE = (
    *("real_export", "classifier_export", "toy_conversions"),
    *("folded", "logits", "features"),
)


def group_what_is_made_once(items):
    """Keeps tests on one worker that share what is expensive, unless they say with which."""
    for item in items:
        if item.get_closest_marker("xdist_group"):
            continue
        asked = [name for name in MADE_ONCE if name in item.fixturenames]
        if asked or _shares_with_its_module(item):
            group = asked[0] if asked else item.nodeid.partition("::")[0]
            item.add_marker(pytest.mark.xdist_group(group))


def _shares_with_its_module(item):
    """Says whether a test asks for a fixture that is made once for all of its module."""
    info = item._fixtureinfo.name2fixturedefs
    return any(fixture[-1].scope == "module" for fixture in info.values())


def leave_for_full(config, items):
    """Takes out the tests that are marked `full`, unless they are asked for.

    Those that make an environment with an older TensorFlow are among them.
    """
    for item in items:
        if item.get_closest_marker("old_tensorflow"):
            item.add_marker(pytest.mark.full)
    left = [] if config.getoption("--full") else [i for i in items if i.get_closest_marker("full")]
    config.stash[LEFT] = len(left)
    if left:
        items[:] = [item for item in items if not item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=left)


def skip_without_published_files(items, shared):
    """Skips what needs the published files where they are missing; in CI they must be there."""
    if shared.is_dir() or os.environ.get("CI"):
        return
    for item in items:
        if item.get_closest_marker("published"):
            item.add_marker(pytest.mark.skip(reason=f"needs the published files in {shared}"))
