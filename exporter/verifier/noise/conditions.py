"""A process that runs a reference under the conditions that its environment sets.

Takes absl's verbosity as its argument, reads a `SnapshotRequest` as one line
of JSON, and writes arrays named `condition|group|name`.
"""

import sys
from pathlib import Path

import numpy as np
from absl import logging

from exporter import quiet
from exporter.verifier.report.request import SnapshotRequest

# What is computed in addition where the request says so.
MORE = ("image by image", "float64", "weights rounded anew", "means pixel by pixel")


def main() -> None:
    """Serves one request."""
    logging.set_verbosity(int(sys.argv[1]))
    request = SnapshotRequest.model_validate_json(sys.stdin.readline())
    quiet.import_tensorflow()
    from exporter.verifier.noise.snapshot import (
        float64_snapshot,
        inference_snapshot,
        one_by_one_snapshot,
        rounded_snapshot,
        snapshot,
        split_snapshot,
    )
    from exporter.verifier.subjects.examples import FULL, Examples
    from exporter.verifier.subjects.source import opened

    with opened(request.source) as reference:
        examples = Examples(reference.input_spec, FULL, tuple(map(Path, request.images)))
        here = inference_snapshot if request.inference else snapshot
        found = {"here": here(reference, examples)}
        if request.more:
            found |= {
                MORE[0]: split_snapshot(reference, examples),
                MORE[1]: float64_snapshot(reference, examples, inference=request.inference),
                MORE[2]: rounded_snapshot(reference, examples),
                MORE[3]: one_by_one_snapshot(reference, examples),
            }
    arrays = {f"{c}|{g}|{n}": v for c, keyed in found.items() for (g, n), v in keyed.items()}
    np.savez(request.target, allow_pickle=False, **arrays)
    quiet.before_exit()


if __name__ == "__main__":
    main()
