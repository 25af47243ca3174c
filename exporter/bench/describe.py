"""The process that looks at a SavedModel before it is measured.

Takes absl's verbosity as its argument, reads the folder as one line of JSON,
and writes a `Described`. So the process that waits for the others has no
TensorFlow, and no threads that could disturb them.
"""

import json
import os
import sys
from pathlib import Path

from absl import logging

from exporter import quiet
from exporter.bench.request import Described, Input, Model
from exporter.errors import BenchmarkError, ExporterError


def main() -> None:
    """Serves one request."""
    logging.set_verbosity(int(sys.argv[1]))
    folder = Path(json.loads(sys.stdin.readline()))
    # Runtimes print as they please; the answer must stand alone.
    with os.fdopen(os.dup(1), "w") as said:
        os.dup2(2, 1)
        quiet.import_tensorflow()
        try:
            answer = Described(model=described(folder))
        except ExporterError as error:
            answer = Described(error=str(error))
        said.write(answer.model_dump_json())
    quiet.before_exit()


def described(folder: Path) -> Model:
    """Reads how a SavedModel can be called.

    Args:
        folder: The SavedModel, whoever made it.

    Returns:
        `__call__` first, if it has one, then the signatures that take the same inputs.

    Raises:
        ExporterError: If it cannot be loaded or called, or takes other things than numbers.
    """
    from exporter.converters.source import source_of
    from exporter.verifier.subjects.subject import PLAIN
    from slim_nets.registry import recognized

    source = source_of(folder)
    model = source.model
    served = model.spec_of(source.way)
    examples = served.probe("half")
    if text := [n for n, e in source.named(examples).items() if e.dtype == object]:
        raise BenchmarkError(
            f"SavedModel '{folder}' cannot be measured: expected inputs of numbers, found strings"
            f" in '{text[0]}'. Choose another model."
        )
    found = [PLAIN] if PLAIN in model.interface.ways(training=False) else []
    found += sorted(model.interface.signature_ways, key=lambda way: way != source.way)
    fitting = [way for way in found if model.spec_of(way).is_like(served)]
    network = recognized(model.variables(), served.image_size)
    return Model(
        ways=tuple(fitting),
        others=tuple(way for way in found if way not in fitting),
        inputs=tuple(
            Input(name=name, dtype=example.dtype.name, shape=example.shape)
            for name, example in source.named(examples).items()
        ),
        batch=served.fixed_batch(),
        variant=network and network[0],
        task=network and network[1],
    )


if __name__ == "__main__":
    main()
