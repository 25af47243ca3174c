"""Hand-made models with gates, and what the tests of every format do with them."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from exporter.converters.formats import FORMATS, Options
from exporter.converters.noise import noise_of
from exporter.converters.request import ConvertTask
from exporter.converters.source import source_of
from exporter.converters.verify import verified
from support import handmade

IMAGES = np.random.RandomState(5).random_sample((3, 8, 8, 3)).astype(np.float32)


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
    FORMATS[name].converter.convert(source, target, Options(**options))
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


def report(name, folder, target):
    """Verifies a file against a SavedModel as `convert` does."""
    source = source_of(folder)
    noise = noise_of(source, ())
    task = ConvertTask(model_dir=str(folder), format=name, target=str(target), noise=noise)
    return verified(source, FORMATS[name], target, task, Options())
