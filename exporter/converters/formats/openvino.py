"""OpenVINO's IR, an .xml file with a .bin beside it, made by OpenVINO's own converter."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
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
    """Reads the model, and compiles it for the CPU, in float32, for the shapes that it is given.

    Unless it is told so, OpenVINO computes in bfloat16 where a processor has it. And what it
    compiles for any number of images takes 1.3 to 1.8 times as long as for a fixed one.
    """
    settings: dict[str, str | int] = {
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
    }
    if threads is not None:
        settings["INFERENCE_NUM_THREADS"] = threads
    core = openvino.Core()
    model = core.read_model(target)
    # Of the file, which may fix more than a call would.
    taken = {name: port.get_partial_shape() for port in model.inputs for name in port.get_names()}

    @lru_cache(maxsize=1)
    def request_for(shapes: tuple[tuple[str, tuple[int, ...]], ...]) -> openvino.InferRequest:
        for name, shape in shapes:
            if not taken[name].compatible(openvino.PartialShape(list(shape))):
                raise ValueError(f"input '{name}' takes {taken[name]}, found {list(shape)}")
        model.reshape({name: list(shape) for name, shape in shapes})
        return core.compile_model(model, "CPU", settings).create_infer_request()

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        request = request_for(tuple(sorted((name, value.shape) for name, value in inputs.items())))
        found = request.infer(dict(inputs))
        return {name: value for port, value in found.items() for name in port.get_names()}

    if one := _of_one_example(model):
        request_for(one)  # so that the time of loading has that of compiling in it
    yield run


def _of_one_example(model: openvino.Model) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Returns the inputs' shapes for one example, by name; none where more than that is free."""
    found = []
    for port in model.inputs:
        shape = port.get_partial_shape()
        if shape.rank.is_dynamic or any(size.is_dynamic for size in list(shape)[1:]):
            return ()
        sizes = (1 if size.is_dynamic else size.get_length() for size in shape)
        found.append((port.get_any_name(), tuple(sizes)))
    return tuple(sorted(found))
