"""TFLite files of the published weights, in every precision, run by LiteRT."""

from dataclasses import replace

import numpy as np
import pytest
from support import converted
from support.every_format import CALIBRATED, TESTED, convert, report_of

from exporter import quiet
from exporter.converters.format_table import FORMATS

pytestmark = pytest.mark.integration

PUBLISHED_SIZE = 4_117_698


@pytest.fixture(scope="module")
def real(real_export, tmp_path_factory):
    """The SavedModel of the real weights, and its float32 file."""
    quiet.import_tensorflow()
    from exporter.converters.source_model import source_of

    source = source_of(real_export)
    return source, converted.convert("tflite", source, tmp_path_factory.mktemp("real_float"))


@pytest.fixture(scope="module")
def quantized(slim_export, real_export, shared, tmp_path_factory):
    """The folder of the file in int8 with its report, and the table that was printed."""
    folder = tmp_path_factory.mktemp("real_int8")
    return folder, convert(slim_export, real_export, folder, shared, names=["tflite_int8"])


def opened(target):
    return FORMATS["tflite"].converter.opened(target, None)


def read(folder, names):
    from exporter.photos import read as read_photos

    return read_photos([folder / f"{name}.jpg" for name in names], (224, 224))


@pytest.mark.published
def test_real_float_file_is_small_and_named_as_the_saved_model(real):
    from ai_edge_litert.interpreter import Interpreter

    _, target = real
    assert target.stat().st_size <= PUBLISHED_SIZE
    signatures = Interpreter(model_path=str(target)).get_signature_list()
    assert signatures == {"serving_default": {"inputs": ["inputs"], "outputs": ["feature_vector"]}}


@pytest.mark.published
def test_real_float_file_is_as_near_to_the_original_as_the_published(real, shared, published_model):
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter

    _, target = real
    images = read(shared / "photos", CALIBRATED + TESTED)
    serve = tf.saved_model.load(str(published_model)).signatures["serving_default"]
    expected = serve(tf.constant(images))["feature_vector"].numpy()
    theirs = Interpreter(
        model_path=str(shared / "original/mobilenet_v3_small_075_224_embedder.tflite")
    )
    (given,), (found,) = theirs.get_input_details(), theirs.get_output_details()
    theirs.resize_tensor_input(given["index"], images.shape)
    theirs.allocate_tensors()
    theirs.set_tensor(given["index"], images)
    theirs.invoke()
    with opened(target) as run:
        ours = run({"inputs": images})["feature_vector"]
    gaps = [
        np.abs(other.reshape(expected.shape) - expected).max() / np.abs(expected).max()
        for other in (ours, theirs.get_tensor(found["index"]))
    ]
    assert gaps[0] < 1e-5
    # Both fold batch norms, each rounding in its own way: measured 6.1e-6 and 6.0e-6.
    assert gaps[0] < 1.5 * gaps[1]


@pytest.mark.published
def test_real_float_file_takes_any_batch(real, shared):
    _, target = real
    images = read(shared / "photos", TESTED)
    with opened(target) as run:
        one = np.concatenate([run({"inputs": i[None]})["feature_vector"] for i in images])
        for size in (3, 32, 2):
            batch = np.resize(images, (size, *images.shape[1:]))
            found = run({"inputs": batch})["feature_vector"]
            assert found.shape == (size, 1024)
            np.testing.assert_allclose(found[:2], one, atol=1e-5 * np.abs(one).max())


@pytest.mark.published
def test_careful_int8_keeps_what_careless_int8_ruins(quantized):
    folder, _ = quantized
    report = report_of(folder, "tflite_int8")
    assert report.passed
    outputs = report.by_group()["outputs"]
    for name in TESTED:
        own = {check.naive: check for check in outputs if f"'{name}.jpg'" in check.case}
        assert own[False].cosine >= 0.98
        assert own[True].cosine < 0.98
        assert own[True].status == "warning"
        assert "not what was written; image" in own[True].message
    assert (folder / "tflite_int8/model.tflite").stat().st_size < PUBLISHED_SIZE / 2.9


@pytest.mark.published
def test_every_layers_cosine_is_reported_in_the_networks_order(quantized):
    check_cosines(quantized[0], "tflite_int8")


@pytest.mark.full
@pytest.mark.published
def test_every_layers_cosine_with_weights_alone_in_int8(real_conversions):
    check_cosines(real_conversions[0], "tflite_dynamic")


def check_cosines(folder, name):
    within = report_of(folder, name).by_group()["end points"]
    own, naive = ([c for c in within if c.naive is beside] for beside in (False, True))
    assert len(own) == len(naive) == 49
    assert [c.name for c in own] == [c.name for c in naive]
    layers = [c.name.split("/")[1] for c in own if c.name.count("/") == 1 and "layer" in c.name]
    assert layers == [f"layer_{n}" for n in range(1, 16)]
    assert {c.status for c in within} <= {"passed", "warning"}
    least = [min(c.cosine for c in side) for side in (own, naive)]
    assert least[0] > least[1]
    # What is read is inside the file that was written: its last layer is what the file gives.
    outputs = report_of(folder, name).by_group()["outputs"]
    given = min(c.cosine for c in outputs if not c.naive and "batch 1," in c.case)
    assert own[-1].name == "default"
    assert own[-1].cosine == pytest.approx(given, abs=1e-6)


@pytest.mark.published
def test_the_layer_is_named_from_which_a_file_is_wrong(real, shared, tmp_path):
    from ai_edge_litert.tools import flatbuffer_utils

    from exporter.converters.checks.converted_outputs import compare_end_points
    from exporter.converters.tflite.inner_end_points import layers
    from exporter.verifier.comparison.allowance import Allowance
    from exporter.verifier.subjects.examples import FULL, Examples

    written = converted.convert("tflite_dynamic", real[0], tmp_path / "written")
    model = flatbuffer_utils.read_model(str(written))
    graph = model.subgraphs[0]
    spoiled = next(
        op.inputs[1]
        for op in graph.operators
        if b"expanded_conv_6/project" in graph.tensors[op.outputs[0]].name and len(op.inputs) == 3
    )
    weights = model.buffers[graph.tensors[spoiled].buffer].data
    model.buffers[graph.tensors[spoiled].buffer].data = bytes(weights)[::-1]
    flatbuffer_utils.write_model(model, str(tmp_path / "model.tflite"))
    shown = real[0].end_points()
    files = tuple(shared / f"photos/{name}.jpg" for name in TESTED)
    examples = Examples(shown.model.input_spec, replace(FULL, probes=()), files)
    (images,) = examples.few(2).inputs
    for file, wrong in ((written, None), (tmp_path / "model.tflite", "layer_8/output")):
        run = layers(file, shown, images)
        checks = compare_end_points(
            run, shown, FORMATS["tflite_dynamic"], examples, Allowance("noise")
        )
        assert len(checks) == 49
        # No layer of the file as it was written comes near so little.
        failed = [c.name for c in checks if c.cosine < 0.7]
        assert failed[:1] == ([f"MobilenetV3/{wrong}"] if wrong else [])


@pytest.mark.published
def test_the_table_and_page_show_both_cosines_and_only_the_models_are_judged(quantized):
    folder, table = quantized
    row = next(line for line in table.splitlines() if line.startswith("tflite_int8"))
    cosine, naive = (float(cell) for cell in row.split()[5:7])
    assert cosine >= 0.98
    assert naive < 0.98
    page = (folder / "tflite_int8/report.html").read_text()
    assert ">cosine</th>" in page
    assert f">{cosine:.4f}</td>" in page
    own, _, beside = page.partition('id="naive"')
    assert "All " in own
    assert "(naive, photographs, batch 1, " not in own
    assert "(naive, photographs, batch 1, " in beside
    assert "naive" not in (folder / "tflite_int8/report.xml").read_text()
