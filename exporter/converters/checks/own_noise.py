"""Measures a SavedModel's own float noise, from which allowances are derived."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from exporter.converters.source_model import SourceModel
from exporter.verifier.comparison.allowance import IMAGE, OTHERS, Noise, kind_of
from exporter.verifier.noise.conditions import Reach, Rerun
from exporter.verifier.noise.float_noise import noise_processes
from exporter.verifier.noise.results import inference_results
from exporter.verifier.report.reference import SavedModelFolder
from exporter.verifier.subjects.examples import FULL, Examples
from exporter.verifier.subjects.input_range import asked
from exporter.verifier.subjects.usable_examples import same_inputs, typical_names

# The largest of so many values is what noise is measured by; of fewer it is less, by chance.
_MANY = 1000


def noise_of(source: SourceModel, images: tuple[Path, ...], *, training: bool = False) -> Noise:
    """Runs the SavedModel under other conditions.

    What one example's noise happens to be says little: another order of
    additions gives another. So examples of a kind share the largest that any of
    them has, relative to its own largest value; and what has few values, such as
    the logits of five classes, has it in proportion more: the largest of n normal
    draws grows as the root of log n.

    Args:
        source: The SavedModel.
        images: Files to run on, beside the probes.
        training: Whether to run one of our networks in training mode too, which takes some
            seconds more.

    Returns:
        What changes by that, result by result.
    """
    training = training and source.network.variant is not None
    model = source.model
    given = asked(source.known_range)
    folder = SavedModelFolder(source.folder.absolute(), source.way, model.sizes, given)
    examples = Examples(model.input_spec, FULL, images)
    # Gradients of a conversion are compared in float64, without allowances.
    reach: Reach = "training" if training else "inference"
    with noise_processes(Rerun(folder, images, reach)) as processes:
        noise = processes.measure(model, examples)
    rows = typical_names(same_inputs(model, model.ways, examples))
    inference = inference_results(model, examples)
    return dict(noise) | {
        key: _shared(noise[key], values, rows) for key, values in inference.items() if key in noise
    }


def _shared(
    noise: Mapping[str, float], values: np.ndarray, rows: tuple[str, ...]
) -> dict[str, float]:
    if values.shape[:1] != (len(rows),) or not set(rows) <= noise.keys():
        return dict(noise)
    finite = np.where(np.isfinite(values), values, 0).reshape(len(rows), -1)
    sizes = np.abs(finite.astype(np.float64)).max(axis=1, initial=0.0)
    scales = dict(zip(rows, sizes.tolist(), strict=True))
    most: dict[str, float] = {}
    for row in rows:
        relative = noise[row] / scales[row] if scales[row] else 0.0
        most[kind_of(row)] = max(relative, most.get(kind_of(row), 0.0))
    few = math.sqrt(max(math.log(_MANY) / math.log(1 + finite.shape[1]), 1.0))
    shared = {row: few * most[kind_of(row)] * scales[row] for row in rows}
    images = [value for row, value in shared.items() if kind_of(row) == IMAGE]
    return {**shared, OTHERS: max([noise[OTHERS], *images])}
