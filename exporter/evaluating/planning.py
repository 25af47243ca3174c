"""Looks at the model before the first image is read: what it takes, and what it gives."""

import unicodedata
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from checkpoints import catalog
from exporter.bench.candidates import Candidate, Lineup, check_made_of, of_formats
from exporter.errors import EvaluationError, listing
from exporter.evaluating.data_files import DataFiles
from exporter.evaluating.evaluate_request import EvaluateRequest
from exporter.evaluating.evaluation_plan import EvaluationPlan
from exporter.labels import labels_of, read_labels
from exporter.signatures import SERVING, way_of
from exporter.verifier.report import kept
from exporter.verifier.subjects.given import Given
from exporter.verifier.subjects.input_range import asked
from exporter.verifier.subjects.loading import load_model
from exporter.verifier.subjects.saved_model import LoadedModel
from exporter.verifier.subjects.subject import PLAIN
from slim_nets.network import Task
from slim_nets.networks import USUAL_CLASSES
from slim_nets.recognition import recognized
from slim_nets.registry import Variant

SAVED_MODEL = "SavedModel"
_FEATURES: Task = "feature_vector"
_CLASSES: Task = "classification"
# Of ImageNet, without the background that TF-Slim puts before them.
_WITHOUT = USUAL_CLASSES - 1


def planned(request: EvaluateRequest, digest: str) -> EvaluationPlan:
    """Looks at the SavedModel, and at what was made of it.

    Args:
        request: What was asked for.
        digest: Of the SavedModel.

    Returns:
        What is known without the data.

    Raises:
        ExporterError: If it cannot be loaded, takes no images, or the request does not fit it.
    """
    converted = of_formats(request.converted) if request.converted else Lineup()
    check_made_of(converted, request.model_dir)
    given = Given(input_range=asked(request.input_range))
    model = load_model(request.model_dir, given=given)
    way = _way(model)
    input_range = model.spec_of(way).input_range
    image_size = _image_size(request, model, way, digest)
    output, outputs = _output(model, way, image_size)
    variant, known = recognized(model.variables(), image_size) or (None, None)
    task = request.task or known or (_FEATURES if output == _FEATURES else _CLASSES)
    background = variant.background if variant else outputs == USUAL_CLASSES
    candidate = Candidate(SAVED_MODEL, "saved_model", way, path=str(request.model_dir.absolute()))
    plan = EvaluationPlan(
        request=request,
        digest=digest,
        models=(candidate, *converted.candidates),
        task=task,
        network=variant.name if variant else "",
        published_top_1=_published(variant, task),
        input=_input(model, way),
        output=output,
        outputs=outputs,
        image_size=image_size,
        input_range=input_range,
        batch=model.spec_of(way).fixed_batch() or request.batch,
        class_names=_class_names(request, task, outputs),
        offsets=_offsets(request, task, outputs, background=background),
        background=background and task == "classification",
        notes=(
            *converted.notes,
            *filter(None, [input_range.told(f"SavedModel '{request.model_dir}'")]),
        ),
    )
    _check_measurable(plan)
    return plan


def _way(model: LoadedModel) -> str:
    """Chooses how the model is called: as servers do, if they can."""
    served = way_of(SERVING)
    ways = sorted(model.ways, key=lambda way: (way != served, way != PLAIN))
    for way in ways:
        if model.spec_of(way).image_size is not None:
            return way
    found = listing(ways) or "no way to call it"
    raise EvaluationError(
        f"SavedModel '{model.folder}' takes no images: expected one input float32"
        f" [batch, height, width, 3], found {found}. Choose another model."
    )


def _input(model: LoadedModel, way: str) -> str:
    return model.signature_inputs(way)[0] if way in model.interface.signature_ways else "inputs"


def _image_size(
    request: EvaluateRequest, model: LoadedModel, way: str, digest: str
) -> tuple[int, int]:
    _, *fixed, _ = model.spec_of(way).specs[0].shape.as_list()
    asked = request.image_size or (None in fixed and _exported_size(digest)) or tuple(fixed)
    if None in asked:
        raise EvaluationError(
            f"SavedModel '{model.folder}' takes images of any size: expected --image_size, found"
            " none. Give the size that it was trained with."
        )
    if any(own not in (None, size) for own, size in zip(fixed, asked, strict=True)):
        text = " x ".join(str(size or "any") for size in fixed)
        raise EvaluationError(
            f"SavedModel '{model.folder}' takes images of another size: expected {text} pixels,"
            f" found --image_size={asked[0]}x{asked[1]}. Leave it out."
        )
    return asked[0], asked[1]


def _exported_size(digest: str) -> tuple[int, int] | None:
    """Returns the size that a model of any size was exported for, if its report was kept."""
    report = kept.find(digest)
    return report.origin.variant.image_size if report and report.origin else None


def _output(model: LoadedModel, way: str, image_size: tuple[int, int]) -> tuple[str, int]:
    """Finds the output, and how many numbers it has for an image."""
    batch = model.spec_of(way).fixed_batch() or 1
    found = model.inference([way], [np.zeros((batch, *image_size, 3), np.float32)])[way]
    fitting = [name for name, values in found.items() if values.ndim == 2]
    named = [name for name in fitting if name in ("logits", _FEATURES)]
    if len(named or fitting) != 1:
        shapes = listing(f"{name or 'one'} {list(v.shape)}" for name, v in found.items())
        raise EvaluationError(
            f"SavedModel '{model.folder}' has no output to evaluate: expected one of"
            f" [batch, classes], found {shapes}. Choose another model."
        )
    name = (named or fitting)[0]
    return name, found[name].shape[1]


def _published(variant: Variant | None, task: Task) -> float | None:
    if variant is None or variant.own_classes is not None or task != "classification":
        return None
    row = catalog.for_variant(variant.name)
    return row.top_1 / 100 if row and row.top_1 else None


def _class_names(request: EvaluateRequest, task: Task, outputs: int) -> tuple[str, ...]:
    path = request.labels or labels_of(request.model_dir)
    if path is None or task != "classification":
        return ()
    return tuple(read_labels(path, outputs, "classes"))


def _offsets(
    request: EvaluateRequest, task: Task, outputs: int, *, background: bool
) -> Mapping[str, int]:
    """Finds what is added to labels, by how the data counts them.

    TF-Slim's records of ImageNet count a background that has no images; TensorFlow Datasets' do
    not. The models have it where they have one class more than ImageNet.
    """
    if task != "classification":
        return {}
    if request.label_offset is not None:
        return dict.fromkeys(("image/class/label", "label"), request.label_offset)
    counted = 0 if background or outputs != _WITHOUT else -1
    return {"image/class/label": counted, "label": int(background)}


def _check_measurable(plan: EvaluationPlan) -> None:
    request = plan.request
    if plan.classifies and request.neighbours:
        raise EvaluationError(
            f"SavedModel '{request.model_dir}' classifies images itself: expected a model of"
            " features for --neighbours. Leave it out, or give --task=feature_vector."
        )
    if not plan.classifies and not request.neighbours and len(plan.models) == 1:
        raise EvaluationError(
            f"SavedModel '{request.model_dir}' gives features, which have no accuracy of their own:"
            " expected --neighbours=K for the vote of the nearest images, or --converted for the"
            " agreement of other formats. Add one of them."
        )
    if not plan.labelled and request.min_top_1 is not None:
        raise EvaluationError(
            f"SavedModel '{request.model_dir}' gives features, which have no accuracy of their own:"
            " expected --neighbours=K beside --min_top_1. Add it."
        )


def labels_of_folders(plan: EvaluationPlan, data: DataFiles) -> tuple[dict[str, int], int]:
    """Finds the class of every folder.

    Where the classes have names, folders are called so, or by the class's number, to which the
    offset that is given is added. Where they have none, folders are called by numbers, or they are
    the classes in sorted order, behind the background if there is one.

    Args:
        plan: What is known of the model.
        data: The files.

    Returns:
        Labels by the folder's name, and what is added to them; none for files of records.

    Raises:
        EvaluationError: If a folder is called like no class, or like two.
    """
    folders = data.folders
    in_order = {name: number for number, name in enumerate(folders)}
    if not plan.classifies or not folders:
        return in_order, 0
    if plan.class_names:
        return {name: _class_called(plan, data, name) for name in folders}, 0
    offset = plan.request.label_offset
    if all(name.isascii() and name.isdigit() for name in folders):
        return {name: int(name) for name in folders}, offset or 0
    if offset is None:
        offset = plan.outputs - len(folders)
    if offset not in (0, 1) or len(folders) + offset > plan.outputs:
        raise EvaluationError(
            f"Folders of '{data.pattern}' cannot be told apart: expected one for each of"
            f" {plan.outputs} classes, or for all but a background, found {len(folders)}. Give the"
            " names of the classes by --labels."
        )
    return in_order, offset


def _class_called(plan: EvaluationPlan, data: DataFiles, folder: str) -> int:
    wanted = _plain(folder)
    found = [number for number, name in enumerate(plan.class_names) if _plain(name) == wanted]
    is_number = folder.isascii() and folder.isdigit()
    number = int(folder) + (plan.request.label_offset or 0) if is_number else -1
    if not found and 0 <= number < plan.outputs:
        return number
    if len(found) != 1:
        numbers = listing(map(str, found))
        seen = f"classes {numbers} of that name" if found else "no class of that name"
        raise EvaluationError(
            f"Folder '{Path(data.pattern, folder)}' is called like no class: expected a line of the"
            f" labels, or the number of a class, found {seen}. Rename it, or change --labels."
        )
    return found[0]


def _plain(name: str) -> str:
    """Leaves out what is often different in the name of a folder, as accents of macOS are."""
    return unicodedata.normalize("NFC", name.strip().replace("_", " ").casefold())
