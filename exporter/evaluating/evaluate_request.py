"""What is asked of an evaluation, from the command line to the workers."""

from dataclasses import dataclass
from pathlib import Path

from exporter.errors import InvalidArgumentError
from slim_nets.network import Task

# TF-Slim's own: what is left of height and width before an image is resized.
CENTRAL_CROP = 0.875
BATCH = 32
# Of every runtime in a worker: there is a worker for every core.
THREADS = 1
_OFFSETS = (-1, 0, 1)


@dataclass(frozen=True)
class EvaluateRequest:
    """What to evaluate, and on which images.

    Attributes:
        model_dir: The SavedModel, whoever made it.
        data: A pattern of TFRecord files, or a folder with a folder of images for each class, on
            any file system that Beam reads; empty where a pipeline brings the examples.
        converted: The folder with a folder for each format; None for the SavedModel alone.
        task: What the model ends with; None for what its network or its output says.
        labels: A text file with a class name a line; None for the model's own, if it has some.
        label_offset: What is added to the data's labels to make the model's classes: 1 where the
            model alone counts a background as class 0, -1 where the data alone does; None for
            what the number of classes says.
        image_size: Height and width in pixels, for models that take images of any size.
        input_range: Least and largest value of images; None for what the model itself says.
        central_crop: How much of height and width is kept, in (0, 1].
        batch: Images a call.
        neighbours: How many neighbours vote on the class of an image by its features; 0 for none.
        max_bad: How many images and files may be bad.
        min_top_1: Least top-1 accuracy that every model must have, in [0, 1]; None for any.
        trust: Whether to run a model that does more than compute, such as read files.
    """

    model_dir: Path
    data: str = ""
    converted: Path | None = None
    task: Task | None = None
    labels: Path | None = None
    label_offset: int | None = None
    image_size: tuple[int, int] | None = None
    input_range: tuple[float, float] | None = None
    central_crop: float = CENTRAL_CROP
    batch: int = BATCH
    neighbours: int = 0
    max_bad: int = 0
    min_top_1: float | None = None
    trust: bool = False

    def __post_init__(self) -> None:
        """Refuses numbers out of their range at once.

        Raises:
            InvalidArgumentError: If one is.
        """
        offset, least = self.label_offset, self.min_top_1
        for flag, value, expected, fits in (
            ("central_crop", self.central_crop, "above 0 to 1", 0 < self.central_crop <= 1),
            ("batch", self.batch, "1 or more", self.batch >= 1),
            ("neighbours", self.neighbours, "0 or more", self.neighbours >= 0),
            ("max_bad", self.max_bad, "0 or more", self.max_bad >= 0),
            ("label_offset", offset, "-1, 0 or 1", offset is None or offset in _OFFSETS),
            ("min_top_1", least, "0 to 1", least is None or 0 <= least <= 1),
        ):
            if not fits:
                raise InvalidArgumentError(
                    f"Flag --{flag} is out of range: expected {expected}, found {value:g}."
                    f" Change --{flag}."
                )
