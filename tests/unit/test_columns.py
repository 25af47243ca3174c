"""Tables and lists: nothing is left out, no word is broken, and what is long can be copied."""

import re

from hypothesis import given
from hypothesis import strategies as st

from exporter.cli.columns import columns_of, facts, table_or_list
from exporter.cli.wrapping import cells, words, wrapped

PATH = "/home/somebody/projects/wild_flowers/models/mobilenet_v3_small_075_224/feature_vector"
TITLES = ("format", "result", ">largest error", "file")
ROWS = [("tflite", "converted", "6.1e-06", PATH), ("openvino", "failed", "", "")]


def laid_out(titles, rows, width, heading=1):
    text = table_or_list(columns_of(titles, rows), width, heading)
    return [line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", text).splitlines()]


def test_a_table_where_it_fits_and_where_there_is_no_terminal():
    table = [
        "format    result     largest error  file",
        f"tflite    converted        6.1e-06  {PATH}",
        "openvino  failed",
    ]
    assert laid_out(TITLES, ROWS, None) == table
    assert laid_out(TITLES, ROWS, len(table[1])) == table


def test_headings_of_numbers_are_wrapped_before_anything_else():
    assert laid_out(TITLES, ROWS, 30 + len(PATH))[:2] == [
        "                     largest",
        "format    result       error  file",
    ]


def test_a_list_where_it_does_not_fit():
    assert laid_out(TITLES, ROWS, 80) == [
        "tflite",
        "  result: converted  largest error: 6.1e-06",
        "  file:",
        f"  {PATH}",
        "openvino",
        "  result: failed",
    ]
    assert laid_out(TITLES, ROWS, 80, heading=2)[0] == "tflite converted"
    assert laid_out(TITLES, ROWS, 30)[1:3] == ["  result: converted", "  largest error: 6.1e-06"]


def test_rows_stand_under_the_name_of_their_group_and_headings_are_said_once():
    def shown(width):
        text = table_or_list(columns_of(("a", ">b"), rows), width, 1, ("X:", "X:", "Yy:"))
        return [line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", text).splitlines()]

    rows = [("one", "1"), ("two", "22"), ("three", "333")]
    table = ["a        b", "X:", "one      1", "two     22", "Yy:", "three  333"]
    assert shown(None) == table
    assert shown(len(table[0])) == table
    assert shown(8) == ["X:", "one", "  b: 1", "two", "  b: 22", "Yy:", "three", "  b: 333"]


def test_sentences_are_wrapped_and_a_table_stays_low():
    rows = [("C39", "a default changed of an argument that matters in training mode only")]
    assert laid_out(("rule", "why"), rows, 40) == [
        "rule  why",
        "C39   a default changed of an argument",
        "      that matters in training mode only",
    ]
    assert laid_out(("rule", "why"), rows, 24) == [
        "C39",
        "  why: a default",
        "    changed of an",
        "    argument that",
        "    matters in training",
        "    mode only",
    ]


def test_empty_columns_are_not_shown():
    assert laid_out(("a", ">b", "c"), [("1", "", "2")], 80) == ["a  c", "1  2"]
    assert laid_out(("a", ">b"), [], 80) == ["a  b"]


def test_facts():
    rows = [("folder", PATH), ("weights", "208 variables, of which 34 are moving averages")]
    assert facts(rows, None).splitlines() == [f"folder   {PATH}", f"weights  {rows[1][1]}"]
    assert facts(rows, 40).splitlines() == [
        "folder",
        f"  {PATH}",
        "weights  208 variables, of which 34 are",
        "         moving averages",
    ]


def test_what_is_quoted_is_a_word():
    sentence = "TF-Slim's model 'my models/a b' is the one, not 'c d'."
    assert words(sentence, 20)[:3] == ["TF-Slim's", "model", "'my models/a b'"]
    assert words(sentence, 10)[:4] == ["TF-Slim's", "model", "'my", "models/a"]
    assert wrapped(sentence, 20) == ["TF-Slim's model", "'my models/a b' is", "the one, not 'c d'."]


def test_letters_that_are_two_columns_wide():
    assert cells("東京") == 4
    assert wrapped("東京 東京 東京", 9) == ["東京 東京", "東京"]
    assert laid_out(("a", "b"), [("東京", "x"), ("ab", "y")], 80) == [
        "a     b",
        "東京  x",
        "ab    y",
    ]


TEXT = st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=60)


@given(rows=st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1), width=st.integers(20, 200))
def test_every_word_of_every_table_is_shown_on_every_terminal(rows, width):
    shown = laid_out(("a", ">b", "c"), rows, width)
    text = " ".join(" ".join(shown).split())
    for cell in (cell for row in rows for cell in row):
        assert all(word in text for word in cell.split())
    for line in shown:
        assert len(line) <= width or max(map(len, line.split())) > width - 10
