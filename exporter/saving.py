"""Writes a SavedModel, always with the same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from exporter import temporary
from exporter.canonical import canonicalize
from exporter.digests import of_folder
from exporter.errors import ExportError, reason
from exporter.labels import ASSETS, write_labels
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


def save(model: ReusableModel, folder: Path, labels: Sequence[str] = ()) -> SavedModelDir:
    """Writes a model.

    Args:
        model: What to write.
        folder: An empty folder.
        labels: Names of the classes in their order, which become an asset of the model;
            none for no asset.

    Returns:
        The SavedModel. Its bytes depend on the network, the weights, the labels, the
        default momentum and the version of TensorFlow, on nothing else.

    Raises:
        ExportError: If it cannot be written.
    """
    # The gradients of the network are those of its ops; saving them again only takes time.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    try:
        with temporary.folder() as place:
            if labels:
                path = write_labels(labels, place)
                model.root.labels = tf.saved_model.Asset(str(path))
            saved = (model.root, str(folder), model.signatures)
            tf.saved_model.save(*saved, options=options)
        if not labels:
            (folder / ASSETS).rmdir()
        canonicalize(folder, description=model.description)
        return SavedModelDir(folder, of_folder(folder))
    except (tf.errors.OpError, OSError) as error:
        raise ExportError(
            f"SavedModel cannot be written into '{folder.parent.parent}': {reason(error)}."
            " Free some space, or choose another --output_dir."
        ) from error
