"""Each rule of the page format, kept and broken."""

import pytest

from exporter.errors import PublishError
from exporter.releases.page_rules import RULES, broken_rules, check_page

PAGE = """\
# Module google/imagenet/mobilenet_v3_small_075_224/feature_vector/5

Feature vectors,
of images.

<!-- asset-path: https://example.org/m.tar.gz -->
<!-- dataset: imagenet-ilsvrc-2012-cls -->
<!-- fine-tunable: true -->
<!-- format: saved_model_2 -->
<!-- task: image-feature-vector -->
<!-- network-architecture: mobilenet-v3 -->
<!-- license: apache-2.0 -->
<!-- language: en -->
<!-- interactive-visualizer: vision -->
<!-- colab: https://colab.research.google.com/x -->

## Overview

Text, <!-- with: a comment --> and # signs.
"""


def broken(old, new, name="5.md"):
    assert old in PAGE
    return [(b.rule, b.line) for b in broken_rules(PAGE.replace(old, new), name)]


def test_page_that_keeps_all_rules():
    assert broken_rules(PAGE, "5.md") == ()
    check_page(PAGE, "5.md")


def test_blank_line_after_the_title_is_not_needed():
    assert broken("/5\n\n", "/5\n") == []


TASK = "<!-- task: image-feature-vector -->"
CASES = [
    ("P01", 1, "# Module google", "# module google"),
    ("P01", 1, "# Module google", " # Module google"),
    ("P01", 1, "# Module google", "# Module Google"),
    ("P01", 1, "vector/5\n", "vector/five\n"),
    ("P01", 1, "vector/5\n", "vector/5 \n"),
    ("P02", 1, "vector/5\n", "vector/6\n"),
    ("P03", 2, "Feature vectors,\nof images.\n\n", ""),
    ("P03", 2, "\nFeature", "\n\n\nFeature"),
    ("P04", 6, "of images.\n", "of images.\n\nMore of them.\n"),
    ("P04", 6, "<!-- asset-path", "<!- asset-path"),
    ("P04", 9, "saved_model_2 -->", "saved_model_2 --> x"),
    ("P05", 19, "## Overview", "Overview"),
    ("P06", 16, TASK + "\n", ""),
    ("P06", 16, "<!-- asset-path: https://example.org/m.tar.gz -->\n", ""),
    ("P06", 16, "<!-- fine-tunable: true -->\n", ""),
    ("P06", 16, "<!-- format: saved_model_2 -->\n", ""),
    ("P07", 12, "license", "licence"),
    ("P08", 9, "<!-- format", "<!-- fine-tunable: true -->\n<!-- format"),
    ("P10", 10, "image-feature-vector", "picture-feature-vector"),
    ("P10", 10, "image-feature-vector", "image-feature"),
    ("P11", 9, "saved_model_2", "saved_model_3"),
    ("P12", 8, "true", "yes"),
    ("P13", 7, "imagenet-ilsvrc-2012-cls", "imagenet"),
    ("P14", 11, "mobilenet-v3", "mobilenet_v3"),
    ("P15", 13, "en -->", "english -->"),
    ("P16", 12, "apache-2.0", "Apache-2.0"),
    ("P17", 14, "vision", "eyes"),
    ("P18", 15, "https://colab.", "http://colab."),
    ("P18", 15, "colab.research.google.com/x", "colab.example.com/x"),
    ("P19", 6, "m.tar.gz", "m.zip"),
    ("P19", 6, "https:", "ftp:"),
    ("P20", 6, "example.org", "github.com"),
    ("P20", 6, "example.org", "Raw.GitHub.com:443"),
]


@pytest.mark.parametrize(("rule", "line", "old", "new"), CASES)
def test_broken_rule_is_named_with_its_line(rule, line, old, new):
    assert (rule, line) in broken(old, new)


def test_every_rule_has_a_case():
    assert {rule for rule, *_ in CASES} == set(RULES)


def test_tasks_may_repeat():
    assert broken(TASK, f"{TASK}\n<!-- task: image-classification -->") == []


@pytest.mark.parametrize("page", ["", "\n", "# Module", "<!-- a: b -->", "text\ntext"])
def test_pages_that_are_hardly_there(page):
    assert broken_rules(page, "5.md")


def test_sentence():
    page = PAGE.replace("saved_model_2", "savedmodel")
    with pytest.raises(
        PublishError,
        match=r"Page '5.md' is not in Hub's format: line 9 breaks P11: expected format to be one of"
        r" hub, saved_model, saved_model_2, found 'savedmodel'. Use another.",
    ):
        check_page(page, "5.md")
