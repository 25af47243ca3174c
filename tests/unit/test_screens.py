"""What every command shows on terminals of several widths: nothing is left out, no word broken.

The goldens are there to be read; BUILD.md says how to renew them.
"""

import os
import re
from pathlib import Path

import pytest
from support.screens import SCREENS, screen

GOLDEN = Path(__file__).parents[1] / "golden/screens"
RENEW = "SLIM_EXPORT_RENEW_SCREENS"
# A line may be wider where it holds one word that has no room beside its indentation, or code.
INDENT = 24
CODE = re.compile(r"  +(\w+ = |hub|arguments|tf_keras|model|import)")
# Headings of what stands in the first line of an entry of a list, which needs none.
HEADINGS = {
    "variant",
    "task",
    "format",
    "subject",
    "rule",
    "what",
    "differs",
    "file",
    "check",
    "group",
}


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("name", SCREENS)
def test_screens_are_as_committed(name, width):
    golden = GOLDEN / f"{name.replace(' ', '_')}.{width}.txt"
    shown = screen(name, width)
    if os.environ.get(RENEW):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(shown, "utf-8")
    assert shown == golden.read_text("utf-8")


@pytest.mark.parametrize("width", [60, 80, 100, 160])
@pytest.mark.parametrize("name", SCREENS)
def test_no_line_is_too_wide_and_no_word_is_missing_or_broken(name, width):
    shown, whole = screen(name, width), screen(name, None)
    for line in shown.splitlines():
        longest = max(map(len, line.split()), default=0)
        assert len(line) <= width or longest > width - INDENT or CODE.match(line), line
    if name not in ("help", "mistyped"):  # which argparse lays out by itself
        assert words(whole) - HEADINGS <= words(shown)


def words(text):
    """The words of a screen; a list has its headings' with a colon at the end."""
    return {word.rstrip(":") for word in text.split()}


def test_goldens_are_those_of_the_screens():
    expected = {f"{n.replace(' ', '_')}.{width}.txt" for n in SCREENS for width in (80, 160)}
    assert {path.name for path in GOLDEN.iterdir()} == expected


def test_a_broken_word_would_be_noticed():
    """The check above can fail."""
    whole = screen("convert", None)
    broken = re.sub("openvino", "openv\nino", whole)
    assert not words(whole) <= words(broken)
