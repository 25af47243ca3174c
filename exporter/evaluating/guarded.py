"""Looks at a SavedModel only if it is safe, and proves that it stayed as it was."""

from collections.abc import Iterator
from contextlib import contextmanager

from exporter import quiet
from exporter.digests import unchanged_folder
from exporter.errors import EvaluationError
from exporter.evaluating.evaluate_request import EvaluateRequest
from exporter.protobufs import check_is_there
from exporter.releases.scan import check_trusted


@contextmanager
def looked_at(request: EvaluateRequest) -> Iterator[str]:
    """Lets the body load and run the request's SavedModel.

    Yields:
        Its digest.

    Raises:
        ExporterError: If there is none, it does more than compute, or is not the same afterwards.
    """
    quiet.import_tensorflow()
    check_is_there(request.model_dir, EvaluationError)
    with unchanged_folder(request.model_dir, EvaluationError) as digest:
        check_trusted(request.model_dir, EvaluationError, trust=request.trust)
        yield digest
