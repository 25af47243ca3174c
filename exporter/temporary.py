"""What lasts as long as what is done with it, such as folders and processes."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from exporter.errors import ExporterError, reason

_to_do: list[Callable[[], None]] = []


@contextmanager
def cleaned(clean: Callable[[], None]) -> Iterator[None]:
    """Calls something after the body, or when the process ends in its midst.

    Args:
        clean: May be called twice, and by another thread.
    """
    _to_do.append(clean)
    try:
        yield
    finally:
        clean()
        _to_do.remove(clean)


def clean_up() -> None:
    """Does what is to be done after all that goes on; the process must end then."""
    for clean in reversed(_to_do.copy()):
        with suppress(OSError):
            clean()


@contextmanager
def folder() -> Iterator[Path]:
    """Makes an empty folder, which is gone afterwards.

    Yields:
        The folder.

    Raises:
        ExporterError: If there is no room for one anywhere.
    """
    with _room():
        place = tempfile.TemporaryDirectory(prefix="slim-export-", ignore_cleanup_errors=True)
    with place as name, cleaned(lambda: shutil.rmtree(name, ignore_errors=True)):
        yield Path(name)


@contextmanager
def file() -> Iterator[IO[bytes]]:
    """Makes an empty file without a name, which is gone afterwards.

    Yields:
        The file, to be written and read.

    Raises:
        ExporterError: If there is no room for one anywhere.
    """
    with _room():
        made = tempfile.TemporaryFile()  # noqa: SIM115  (what fails in the body is not ours)
    with made:
        yield made


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ExporterError(
            f"Temporary files cannot be written: {reason(error)}. Free some space, or set TMPDIR to"
            " another folder."
        ) from error
