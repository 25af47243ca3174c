"""Outputs of converted models are judged by an allowance, or by the cosine of every example."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from support.handmade import IMAGES, save
from support.small_models import Small

from exporter.converters.checks.converted_outputs import compare_end_points, compare_outputs
from exporter.converters.cosines import cosines
from exporter.converters.format_table import Format
from exporter.converters.source_model import source_of
from exporter.verifier.comparison.allowance import Allowance
from exporter.verifier.report.records import Check
from exporter.verifier.subjects.examples import FULL, Examples

FLOAT = Format("float", "model.x")
QUANTIZED = Format("quantized", "model.x", floor=0.98)
NAME = "signature 'serving_default': feature_vector"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return source_of(save(tmp_path_factory.mktemp("model") / "model"))


def compared(source, row, change=lambda x: x, allowance=None):
    def run(inputs):
        found = source.function(**{k: tf.constant(v) for k, v in inputs.items()})
        return {name: change(value.numpy()) for name, value in found.items()}

    examples = Examples(source.model.input_spec, FULL)
    return compare_outputs(run, source, row, examples, allowance or Allowance())


@pytest.mark.parametrize("row", [FLOAT, QUANTIZED])
def test_the_same_passes_at_every_batch_size(source, row):
    checks = compared(source, row)
    assert {c.name for c in checks} == {NAME}
    # Cosines of single examples are told one by one.
    single = [f", '{probe}'" for probe in FULL.probes] if row.floor else [""]
    assert {c.case for c in checks} == {
        *(f"probes, batch 1{example}" for example in single),
        *("probes, batch 3", "probes, batch 32"),
    }
    assert {check.status for check in checks} == {"passed"}


def test_a_float_format_may_differ_by_the_allowance(source):
    def change(x):
        return x + np.float32(0.01)

    (check, *_) = compared(source, FLOAT, change)
    assert check.status == "failed"
    assert check.max_abs == pytest.approx(0.01, rel=1e-3)
    (check, *_) = compared(source, FLOAT, change, Allowance("given", atol=0.02))
    assert check.status != "failed"


@pytest.mark.parametrize(("factor", "status"), [(1.19, "passed"), (0.81, "passed"), (10, "failed")])
def test_a_quantized_format_may_differ_in_length_as_much_as_in_direction(source, factor, status):
    checks = compared(source, QUANTIZED, lambda x: np.float32(factor) * x)
    assert {check.status for check in checks} == {status}
    assert checks[0].cosine == pytest.approx(1)
    if status == "failed":
        assert "expected 0.80 to 1.20 times the SavedModel's length, found 10" in checks[0].message


def test_a_quantized_format_may_not_differ_in_direction(source):
    (check, *_) = compared(source, QUANTIZED, lambda x: np.roll(x, 1, axis=-1))
    assert check.status == "failed"
    assert check.cosine < check.floor == 0.98
    assert "expected a cosine of at least 0.98, found" in check.message


def test_another_shape_and_a_missing_output_are_failures(source):
    for row in (FLOAT, QUANTIZED):
        (check, *_) = compared(source, row, lambda x: x[:, :-1])
        assert check.status == "failed"
    name = "serving_default"
    checks = compare_outputs(
        lambda _: {name: np.zeros([1, 4], np.float32)},
        source,
        QUANTIZED,
        Examples(source.model.input_spec, FULL),
        Allowance(),
    )
    told = {check.name: check.message for check in checks}
    assert "found none" in told.pop(NAME)
    assert list(told.values()) == ["expected none, found it"]


def test_an_end_point_that_a_file_does_not_have_is_left_out_but_not_an_output(source, tmp_path):
    inside = replace(QUANTIZED, eight_bits=True)
    shown = source_of(Small().save(tmp_path / "model")).end_points()
    batch = Examples(shown.model.input_spec, FULL)
    statuses = {
        row.eight_bits: {
            c.status for c in compare_end_points(nothing, shown, row, batch, Allowance())
        }
        for row in (inside, QUANTIZED)
    }
    assert statuses == {True: {"skipped"}, False: {"failed"}}
    batch = Examples(source.model.input_spec, FULL)
    checks = compare_outputs(nothing, source, inside, batch, Allowance())
    assert {check.status for check in checks} == {"failed"}


def nothing(_):
    return {}


def test_an_output_without_a_row_for_each_example_is_compared_as_a_whole(tmp_path):
    def body(inputs, training, momentum):
        return tf.constant([3.0, 4.0])

    constant = source_of(save(tmp_path / "model", body=body))
    for change, status in ((lambda x: x, "passed"), (lambda x: x[::-1], "failed")):
        checks = compared(constant, QUANTIZED, change)
        assert {check.status for check in checks} == {status}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Gives the model an output of whole numbers and one of strings."""

    def body(inputs, training, momentum):
        scores = tf.reduce_mean(inputs, [1, 2])
        classes = tf.argmax(scores, axis=-1)
        return {"classes": classes, "names": tf.as_string(classes), "scores": scores}

    serving = tf.function(lambda inputs: body(inputs, False, 0), input_signature=[IMAGES])
    folder = tmp_path_factory.mktemp("labelled") / "model"
    return source_of(save(folder, body=body, signatures={"serving_default": serving}))


def test_whole_numbers_and_strings_must_be_equal_in_float_formats(labelled):
    assert {check.status for check in compared(labelled, FLOAT)} == {"passed"}

    def change(value):
        return value if value.dtype.kind == "f" else np.roll(value + value, 1)

    failed = {c.name for c in compared(labelled, FLOAT, change) if c.status == "failed"}
    assert {name.partition(": ")[2] for name in failed} == {"classes", "names"}


def test_whole_numbers_have_no_cosine_but_are_told(labelled):
    checks = compared(labelled, QUANTIZED)
    assert {check.status for check in checks} == {"passed"}
    changed = compared(labelled, QUANTIZED, lambda x: x + 80 if x.dtype.kind == "i" else x)
    told = {check.name.partition(": ")[2]: check for check in changed if check.status != "passed"}
    assert told.keys() == {"classes"}
    assert told["classes"].status == "warning"
    assert told["classes"].message.endswith("differ, which no cosine judges")
    shorter = compared(labelled, QUANTIZED, lambda x: x[:-1] if x.dtype.kind == "i" else x)
    assert "failed" in {check.status for check in shorter}


def test_an_output_that_the_savedmodel_has_not_is_a_failure(source):
    def run(inputs):
        found = source.function(**{k: tf.constant(v) for k, v in inputs.items()})
        return {**{name: value.numpy() for name, value in found.items()}, "more": np.zeros(1)}

    for row in (FLOAT, QUANTIZED):
        checks = compare_outputs(
            run, source, row, Examples(source.model.input_spec, FULL), Allowance()
        )
        (more,) = {check.name for check in checks if check.status == "failed"}
        assert more.endswith("more")


def test_what_is_not_finite_fails_with_figures_that_can_be_written(source):
    checks = compared(source, QUANTIZED, lambda x: np.full_like(x, np.nan))
    assert {check.status for check in checks} == {"failed"}
    assert Check.model_validate_json(checks[0].model_dump_json()) == checks[0]


@pytest.mark.parametrize("row", [FLOAT, QUANTIZED])
def test_not_a_number_is_a_failure(source, row):
    (check, *_) = compared(source, row, lambda x: x * np.nan)
    assert check.status == "failed"


def test_a_runtime_that_raises_is_a_failure(source):
    def run(_):
        raise RuntimeError("no kernel for FancyOp")

    checks = compare_outputs(
        run, source, FLOAT, Examples(source.model.input_spec, FULL), Allowance()
    )
    assert {check.status for check in checks} == {"failed"}
    assert "no kernel for FancyOp" in checks[0].message


def test_cosines():
    one = np.array([[1.0, 0], [0, 0], [0, 0], [1, 1], [1, np.nan]])
    other = np.array([[0.0, 1], [0, 0], [1, 0], [-2, -2], [1, 1]])
    assert list(cosines(one, other))[:4] == [0, 1, 0, pytest.approx(-1)]
    assert np.isnan(list(cosines(one, other))[4])
    assert list(cosines(one[:1] * 3, one[:1])) == [pytest.approx(1)]
