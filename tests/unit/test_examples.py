"""What models are tried on: images of their size, or where any fits, of the usual and another."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from support.toy_network import NETWORKS

from exporter.verifier.subjects.examples import FULL, QUICK, Examples
from exporter.verifier.subjects.image_sizes import tried_sizes
from exporter.verifier.subjects.input_spec import InputSpec
from exporter.verifier.subjects.probes import GIVEN
from slim_nets.registry import resized, variants

FREE = tf.TensorSpec([None, None, None, 3])
USUAL, OTHER = (64, 48), (40, 56)


def shapes(batches):
    return [(batch.case, batch.inputs[0].shape) for batch in batches]


def test_images_of_one_size():
    spec = InputSpec((tf.TensorSpec([None, 32, 24, 3]),), (USUAL, OTHER))
    assert (spec.declared_size, spec.image_size, spec.any_size) == ((32, 24), (32, 24), False)
    assert not list(Examples(spec).elsewhere())


def test_images_of_any_size_are_tried_at_the_usual_one_and_at_others():
    spec = InputSpec((FREE,), (USUAL, OTHER))
    assert (spec.declared_size, spec.image_size, spec.any_size) == ((None, None), USUAL, True)
    assert shapes(Examples(spec, QUICK).batches()) == [
        ("batch 1", (1, *USUAL, 3)),
        ("batch 1", (1, *USUAL, 3)),
        ("batch 3", (3, *USUAL, 3)),
        ("batch 1, 40x56 pixels", (1, *OTHER, 3)),
        ("batch 1, 40x56 pixels", (1, *OTHER, 3)),
        ("batch 3, 40x56 pixels", (3, *OTHER, 3)),
    ]


def test_elsewhere_large_batches_are_left_out_and_images_are_few():
    images = tuple(Path(f"{n}.png") for n in range(5))
    (other,) = Examples(InputSpec((FREE,), (USUAL, OTHER)), FULL, images).elsewhere()
    assert other.plan.batch_sizes == (1, 3)
    assert other.names == ("ramp", "noise", "0.png", "1.png")
    assert not list(other.elsewhere())


def test_after_the_first_block_batches_are_large():
    spec, count = InputSpec((tf.TensorSpec([None, 1]),), names=("x",)), 100
    given = {"x": np.arange(count, dtype=np.float32)[:, None]}
    batches = list(Examples(spec, FULL, given=given).batches())
    assert [len(batch.names) for batch in batches] == [1] * 96 + [3] * 32 + [32] * 3 + [32]
    assert {name for batch in batches[-4:] for name in batch.names} == {
        f"{GIVEN}{number}" for number in range(count)
    }


def test_where_no_size_is_usual():
    assert InputSpec((FREE,)).image_size == (96, 96)
    half_free = InputSpec((tf.TensorSpec([None, 32, None, 3]),), (USUAL,))
    assert (half_free.image_size, half_free.any_size) == ((32, 48), True)


def test_what_is_no_image():
    for specs in ((tf.TensorSpec([None, 4]),), (FREE, FREE), (tf.TensorSpec(None),)):
        spec = InputSpec(specs, (USUAL, OTHER))
        assert (spec.declared_size, spec.image_size, spec.any_size) == (None, None, False)
        assert [one.dtype for one in spec.probe("noise")] == [np.float32] * len(specs)


V1 = variants()["mobilenet_v1_100_224"]


@pytest.mark.parametrize(
    ("size", "other"),
    [(224, (168, 112)), ((128, 160), (96, 80)), (64, (48, 32)), (32, (40, 48)), (48, (60, 72))],
)
def test_the_other_size_is_no_square_and_not_too_small(size, other):
    variant = resized(V1, image_size=size)
    assert tried_sizes(variant) == (variant.image_size, other)
    assert min(other) >= variant.network.min_image_size


def test_networks_of_one_size_are_tried_at_that():
    toy = variants()[f"{NETWORKS[0].name}_100_32"]
    assert tried_sizes(toy) == ((32, 32),)
