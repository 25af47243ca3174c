"""An evaluation as JUnit XML, a test case a model."""

from collections.abc import Iterator

from exporter.reports.evaluation_record import Evaluation, ModelAccuracy
from exporter.reports.junit import Case, document

_ASKED = "top-1"


def junit_of(found: Evaluation) -> bytes:
    """Makes a suite of the models, and one of the formats that could not be evaluated.

    Args:
        found: What was found.

    Returns:
        UTF-8 XML; without a least accuracy, the models' cases are skipped.
    """
    suites = {_ASKED: list(_cases(found))}
    if found.refused:
        suites["formats"] = [Case(sentence, failure=sentence) for sentence in found.refused]
    return document("evaluate", suites)


def _cases(found: Evaluation) -> Iterator[Case]:
    below = {model.name: sentence for model, sentence in found.below()}
    for model in found.models:
        if found.min_top_1 is None or model.accuracy is None:
            why = "no --min_top_1 was given" if found.min_top_1 is None else "it gives features"
            yield Case(model.name, skipped=f"{_said(model)}: {why}")
        else:
            yield Case(model.name, failure=below.get(model.name), details=_said(model))


def _said(model: ModelAccuracy) -> str:
    accuracy = "no accuracy" if model.accuracy is None else f"top-1 {model.accuracy:.4f}"
    return f"{accuracy} on {model.images:,} images"
