"""Makes what is told of what was counted."""

from collections.abc import Iterator

from exporter.errors import EvaluationError, printable
from exporter.evaluating.evaluation_plan import EvaluationPlan
from exporter.evaluating.intervals import paired_difference, wilson
from exporter.evaluating.nearest_neighbours import right_votes
from exporter.evaluating.tally import COSINE_UNIT, ModelTally, Tally
from exporter.reports.evaluation_record import (
    Agreement,
    BadData,
    ClassAccuracy,
    Confusion,
    Evaluation,
    ModelAccuracy,
    NeighbourVote,
    PairedDifference,
    PublishedAccuracy,
)

# Of confusions, which without an end would be longer than everything else.
_CONFUSIONS = 50


def evaluation_of(tally: Tally, plan: EvaluationPlan) -> Evaluation:
    """Computes shares and intervals.

    Args:
        tally: The counts of all workers.
        plan: What was evaluated.

    Returns:
        The result; whether the data was good enough for it is not judged.

    Raises:
        EvaluationError: If the SavedModel gave no numbers.
    """
    request, saved_model = plan.request, plan.models[0].name
    if saved_model in tally.broken:
        raise EvaluationError(
            f"SavedModel '{request.model_dir}' could not be run: {tally.broken[saved_model]}."
            " Choose another model, or other images."
        )
    images = tally.images.total()
    own = tally.of_model(saved_model)
    models = (m.name for m in plan.models if m.name not in tally.broken)
    layout = max(tally.layouts, key=tally.layouts.__getitem__, default="")
    return Evaluation(
        model_dir=str(request.model_dir),
        model_digest=plan.digest,
        network=plan.network,
        task=plan.task,
        data=request.data,
        labels=layout,
        label_offset=plan.offsets.get(layout, 0),
        image_size=plan.image_size,
        input_range=plan.input_range.ends,
        central_crop=request.central_crop,
        images=images,
        bad=tuple(
            BadData(kind=k, count=b.count, first=b.first) for k, b in sorted(tally.bad.items())
        ),
        models=tuple(_model(name, tally.of_model(name), images, plan) for name in models),
        classes=tuple(_classes(tally, own, plan)) if plan.classifies else (),
        confusions=tuple(_confusions(own, plan)) if plan.classifies else (),
        published=_published(own, images, plan),
        min_top_1=request.min_top_1,
        notes=(*plan.notes, *_of_labels(tally, plan)),
        refused=tuple(_refused(tally)),
    )


def _model(name: str, tally: ModelTally, images: int, plan: EvaluationPlan) -> ModelAccuracy:
    own = ModelAccuracy(name=name, images=images)
    update: dict[str, object] = {}
    if plan.classifies:
        right = tally.right.total()
        update = {
            "top_1": _share(right, images),
            "top_1_interval": wilson(right, images),
            "top_5": _share(tally.top_5, images),
            "top_5_interval": wilson(tally.top_5, images),
        }
    if name != plan.models[0].name:
        update["cosine"] = _agreement(tally, images)
        update["difference"] = _difference(tally, images) if plan.classifies else None
    if plan.request.neighbours and tally.vectors.names:
        right = right_votes(tally.vectors, plan.request.neighbours)
        update["vote"] = NeighbourVote(
            neighbours=plan.request.neighbours,
            top_1=_share(right, images),
            top_1_interval=wilson(right, images),
        )
    return own.model_copy(update=update)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _agreement(tally: ModelTally, images: int) -> Agreement | None:
    if tally.least is None:
        return None
    least, image = tally.least
    return Agreement(mean=tally.cosines * COSINE_UNIT / images, least=least, least_image=image)


def _difference(tally: ModelTally, images: int) -> PairedDifference:
    return PairedDifference(
        top_1=(tally.gained - tally.lost) / images if images else 0.0,
        top_1_interval=paired_difference(tally.gained, tally.lost, images),
        changed=tally.changed,
        gained=tally.gained,
        lost=tally.lost,
    )


def _name(plan: EvaluationPlan, label: int) -> str:
    return printable(plan.class_names[label]) if plan.class_names else ""


def _classes(tally: Tally, own: ModelTally, plan: EvaluationPlan) -> Iterator[ClassAccuracy]:
    for label, images in sorted(tally.images.items()):
        right = own.right[label]
        yield ClassAccuracy(
            label=label,
            name=_name(plan, label),
            images=images,
            top_1=_share(right, images),
            top_1_interval=wilson(right, images),
        )


def _confusions(own: ModelTally, plan: EvaluationPlan) -> Iterator[Confusion]:
    ordered = sorted(own.confusions.items(), key=lambda item: (-item[1], item[0]))
    for (label, guess), images in ordered[:_CONFUSIONS]:
        names = {"name": _name(plan, label), "guess_name": _name(plan, guess)}
        yield Confusion(label=label, guess=guess, images=images, **names)


def _published(own: ModelTally, images: int, plan: EvaluationPlan) -> PublishedAccuracy | None:
    if plan.published_top_1 is None or not plan.classifies:
        return None
    low, high = wilson(own.right.total(), images)
    top_1 = plan.published_top_1
    return PublishedAccuracy(network=plan.network, top_1=top_1, within=low <= top_1 <= high)


def _of_labels(tally: Tally, plan: EvaluationPlan) -> Iterator[str]:
    """Says what was added to the labels, if nobody said what is to be."""
    if not plan.classifies or plan.request.label_offset is not None:
        return
    for layout in sorted(tally.layouts):
        where = f"in '{layout}'"
        if layout == "folders":
            if plan.class_names:
                continue
            where = "of folders, in sorted order or by number,"
        yield (
            f"Labels {where} are taken with --label_offset={plan.offsets[layout]}, as the model"
            f" has {plan.outputs} classes."
        )
    if plan.background and tally.images[0]:
        yield (
            f"Class 0, the background, has {tally.images[0]} images: if the data's labels begin at"
            " 0 without a background, give --label_offset=1."
        )


def _refused(tally: Tally) -> Iterator[str]:
    for name, why in sorted(tally.broken.items()):
        yield (
            f"Format '{name}' could not be evaluated: {why.rstrip('.')}. Convert it again, or"
            " remove its folder."
        )
