"""Converters that fail: one line, status 1, and nothing left behind."""

import os
import sys

import pytest
from support import handmade
from support.compared_here import convert_here

from exporter import processes
from exporter.conversion import ConvertRequest, convert
from exporter.converters.converting import written
from exporter.converters.format_table import FORMATS
from exporter.digests import of_folder
from exporter.errors import ConversionError
from exporter.installing import pip_install

pytestmark = pytest.mark.integration

# Stands in for a converter: the process imports it under this name.
_CONVERTER = """
import os, sys, types
converter = types.ModuleType("exporter.converters.formats.{name}")
def convert(source, target, request):
    target.write_bytes(b"half")
    {body}
converter.convert = convert
converter.tflite_fp16 = converter
sys.modules[converter.__name__] = converter
"""


@pytest.fixture
def at_start(tmp_path, monkeypatch):
    """Has processes that are started run Python code first."""

    def run(code):
        place = tmp_path / "site"
        place.mkdir()
        (place / "sitecustomize.py").write_text(code)
        path = os.pathsep.join(filter(None, (str(place), os.environ.get("PYTHONPATH"))))
        monkeypatch.setenv("PYTHONPATH", path)

    return run


@pytest.fixture
def refused(saved, tmp_path):
    """Converts to one format, without measuring noise; returns the line that says why not."""
    folder = tmp_path / "out"

    def run(name="frozen", model_dir=saved):
        request, digest = ConvertRequest(model_dir, (name,), folder), of_folder(model_dir)
        conversion = written(request, FORMATS[name], {}, digest)
        assert conversion.error.endswith(".")
        assert "\n" not in conversion.error
        assert not folder.exists()
        return conversion.error

    return run


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("no such op: Foo"), "found ValueError: no such op: Foo. Nothing was written"),
        (RuntimeError("first\n\n  more\nlast"), "found RuntimeError: first last. Nothing was wr"),
        (KeyError(), "found KeyError: KeyError. Nothing was written"),
    ],
)
def test_a_converter_that_fails(refused, monkeypatch, error, message):
    convert_here(monkeypatch, but=())

    def fails(source, target, request):
        target.write_bytes(b"half")
        raise error

    monkeypatch.setattr(FORMATS["frozen"].converter, "convert", fails)
    assert message in refused()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "os.abort()",
            "before it was done: expected an answer, found that its process ended with status -6",
        ),
        ("os.write(2, b'caf\\xe9\\n'); os._exit(3)", "ended with status 3 (caf\ufffd). Run again"),
        ("print('no answer'); os.write(1, b'nor this'); raise KeyError", "KeyError: KeyError"),
        (
            "import tempfile; raise ValueError(os.environ['KERAS_BACKEND'], tempfile.gettempdir())",
            "found ValueError: ('tensorflow', '",
        ),
    ],
)
def test_a_converter_that_takes_its_process_along(refused, at_start, monkeypatch, body, message):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    at_start(_CONVERTER.format(name="frozen", body=body))
    line = refused()
    assert message in line
    assert ("KERAS_BACKEND" in body) == ("/workspace'). Nothing was" in line)


def test_messages_of_the_converter_are_shown_to_those_who_ask(
    slim_export, saved, at_start, tmp_path
):
    # Of a format that is judged without the SavedModel's noise, which takes a while.
    body = "print('what the converter says'); raise ValueError('why')"
    at_start(_CONVERTER.format(name="tflite", body=body))
    flags = (f"--model_dir={saved}", "--format=tflite_fp16", f"--output_dir={tmp_path / 'out'}")
    result = slim_export("convert", *flags, "--verbosity=1", timeout=300)
    assert result.returncode == 1
    assert "what the converter says\n" in result.stderr
    assert "ValueError: why\n" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("slim-export: SavedModel")
    quiet_result = slim_export("convert", *flags, "--json")
    assert quiet_result.returncode == 1
    (line,) = quiet_result.stderr.splitlines()
    assert line.startswith("slim-export: SavedModel")


def test_a_package_that_is_missing_is_one_line(slim_export, saved, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    flags = (f"--model_dir={saved}", "--format=openvino", f"--output_dir={tmp_path / 'out'}")
    result = slim_export("convert", *flags, "--json")
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line == (
        "slim-export: Format 'openvino' needs a package that is not installed: expected"
        f" 'openvino'. Run: {pip_install('openvino')}."
    )
    assert not (tmp_path / "out").exists()


def test_what_a_format_fetches_is_had_before_its_process_starts(saved, tmp_path, monkeypatch):
    from exporter.converters import format_table
    from exporter.converters.tfjs import tfjs_runtime

    def runtime():
        raise ConversionError("npm is offline.")

    monkeypatch.setattr(format_table.shutil, "which", lambda name: name)
    monkeypatch.setattr(tfjs_runtime, "runtime", runtime)
    monkeypatch.setattr(processes, "call", lambda *_, **__: pytest.fail("must not start"))
    request, digest = ConvertRequest(saved, ("tfjs",), tmp_path / "out"), of_folder(saved)
    row = written(request, FORMATS["tfjs"], {}, digest)
    assert row.error == "npm is offline."
    assert not (tmp_path / "out").exists()


def test_one_that_fails_stops_no_other(saved, tmp_path, converts_here, monkeypatch):
    monkeypatch.setattr(FORMATS["tflite_fp16"].converter, "convert", lambda *_: 1 / 0)
    names = ("tflite_fp16", "frozen")
    failed, done = convert(ConvertRequest(saved, names, tmp_path / "out"))
    assert "found ZeroDivisionError: division by zero" in failed.error
    assert (done.error, done.report.passed) == ("", True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["frozen"]


@pytest.mark.parametrize("name", ["frozen", "onnx"])
def test_input_and_output_of_one_name(refused, converts_here, tmp_path, name):
    line = refused(name, handmade.save(tmp_path / "model", served="inputs"))
    assert "has an input and an output named 'inputs': expected different names" in line


def test_an_output_whose_name_is_no_name(refused, converts_here, tmp_path):
    line = refused("frozen", handmade.save(tmp_path / "model", served="two\nlines"))
    assert "could not be converted to frozen: expected a file, found" in line


def test_op_that_onnx_has_not(refused, converts_here, tmp_path):
    def body(inputs, training, momentum):
        import tensorflow as tf

        return tf.math.betainc(1.0, 2.0, inputs)[:, 0, 0]

    line = refused("onnx", handmade.save(tmp_path / "model", body=body))
    assert "could not be converted to onnx: expected ops that it has, found Betainc. N" in line
