"""What workers count, and how their counts add up, in any order and to the same sums."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from exporter.errors import MAX_LISTED
from exporter.evaluating.labelled_images import Bad, BadKind

# Cosines are added up as whole numbers of this: such sums do not depend on their order.
COSINE_UNIT = 1e-12


@dataclass
class BadCount:
    """How often something was bad in one way.

    Attributes:
        count: How often.
        first: The first names, in sorted order.
    """

    count: int = 0
    first: tuple[str, ...] = ()

    def add(self, count: int, names: Iterable[str]) -> None:
        """Counts more."""
        self.count += count
        self.first = tuple(sorted((*self.first, *names))[:MAX_LISTED])


@dataclass
class Vectors:
    """Features of images, one row each.

    Attributes:
        names: Of the images.
        labels: Of the images.
        rows: float32 `[images, features]`, in parts.
    """

    names: list[str] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)

    def add(self, other: "Vectors") -> None:
        """Adds those of others."""
        self.names += other.names
        self.labels += other.labels
        self.rows += other.rows


@dataclass
class ModelTally:
    """Counts of one model.

    Attributes:
        right: How many images of each class had it as their first guess.
        top_5: How many images had their class among the first five guesses.
        confusions: How often a wrong class was guessed first, by class and guess.
        gained: Where the guess was right and the SavedModel's was wrong.
        lost: Where it was the other way round.
        changed: Where the guess was another than the SavedModel's.
        cosines: Sum of the cosines with the SavedModel's output, in `COSINE_UNIT`s.
        least: The least of them, and the image; None before the first.
        vectors: The features, where neighbours vote.
    """

    right: Counter[int] = field(default_factory=Counter)
    top_5: int = 0
    confusions: Counter[tuple[int, int]] = field(default_factory=Counter)
    gained: int = 0
    lost: int = 0
    changed: int = 0
    cosines: int = 0
    least: tuple[float, str] | None = None
    vectors: Vectors = field(default_factory=Vectors)

    def add(self, other: "ModelTally") -> None:
        """Adds the counts of others."""
        self.right.update(other.right)
        self.confusions.update(other.confusions)
        for name in ("top_5", "gained", "lost", "changed", "cosines"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.least = min(filter(None, (self.least, other.least)), default=None)
        self.vectors.add(other.vectors)


@dataclass
class Tally:
    """Counts of images.

    Attributes:
        images: How many there were of each class; of class -1 where they have none.
        layouts: How many there were with each way of counting labels.
        bad: What was no image with a label, by kind.
        models: Counts by the model's name.
        broken: Why a model gave no numbers, by its name.
    """

    images: Counter[int] = field(default_factory=Counter)
    layouts: Counter[str] = field(default_factory=Counter)
    bad: dict[BadKind, BadCount] = field(default_factory=dict)
    models: dict[str, ModelTally] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def of_model(self, name: str) -> ModelTally:
        """Returns the counts of a model."""
        return self.models.setdefault(name, ModelTally())

    def add_bad(self, bad: Bad) -> None:
        """Counts what is bad."""
        self.bad.setdefault(bad.kind, BadCount()).add(1, [bad.name])

    def add(self, other: "Tally") -> None:
        """Adds the counts of others."""
        self.images.update(other.images)
        self.layouts.update(other.layouts)
        for kind, bad in other.bad.items():
            self.bad.setdefault(kind, BadCount()).add(bad.count, bad.first)
        for name, model in other.models.items():
            self.of_model(name).add(model)
        for name, why in other.broken.items():
            self.broken[name] = min(why, self.broken.get(name, why))
