"""Keeps TensorFlow's log noise off the terminal."""

import gc
import importlib
import os
import resource
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from absl import logging

from exporter import temporary
from exporter.errors import ExporterError

# Bytes that a process may map, by `ulimit -v`: with less, TensorFlow's libraries and threads may
# abort, and no program can say why. Measured on two cores with mobilenet_v3_small_075_224: its
# export and the verification of Google's model ended well with 3, 3.5 and 4 GiB each time, twice
# each but for one export with 3. With 2 GiB an export stood still for three minutes, and with 1 to
# 2.4 GiB processes were seen to abort. More cores, which map more, and conversions were not tried.
LEAST_ADDRESSES = 3 << 30


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
    _check_addresses()
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


def _check_addresses() -> None:
    """Refuses to begin where TensorFlow would end the process in the midst of it.

    Raises:
        ExporterError: If this process may not have as many addresses as that takes.
    """
    allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
    if allowed != resource.RLIM_INFINITY and allowed < LEAST_ADDRESSES:
        raise ExporterError(
            f"Memory is limited too far: expected at least {LEAST_ADDRESSES >> 20} MiB of addresses"
            f" for each process, found {allowed >> 20}. Raise the limit, as by 'ulimit -v"
            " unlimited'."
        )


@contextmanager
def stderr_set_aside() -> Iterator[None]:
    """Sends file descriptor 2 to a file, and shows it only if the body fails."""
    sys.stderr.flush()
    terminal = os.dup(2)
    with temporary.file() as aside:
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
