"""Hand-made models with gates, and what the tests of every format do with them."""

from functools import cache
from pathlib import Path

import numpy as np
import tensorflow as tf

from exporter.converters.checks.converted_report import verified
from exporter.converters.checks.own_noise import noise_of
from exporter.converters.convert_request import ConvertRequest
from exporter.converters.format_table import FORMATS
from exporter.converters.source_model import source_of
from support import handmade

IMAGES = np.random.RandomState(5).random_sample((3, 8, 8, 3)).astype(np.float32)


def asked(**options):
    """What is asked of a conversion, beside the model, the format and the place."""
    return ConvertRequest(Path("model"), (), Path("out"), **options)


def gate(x, slope=0.16667):
    return tf.nn.relu6(x + 3.0) * slope


def hard_swish(x, slope=1 / 6):
    return x * tf.nn.relu6(x + 3.0) * slope


def save_gated(folder, activation, seed=0):
    """Saves a convolution, an activation, and the mean over the image."""
    network = handmade.Network(seed)

    def body(inputs, training, momentum):
        x = tf.nn.conv2d(inputs * 2 - 1, network.kernel, 1, "SAME")
        return tf.reduce_mean(activation(x), [1, 2])

    return handmade.save(folder, network, body=body)


def convert(name, source, folder, **options):
    """Converts in this process; returns the file."""
    target = Path(folder) / FORMATS[name].file
    target.parent.mkdir(parents=True, exist_ok=True)
    FORMATS[name].converter.convert(source, target, asked(**options))
    return target


def run(name, target, inputs, threads=None):
    """Runs a converted model on one batch."""
    with FORMATS[name].converter.opened(target, threads) as opened:
        return opened(inputs)


def difference(name, folder, target, inputs=IMAGES):
    """Returns the largest difference from the SavedModel, over the largest value."""
    expected = source_of(folder).expected([inputs])["feature_vector"]
    found = run(name, target, {"inputs": inputs})["feature_vector"]
    return np.abs(found - expected).max() / np.abs(expected).max()


@cache
def noise(folder):
    """Measures a SavedModel's own noise, once."""
    return noise_of(source_of(folder), ())


def report(name, folder, target, **options):
    """Verifies a file against a SavedModel as `convert` does."""
    measured = noise(folder) if FORMATS[name].floor is None else {}
    return verified(source_of(folder), FORMATS[name], target, asked(**options), measured)
