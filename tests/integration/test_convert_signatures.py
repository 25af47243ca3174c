"""Signatures that are not as `__call__` is, or give more than numbers with a fraction."""

import numpy as np
import pytest
import tensorflow as tf
from support import converted, handmade, nodejs

from exporter.converters.checks.converted_outputs import compare_outputs
from exporter.converters.checks.own_noise import noise_of
from exporter.converters.format_table import FORMATS
from exporter.converters.formats import tflite
from exporter.converters.source_model import source_of
from exporter.photos import read
from exporter.verifier.comparison.allowance import Allowance
from exporter.verifier.subjects.examples import FULL, Examples

pytestmark = pytest.mark.integration

SERVED = tf.TensorSpec([None, 8, 8, 3], tf.float32, "inputs")


@pytest.mark.parametrize(
    "called",
    [
        tf.TensorSpec([None, None, None, 3], tf.float32, "inputs"),
        tf.TensorSpec([None, 8, 8, 3], tf.uint8, "inputs"),
    ],
    ids=["other sizes", "other dtype"],
)
def test_noise_is_that_of_the_signature(tmp_path, called):
    network = handmade.Network()

    def body(inputs, training, momentum):
        # Of one size only, so that examples for `__call__` do not fit the signature.
        return network.features(tf.cast(inputs, tf.float32), training, momentum)

    @tf.function(input_signature=[SERVED])
    def serving(inputs):
        return {"feature_vector": body(inputs, False, 0.99)}

    signatures = {"serving_default": serving}
    folder = handmade.save(
        tmp_path / "model", network, body=body, images=called, signatures=signatures
    )
    measured = {name: found for (_, name), found in noise_of(source_of(folder), ()).items()}
    assert max(measured["signature 'serving_default': feature_vector"].values()) > 0


@pytest.fixture
def images(tmp_path):
    for seed in range(3):
        pixels = np.random.RandomState(seed).randint(0, 256, [8, 8, 3]).astype(np.uint8)
        (tmp_path / f"{seed}.png").write_bytes(tf.io.encode_png(pixels).numpy())
    return tuple(sorted(tmp_path.glob("*.png")))


def test_int8_of_scores_and_classes(tmp_path, images):
    network = handmade.Network()

    @tf.function(input_signature=[SERVED])
    def serving(inputs):
        scores = network.features(inputs, False, 0.99)
        return {"classes": tf.argmax(scores, axis=-1), "scores": scores}

    signatures = {"serving_default": serving}
    source = source_of(handmade.save(tmp_path / "model", network, signatures=signatures))
    target = tmp_path / "model.tflite"
    tflite.tflite_int8.convert(source, target, converted.asked(calibration=f"{tmp_path}/*.png"))
    with tflite.opened(target, None) as run:
        found = run({"inputs": read(images, (8, 8))})
    assert found.keys() == {"classes", "scores"}


@nodejs.needed
def test_tensorflow_js_takes_booleans_and_whole_numbers(tmp_path):
    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 2], tf.bool, "chosen"),
            tf.TensorSpec([None, 2], tf.int32, "counts"),
        ]
    )
    def serving(chosen, counts):
        found = tf.where(chosen, tf.cast(counts, tf.float32), 0.5)
        return {"found": found, "none": tf.logical_not(chosen)}

    model = tf.Module()
    tf.saved_model.save(model, str(tmp_path / "model"), signatures={"serving_default": serving})
    source = source_of(tmp_path / "model")
    row, target = FORMATS["tfjs"], tmp_path / "tfjs/model.json"
    target.parent.mkdir()
    row.converter.convert(source, target, converted.asked())
    with row.converter.opened(target, None) as run:
        examples = Examples(source.model.input_spec, FULL)
        checks = compare_outputs(run, source, row, examples, Allowance())
    assert {check.status for check in checks} == {"passed"}
    assert len(checks) == 2 * len(FULL.batch_sizes)
