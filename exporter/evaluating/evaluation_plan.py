"""What is evaluated, as it is found before the first image is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporter.bench.candidates import Candidate
from exporter.evaluating.evaluate_request import EvaluateRequest
from exporter.verifier.subjects.input_range import UNKNOWN, InputRange
from slim_nets.network import Task


@dataclass(frozen=True)
class EvaluationPlan:
    """Everything that a worker needs to know.

    Attributes:
        request: What was asked for.
        digest: Of the SavedModel.
        models: The SavedModel first, then the formats.
        task: What they end with.
        network: The network that the SavedModel was recognized as; empty if none.
        published_top_1: Of the network's published weights, in [0, 1]; None where it is not known.
        input: Name of the input.
        output: Name of the output.
        outputs: How many numbers it has for an image.
        image_size: Height and width of the images in pixels.
        batch: Images a call.
        input_range: Of the images' values.
        offsets: What is added to labels to make classes, by the way in which the data counts them.
        background: Whether class 0 is a background, which has no images.
        class_names: Of the classes, by number; empty where they are not known.
        threads: How many a runtime may use; None for its default.
        place: A folder in which workers of this machine say how far they are; empty for none.
        notes: What was found that whoever asked should know, a sentence each.
    """

    request: EvaluateRequest
    digest: str
    models: tuple[Candidate, ...]
    task: Task
    network: str
    published_top_1: float | None
    input: str
    output: str
    outputs: int
    image_size: tuple[int, int]
    batch: int
    input_range: InputRange = UNKNOWN
    offsets: Mapping[str, int] = field(default_factory=dict)
    background: bool = False
    class_names: tuple[str, ...] = ()
    threads: int | None = None
    place: str = ""
    notes: tuple[str, ...] = ()

    @property
    def classifies(self) -> bool:
        """Whether the output has a number for each class."""
        return self.task == "classification"

    @property
    def labelled(self) -> bool:
        """Whether labels are needed."""
        return self.classifies or self.request.neighbours > 0
