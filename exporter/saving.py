"""Writes a SavedModel, always with the same bytes."""

from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from exporter.canonical import canonicalize
from exporter.digests import of_folder
from exporter.errors import ExportError, reason
from exporter.reusable import ReusableModel


@dataclass(frozen=True, slots=True)
class SavedModelDir:
    """A SavedModel on disk.

    Attributes:
        path: Its folder.
        digest: SHA-256 over the names and contents of its files.
    """

    path: Path
    digest: str


def save(model: ReusableModel, folder: Path) -> SavedModelDir:
    """Writes a model.

    Args:
        model: What to write.
        folder: An empty folder.

    Returns:
        The SavedModel. Its bytes depend on the network, the weights, the
        default momentum and the version of TensorFlow, on nothing else.

    Raises:
        ExportError: If it cannot be written.
    """
    # The gradients of the network are those of its ops; saving them again only takes time.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    try:
        tf.saved_model.save(model.root, str(folder), signatures=model.signatures, options=options)
        (folder / "assets").rmdir()
        canonicalize(folder, description=model.description)
        return SavedModelDir(folder, of_folder(folder))
    except (tf.errors.OpError, OSError) as error:
        raise ExportError(
            f"SavedModel cannot be written into '{folder.parent.parent}': {reason(error)}."
            " Free some space, or choose another --output_dir."
        ) from error
