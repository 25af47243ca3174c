"""A graph model for TensorFlow.js, run by it under Node."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from exporter import temporary
from exporter.converters.format_table import Runner
from exporter.converters.tfjs.tfjs_runtime import runtime
from exporter.errors import ConversionError, last_line

if TYPE_CHECKING:
    from exporter.converters.convert_request import ConvertRequest
    from exporter.converters.source_model import SourceModel

_RUNNER = Path(__file__).parents[1] / "tfjs/tfjs_runner.js"


def convert(source: "SourceModel", target: Path, request: "ConvertRequest") -> None:
    """Writes `model.json` and its weights, batch norms folded and convolutions fused."""
    from exporter.converters.graphs import folding
    from exporter.converters.graphs.frozen_graph import frozen_graph
    from exporter.converters.graphs.fusing import fused
    from exporter.converters.graphs.nodes import pruned
    from exporter.converters.source_model import properties
    from exporter.converters.tfjs import graph_model

    kept = (*source.inputs, *source.outputs)
    graph = fused(folding.folded(pruned(frozen_graph(source), kept)))
    told = properties(source, request)
    graph_model.write(target, pruned(graph, kept), (source.inputs, source.outputs), told)


@contextmanager
def opened(target: Path, _: int | None) -> Iterator[Runner]:
    """Loads the model by `tf.loadGraphModel` under Node, on the WebAssembly backend.

    Which there has one thread, however many are asked for.
    """
    node = shutil.which("node")
    assert node is not None, "looked for before anything was converted"
    with temporary.file() as said:
        process = subprocess.Popen(  # noqa: S603  (the script is our own)
            [node, str(_RUNNER), str(runtime()), str(target)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
        )
        try:
            model = _Model(process, said)
            model.answer("load the model")
            yield model.run
        finally:
            process.kill()
            with suppress(BrokenPipeError):
                process.communicate()


class _Model:
    """A model in a Node of its own."""

    def __init__(self, process: "subprocess.Popen[bytes]", said: IO[bytes]) -> None:
        assert process.stdin is not None, "started with a pipe"
        assert process.stdout is not None, "started with a pipe"
        self._input, self._output, self._said = process.stdin, process.stdout, said

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs one batch."""
        tensors = {name: _tensor(value) for name, value in inputs.items()}
        header = [
            {"name": name, "dtype": value.dtype.name, "shape": value.shape}
            for name, value in tensors.items()
        ]
        # If it is gone, the missing answer will tell.
        with suppress(BrokenPipeError):
            self._input.write(json.dumps(header).encode() + b"\n")
            for value in tensors.values():
                self._input.write(value.tobytes())
            self._input.flush()
        return {told["name"]: self._array(told) for told in self.answer("run a batch")["outputs"]}

    def answer(self, asked: str) -> dict[str, Any]:
        """Reads the first line of an answer.

        Raises:
            ConversionError: If it says that something went wrong, or there is none.
        """
        line = self._output.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": self._last_said()}
        if error := answer.get("error"):
            raise ConversionError(
                f"TensorFlow.js could not {asked}: expected an answer, found: {error}. Leave this"
                " format out."
            )
        return answer

    def _array(self, told: dict[str, Any]) -> np.ndarray:
        dtype = np.dtype(told["dtype"])
        size = int(np.prod(told["shape"])) * dtype.itemsize
        return np.frombuffer(self._output.read(size), dtype).reshape(told["shape"])

    def _last_said(self) -> str:
        self._said.seek(0)
        return last_line(self._said.read().decode(errors="replace"))


def _tensor(value: np.ndarray) -> np.ndarray:
    """Gives an input the type that TensorFlow.js has for it."""
    kinds = {"f": np.float32, "b": np.bool_}
    return value.astype(kinds.get(value.dtype.kind, np.int32))
