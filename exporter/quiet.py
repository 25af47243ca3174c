"""Keeps TensorFlow's log noise off the terminal."""

import gc
import importlib
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from absl import logging

from exporter import temporary


def import_tensorflow() -> None:
    """Imports TensorFlow without a word, unless `--verbosity` asks for its messages.

    A process that has imported it already is left as it is. Python's collector
    rests meanwhile and passes over TensorFlow's own objects afterwards;
    visiting them again and again costs a fifth of the import and of a trace.
    """
    if "tensorflow" in sys.modules:
        return
    gc.disable()
    try:
        _import()
    finally:
        gc.freeze()
        gc.enable()


def before_exit() -> None:
    """Spares the interpreter its last collection, which would visit every object once more."""
    gc.freeze()


def _import() -> None:
    with temporary.folder():
        pass  # TensorFlow looks for such a place too, and fails without a clear word
    if logging.get_verbosity() >= logging.INFO:
        importlib.import_module("tensorflow")
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # fatal messages only
    warnings.filterwarnings("ignore")
    with stderr_set_aside():
        tensorflow = importlib.import_module("tensorflow")
    tensorflow.get_logger().setLevel("ERROR")


@contextmanager
def stderr_set_aside() -> Iterator[None]:
    """Sends file descriptor 2 to a file, and shows it only if the body fails."""
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except Exception:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            aside.seek(0)
            sys.stderr.write(aside.read().decode(errors="replace"))
            raise
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
