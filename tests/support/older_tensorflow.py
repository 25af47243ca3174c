"""Environments with an older TensorFlow, made once and kept in the user's cache."""

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pytest
from filelock import FileLock

from exporter.oldest_runtimes import OLDEST

HERE = Path(__file__).parent
# Seconds; the first run downloads half a gigabyte.
BUILD_TIMEOUT, RUN_TIMEOUT = 1800, 1200


@dataclass(frozen=True)
class OlderTensorflow:
    """A release, and what it ran with in its day.

    Attributes:
        version: Such as `1.15.5`.
        python: Such as `3.7`.
        requirements: What pip installs beside it.
    """

    version: str
    python: str
    requirements: tuple[str, ...]

    @property
    def release(self):
        """Names it without the last number."""
        return self.version.rpartition(".")[0]

    @property
    def _packages(self):
        return (f"tensorflow=={self.version}", *self.requirements)

    def interpreter(self):
        """Finds its Python, by pyenv or on the PATH; skips the test where there is none."""
        versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
        kept = sorted(versions.glob(f"{self.python}.*/bin/python"))
        on_path = shutil.which(f"python{self.python}")
        for path in [*kept, *([on_path] if on_path else [])]:
            # A shim of pyenv's may be there without a Python behind it.
            tried = subprocess.run([path, "-c", "import venv"], capture_output=True, check=False)
            if tried.returncode == 0:
                return path
        pytest.skip(f"needs Python {self.python} for TensorFlow {self.version}, which is not here")

    def environment(self):
        """Makes its virtual environment, unless it was made before; returns its Python."""
        interpreter = self.interpreter()
        key = hashlib.sha256(repr((str(interpreter), self._packages)).encode()).hexdigest()[:12]
        cache = platformdirs.user_cache_path("slim-exporter") / "older_tensorflow"
        folder = cache / f"{self.version}-{key}"
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not (folder / "complete").exists():
                shutil.rmtree(folder, ignore_errors=True)
                _made([interpreter, "-m", "venv", folder])
                _made([folder / "bin/python", "-m", "pip", "install", "-q", *self._packages])
                (folder / "complete").touch()
        return folder / "bin/python"

    def run(self, program, *arguments):
        """Runs a program of this folder there; returns what it prints last, as JSON."""
        command = [self.environment(), HERE / program, *arguments]
        clean = {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "TF_"))}
        result = subprocess.run(
            list(map(str, command)),
            capture_output=True,
            text=True,
            env={**clean, "TF_CPP_MIN_LOG_LEVEL": "3"},
            timeout=RUN_TIMEOUT,
            check=False,
        )
        assert result.returncode == 0, result.stderr[-3000:]
        return json.loads(result.stdout.strip().splitlines()[-1])


def _made(command):
    command = list(map(str, command))
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=BUILD_TIMEOUT, check=False
    )
    assert result.returncode == 0, f"{command[0]} failed: {result.stderr[-3000:]}"


_HUB = f"tensorflow-hub=={OLDEST.hub}"
LOADING = OlderTensorflow(OLDEST.load, "3.7", (_HUB, "protobuf<3.21", "numpy<1.19", "h5py<3"))
TRAINING = OlderTensorflow(OLDEST.train, "3.8", (_HUB, "protobuf<3.21"))
