"""Decodes images, runs all models on the same batch, and counts what they say."""

from typing import Any

import numpy as np

from exporter.converters.cosines import cosines
from exporter.errors import EvaluationError
from exporter.evaluating.evaluation_plan import EvaluationPlan
from exporter.evaluating.labelled_images import Bad, LabelledImage
from exporter.evaluating.opened_models import OpenedModels
from exporter.evaluating.tally import COSINE_UNIT, ModelTally, Tally, Vectors
from exporter.photos import preprocessed

# Of images whose labels nobody asks for.
_NO_LABEL = -1
_TOP = 5


class Evaluator:
    """Takes images one by one; models get whole batches.

    The last batch is filled up with its first image: so every call has the same shape, for which
    runtimes prepare once, and no number depends on how the data is cut.

    Attributes:
        tally: The counts up to the last batch.
    """

    def __init__(self, plan: EvaluationPlan, models: OpenedModels) -> None:
        self.tally = Tally()
        self._plan, self._models = plan, models
        self._images = np.zeros((plan.batch, *plan.image_size, 3), np.float32)
        self._names: list[str] = []
        self._labels: list[int] = []

    def add(self, image: LabelledImage | Bad) -> None:
        """Takes one image, or what is none."""
        label = image if isinstance(image, Bad) else self._label(image)
        if isinstance(image, Bad) or isinstance(label, Bad):
            self.tally.add_bad(label)  # type: ignore[arg-type]
            return
        request = self._plan.request
        pixels = preprocessed(image.encoded, self._plan.image_size, request.central_crop)
        if pixels is None:
            self.tally.add_bad(Bad(image.name, "undecodable image"))
            return
        self._images[len(self._names)] = self._plan.input_range.of_unit(pixels)
        self._names.append(image.name)
        self._labels.append(label)
        self.tally.images[label] += 1
        self.tally.layouts[image.layout] += 1
        if len(self._names) == self._plan.batch:
            self.flush()

    def _label(self, image: LabelledImage) -> int | Bad:
        """Returns an image's class."""
        if not self._plan.labelled:
            return _NO_LABEL
        if image.label is None:
            return Bad(image.name, "record without the keys")
        label = image.label + self._plan.offsets.get(image.layout, 0)
        if self._plan.classifies and not 0 <= label < self._plan.outputs:
            return Bad(f"{image.name} ({image.label})", "label out of range")
        return label

    def flush(self) -> None:
        """Runs the models on the images that wait."""
        names, labels = self._names, np.array(self._labels)
        if not names:
            return
        self._images[len(names) :] = self._images[0]
        base: np.ndarray | None = None
        for model in self._plan.models:
            try:
                found = self._models.run(model.name, self._images)[: len(names)]
            except EvaluationError as error:
                self._models.broken[model.name] = self.tally.broken[model.name] = str(error)
                continue
            tally = self.tally.of_model(model.name)
            if self._plan.classifies:
                _count_guesses(tally, labels, found, base)
            if self._plan.request.neighbours:
                tally.vectors.add(Vectors(list(names), labels.tolist(), [found]))
            if base is not None:
                _count_cosines(tally, names, base, found)
            elif model is self._plan.models[0]:
                base = found
        self._names, self._labels = [], []


def _count_guesses(
    tally: ModelTally, labels: np.ndarray, logits: np.ndarray, base: np.ndarray | None
) -> None:
    """Counts right and wrong guesses; of equal logits, the first class is guessed first."""
    ranks, guesses = ranks_of(labels, logits), logits.argmax(1)
    right = ranks == 0
    tally.top_5 += int((ranks < _TOP).sum())
    tally.right.update(labels[right].tolist())
    wrong = zip(labels[~right].tolist(), guesses[~right].tolist(), strict=True)
    tally.confusions.update(wrong)
    if base is not None:
        base_right = ranks_of(labels, base) == 0
        tally.gained += int((right & ~base_right).sum())
        tally.lost += int((~right & base_right).sum())
        tally.changed += int((guesses != base.argmax(1)).sum())


def ranks_of(labels: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Says how many classes are guessed before the right one.

    Args:
        labels: int `[images]`.
        logits: `[images, classes]`.

    Returns:
        int `[images]`; 0 where the first guess is right.
    """
    of_label = np.take_along_axis(logits, labels[:, None], 1)
    before: Any = np.arange(logits.shape[1]) < labels[:, None]
    ranks: np.ndarray = ((logits > of_label) | ((logits == of_label) & before)).sum(1)
    return ranks


def _count_cosines(
    tally: ModelTally, names: list[str], base: np.ndarray, found: np.ndarray
) -> None:
    for name, cosine in zip(names, cosines(base, found), strict=True):
        tally.cosines += round(cosine / COSINE_UNIT)
        seen = (cosine, name)
        tally.least = seen if tally.least is None else min(tally.least, seen)
