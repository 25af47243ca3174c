"""Quantizes a TFLite file op by op, with AI Edge Quantizer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ai_edge_quantizer import quantizer, recipe_manager
from ai_edge_quantizer.qtyping import TFLOperationName
from ai_edge_quantizer.utils import tfl_flatbuffer_utils

from exporter.signatures import SERVING

# Least and largest value of every tensor, by its name.
Ranges = Mapping[str, Mapping[str, np.ndarray]]

# Few images do not reach what others will: with ranges from three, cosines of others
# were 0.976 as they were, 0.992 so much wider, and 0.99 at twice, where steps are too coarse.
_WIDER = 1.5

# Hold nearly all weights, and lose little when activations are quantized as they come.
_HEAVY = (TFLOperationName.CONV_2D, TFLOperationName.FULLY_CONNECTED)


@dataclass(frozen=True)
class TfliteOp:
    """One op of a file.

    Attributes:
        kind: Which, as the quantizer names it; None for those it leaves alone.
        output: Name of its first output, which no other op has.
    """

    kind: TFLOperationName | None
    output: str


@dataclass(frozen=True)
class Int8Ops:
    """Which ops become int8, by their places among all.

    Attributes:
        static: Those whose weights and activations do, the activations by ranges.
        dynamic: Those whose weights do, and whose activations are quantized as they come.
    """

    static: frozenset[int] = frozenset()
    dynamic: frozenset[int] = frozenset()


def ops_of(model: bytes) -> tuple[TfliteOp, ...]:
    """Lists the ops of a file's main graph, in the order in which they run.

    Args:
        model: A file's bytes.
    """
    read = tfl_flatbuffer_utils.read_model(bytearray(model))
    graph = read.subgraphs[0]
    kinds = tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME
    return tuple(
        TfliteOp(
            kinds.get(read.operatorCodes[op.opcodeIndex].builtinCode),
            graph.tensors[op.outputs[0]].name.decode(),
        )
        for op in graph.operators
    )


def quantized(
    model: bytes,
    ops: Sequence[TfliteOp],
    choice: Int8Ops,
    ranges: Ranges | None = None,
) -> bytes:
    """Quantizes chosen ops to int8.

    Args:
        model: A float32 file's bytes.
        ops: Its ops.
        choice: Which; all else stays float32.
        ranges: From `ranges_of`; only needed where there are static ones.

    Returns:
        The bytes of a file with float32 inputs and outputs.
    """
    recipe = recipe_manager.RecipeManager()
    for place in sorted(choice.dynamic - choice.static):
        recipe.add_dynamic_config(_named(ops[place]), ops[place].kind, num_bits=8)
    for place in sorted(choice.static):
        recipe.add_static_config(_named(ops[place]), ops[place].kind, 8, 8)
    rules = recipe.get_quantization_recipe()
    if not rules:
        return model
    made = quantizer.Quantizer(bytearray(model), rules).quantize(
        ranges, enable_progress_bar=False, enable_progress_report=False
    )
    return bytes(made.quantized_model)


def _named(op: TfliteOp) -> str:
    # The quantizer searches for it in names that each end with a semicolon.
    return f"^{re.escape(op.output)};?$"


def heavy(ops: Sequence[TfliteOp]) -> frozenset[int]:
    """Returns the places of the ops that hold nearly all weights."""
    return frozenset(place for place, op in enumerate(ops) if op.kind in _HEAVY)


def ranges_of(model: bytes, images: np.ndarray, name: str) -> Ranges:
    """Runs a file and notes what values its tensors have.

    Args:
        model: A float32 file's bytes.
        images: `[number, height, width, 3]`.
        name: Of the input.

    Returns:
        Least and largest values over all images, half as far again.
    """
    recipe = recipe_manager.RecipeManager()
    recipe.add_static_config(".*", TFLOperationName.ALL_SUPPORTED, 8, 8)
    made = quantizer.Quantizer(bytearray(model), recipe.get_quantization_recipe())
    # By itself it would take sixteen threads, whatever the machine has.
    found = [made.calibrate({SERVING: [{name: i[None]}]}, num_threads=1) for i in images]
    return {tensor: _joined([f[tensor] for f in found]) for tensor in found[0]}


def _joined(values: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Joins the ranges of one tensor; constants have none."""
    if not values[0]:
        return {}
    ends = {"min": np.minimum, "max": np.maximum}
    return {end: _WIDER * join.reduce([v[end] for v in values]) for end, join in ends.items()}
