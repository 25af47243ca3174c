"""What a user gives to run models on. Nothing here may import TensorFlow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from checkpoints.git_lfs import IS_POINTER, is_pointer
from exporter.errors import InvalidArgumentError, listing, reason
from exporter.verifier.subjects.input_range import UNKNOWN, InputRange

# Kinds of arrays that tensors are made of: numbers, and strings.
_KINDS = "biufcSU"
# How files begin: of numpy.save, and of numpy.savez.
_ONE_ARRAY, _ARCHIVE = b"\x93NUMPY", b"PK"


@dataclass(frozen=True)
class Given:
    """Examples of a user's own.

    Attributes:
        images: Files.
        arrays: Examples for every input by its name, as many of each.
        input_range: Of images and of what is made up in their place.
    """

    images: tuple[Path, ...] = ()
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict, hash=False)
    input_range: InputRange = UNKNOWN


def read_arrays(path: Path) -> Mapping[str, np.ndarray]:
    """Reads examples.

    Args:
        path: What `numpy.savez` wrote: an array for every input by its name, with a row an
            example; a single number counts for all examples.

    Returns:
        The arrays by name, of one length.

    Raises:
        InvalidArgumentError: If it cannot be read, or the arrays have other forms.
    """
    if is_pointer(path):
        raise InvalidArgumentError(f"Inputs '{path}' {IS_POINTER}")
    try:
        _check_beginning(path)
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: _array(file[name], name) for name in file.files}
    except MemoryError:
        raise
    except Exception as error:  # numpy, zipfile and zlib raise what they like of a damaged archive
        raise InvalidArgumentError(
            f"Inputs '{path}' cannot be read: expected arrays of numbers or of strings as"
            f" numpy.savez writes them, found {reason(error).rstrip('.')}. Change --inputs."
        ) from error
    lengths = {len(array) for array in arrays.values() if array.ndim}
    if len(lengths) > 1 or 0 in lengths or not arrays:
        found = listing(f"{name} {list(array.shape)}" for name, array in arrays.items()) or "none"
        raise InvalidArgumentError(
            f"Inputs '{path}' have no form of examples: expected as many rows of every array, at"
            f" least one, found {found}. Change --inputs."
        )
    count = next(iter(lengths), 1)
    return {n: a if a.ndim else np.repeat(a[None], count) for n, a in arrays.items()}


def _check_beginning(path: Path) -> None:
    """Refuses what numpy would take for something else: one array, or pickled objects.

    Raises:
        TypeError: If it is that.
    """
    with path.open("rb") as file:
        beginning = file.read(len(_ONE_ARRAY))
    if beginning == _ONE_ARRAY:
        raise TypeError("one array, which has no name")
    if not beginning.startswith(_ARCHIVE):
        raise TypeError("other bytes" if beginning else "an empty file")


def _array(member: np.ndarray | bytes, name: str) -> np.ndarray:
    """Refuses what no tensor can be made of, such as a file beside the arrays.

    Raises:
        TypeError: If it is that.
    """
    if not isinstance(member, np.ndarray):
        raise TypeError(f"'{name}', which is no array")
    if member.dtype.kind not in _KINDS:
        raise TypeError(f"'{name}' of {member.dtype}")
    return member
