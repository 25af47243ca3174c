"""Writes a model's page in TensorFlow Hub's format."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

import jinja2

from checkpoints import catalog
from exporter.releases.handle import Handle
from exporter.releases.manifest import File, Verification
from exporter.releases.model_facts import ModelFacts
from exporter.verifier.report.records import Origin
from slim_nets.network import TASKS, Task
from slim_nets.registry import Variant, variants

# Where Hub's handles lead, in links and in the code that users copy.
HOST = "https://tfhub.dev/"
# The archive beside the page, until somebody says where it is hosted.
ASSET_PATH = "model.tar.gz"

_README = "https://github.com/tensorflow/models/blob/master/research/slim/nets/mobilenet/README.md"
_COLABS = (
    "https://colab.research.google.com/github/tensorflow/docs/blob/master/site/en/hub/tutorials/"
)
_LATENCY = {
    "mobilenet_v3_large_100_224": (51.2, 61.0, 44.0),
    "mobilenet_v3_large_075_224": (39.8, 48.0, 34.0),
    "mobilenet_v3_small_100_224": (15.8, 19.4, 14.4),
    "mobilenet_v3_small_075_224": (12.8, 15.9, 11.6),
    "mobilenet_v3_large_minimalistic_100_224": (44.1, 51.0, 35.0),
    "mobilenet_v3_small_minimalistic_100_224": (12.2, 15.1, 11.0),
}
_DATASET = "imagenet-ilsvrc-2012-cls"
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class TaskWords:
    """How a task is called on Hub.

    Attributes:
        tag: Value of `task`.
        colab: A notebook that uses such models.
        purpose: What such a model does.
    """

    tag: str
    colab: str
    purpose: str


_TASKS: dict[Task, TaskWords] = {
    "feature_vector": TaskWords(
        "image-feature-vector",
        f"{_COLABS}tf2_image_retraining.ipynb",
        "Turns images into feature vectors",
    ),
    "classification": TaskWords(
        "image-classification",
        f"{_COLABS}image_classification.ipynb",
        "Classifies images into the 1000 classes of ImageNet and a background",
    ),
}


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """A row of the table that compares the published networks.

    Attributes:
        size: Which network.
        depth_multiplier: Of its channels.
        top_1: Accuracy in percent.
        latency: On Pixel 1, 2 and 3, in milliseconds.
        parameters: As the page's task.
    """

    size: str
    depth_multiplier: float
    top_1: float
    latency: tuple[float, float, float]
    parameters: int


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a page is made from.

    Attributes:
        handle: Of the model.
        origin: Where the model came from.
        facts: What it says of itself.
        verification: What the report says.
        archive: The archive.
        rebuild: The command that makes the model again.
        tool: Version of this tool.
        asset_path: Where the archive is.
    """

    handle: Handle
    origin: Origin
    facts: ModelFacts
    verification: Verification
    archive: File
    rebuild: str
    tool: str
    asset_path: str = ASSET_PATH


def published(origin: Origin) -> catalog.PublishedCheckpoint | None:
    """Returns the published checkpoint that a model was made from, None for any other."""
    rows = (row for row in catalog.checkpoints() if row.prefix == origin.checkpoint)
    return next(rows, None) if origin.trained else None


def model_page(request: PageRequest) -> str:
    """Renders a page.

    Args:
        request: What it is made from.

    Returns:
        Markdown.
    """
    template = resources.files(__package__).joinpath("page.md.j2").read_text("utf-8")
    environment = jinja2.Environment(  # Markdown, of which no part comes from strangers
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"code": _code, "milliseconds": lambda value: f"{value:g}"}
    origin = request.origin
    page = environment.from_string(template).render(
        **{name: getattr(request, name) for name in PageRequest.__slots__},
        description=_description(origin),
        metadata=_metadata(request),
        edgetpu=origin.variant.family == "mobilenet_edgetpu",
        features=origin.task == "feature_vector",
        network=_network(origin.variant),
        family=list(_family(origin.task)),
        published=published(origin),
        sibling=sibling(request.handle, origin.task),
        readme=_README,
        url=f"{HOST}{request.handle}",
        version=request.handle.version,
    )
    return re.sub(r"\n{3,}", "\n\n", page)


def sibling(handle: Handle, task: Task) -> Handle | None:
    """Returns the handle of the same network for the other task, None where it cannot be told."""
    *first, last = handle.name.split("/")
    if not first or last != task:
        return None
    (other,) = (name for name in TASKS if name != task)
    return Handle(handle.publisher, "/".join([*first, other]), handle.version)


def code_blocks(page: str, handle: Handle, url: str) -> tuple[str, ...]:
    """Takes the Python out of a page.

    Args:
        page: The page of a model.
        handle: The model's.
        url: Where to load the model from instead of from TensorFlow Hub.

    Returns:
        Programs, each of which runs by itself.
    """
    return tuple(block.replace(f"{HOST}{handle}", url) for block in _BLOCK.findall(page))


def _description(origin: Origin) -> str:
    text = f"{_TASKS[origin.task].purpose} with {_network(origin.variant)}"
    if not origin.trained:
        return (
            f"NOT TRAINED: random weights (`{_code(origin.checkpoint)}`), for trying tools only."
            f" Once trained, it {text[0].lower()}{text[1:]}."
        )
    if published(origin):
        return f"{text}, trained on ImageNet (ILSVRC-2012-CLS)."
    return f"{text} and the weights of checkpoint `{_code(origin.checkpoint)}`."


def _network(variant: Variant) -> str:
    return f"{_size(variant)} at depth multiplier {variant.depth_multiplier:.12g}"


def _size(variant: Variant) -> str:
    if variant.family == "mobilenet_edgetpu":
        return "MobilenetEdgeTPU"
    return f"MobileNet V3 {variant.family.removeprefix('mobilenet_v3_').replace('_', ' ')}"


def _metadata(request: PageRequest) -> Iterator[tuple[str, str]]:
    words = _TASKS[request.origin.task]
    yield "asset-path", request.asset_path
    if published(request.origin):
        yield "dataset", _DATASET
    yield "fine-tunable", "true"
    yield "format", "saved_model_2"
    yield "task", words.tag
    yield "network-architecture", "mobilenet-v3"
    yield "colab", words.colab


def _family(task: Task) -> Iterator[FamilyRow]:
    for row in catalog.checkpoints():
        if row.variant is not None:
            variant = variants()[row.variant]
            size = _size(variant).removeprefix("MobileNet V3 ").capitalize()
            parameters = variant.shape(task).parameters
            yield FamilyRow(
                size, variant.depth_multiplier, row.top_1 or 0.0, _LATENCY[row.variant], parameters
            )


def _code(text: Any) -> str:
    """Makes a file's name safe inside of backticks, on one line."""
    return re.sub(r"[^\w ./:@+=,-]", "_", str(text))
