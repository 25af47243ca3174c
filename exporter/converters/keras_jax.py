"""Runs a `.keras` file on the JAX backend, where JAX is installed."""

import importlib.util
import json
import subprocess
from pathlib import Path

import numpy as np

from exporter import temporary
from exporter.converters import keras_run
from exporter.converters.source import Source
from exporter.errors import last_line
from exporter.verifier.child import child, send
from exporter.verifier.comparison.allowance import Allowance
from exporter.verifier.comparison.collect import Collector, named_outputs
from exporter.verifier.report.records import Check
from exporter.verifier.subjects.examples import Batch

CASE = "on JAX"
_ENVIRONMENT = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}


def compare_jax(target: Path, source: Source, batch: Batch, allowance: Allowance) -> list[Check]:
    """Compares outputs, which the file gives in a process of its own, with the SavedModel's.

    Args:
        target: The `.keras` file.
        source: The SavedModel's signature.
        batch: What to run on.
        allowance: What may differ.

    Returns:
        One check an output; skipped, with the reason, where JAX is not installed.
    """
    collector = Collector(allowance, source.network)
    if importlib.util.find_spec("jax") is None:
        collector.skip("outputs", source.way, "JAX is not installed: pip install jax", CASE)
        return collector.checks()
    expected = named_outputs(source.way, source.expected(batch.inputs), alone=True)
    found, said = _run(target, batch)
    if found is None:
        collector.fail("outputs", source.way, f"expected a result, found: {said}", CASE)
    else:
        named = named_outputs(source.way, found, alone=True)
        collector.each("outputs", expected, named, CASE, examples=batch.names)
    return collector.checks()


def _run(target: Path, batch: Batch) -> tuple[dict[str, np.ndarray] | None, str]:
    """Returns the outputs by name, or None and the last that the process said."""
    with temporary.folder() as place:
        inputs, outputs = place / "inputs.npy", place / "outputs.npz"
        np.save(inputs, batch.inputs[0])
        with child(keras_run.__name__, _ENVIRONMENT, stderr=subprocess.PIPE) as process:
            send(process, json.dumps([str(target), str(inputs), str(outputs)]))
            _, said = process.communicate()
        if process.returncode:
            return None, f"exit status {process.returncode}: {last_line(said)}"
        with np.load(outputs) as found:
            return dict(found), ""
