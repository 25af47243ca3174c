"""Describes what callers of a SavedModel rely on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from exporter.digests import of_files
from exporter.verifier.subjects.interface import Interface
from exporter.verifier.subjects.subject import Inputs


def described(interface: Interface, folder: Path) -> dict[str, str]:
    """Describes arguments, defaults of hyperparameters, signatures, and assets.

    Args:
        interface: What the model offers.
        folder: Where it lies.
    """
    numbers = interface.hyperparameters
    parameters = interface.parameters.values()
    told = [
        p.name if p.default is p.empty or p.name in numbers else f"{p.name}={p.default!r}"
        for p in parameters
    ]
    if named_only := [p for p in parameters if p.kind is p.KEYWORD_ONLY]:
        told.insert(len(told) - len(named_only), "*")
    found = {"arguments": f"({', '.join(told)})"} if told else {}
    found |= {f"default of {name}": str(value) for name, value in numbers.items()}
    for way, signature in interface.signature_ways.items():
        inputs = _specs(signature.structured_input_signature[1])
        found[way] = f"{inputs} -> {_specs(signature.structured_outputs)}"
    assets = sorted(path for path in folder.glob("assets/**/*") if path.is_file())
    names = (path.relative_to(folder).as_posix() for path in assets)
    return found | {f"asset {n}": of_files([p]) for n, p in zip(names, assets, strict=True)}


def _specs(specs: Mapping[str, Any]) -> str:
    named_specs = sorted(specs.items())
    return ", ".join(f"{name} {s.dtype.name} {s.shape}" for name, s in named_specs)


def described_batch(inputs: Inputs) -> str:
    """Describes what a model is given, such as "float32 [3, 8, 8, 3]"."""
    return ", ".join(f"{_dtype(value)} {list(value.shape)}" for value in inputs)


def _dtype(value: np.ndarray) -> str:
    return "string" if value.dtype.kind in "OSU" else str(value.dtype.name)
