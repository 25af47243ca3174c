"""How errors are put into one line."""

import pytest

from exporter.errors import counted, last_line, listing, most_alike, reason


def test_listing():
    assert listing(["b", "a"]) == "a, b"
    assert listing("abcdefg") == "a, b, c, d, e and 2 more"


def test_counted():
    assert [counted(number, "file") for number in (0, 1, 2000)] == [
        "0 files",
        "1 file",
        "2,000 files",
    ]


def test_nearest():
    names = ["alpha_1", "alpha_2", "beta", "gamma", "delta", "epsilon", "zeta"]
    assert most_alike("alpha", names).startswith("7, such as alpha_1, alpha_2, ")
    assert most_alike("x", ["a"]) == "1, such as a"


def test_reason():
    assert reason(OSError(28, "No space left on device")) == "No space left on device"
    text = "{{function_node __wrapped__SaveV2_device_/job:x}} /m.data; No space left [Op:SaveV2]\nx"
    assert reason(RuntimeError(text)) == "/m.data; No space left"
    assert reason(ValueError()) == "ValueError"


def test_reason_is_the_error_and_no_stack():
    text = (
        "Graph execution error:\n\nDetected at node 'Parse' defined at (most recent call last):\n"
        '  File "/home/u/.venv/bin/slim-export", line 8, in <module>\n'
        '    File "/home/u/main.py", line 12, in main\n'
        "Node: 'Parse'\nCould not parse example input, value: 'hub'\n\t [[{{node Parse}}]]"
    )
    assert reason(RuntimeError(text)) == "Could not parse example input, value: 'hub'"


def test_reason_is_short():
    assert reason(ValueError("y" * 400)) == "y" * 297 + "..."


def test_reason_of_what_openvino_raises():
    text = (
        "Exception from src/inference/src/cpp/core.cpp:132:\nCheck 'a > b' failed at x.cpp:9:\nwhy"
    )
    assert reason(RuntimeError(text)) == "why"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", "no message"),
        ("\n \n", "no message"),
        ("a cause\nKeyError: 'x'\n\n", "KeyError: 'x'"),
        ("y" * 400, "y" * 300),
    ],
)
def test_last_line(said, expected):
    assert last_line(said) == expected
