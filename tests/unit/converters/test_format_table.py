"""The table of formats, and what is refused before anything is loaded."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from support.documents import written

from exporter.converters import formats
from exporter.converters.format_table import FORMATS, Format, check_installed, chosen
from exporter.errors import ConversionError
from exporter.installing import pip_install


def test_formats_come_once_in_the_order_given():
    names = [row.name for row in chosen(["tfjs", "frozen", "tfjs"])]
    assert names == ["tfjs", "frozen"]


def test_unknown_format_is_named_with_those_there_are():
    with pytest.raises(ConversionError, match=r"^Format 'coreml' is unknown: expected frozen"):
        chosen(["frozen", "coreml"])


def test_no_format_is_an_error():
    with pytest.raises(ConversionError, match=r"^No format is given: expected some of frozen"):
        chosen([])


def test_missing_extra_says_what_to_install():
    row = Format("sharp", "model.sharp", extra="sharp", packages=("no_such_package.part",))
    with pytest.raises(ConversionError) as caught:
        check_installed(row)
    assert str(caught.value) == (
        "Format 'sharp' needs a package that is not installed: expected 'no_such_package.part'."
        f" Run: {pip_install('sharp')}."
    )


@pytest.mark.parametrize("row", FORMATS.values(), ids=lambda row: row.name)
def test_every_row_has_its_module(row):
    folder = Path(formats.__file__).parent
    module = row.module or row.name
    assert importlib.util.find_spec(f"exporter.converters.formats.{module}") is not None
    assert (folder / f"{module}.py").is_file()
    assert callable(row.converter.convert)
    assert callable(row.converter.opened)
    assert bool(row.packages) == bool(row.extra)


NEED_TENSORFLOW = ("frozen", "keras")
IMPORTS = """
import sys
from exporter.converters.format_table import FORMATS
for name in sys.argv[1:]:
    assert FORMATS[name].converter
    print(name, *{"tensorflow", "ai_edge_quantizer", "onnx", "tf2onnx"} & set(sys.modules))
"""


@pytest.mark.parametrize(
    ("names", "loaded"),
    [
        ([name for name in FORMATS if name not in NEED_TENSORFLOW], []),
        *(([name], ["tensorflow"]) for name in NEED_TENSORFLOW),
    ],
)
def test_runtimes_run_without_tensorflow_and_converters_where_they_can(names, loaded):
    command = [sys.executable, "-c", IMPORTS, *names]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert [line.split() for line in done.stdout.splitlines()] == [[n, *loaded] for n in names]


@pytest.mark.parametrize("row", [row for row in FORMATS.values() if row.packages])
def test_missing_package(row, monkeypatch):
    package = row.packages[-1]
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConversionError) as caught:
        chosen([row.name])
    line = str(caught.value)
    assert f"Format '{row.name}' needs a package that is not installed: expected" in line
    assert f"'{package}'. Run: {pip_install(row.extra)}." in line


@pytest.mark.parametrize("row", FORMATS.values(), ids=lambda row: row.name)
def test_the_topic_names_the_oldest_runtime_and_the_form_of_the_file(row):
    table = written("formats").splitlines()
    (line,) = [line for line in table if line.startswith(f"| `{row.name}`")]
    assert line.split(" | ")[-1].removesuffix(" |") == row.oldest
    for name, version in row.written_as:
        assert f"{name.split()[-1]}" in line
        assert version in line
