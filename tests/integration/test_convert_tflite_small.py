"""TFLite files of small models made by hand: what is written, and what is refused."""

import io
import zipfile

import numpy as np
import pytest
from support import converted, handmade

from exporter import quiet
from exporter.converters.format_table import FORMATS
from exporter.errors import ConversionError, InvalidArgumentError

pytestmark = pytest.mark.integration

TFLITE = ("tflite", "tflite_metadata", "tflite_fp16", "tflite_dynamic", "tflite_int8")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Loads a small model made by hand."""
    quiet.import_tensorflow()
    from exporter.converters.source_model import source_of

    return source_of(handmade.save(tmp_path_factory.mktemp("made") / "model"))


@pytest.fixture(scope="module")
def calibration(tmp_path_factory):
    """Small images."""
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("images")
    for seed in range(3):
        pixels = np.random.RandomState(seed).randint(0, 256, [16, 16, 3]).astype(np.uint8)
        (folder / f"{seed}.png").write_bytes(tf.io.encode_png(pixels).numpy())
    return folder


@pytest.fixture(scope="module")
def calibrated(calibration):
    return converted.asked(calibration=f"{calibration}/*.png")


@pytest.mark.parametrize("name", TFLITE)
def test_a_hand_written_model_converts_to_the_same_bytes_twice(made, calibrated, tmp_path, name):
    from exporter.converters.tflite import litert

    written = []
    for number in range(2):
        litert.float_model.cache_clear()
        target = tmp_path / f"{number}.tflite"
        FORMATS[name].converter.convert(made, target, calibrated)
        written.append(target.read_bytes())
    assert written[0] == written[1]
    images = np.random.RandomState(9).random_sample([3, 8, 8, 3]).astype(np.float32)
    (expected,) = made.expected([images]).values()
    with FORMATS[name].converter.opened(tmp_path / "1.tflite", None) as run:
        found = run({"inputs": images})["feature_vector"]
    tolerance = 1e-5 if FORMATS[name].floor is None else 0.1
    np.testing.assert_allclose(found, expected, atol=tolerance * np.abs(expected).max())


def test_what_int8_would_harm_too_much_stays_float32(made, calibrated, tmp_path, monkeypatch):
    from exporter.converters.tflite import int8_selection as selection
    from exporter.converters.tflite.litert import float_model
    from exporter.converters.tflite.quantizing import heavy, ops_of
    from exporter.photos import read

    ops = ops_of(float_model(made))
    images = read(calibrated.calibration_files, made.image_size)
    choice = selection.selection(made, images)
    assert choice.static
    assert choice.dynamic == heavy(ops)
    # A target that int8 weights reach, but no int8 activations; then one that nothing reaches.
    quantized = selection.quantized

    def without_static(model, ops, choice, ranges):
        if choice.static:
            raise ValueError("no int8 activations")
        return quantized(model, ops, choice, ranges)

    monkeypatch.setattr(selection, "quantized", without_static)
    assert selection.selection(made, images) == selection.Int8Ops(dynamic=heavy(ops))
    monkeypatch.setattr(selection, "_TARGET", 1 - 1e-12)
    assert selection.selection(made, images) == selection.Int8Ops()
    FORMATS["tflite_int8"].converter.convert(made, tmp_path / "model.tflite", calibrated)
    assert (tmp_path / "model.tflite").read_bytes() == float_model(made)


def test_ops_are_counted_in_what_was_written(made, calibration, tmp_path):
    from exporter.converters.tflite import op_counts, quantizing
    from exporter.converters.tflite.litert import float_model
    from exporter.photos import read

    model = float_model(made)
    ops = quantizing.ops_of(model)
    places = frozenset(place for place, op in enumerate(ops) if op.kind is not None)
    images = read(sorted(calibration.glob("*.png")), made.image_size)
    ranges = quantizing.ranges_of(model, images, "inputs")

    def counted(**choice):
        chosen = quantizing.Int8Ops(**choice)
        target = tmp_path / "model.tflite"
        target.write_bytes(quantizing.quantized(model, ops, chosen, ranges))
        return op_counts.op_counts(target)

    plain = counted()
    assert (plain.int8, plain.float32, plain.total) == (0, len(ops), len(ops))
    # Weights alone change no op's kind.
    assert counted(dynamic=quantizing.heavy(ops)) == plain
    every = counted(static=places)
    assert (every.int8, every.float32) == (len(places), len(ops) - len(places))
    # Float32 comes in and goes out, and is converted.
    assert every.total >= len(ops) + 2
    first = counted(static=frozenset([min(places)]))
    assert (first.int8, first.float32) == (1, len(ops) - 1)


@pytest.mark.parametrize("name", TFLITE)
def test_every_report_says_in_what_its_ops_compute(made, calibration, tmp_path, name):
    options = {"calibration": f"{calibration}/*.png"}
    target = converted.convert(name, made, tmp_path, **options)
    found = FORMATS[name].converter.op_counts(target)
    assert found.total > 0
    assert (found.int8 > 0) == (name == "tflite_int8")
    report = converted.report(name, made.folder, target, **options)
    assert report.ops == found
    assert report.settings.input_range == (0, 1)


def test_calibration_and_metadata_are_in_the_range_of_the_images(calibration, tmp_path):
    """The same network behind its own rescaling, and behind the user's: the same files."""
    from exporter.converters.source_model import source_of

    options = {"calibration": f"{calibration}/*.png"}
    plain = handmade.serve_images(tmp_path / "plain")
    judged = {}
    for ends in ((0.0, 1.0), (0.0, 255.0)):
        source = source_of(plain, input_range=ends)
        target = converted.convert("tflite_int8", source, tmp_path / f"{ends}", **options)
        judged[ends] = target.read_bytes()
        metadata = converted.convert("tflite_metadata", source, tmp_path / f"{ends} metadata")
        assert f"from 0 to {ends[1]:g}.".encode() in metadata.read_bytes()
    assert judged[0.0, 1.0] != judged[0.0, 255.0]


def test_a_careless_conversion_that_fails_is_no_failure(made, tmp_path, monkeypatch):
    def fails(*_):
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(FORMATS["tflite_dynamic"].converter, "convert_naively", fails)
    target = converted.convert("tflite_dynamic", made, tmp_path)
    report = converted.report("tflite_dynamic", made.folder, target)
    assert report.passed
    (check,) = [check for check in report.checks if check.naive]
    assert (check.status, check.message) == (
        "skipped",
        "could not be converted: no such kernel",
    )


def test_end_points_that_cannot_be_converted_explain_nothing_and_harm_nothing(
    made, tmp_path, monkeypatch
):
    from exporter.converters.source_model import SourceModel

    target = converted.convert("tflite_fp16", made, tmp_path)
    # Of this model nothing else is asked for: its end points are made up, and no source.
    shown = SourceModel(made.model, "__call__(return_endpoints=True)")
    monkeypatch.setattr(SourceModel, "end_points", lambda self: shown)
    report = converted.report("tflite_fp16", made.folder, target)
    assert report.passed
    (check,) = [check for check in report.checks if check.group == "end points"]
    assert check.status == "skipped"
    assert check.message.startswith("end points could not be read: ")


@pytest.mark.parametrize("name", TFLITE)
def test_a_file_of_other_weights_is_refused(made, calibration, tmp_path, name):
    from exporter.converters.source_model import source_of

    other = source_of(handmade.save(tmp_path / "model", handmade.Network(seed=1)))
    options = {"calibration": f"{calibration}/*.png"}
    judged = {}
    for kind, source in (("own", made), ("other", other)):
        target = converted.convert(name, source, tmp_path / kind, **options)
        judged[kind] = converted.report(name, made.folder, target, **options)
    assert judged["own"].passed, judged["own"].verdict()
    assert not judged["other"].passed
    assert {check.group for check in judged["other"].failures} == {"outputs"}


def test_labels_are_packed_behind_the_model(made, tmp_path):
    from exporter.converters.formats import tflite_metadata

    (tmp_path / "labels.txt").write_text("cat\ndog\nsparrow\nburger\n")
    options = converted.asked(labels=tmp_path / "labels.txt", author="somebody", license="MIT")
    tflite_metadata.convert(made, tmp_path / "model.tflite", options)
    written = (tmp_path / "model.tflite").read_bytes()
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        assert archive.read("labels.txt") == b"cat\ndog\nsparrow\nburger\n"
    assert b"TFLITE_METADATA" in written
    for said in (b"M001", b"somebody", b"MIT", b"RGB images of 8 by 8 pixels, from 0 to 1."):
        assert said in written


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"cat\ndog\n", "expected 4 lines, as many as it has values in 'feature_vector', found 2"),
        (b"\xff\xfe", "expected text with a class a line, found"),
        (None, "cannot be read: expected text with a class a line, found No such file"),
    ],
)
def test_labels_that_do_not_fit_are_refused(made, tmp_path, content, message):
    from exporter.converters.formats import tflite_metadata

    if content is not None:
        (tmp_path / "labels.txt").write_bytes(content)
    options = converted.asked(labels=tmp_path / "labels.txt")
    with pytest.raises(InvalidArgumentError, match=message):
        tflite_metadata.convert(made, tmp_path / "model.tflite", options)
    assert not (tmp_path / "model.tflite").exists()


def test_int8_without_calibration_is_refused(made, calibration, slim_export, tmp_path):
    result = slim_export(
        *("convert", f"--model_dir={made.folder}", f"--output_dir={tmp_path / 'out'}"),
        *("--format=tflite_int8", f"--images={calibration}/0.png"),
    )
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "lacks calibration images: expected some that look like those" in line
    assert not (tmp_path / "out").exists()


def test_calibration_images_that_do_not_decode_are_refused(
    made, calibration, slim_export, tmp_path
):
    (tmp_path / "broken.jpg").write_text("no image")
    result = slim_export(
        *("convert", f"--model_dir={made.folder}", f"--output_dir={tmp_path / 'out'}"),
        *("--format=tflite_int8", f"--images={calibration}/0.png"),
        f"--calibration={tmp_path}/*.jpg",
    )
    assert result.returncode == 1
    remark, line = result.stderr.splitlines()
    assert remark.startswith("slim-export: Calibration has fewer than 3 images: ")
    assert "broken.jpg' cannot be decoded: expected JPEG, PNG, GIF or BMP" in line


def test_a_model_without_images_cannot_be_calibrated(calibrated, tmp_path):
    from support.small_models import Small

    from exporter.converters.conversion_inputs import check_inputs
    from exporter.converters.source_model import source_of

    source = source_of(Small().save(tmp_path / "model"))
    with pytest.raises(ConversionError, match=r"cannot be calibrated: expected one input of"):
        check_inputs(source, [FORMATS["tflite_int8"]], calibrated)
