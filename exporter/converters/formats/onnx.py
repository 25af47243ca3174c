"""ONNX, made by tf2onnx, in a form that is fast and the same in every process."""

import gc
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from exporter import __version__
from exporter.converters.format_table import ONNX_IR, ONNX_OPSET, Runner

if TYPE_CHECKING:
    import onnx

    from exporter.converters.convert_request import ConvertRequest
    from exporter.converters.source_model import SourceModel


def convert(source: "SourceModel", target: Path, request: "ConvertRequest") -> None:
    """Writes a model that onnx's own checker passes, with images in rows of pixels (NHWC)."""
    import onnx

    from exporter.converters.graphs.frozen_graph import frozen_graph
    from exporter.converters.graphs.onnx_gates import fuse_gates
    from exporter.converters.graphs.onnx_names import has_subgraphs, rename
    from exporter.converters.graphs.onnx_reshapes import bypass_idle_reshapes

    model = _converted(frozen_graph(source), tuple(source.inputs), tuple(source.outputs))
    if not has_subgraphs(model.graph):
        bypass_idle_reshapes(model)
        fuse_gates(model.graph)
        rename(model.graph)
    for value in (*model.graph.input, *model.graph.output):
        _name_free_dimensions(value)
    _describe(model, source, request)
    onnx.checker.check_model(model, full_check=True)
    target.write_bytes(model.SerializeToString(deterministic=True))


def _converted(graph: Any, inputs: Sequence[str], outputs: Sequence[str]) -> "onnx.ModelProto":
    """Converts a flat graph of constants as it is, without TensorFlow's optimizer, which is slow.

    tf2onnx's own optimizer does all that matters: it folds batch norms and removes transposes.
    """
    import tensorflow as tf
    from tf2onnx import optimizer, tfonnx

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    with tf.Graph().as_default() as imported:
        tf.graph_util.import_graph_def(graph, name="")
        converted = tfonnx.process_tf_graph(
            imported,
            opset=ONNX_OPSET,
            input_names=[f"{name}:0" for name in inputs],
            output_names=[f"{name}:0" for name in outputs],
            tensors_to_rename={f"{name}:0": name for name in (*inputs, *outputs)},
        )
        with _collected(optimizer._get_optimizers()) as optimizers:  # noqa: SLF001
            # An optimization that fails is left out: some do, such as that of a bare
            # convolution to which one number is added.
            optimized = optimizer.optimize_graph(converted, True, optimizers)  # noqa: FBT003
    model: onnx.ModelProto = optimized.make_model("")
    return model


@contextmanager
def _collected(optimizers: Mapping[str, Callable[[], Any]]) -> Iterator[dict[str, Any]]:
    """Has Python free what optimizations have left, before each of them.

    Each works on a copy of the whole graph, weights included, which refers to itself: until
    Python looks for such, twenty and more pile up. What is there already is not looked through.
    """

    def collected(factory: Callable[[], Any]) -> Any:
        gc.collect()
        return factory()

    gc.freeze()
    try:
        yield {name: partial(collected, factory) for name, factory in optimizers.items()}
    finally:
        gc.unfreeze()


def _name_free_dimensions(value: Any) -> None:
    """Calls the batch by its name, and other free dimensions by the tensor's name and axis."""
    for axis, dimension in enumerate(value.type.tensor_type.shape.dim):
        if not dimension.HasField("dim_value"):
            dimension.dim_param = f"{value.name}_{axis}" if axis else "batch"


def _describe(model: "onnx.ModelProto", source: "SourceModel", request: "ConvertRequest") -> None:
    from onnx.helper import set_model_props

    from exporter.converters.source_model import PRODUCER, properties

    # The library at hand would choose its own, which older runtimes refuse.
    model.ir_version = ONNX_IR
    model.producer_name, model.producer_version = PRODUCER, __version__
    model.graph.name = source.name or "model"
    model.graph.ClearField("doc_string")
    set_model_props(model, properties(source, request))


def opened(target: Path, threads: int | None) -> AbstractContextManager[Runner]:
    """Loads the model into ONNX Runtime, on the CPU."""
    return _running(target, threads, onnxruntime.SessionOptions())


def opened_as_written(target: Path, threads: int | None) -> AbstractContextManager[Runner]:
    """Loads the model into ONNX Runtime without its optimizers."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return _running(target, threads, options)


@contextmanager
def _running(target: Path, threads: int | None, options: Any) -> Iterator[Runner]:
    options.log_severity_level = 3
    if threads is not None:
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(target, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(names, session.run(names, dict(inputs)), strict=True))

    yield run
