"""How TensorFlow.js is had: once, the published one, or one line that says why not."""

import pytest

from exporter.converters.format_table import FORMATS, check_installed
from exporter.converters.tfjs import tfjs_runtime
from exporter.errors import ConversionError


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Puts another npm in the place of the real one."""
    monkeypatch.setenv("SLIM_EXPORT_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")

    def put(script):
        program = tmp_path / "bin/npm"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    return put


def refused():
    with pytest.raises(ConversionError) as caught:
        tfjs_runtime.runtime()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def kept(tmp_path):
    return [path.name for path in (tmp_path / "cache/tfjs").iterdir() if path.is_dir()]


def test_other_packages_than_the_published_ones(npm, tmp_path):
    npm("echo other > a.tgz")
    said = refused()
    assert said.startswith(
        "Package '@tensorflow/tfjs' 4.22.0 is not the published one: expected sha512 0TrIrXs6"
    )
    assert kept(tmp_path) == []


def test_npm_fails(npm, tmp_path):
    npm("echo 'npm error code ENOTFOUND' >&2; exit 7")
    assert "expected exit status 0 of npm, found 7 (npm error code ENOTFOUND)" in refused()
    assert kept(tmp_path) == []


def test_npm_hangs(npm, monkeypatch, tmp_path):
    npm("exec sleep 60")
    monkeypatch.setattr(tfjs_runtime, "_SECONDS", 0.2)
    assert "expected an answer of npm within 0.2 s, found none" in refused()
    assert kept(tmp_path) == []


def test_no_npm(npm, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert refused().endswith("Install it, on Debian by: apt-get install nodejs npm.")


def test_cache_that_cannot_be_written(npm, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SLIM_EXPORT_CACHE_DIR", str(tmp_path / "file"))
    assert refused().endswith("Set SLIM_EXPORT_CACHE_DIR to another folder.")


def test_had_before(npm, tmp_path):
    npm("exit 1")
    folder = tmp_path / "cache/tfjs/4.22.0"
    folder.mkdir(parents=True)
    assert tfjs_runtime.runtime() == folder


def test_no_node(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConversionError) as caught:
        check_installed(FORMATS["tfjs"])
    assert str(caught.value) == (
        "Format 'tfjs' needs a program that is not installed: expected 'node' on the PATH. Install"
        " it, on Debian by: apt-get install nodejs npm."
    )
