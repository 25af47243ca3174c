"""OpenVINO's IR, an .xml file with a .bin beside it, made by OpenVINO's own converter."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import openvino

from exporter.converters.format_table import Runner

if TYPE_CHECKING:
    from exporter.converters.convert_request import ConvertRequest
    from exporter.converters.source_model import SourceModel

_SECTION = "slim_export"


def convert(source: "SourceModel", target: Path, request: "ConvertRequest") -> None:
    """Writes float32; inputs and outputs have the names of the signature's and no other."""
    from exporter.converters.graphs import gates
    from exporter.converters.graphs.frozen_graph import frozen_graph
    from exporter.converters.graphs.nodes import pruned
    from exporter.converters.source_model import properties

    flat = pruned(frozen_graph(source), (*source.inputs, *source.outputs))
    graph = gates.with_gates_spelled_out(flat)
    model = openvino.convert_model(graph, output=[f"{name}:0" for name in source.outputs])
    _rename(model, source)
    for name, value in properties(source, request).items():
        model.set_rt_info(value, [_SECTION, name])
    openvino.save_model(model, target, compress_to_fp16=False)


def _rename(model: openvino.Model, source: "SourceModel") -> None:
    """Leaves those names that are the signature's; what is returned twice has both."""
    model.set_friendly_name(source.name or "model")
    for port in model.inputs:
        port.get_node().set_friendly_name(port.get_any_name().removesuffix(":0"))
    for port in (*model.inputs, *model.outputs):
        found = {name.removesuffix(":0") for name in port.get_names()}
        port.get_tensor().set_names(found & {*source.inputs, *source.outputs})


@contextmanager
def opened(target: Path, threads: int | None) -> Iterator[Runner]:
    """Compiles the model for the CPU, in float32.

    Unless it is told so, OpenVINO computes in bfloat16 where a processor has it.
    """
    settings: dict[str, str | int] = {
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
    }
    if threads is not None:
        settings["INFERENCE_NUM_THREADS"] = threads
    request = openvino.Core().compile_model(target, "CPU", settings).create_infer_request()

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = request.infer(dict(inputs))
        return {name: value for port, value in found.items() for name in port.get_names()}

    yield run
