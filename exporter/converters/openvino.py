"""OpenVINO's IR, an .xml file with a .bin beside it, made by OpenVINO's own converter."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import openvino

from exporter.converters.formats import Options, Run
from exporter.converters.metadata import properties

if TYPE_CHECKING:
    from exporter.converters.source import Source

_SECTION = "slim_export"


def convert(source: "Source", target: Path, options: Options) -> None:
    """Writes float32; inputs and outputs have the names of the signature's and no other."""
    from exporter.converters import gates
    from exporter.converters.constants import frozen_graph
    from exporter.converters.graphs import pruned

    flat = pruned(frozen_graph(source), (*source.inputs, *source.outputs))
    graph = gates.with_gates_spelled_out(flat)
    model = openvino.convert_model(graph, output=[f"{name}:0" for name in source.outputs])
    _rename(model, source)
    for name, value in properties(source, options).items():
        model.set_rt_info(value, [_SECTION, name])
    openvino.save_model(model, target, compress_to_fp16=False)


def _rename(model: openvino.Model, source: "Source") -> None:
    """Leaves those names that are the signature's; what is returned twice has both."""
    model.set_friendly_name(source.network.variant.name if source.network.variant else "model")
    for port in model.inputs:
        port.get_node().set_friendly_name(port.get_any_name().removesuffix(":0"))
    for port in (*model.inputs, *model.outputs):
        found = {name.removesuffix(":0") for name in port.get_names()}
        port.get_tensor().set_names(found & {*source.inputs, *source.outputs})


@contextmanager
def opened(target: Path, threads: int | None) -> Iterator[Run]:
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
