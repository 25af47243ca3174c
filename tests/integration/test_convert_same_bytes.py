"""Conversions in another process, with other hashes, give the same bytes."""

import pytest

from exporter.converters.format_table import FORMATS

pytestmark = pytest.mark.integration

NAMES = ("frozen", "tfjs", "keras", "onnx", "openvino")

CONVERTS = """
import json, sys
from pathlib import Path
from exporter import digests, quiet
quiet.import_tensorflow()
from exporter.converters.convert_request import ConvertRequest
from exporter.converters.format_table import FORMATS
from exporter.converters.source_model import source_of
model, place, *names = sys.argv[1:]
request, found = ConvertRequest(Path(model), (), Path(place), author="Somebody"), {}
for name in names:
    folder = Path(place, name)
    folder.mkdir(parents=True)
    FORMATS[name].converter.convert(source_of(Path(model)), folder / FORMATS[name].file, request)
    found[name] = {path.name: digests.of_files([path]) for path in folder.iterdir()}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def digests(small_export, run_python, tmp_path_factory):
    """Converts to all of them in two processes; returns digests by format and file."""
    place = tmp_path_factory.mktemp("bytes")
    return [
        run_python(CONVERTS, small_export, place / seed, *NAMES, env={"PYTHONHASHSEED": seed})
        for seed in ("1", "2")
    ]


@pytest.mark.parametrize("name", NAMES)
def test_same_bytes_in_every_process(digests, name):
    one, other = (found[name] for found in digests)
    assert one == other
    assert FORMATS[name].file in one
    assert len(one) == {"openvino": 2, "tfjs": 2}.get(name, 1)
