"""One GraphDef with the variables as constants, run by TensorFlow."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.converters.convert_request import ConvertRequest
from exporter.converters.format_table import Runner
from exporter.converters.graphs.frozen_graph import frozen_graph
from exporter.converters.source_model import SourceModel
from exporter.portable import strip
from exporter.protobufs import op_of


def convert(source: SourceModel, target: Path, _: ConvertRequest) -> None:
    """Writes the graph; its inputs and outputs have the names of the signature's.

    Attributes that have their default are left out: older TensorFlow refuses those that it
    does not know.
    """
    graph = frozen_graph(source)
    strip(graph.node)
    target.write_bytes(graph.SerializeToString(deterministic=True))


def opened(target: Path, threads: int | None) -> AbstractContextManager[Runner]:
    """Loads the graph into a TensorFlow 1 session, as the tools that want it do."""
    return _running(target, threads, tf.compat.v1.GraphOptions())


def opened_as_written(target: Path, threads: int | None) -> AbstractContextManager[Runner]:
    """Loads the graph into a session that runs it as it stands, without TensorFlow's optimizers."""
    off = tf.compat.v1.OptimizerOptions(opt_level=tf.compat.v1.OptimizerOptions.L0)
    options = tf.compat.v1.GraphOptions(optimizer_options=off)
    options.rewrite_options.disable_meta_optimizer = True
    return _running(target, threads, options)


@contextmanager
def _running(target: Path, threads: int | None, options: Any) -> Iterator[Runner]:
    definition = tf.compat.v1.GraphDef.FromString(target.read_bytes())
    used = {op_of(tensor) for node in definition.node for tensor in node.input}
    outputs = [n.name for n in definition.node if n.name not in used and n.op == "Identity"]
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(definition, name="")
    config = tf.compat.v1.ConfigProto(graph_options=options)
    if threads is not None:
        config.intra_op_parallelism_threads = threads
        config.inter_op_parallelism_threads = threads
    # Not entered: that would make its graph the default of whatever runs meanwhile.
    with closing(tf.compat.v1.Session(graph=graph, config=config)) as session:

        def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            found: dict[str, np.ndarray] = session.run(
                {name: f"{name}:0" for name in outputs},
                {f"{name}:0": value for name, value in inputs.items()},
            )
            return found

        yield run
