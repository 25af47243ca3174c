"""What an evaluation found, as `slim-export evaluate --json` prints it."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from exporter.errors import EvaluationError, listing
from exporter.verifier.report.forms import Count, Digest, Line, Pixels
from exporter.verifier.report.records import Record
from slim_nets.network import Task

Share = Annotated[float, Field(ge=0, le=1)]
ShareInterval = tuple[Share, Share]
Signed = Annotated[float, Field(ge=-1, le=1)]


class PairedDifference(Record):
    """How a format's guesses differ from the SavedModel's on the same images.

    Attributes:
        top_1: Of the format, less that of the SavedModel.
        top_1_interval: In which the true difference lies with 95 % confidence.
        changed: How many first guesses are others.
        gained: Where the guess is right and the SavedModel's is wrong.
        lost: Where it is the other way round.
    """

    top_1: Signed
    top_1_interval: tuple[Signed, Signed]
    changed: Count
    gained: Count
    lost: Count


class Agreement(Record):
    """The cosine of a format's outputs with the SavedModel's.

    Attributes:
        mean: Over all images.
        least: Of all images.
        least_image: The image that has it.
    """

    mean: float
    least: float
    least_image: Line


class NeighbourVote(Record):
    """The accuracy of features: each image's class by the vote of its nearest others.

    Attributes:
        neighbours: How many vote.
        top_1: Share of images on which they vote rightly.
        top_1_interval: In which the true share lies with 95 % confidence.
    """

    neighbours: Count
    top_1: Share
    top_1_interval: ShareInterval


class ModelAccuracy(Record):
    """What one model came to.

    Attributes:
        name: "SavedModel", or the format.
        images: How many it was run on.
        top_1: Share of images whose class is the first guess; None for features.
        top_1_interval: Wilson's, in which the true share lies with 95 % confidence.
        top_5: Share of images whose class is among the first five guesses.
        top_5_interval: The same of it.
        difference: From the SavedModel; None for itself, and for features.
        cosine: With the SavedModel's outputs; None for itself.
        vote: Of the nearest images; None where it was not asked for.
    """

    name: Line
    images: Count
    top_1: Share | None = None
    top_1_interval: ShareInterval | None = None
    top_5: Share | None = None
    top_5_interval: ShareInterval | None = None
    difference: PairedDifference | None = None
    cosine: Agreement | None = None
    vote: NeighbourVote | None = None

    @property
    def accuracy(self) -> Share | None:
        """Its top-1 accuracy, of features that of the vote; None without either."""
        return self.vote.top_1 if self.vote else self.top_1

    @property
    def accuracy_interval(self) -> ShareInterval | None:
        """In which the true accuracy lies with 95 % confidence; None without one."""
        return self.vote.top_1_interval if self.vote else self.top_1_interval


class ClassAccuracy(Record):
    """The SavedModel on the images of one class.

    Attributes:
        label: Number of the class.
        name: Its name; empty where it is not known.
        images: How many there were.
        top_1: Share of them whose class is the first guess.
        top_1_interval: In which the true share lies with 95 % confidence.
    """

    label: Count
    name: Line
    images: Count
    top_1: Share
    top_1_interval: ShareInterval


class Confusion(Record):
    """A class that the SavedModel took for another.

    Attributes:
        label: Number of the class.
        name: Its name; empty where it is not known.
        guess: Number of the class that it was taken for.
        guess_name: Its name.
        images: How often.
    """

    label: Count
    name: Line
    guess: Count
    guess_name: Line
    images: Count


class BadData(Record):
    """What was no image with a label.

    Attributes:
        kind: What was wrong.
        count: How often.
        first: The first five in sorted order.
    """

    kind: Line
    count: Count
    first: tuple[Line, ...]


class PublishedAccuracy(Record):
    """What was published of the network.

    Attributes:
        network: Its name.
        top_1: Top-1 accuracy of the published weights on ImageNet.
        within: Whether it lies within the SavedModel's interval.
    """

    network: Line
    top_1: Share
    within: bool


class Evaluation(Record):
    """Everything that was found.

    Attributes:
        schema_version: Of this form.
        model_dir: The SavedModel.
        model_digest: SHA-256 over the names and contents of its files.
        network: Which one it was recognized as; empty if none.
        task: What it ends with.
        data: The images, as they were asked for.
        labels: How the data counts classes: the features that hold labels, or "folders".
        label_offset: What was added to make the model's classes.
        image_size: Height and width in pixels.
        input_range: Least and largest value of images.
        central_crop: How much of height and width was kept.
        images: How many were evaluated.
        bad: What was none, by kind.
        models: The SavedModel first, then the formats.
        classes: The SavedModel class by class, those that have images.
        confusions: Those that are most frequent.
        published: What was published of the network; None where nothing was.
        min_top_1: Least top-1 accuracy that was asked of every model; None for any.
        notes: What whoever asked should know, a sentence each.
        refused: Formats that gave no numbers, a sentence each.
    """

    schema_version: Literal[1] = 1
    model_dir: str
    model_digest: Digest
    network: Line
    task: Task
    data: str
    labels: Line
    label_offset: int
    image_size: tuple[Pixels, Pixels]
    input_range: tuple[float, float] = (0.0, 1.0)
    central_crop: Share
    images: Count
    bad: tuple[BadData, ...]
    models: Annotated[tuple[ModelAccuracy, ...], Field(min_length=1)]
    classes: tuple[ClassAccuracy, ...]
    confusions: tuple[Confusion, ...]
    published: PublishedAccuracy | None
    min_top_1: Share | None
    notes: tuple[str, ...]
    refused: tuple[str, ...]

    def below(self) -> Iterator[tuple[ModelAccuracy, str]]:
        """Yields the models that are less accurate than they must be, and says so."""
        if self.min_top_1 is None:
            return
        for model in self.models:
            if model.accuracy is not None and model.accuracy < self.min_top_1:
                sentence = (
                    f"Model '{model.name}' is less accurate than it must be: expected a top-1 of"
                    f" {self.min_top_1:g} or more, found {model.accuracy:.4f} on"
                    f" {self.images:,} images. Look at the report, or lower --min_top_1."
                )
                yield model, sentence

    @property
    def failures(self) -> tuple[str, ...]:
        """Why it is not passed, a sentence each; none if it is."""
        return (*self.refused, *(sentence for _, sentence in self.below()))

    def check_data(self, max_bad: int = 0) -> None:
        """Refuses a result of data that is bad.

        Args:
            max_bad: How many images and files may be bad.

        Raises:
            EvaluationError: If more are, or nothing was evaluated.
        """
        count = sum(bad.count for bad in self.bad)
        kinds = "; ".join(f"{bad.count} of kind '{bad.kind}': {_first(bad)}" for bad in self.bad)
        if count > max_bad:
            raise EvaluationError(
                f"Data '{self.data}' is bad in {count} places: expected {max_bad or 'none'}, found"
                f" {kinds}. Mend them, or raise --max_bad."
            )
        if not self.images:
            raise EvaluationError(
                f"Data '{self.data}' has no images: expected some, found {kinds or 'none'}."
                " Change --data."
            )


def _first(bad: BadData) -> str:
    more = bad.count - len(bad.first)
    return listing(bad.first) + (f" and {more} more" if more > 0 else "")
