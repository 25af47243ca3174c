"""Writes TF1 checkpoints such as people hold: the published network's variables, changed."""

import importlib.util
import json

from exporter import quiet


def golden_module(shared, name):
    """Loads a module that draws inputs of the golden numbers."""
    spec = importlib.util.spec_from_file_location(name, shared / "golden" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def synth_module(shared):
    """Loads the module that draws weights, and the images of `small_075`."""
    return golden_module(shared, "synth")


def golden_network(shared, name="small_075"):
    """Returns what the golden numbers were made of, with `variables` and `seed`."""
    return json.loads((shared / "golden" / f"{name}.json").read_text())


def published_weights(shared):
    """Draws the 210 variables of `mobilenet_v3_small_075` with logits: float32 arrays by name."""
    network = golden_network(shared)
    return synth_module(shared).weights(network["variables"], network["seed"])


def write_checkpoint(prefix, tensors):
    """Writes arrays of any type, strings among them, under their names; returns the prefix."""
    quiet.import_tensorflow()
    from checkpoints import seeded

    prefix.parent.mkdir(parents=True, exist_ok=True)
    seeded.write(prefix, tensors)
    return prefix


def write_partitioned(prefix, tensors):
    """Writes the same as a saver does whose variables a partitioner has cut in two.

    By their last side; those where it cannot be halved are whole.
    """
    quiet.import_tensorflow()
    import numpy as np
    import tensorflow as tf

    names, parts, places = [], [], []
    for name, value in tensors.items():
        halves = np.split(value, 2, -1) if value.ndim and not value.shape[-1] % 2 else [value]
        size = halves[0].shape[-1]
        before = ":".join("-" * (value.ndim - 1)) + ":" * (value.ndim > 1)
        sides = " ".join(map(str, value.shape))
        places += [f"{sides} {before}{n * size},{size}" for n in range(len(halves))]
        names += [name] * len(halves)
        parts += halves
    prefix.parent.mkdir(parents=True, exist_ok=True)
    tf.raw_ops.SaveV2(
        prefix=str(prefix), tensor_names=names, shape_and_slices=places, tensors=parts
    )
    return prefix


def renamed(tensors, pattern):
    """Returns tensors under other names, such as `model/{}` or `{}:0`."""
    return {pattern.format(name): value for name, value in tensors.items()}
