"""What consumers of a SavedModel depend on: locked as JSON, and compared with a later model.

Reading a model needs its protobuf and the index of its variables, neither a
session nor its values; comparing two contracts needs no TensorFlow at all.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from exporter import quiet

if TYPE_CHECKING:
    from exporter.contract.record import Contract


def lock(folder: Path) -> "Contract":
    """Reads what consumers of a SavedModel depend on, to hold later models to it.

    Args:
        folder: The SavedModel.

    Returns:
        Its contract; `to_json` writes it, the same text for the same model.

    Raises:
        ContractError: If it is none that TensorFlow 2 could load, or its
            variables are not all in its index.
    """
    quiet.import_tensorflow()
    from exporter.contract.read import read_sound

    return read_sound(folder)
