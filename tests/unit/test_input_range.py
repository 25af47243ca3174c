"""The values that images have which a model takes: given, found, or unknown."""

import numpy as np
import pytest
import tensorflow as tf
from support import handmade
from support.small_models import Small

from exporter.errors import InvalidArgumentError
from exporter.verifier.subjects.examples import FULL, Examples
from exporter.verifier.subjects.given import Given
from exporter.verifier.subjects.input_range import UNKNOWN, InputRange, asked
from exporter.verifier.subjects.input_spec import InputSpec
from exporter.verifier.subjects.loading import load_model
from exporter.verifier.subjects.probes import PROBES

MEAN, DEVIATION = np.array([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]], np.float32)


def found(folder, ends=None):
    return load_model(folder, given=Given(input_range=asked(ends))).input_spec.input_range


# What models do with their images first, and the range that it tells.
PREPARED = {
    "Keras' Rescaling to [-1, 1]": (lambda x: x * (1 / 127.5) - 1.0, (0, 255)),
    "Keras' Rescaling to [0, 1]": (lambda x: x * (1 / 255), (0, 255)),
    "of bytes around the middle": (lambda x: (x - 128.0) / 128.0, (0, 255)),
    "by ImageNet's mean and deviation": (lambda x: (x / 255 - MEAN) / DEVIATION, (0, 255)),
    "the same, from [0, 1]": (lambda x: (x - MEAN) / DEVIATION, (0, 1)),
    "TF-Slim's": (lambda x: (x - 0.5) * 2.0, (0, 1)),
    "to bytes": (lambda x: x * 255.0, (0, 1)),
    "from [-1, 1]": (lambda x: x * 0.5 + 0.5, (-1, 1)),
    "of half precision": (lambda x: tf.cast(tf.cast(x, tf.float16) / 255, tf.float32), (0, 255)),
}


@pytest.mark.parametrize("kind", PREPARED)
def test_a_rescaling_at_the_input_tells_the_range(tmp_path, kind):
    prepare, ends = PREPARED[kind]
    assert found(handmade.serve_images(tmp_path / "model", prepare)) == InputRange(
        ends, "rescaling"
    )


@pytest.mark.parametrize(
    "prepare",
    [
        lambda x: x,
        lambda x: x * 3.0 - 1.0,
        lambda x: tf.clip_by_value(x, 0.2, 0.8),
        # Behind a layer there are no images.
        lambda x: tf.nn.conv2d(x, tf.ones([1, 1, 3, 3]), 1, "SAME") / 255,
    ],
)
def test_what_tells_nothing_leaves_it_unknown(tmp_path, prepare):
    assert found(handmade.serve_images(tmp_path / "model", prepare)) == UNKNOWN


def test_a_batch_of_a_fixed_size_and_images_of_any(tmp_path):
    for shape in ([4, 8, 8, 3], [None, None, None, 3]):
        folder = handmade.serve_images(
            tmp_path / f"{shape[0]}", lambda x: x / 255, tf.TensorSpec(shape, name="inputs")
        )
        assert found(folder).known == (0, 255)


def test_the_published_interface_tells_it(tmp_path):
    folder = handmade.save(tmp_path / "model")
    assert found(folder) == InputRange((0, 1), "interface")
    assert found(folder, (0, 1)).known == (0, 1)
    with pytest.raises(InvalidArgumentError) as caught:
        found(folder, (0, 255))
    assert str(caught.value) == (
        f"Model '{folder}' has the published interface, whose images are from 0 to 1: expected no"
        " other range, found 0,255. Leave out --input_range."
    )


def test_what_is_given_is_used(tmp_path):
    folder = handmade.serve_images(tmp_path / "model", lambda x: x)
    assert found(folder, (-1, 1)) == InputRange((-1, 1), "given")
    with pytest.raises(
        InvalidArgumentError, match=r"Input range 255,0 is not a range: expected two"
    ):
        found(folder, (255, 0))


def test_a_model_of_other_things_has_no_range(tmp_path):
    folder = Small().save(tmp_path / "model")
    assert load_model(folder).input_spec.image_range is None
    with pytest.raises(InvalidArgumentError, match=r"takes no images: .* Leave out --input_range"):
        found(folder, (0, 1))


def test_probes_are_moved_to_the_range():
    plain, bytes_ = (
        InputSpec((handmade.IMAGES,), input_range=one) for one in (UNKNOWN, asked((0, 255)))
    )
    assert plain.key != bytes_.key
    for name in PROBES:
        (unit,), (moved,) = plain.probe(name), bytes_.probe(name)
        np.testing.assert_array_equal(moved, unit * (1 if name == "bytes" else 255))
        assert moved.dtype == np.float32
        assert plain.input_range.of_unit(unit) is unit
    others = InputSpec((tf.TensorSpec([None, 4]),), input_range=asked((0, 255)))
    assert others.probe("ones")[0].max() == 1


def test_photographs_are_moved_to_the_range(tmp_path):
    pixels = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
    (tmp_path / "image.png").write_bytes(tf.io.encode_png(pixels).numpy())
    spec = InputSpec((handmade.IMAGES,), input_range=asked((-1, 1)))
    block = list(Examples(spec, FULL, (tmp_path / "image.png",)).blocks())[-1]
    np.testing.assert_allclose(block.inputs[0][-1], pixels / 127.5 - 1, atol=1e-6)
    np.testing.assert_allclose(spec.input_range.to_unit(block.inputs[0][-1]), pixels / 255, 1e-6)
