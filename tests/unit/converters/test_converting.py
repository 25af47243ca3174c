"""Why a conversion failed, in one sentence."""

from pathlib import Path

import pytest

from exporter.converters.converting import _refusal


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            (
                "Could not translate MLIR to FlatBuffer./me.py:3:1: error: 'tf.ParseExample"
                "V2' op is neither a custom op nor a flex op\nnote: see\n'tf.DecodeImage'"
                " op is neither a custom op nor a flex op"
            ),
            "expected ops that it has, found DecodeImage, ParseExampleV2",
        ),
        (
            "No Op registered for ParseExampleV2 with domain_version of 18\n==> Context: Bad node",
            "expected ops that it has, found ParseExampleV2",
        ),
        (
            (
                "Check 'false' failed at unconverted_ops_report.cpp:151:\n"
                "-- No conversion rule found for operations: ParseExampleV2, StringSplit\nSee"
            ),
            "expected ops that it has, found ParseExampleV2, StringSplit",
        ),
        ("one thing\nbetween\nanother.", "expected a file, found ValueError: one thing another"),
    ],
)
def test_what_a_converter_lacks_is_named(said, told):
    line = str(_refusal(Path("m"), "tflite", ValueError(said)))
    assert line.startswith(f"SavedModel 'm' could not be converted to tflite: {told}. Nothing was")
