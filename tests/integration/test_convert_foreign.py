"""Conversions of other people's models: refused with the true reason, or written with a warning."""

import re
from contextlib import contextmanager

import numpy as np
import pytest
from support import converted
from support import foreign_signatures as foreign

from exporter import processes
from exporter.conversion import ConvertRequest, convert
from exporter.converters.format_table import FORMATS
from exporter.converters.formats import frozen
from exporter.converters.source_model import source_of
from exporter.errors import ConversionError
from exporter.verifier.report.records import Check

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("kind", ["looked_up", "tf1_table"])
@pytest.mark.parametrize("name", ["frozen", "tflite", "onnx"])
def test_tables_are_refused_before_anything_starts(tmp_path, monkeypatch, kind, name):
    model = foreign.SIGNATURE_KINDS[kind](tmp_path / "model")
    monkeypatch.setattr(processes, "call", lambda *_, **__: pytest.fail("must not start"))
    with pytest.raises(ConversionError) as found:
        list(convert(ConvertRequest(model, (name,), tmp_path / "out")))
    assert str(found.value) == (
        f"SavedModel '{model}' looks values up in tables, which format {name} cannot hold: expected"
        " variables and constants alone, found LookupTableFindV2. Convert a signature that takes"
        " what the tables give."
    )
    assert not (tmp_path / "out").exists()


def test_a_model_of_tensorflow_1_is_converted(tmp_path, converts_here):
    """Its saver stands among its own ops, and is TensorFlow's."""
    model = foreign.tf1_builder(tmp_path / "model")
    (done,) = convert(ConvertRequest(model, ("frozen",), tmp_path / "out"))
    assert (done.error, done.warning) == ("", "")
    inputs = {"x": np.ones([2, 4], np.float32)}
    found = converted.run("frozen", tmp_path / "out/frozen/frozen.pb", inputs)["y"]
    assert np.allclose(found, source_of(model).expected([inputs["x"]])["y"])


def test_what_is_drawn_at_random_is_said_to_be(tmp_path, converts_here):
    model = foreign.drawn(tmp_path / "model")
    (done,) = convert(ConvertRequest(model, ("frozen",), tmp_path / "out"))
    assert done.error == ""
    by_name = {check.name.rpartition(" ")[2]: check for check in done.report.checks}
    assert {name: check.status for name, check in by_name.items()} == {
        "mean": "passed",
        "sample": "skipped",
    }
    assert by_name["sample"].message == (
        "it is drawn at random: two calls of the SavedModel give two results"
    )


def test_nothing_but_what_is_drawn_at_random(tmp_path, converts_here):
    model = foreign.drawn(tmp_path / "model", alone=True)
    (done,) = convert(ConvertRequest(model, ("frozen",), tmp_path / "out"))
    assert "frozen was not written: File 'frozen.pb' was not compared with SavedModel" in done.error
    assert "skipped: outputs 'signature 'serving_default': sample (probes, batch 1)'" in done.error
    assert "(it is drawn at random: two calls of the SavedModel give two results)" in done.error


def test_what_is_drawn_no_more(tmp_path):
    """A file that gives the same each time in place of what is drawn anew."""
    model = foreign.drawn(tmp_path / "model")
    target = converted.convert("frozen", source_of(model), tmp_path / "out")
    opened = frozen.opened

    @contextmanager
    def fixed(*given):
        with opened(*given) as run:
            yield lambda inputs: {**run(inputs), "sample": run(inputs)["mean"]}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frozen, "opened", fixed)
        report = converted.report("frozen", model, target)
    (wrong,) = report.failures
    assert wrong.message == "expected results that change from call to call, found equal ones"


def test_what_only_silence_makes_uncertain_is_written_and_said(tmp_path, converts_here):
    """Where rounding is all that is left, the SavedModel itself is as uncertain."""
    model = foreign.silence(tmp_path / "model")
    (done,) = convert(ConvertRequest(model, ("tflite",), tmp_path / "out"))
    assert done.error == ""
    assert {check.status for check in done.report.checks} == {"warning"}
    assert (tmp_path / "out/tflite/model.tflite").is_file()
    assert "Format tflite was written with a warning in signature 'serving_default': loudness" in (
        done.warning
    )
    assert "wider than 1% of an example's largest value, on 'half', 'ones', 'zeros'" in done.warning
    assert "; the largest difference is on '" in done.warning


def test_what_the_optimizer_changes_is_refused_with_that_cause(tmp_path, converts_here):
    """Numbers of 16 bits are divided once in place of twice, as soon as both are constants."""
    model = foreign.halves(tmp_path / "model")
    (done,) = convert(ConvertRequest(model, ("frozen",), tmp_path / "out"))
    (cause,) = done.report.causes
    assert cause.explains
    found = re.search(
        r"Likely cause: TensorFlow's optimizer, which rewrites the graph that it loads\. 3 checks"
        r" of outputs fail with it by up to (\S+) of the largest value, 0 without it\. The graph"
        r" itself is right: leave the format out, or save a model that computes in a wider type\.",
        done.error,
    )
    assert found, done.error
    assert 1e-4 < float(found[1]) < 1e-2
    assert not (tmp_path / "out/frozen").exists()


def test_what_differs_for_another_reason_is_not_put_on_the_optimizer(tmp_path):
    model = foreign.tf1_builder(tmp_path / "model")
    other = foreign.tf1_builder(tmp_path / "other", change=1.0)
    target = converted.convert("frozen", source_of(other), tmp_path / "out")
    report = converted.report("frozen", model, target)
    assert not report.passed
    assert [cause.explains for cause in report.causes] == [False]
    assert "Likely cause" not in report.verdict()


@pytest.mark.parametrize("name", [name for name, row in FORMATS.items() if row.rewritten])
def test_every_such_format_can_be_run_as_it_is_written(tmp_path, name):
    model = foreign.tf1_builder(tmp_path / "model")
    target = converted.convert(name, source_of(model), tmp_path / "out")
    inputs = {"x": np.ones([2, 4], np.float32)}
    with FORMATS[name].converter.opened_as_written(target, 1) as run:
        found = run(inputs)["y"]
    assert np.allclose(found, converted.run(name, target, inputs)["y"])


def test_a_check_of_whole_numbers_alone_is_no_proof():
    """Which no allowance was measured for: a warning of such differences is no passed check."""
    classes = Check(group="outputs", name="classes", status="warning", values=9, differing=3)
    assert not classes.holds
