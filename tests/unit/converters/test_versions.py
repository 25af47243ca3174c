"""A report names the versions of what converted and ran a file."""

from importlib import metadata

from exporter.converters.checks.converted_report import _distributions, _versions
from exporter.converters.format_table import FORMATS


def test_they_are_those_of_the_formats_packages():
    row = FORMATS["onnx"]
    found = _versions(row)
    assert found.keys() > set(row.packages)
    assert all(found[name] == metadata.version(name) for name in row.packages)


def test_a_module_of_another_name_than_its_distribution():
    assert _distributions("absl") == ["absl-py"]
    assert _distributions("nowhere") == []
