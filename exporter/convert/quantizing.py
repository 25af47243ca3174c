"""Quantizes a TFLite file op by op, with AI Edge Quantizer."""

import re
from collections.abc import Collection, Mapping, Sequence
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
class Op:
    """One op of a file.

    Attributes:
        kind: Which, as the quantizer names it; None for those it leaves alone.
        output: Name of its first output, which no other op has.
    """

    kind: TFLOperationName | None
    output: str


def ops_of(model: bytes) -> tuple[Op, ...]:
    """Lists the ops of a file's main graph, in the order in which they run.

    Args:
        model: A file's bytes.
    """
    read = tfl_flatbuffer_utils.read_model(bytearray(model))
    graph = read.subgraphs[0]
    kinds = tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME
    return tuple(
        Op(
            kinds.get(read.operatorCodes[op.opcodeIndex].builtinCode),
            graph.tensors[op.outputs[0]].name.decode(),
        )
        for op in graph.operators
    )


def quantized(
    model: bytes,
    ops: Sequence[Op],
    static: Collection[int],
    ranges: Ranges | None = None,
    *,
    dynamic: bool = True,
) -> bytes:
    """Quantizes chosen ops to int8.

    Args:
        model: A float32 file's bytes.
        ops: Its ops.
        static: Places of those whose weights and activations become int8, the
            activations by `ranges`.
        ranges: From `ranges_of`; only needed where there are static ones.
        dynamic: Whether the other convolutions get int8 weights, and activations
            that are quantized as they come. All else stays float32.

    Returns:
        The bytes of a file with float32 inputs and outputs.
    """
    recipe = recipe_manager.RecipeManager()
    for kind in _HEAVY if dynamic else ():
        recipe.add_dynamic_config(".*", kind, num_bits=8)
    for place in sorted(static):
        op = ops[place]
        # The quantizer searches for it in names that each end with a semicolon.
        recipe.add_static_config(f"^{re.escape(op.output)};?$", op.kind, 8, 8)
    rules = recipe.get_quantization_recipe()
    if not rules:
        return model
    made = quantizer.Quantizer(bytearray(model), rules).quantize(
        ranges, enable_progress_bar=False, enable_progress_report=False
    )
    return bytes(made.quantized_model)


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
