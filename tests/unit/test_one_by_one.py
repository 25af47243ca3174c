"""Means and fully connected layers whose terms are added up one by one."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from support.handmade import save

from exporter.converters.source_model import source_of
from exporter.verifier.noise import one_by_one
from exporter.verifier.noise.one_by_one import in_turn
from exporter.verifier.noise.results import inference_results, results_of_sums_in_turn
from exporter.verifier.subjects.examples import FULL, Examples

IMAGES = np.full([2, 30, 20, 3], 0.1, np.float32) * np.arange(1, 4, dtype=np.float32)


def pixel_by_pixel(images):
    """Adds up pixel after pixel, in Python."""
    total = np.zeros_like(images[:, 0, 0])
    for row in range(images.shape[1]):
        for column in range(images.shape[2]):
            total += images[:, row, column]
    return total / np.float32(images.shape[1] * images.shape[2])


def found(op, *inputs, **attributes):
    return in_turn()(SimpleNamespace(op=op), list(map(tf.constant, inputs)), attributes)


@pytest.mark.parametrize("axes", [[1, 2], [-3, -2], [2, 1]])
@pytest.mark.parametrize("keep_dims", [False, True])
def test_mean(axes, keep_dims):
    mean = found("Mean", IMAGES, axes, keep_dims=keep_dims).numpy()
    assert mean.shape == ((2, 1, 1, 3) if keep_dims else (2, 3))
    expected = pixel_by_pixel(IMAGES if axes[0] != 2 else IMAGES.transpose(0, 2, 1, 3))
    np.testing.assert_array_equal(mean.reshape(2, 3), expected)
    assert (mean.reshape(2, 3) != IMAGES.mean((1, 2), np.float64).astype(np.float32)).all()


def test_pooling_of_whole_images():
    whole = {"ksize": [1, 30, 20, 1], "padding": "VALID", "data_format": "NHWC"}
    np.testing.assert_array_equal(
        found("AvgPool", IMAGES, **whole), pixel_by_pixel(IMAGES)[:, None, None, :]
    )


@pytest.mark.parametrize(
    "other",
    [{"ksize": [1, 2, 2, 1]}, {"padding": "SAME"}, {"data_format": "NCHW"}],
)
def test_other_pooling_and_other_ops_are_left_alone(other):
    whole = {"ksize": [1, 30, 20, 1], "padding": "VALID", "data_format": "NHWC"}
    assert found("AvgPool", IMAGES, **(whole | other)) is None
    assert found("Relu", IMAGES) is None


VECTORS = np.random.RandomState(0).normal(size=[2, 500]).astype(np.float32)
MATRIX = np.random.RandomState(1).normal(size=[500, 3]).astype(np.float32)


BIAS = np.array([1.0, 10.0, 1000.0], np.float32)


def product_in_turn(start):
    """Adds up term after term, in Python."""
    total = np.zeros([2, 3], np.float32) + start
    for term in range(500):
        total += VECTORS[:, term, None] * MATRIX[term]
    return total


def test_fully_connected_layers():
    plain = {"transpose_a": False, "transpose_b": False}
    product = found("MatMul", VECTORS, MATRIX, **plain)
    np.testing.assert_array_equal(product, product_in_turn(0))
    images, kernel = VECTORS[:, None, None], MATRIX[None, None]
    convolved = found("Conv2D", images, kernel, data_format="NHWC")
    np.testing.assert_array_equal(convolved, product_in_turn(0)[:, None, None])


def test_a_sum_begins_with_the_bias():
    intercept, tensors = in_turn(), list(map(tf.constant, (VECTORS, MATRIX)))
    plain = {"transpose_a": False, "transpose_b": False}
    product = intercept(SimpleNamespace(op="MatMul"), tensors, plain)
    biased = intercept(SimpleNamespace(op="BiasAdd"), [product, tf.constant(BIAS)], {}).numpy()
    np.testing.assert_array_equal(biased, product_in_turn(BIAS))
    exact = VECTORS.astype(np.float64) @ MATRIX + BIAS
    assert np.abs(biased - exact)[:, 2].max() > 5 * np.abs(VECTORS @ MATRIX + BIAS - exact).max()
    assert found("BiasAdd", VECTORS @ MATRIX, BIAS) is None


def test_other_products_are_left_alone():
    assert found("MatMul", VECTORS, MATRIX.T, transpose_a=False, transpose_b=True) is None
    larger, kernel = VECTORS.reshape(2, 1, 2, 250), MATRIX.reshape(1, 2, 250, 3)
    assert found("Conv2D", larger, kernel, data_format="NHWC") is None


def test_a_model_is_run_with_such_sums(tmp_path, monkeypatch):
    ours = []

    def noting():
        intercept = in_turn()

        def noted(node, inputs, attributes):
            result = intercept(node, inputs, attributes)
            ours.extend([node.op] if result is not None else [])
            return result

        return noted

    monkeypatch.setattr(one_by_one, "in_turn", noting)
    model = source_of(save(tmp_path / "model")).model
    examples = Examples(model.input_spec, FULL)
    expected, found = (
        take(model, examples)["outputs", "__call__"]
        for take in (inference_results, results_of_sums_in_turn)
    )
    assert set(ours) == {"Mean"}
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def test_a_mean_of_nothing_is_left_alone():
    assert found("Mean", IMAGES[:, :0], [1, 2], keep_dims=False) is None
