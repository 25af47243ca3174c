"""What a release says of the model's accuracy: an evaluation of the same bytes."""

from pathlib import Path

import pydantic

from exporter.errors import PublishError, reason
from exporter.releases.manifest import AccuracySummary
from exporter.releases.passed import wrong_form
from exporter.reports.evaluation_record import Evaluation

# What is said of the data: where else it lay says nothing to others.
_PARTS = 2


def read_evaluation(path: Path, digest: str) -> Evaluation:
    """Reads what `slim-export evaluate --json` printed.

    Args:
        path: The file.
        digest: Of the model that is packaged.

    Returns:
        The evaluation.

    Raises:
        PublishError: If it cannot be read, is of another model, or says nothing of accuracy.
    """
    try:
        found = Evaluation.model_validate_json(path.read_bytes())
    except OSError as error:
        raise PublishError(
            f"Evaluation '{path}' cannot be read: {reason(error)}. Check --evaluation."
        ) from error
    except pydantic.ValidationError as error:
        raise PublishError(
            f"Evaluation '{path}' cannot be read: it is none of this version:"
            f" {wrong_form(error)}. Give what 'slim-export evaluate --json' printed."
        ) from error
    if found.model_digest != digest:
        raise PublishError(
            f"Evaluation '{path}' is of another model: expected sha256 {digest}, found"
            f" {found.model_digest}. Evaluate this one, or change --evaluation."
        )
    if found.models[0].accuracy is None:
        raise PublishError(
            f"Evaluation '{path}' says nothing of accuracy: expected that of classes, or of the"
            " vote of neighbours, found the agreement of formats. Evaluate with --neighbours."
        )
    if odd := _contradiction(found):
        raise PublishError(
            f"Evaluation '{path}' contradicts itself: expected {odd}. Evaluate the model again."
        )
    return found


def _contradiction(found: Evaluation) -> str:
    """Says what an evaluation's numbers must be and are not; empty if they are."""
    model = found.models[0]
    if not 0 < found.images == model.images:
        return f"one number of images, found {found.images} and {model.images}"
    shares = [(model.accuracy, model.accuracy_interval), (model.top_5, model.top_5_interval)]
    for share, interval in shares:
        low, high = interval or (1.0, 0.0)
        if share is not None and not low <= share <= high:
            return f"shares within their intervals, found {share} beside {interval}"
    if model.top_1 is not None and model.top_5 is not None and model.top_1 > model.top_5:
        return f"a top-5 of {model.top_1} or more, as the top-1 is, found {model.top_5}"
    return ""


def for_others(found: Evaluation, handle: str) -> Evaluation:
    """Leaves out where the model and the data lay, which says nothing to others."""
    models = []
    for model in found.models:
        cosine = model.cosine and model.cosine.model_copy(
            update={"least_image": _short(model.cosine.least_image)}
        )
        models.append(model.model_copy(update={"cosine": cosine}))
    return found.model_copy(
        update={
            "model_dir": handle,
            "data": _short(found.data),
            "models": tuple(models),
            "bad": tuple(bad.model_copy(update={"first": ()}) for bad in found.bad),
            "notes": (),
            "refused": (),
        }
    )


def _short(path: str) -> str:
    return "/".join(path.split("/")[-_PARTS:]).removeprefix("/")


def summary_of(found: Evaluation) -> AccuracySummary:
    """Says in short what an evaluation came to."""
    model = found.models[0]
    top_1, interval = model.accuracy, model.accuracy_interval
    assert top_1 is not None, "refused without one"
    assert interval is not None, "refused without one"
    return AccuracySummary(
        data=found.data,
        images=found.images,
        neighbours=model.vote.neighbours if model.vote else 0,
        top_1=top_1,
        top_1_interval=interval,
        top_5=model.top_5,
    )
