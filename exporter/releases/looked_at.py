"""Looks at a SavedModel before it is loaded and run, and again afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exporter import quiet
from exporter.digests import unchanged_folder
from exporter.errors import ExporterError, listing
from exporter.protobufs import check_is_there
from exporter.releases.runnable_ops import RUNNABLE
from exporter.releases.scan import scan


@contextmanager
def looked_at(folder: Path, refusal: type[ExporterError], *, trust: bool) -> Iterator[str]:
    """Lets the body load and run a SavedModel, and proves that it stays as it was looked at.

    Args:
        folder: The SavedModel.
        refusal: What the stage that asks refuses with.
        trust: Whether it is to be run whatever it does.

    Yields:
        Its digest.

    Raises:
        ExporterError: The refusal, if there is none, it does more than compute, with the names of
            the ops and where they are, or is not the same afterwards.
    """
    check_is_there(folder, refusal)
    quiet.import_tensorflow()  # which has the form of the file
    with unchanged_folder(folder, refusal) as digest:
        if not trust and (found := scan(folder, refusal, RUNNABLE)):
            raise refusal(
                f"Model '{folder}' is not safe to run: expected ops that only compute, found"
                f" {listing(map(str, found))}. Give --trust if you know who made it and why it does"
                " that."
            )
        yield digest
