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


def renamed(tensors, pattern):
    """Returns tensors under other names, such as `model/{}` or `{}:0`."""
    return {pattern.format(name): value for name, value in tensors.items()}
