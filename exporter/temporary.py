"""Folders that last as long as what is done in them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exporter.errors import ExporterError, reason


@contextmanager
def folder() -> Iterator[Path]:
    """Makes an empty folder, which is gone afterwards.

    Yields:
        The folder.

    Raises:
        ExporterError: If there is no room for one anywhere.
    """
    try:
        place = tempfile.TemporaryDirectory(prefix="slim-export-", ignore_cleanup_errors=True)
    except OSError as error:
        raise ExporterError(
            f"Temporary files cannot be written: {reason(error)}. Free some space, or set TMPDIR to"
            " another folder."
        ) from error
    with place as name:
        yield Path(name)
