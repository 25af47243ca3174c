"""Ops that are computed in another way than by their kernel when a graph is run op by op."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from exporter.verifier.subjects.program import Run


def _const(run: "Run", _: list[Any], attributes: dict[str, Any]) -> Any:
    value = tf.make_ndarray(attributes["value"])
    if value.dtype == np.float32:
        return tf.constant(value, run.dtype)
    return tf.constant(value)


def _handle(_: "Run", _inputs: list[Any], attributes: dict[str, Any]) -> str:
    return str(attributes["shared_name"])


def _read(run: "Run", inputs: list[Any], _: dict[str, Any]) -> Any:
    return run.variables[inputs[0]]


def _assign(run: "Run", inputs: list[Any], _: dict[str, Any]) -> None:
    run.assigned[inputs[0]] = inputs[1]


def _assign_add(run: "Run", inputs: list[Any], _: dict[str, Any]) -> None:
    run.assigned[inputs[0]] = run.variables[inputs[0]] + inputs[1]


def _assign_sub(run: "Run", inputs: list[Any], _: dict[str, Any]) -> None:
    run.assigned[inputs[0]] = run.variables[inputs[0]] - inputs[1]


class _Normalized(NamedTuple):
    """The outputs of a batch norm, under the op's own names."""

    y: tf.Tensor
    batch_mean: tf.Tensor
    batch_variance: tf.Tensor
    reserve_space_1: tf.Tensor
    reserve_space_2: tf.Tensor
    reserve_space_3: tf.Tensor


def _batch_norm(run: "Run", inputs: list[Any], attributes: dict[str, Any]) -> Any:
    """Computes a batch norm from plain ops, since its kernel has only float32 statistics."""
    x, scale, offset, mean, variance = inputs
    given = {"epsilon": 0.0001, "is_training": True, "data_format": "NHWC", **attributes}
    if run.dtype == tf.float32:
        arguments = {"x": x, "scale": scale, "offset": offset, "mean": mean, "variance": variance}
        return tf.raw_ops.FusedBatchNormV3(
            **arguments,
            epsilon=given["epsilon"],
            data_format=given["data_format"],
            is_training=given["is_training"],
        )
    if given["data_format"] != "NHWC":
        raise TypeError("a float64 batch norm takes NHWC")
    if given["is_training"]:
        mean, variance = tf.nn.moments(x, [0, 1, 2])
    y = tf.nn.batch_normalization(x, mean, variance, offset, scale, given["epsilon"])
    count = tf.cast(tf.size(x) / tf.size(mean), x.dtype)
    # What is averaged is corrected as a sample's variance is.
    corrected = variance * count / (count - 1) if given["is_training"] else variance
    return _Normalized(y, mean, corrected, mean, variance, mean)


def _nothing(_: "Run", _inputs: list[Any], _attributes: dict[str, Any]) -> tuple[()]:
    return ()


HANDLERS: dict[str, Callable[["Run", list[Any], dict[str, Any]], Any]] = {
    "Const": _const,
    "VarHandleOp": _handle,
    "ReadVariableOp": _read,
    "AssignVariableOp": _assign,
    "AssignAddVariableOp": _assign_add,
    "AssignSubVariableOp": _assign_sub,
    "FusedBatchNormV3": _batch_norm,
    "FusedBatchNormV2": _batch_norm,
    "NoOp": _nothing,
}
