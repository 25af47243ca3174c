"""Converters that fail or are not installed: one line, status 1, and nothing left behind."""

import os

import pytest
from support import handmade

from exporter import quiet
from exporter.converters.formats import FORMATS

pytestmark = pytest.mark.integration

# Stands in for a converter: the worker imports it under this name.
_CONVERTER = """
import os, sys, types
converter = types.ModuleType("exporter.converters.frozen")
def convert(source, target, options):
    target.write_bytes(b"half")
    {body}
converter.convert = convert
sys.modules[converter.__name__] = converter
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    quiet.import_tensorflow()
    return handmade.save(tmp_path_factory.mktemp("handmade") / "model")


@pytest.fixture
def refused(slim_export, saved, tmp_path):
    """Converts, and returns the one line that says why not."""
    folder = tmp_path / "out"

    def run(name="frozen", model_dir=saved, *, at_start=""):
        """Runs Python code first, in the command and in the processes that it starts."""
        place = tmp_path / "site"
        place.mkdir()
        (place / "sitecustomize.py").write_text(at_start)
        path = os.pathsep.join(filter(None, (str(place), os.environ.get("PYTHONPATH"))))
        result = slim_export(
            "convert",
            f"--model_dir={model_dir}",
            f"--format={name}",
            f"--output_dir={folder}",
            "--json",
            env={"PYTHONPATH": path},
        )
        assert result.returncode == 1, result.stderr
        assert "Traceback" not in result.stderr
        (line,) = result.stderr.splitlines()
        assert line.startswith("slim-export: ")
        assert line.endswith(".")
        assert not folder.exists() or not list(folder.iterdir())
        return line

    return run


@pytest.mark.parametrize("row", [row for row in FORMATS.values() if row.packages])
def test_missing_package(refused, row):
    package = row.packages[-1]
    line = refused(row.name, at_start=f"import sys; sys.modules[{package!r}] = None")
    assert f"Format '{row.name}' needs a package that is not installed: expected" in line
    assert f"'{package}'. Run: pip install 'slim-exporter[{row.extra}]'." in line


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ValueError('no such op: Foo')", "found ValueError: no such op: Foo. Nothing"),
        ("raise RuntimeError('first\\n\\n  more\\nlast')", "RuntimeError: first last. Nothing"),
        ("os.abort()", "ended before it was done: expected exit status 0, found -6"),
        ("os._exit(3)", "expected exit status 0, found 3"),
        ("os.write(2, b'caf\\xe9\\n'); os._exit(3)", "found 3 (caf\ufffd)"),
        ("print('what it prints is not the answer'); raise KeyError", "found KeyError: KeyError"),
        ("os.write(1, b'nor what libraries print'); raise KeyError", "found KeyError: KeyError"),
        ("import tempfile; raise ValueError(tempfile.gettempdir())", "/workspace. Nothing was"),
    ],
)
def test_a_converter_that_fails(refused, body, message):
    assert message in refused(at_start=_CONVERTER.format(body=body))


def test_messages_of_the_converter_are_shown_to_those_who_ask(slim_export, saved, tmp_path):
    body = "print('what the converter says'); raise ValueError('why')"
    (tmp_path / "sitecustomize.py").write_text(_CONVERTER.format(body=body))
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    result = slim_export(
        *("convert", f"--model_dir={saved}", "--format=frozen", "--verbosity=1"),
        f"--output_dir={tmp_path / 'out'}",
        env={"PYTHONPATH": path},
    )
    assert result.returncode == 1
    assert "what the converter says\n" in result.stderr
    assert "ValueError: why\n" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("slim-export: SavedModel")


def test_output_inside_the_model(slim_export, saved):
    before = sorted(saved.rglob("*"))
    flags = (f"--model_dir={saved}", "--format=frozen", f"--output_dir={saved / 'converted'}")
    result = slim_export("convert", *flags)
    assert result.returncode == 1
    assert "lies inside the SavedModel" in result.stderr
    assert sorted(saved.rglob("*")) == before


def test_what_a_format_fetches_is_had_before_its_process_starts(saved, tmp_path, monkeypatch):
    from exporter.conversion import ConvertRequest, convert
    from exporter.converters import formats, process, tfjs_runtime
    from exporter.errors import ConversionError

    def runtime():
        raise ConversionError("npm is offline.")

    monkeypatch.setattr(formats.shutil, "which", lambda name: name)
    monkeypatch.setattr(tfjs_runtime, "runtime", runtime)
    monkeypatch.setattr(process, "converted", lambda *_: pytest.fail("must not start"))
    (row,) = convert(ConvertRequest(saved, ("tfjs",), tmp_path / "out"))
    assert row.error == "npm is offline."
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["frozen", "onnx"])
def test_input_and_output_of_one_name(refused, tmp_path, name):
    line = refused(name, handmade.save(tmp_path / "model", served="inputs"))
    assert "has an input and an output named 'inputs': expected different names" in line


def test_op_that_onnx_has_not(refused, tmp_path):
    def body(inputs, training, momentum):
        import tensorflow as tf

        return tf.math.betainc(1.0, 2.0, inputs)[:, 0, 0]

    line = refused("onnx", handmade.save(tmp_path / "model", body=body))
    assert "could not be converted to onnx: expected a file, found" in line
    assert "Betainc" in line
