"""A native Keras 3 model from the same table of rows, weights placed by name."""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from exporter.converters.convert_request import ConvertRequest
from exporter.converters.format_table import Runner
from exporter.converters.keras.keras_checks import checks
from exporter.converters.keras.keras_config import without_defaults
from exporter.converters.keras.keras_network import built
from exporter.converters.source_model import SourceModel
from exporter.errors import ConversionError

__all__ = ["checks", "convert", "opened"]

# The earliest that a zip file can tell.
_TIME = (1980, 1, 1, 0, 0, 0)
_DATE_SAVED = "1980-01-01@00:00:00"
# Ids of objects in memory, which tell a reader that two of the same content were one.
_SHARED = re.compile(r', "shared_object_id": \d+')


def convert(source: SourceModel, target: Path, _: ConvertRequest) -> None:
    """Writes a `.keras` file that Keras loads without this package.

    Raises:
        ConversionError: If the SavedModel is none of our networks.
    """
    _check_backend()
    written = target.with_suffix(".written.keras")
    built(source).save(written)
    target.write_bytes(_lasting(written))
    written.unlink()


@contextmanager
def opened(target: Path, threads: int | None) -> Iterator[Runner]:
    """Loads the file as users do, and compiles it to a function of TensorFlow.

    A number of threads can be set only before TensorFlow has run anything.
    """
    _check_backend()
    if threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    model = keras.saving.load_model(target, compile=False)
    function = tf.function(lambda images: model(images, training=False), autograph=False)
    (alone,) = model.output_names if len(model.output_names) == 1 else [""]

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        (images,) = inputs.values()
        found: Any = function(tf.constant(images))
        outputs = found if isinstance(found, dict) else {alone: found}
        return {name: value.numpy() for name, value in outputs.items()}

    yield run


def _check_backend() -> None:
    """Refuses another backend, whose numbers would not be those that are verified.

    Raises:
        ConversionError: If it is not TensorFlow.
    """
    found = keras.backend.backend()
    if found != "tensorflow":
        raise ConversionError(
            f"Keras runs on another backend: expected tensorflow, found {found}. Set"
            " KERAS_BACKEND=tensorflow; the file that is written loads on every backend."
        )


def _lasting(path: Path) -> bytes:
    """Writes the same archive with nothing in it that changes from run to run.

    What older Keras does not know, and has its default, is left out too.
    """
    whole = io.BytesIO()
    with zipfile.ZipFile(path) as there, zipfile.ZipFile(whole, "w") as here:
        for name in sorted(there.namelist()):
            content = there.read(name)
            if name == "metadata.json":
                known = json.loads(content) | {"date_saved": _DATE_SAVED}
                content = json.dumps(known, sort_keys=True).encode()
            elif name == "config.json":
                plain = without_defaults(json.loads(content))
                content = _SHARED.sub("", json.dumps(plain)).encode()
            here.writestr(zipfile.ZipInfo(name, _TIME), content)
    return whole.getvalue()
