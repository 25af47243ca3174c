"""Writes a model's page in TensorFlow Hub's format."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

import jinja2

from checkpoints import catalog
from exporter.contract import op_versions
from exporter.oldest_runtimes import OLDEST
from exporter.releases import handle
from exporter.releases.handle import Handle
from exporter.releases.manifest import ARCHIVE, Manifest
from exporter.releases.model_facts import ModelFacts
from exporter.releases.page_code import ANY_HOST
from exporter.verifier.report.records import Origin
from slim_nets.network import TASKS, Task
from slim_nets.page_words import FamilyMember, PageWords
from slim_nets.registry import Variant, of_same_weights, variants

# The archive beside the page, until somebody says where it is hosted.
ASSET_PATH = ARCHIVE

_COLABS = (
    "https://colab.research.google.com/github/tensorflow/docs/blob/master/site/en/hub/tutorials/"
)


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
        "Classifies images",
    ),
}


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a page is made from.

    Attributes:
        manifest: Of the release; the archive is the only file that it need know.
        origin: Where the model came from.
        facts: What it says of itself.
        asset_path: Where the archive is.
    """

    manifest: Manifest
    origin: Origin
    facts: ModelFacts
    asset_path: str = ASSET_PATH


def published(origin: Origin) -> catalog.PublishedCheckpoint | None:
    """Returns the published checkpoint that a model was made from, None for any other."""
    names = {named.name for named in of_same_weights(origin.variant)}
    rows = (row for row in catalog.checkpoints() if row.prefix == origin.checkpoint)
    known = origin.published and origin.trained
    return next((row for row in rows if known and row.variant in names), None)


def model_page(request: PageRequest) -> str:
    """Renders a page.

    Args:
        request: What it is made from.

    Returns:
        Markdown.
    """
    template = resources.files(__package__).joinpath("page.md.j2").read_text("utf-8")
    environment = jinja2.Environment(  # Markdown, in which what strangers say is made safe
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["code"] = code
    origin, known = request.origin, handle.parse(request.manifest.handle)
    words, base_url = _words(request), request.manifest.base_url or ANY_HOST
    page = environment.from_string(template).render(
        **{name: getattr(request, name) for name in PageRequest.__slots__},
        words=words,
        size=origin.variant.image_size,
        description=_description(request, words),
        metadata=_metadata(request, words),
        features=origin.task == "feature_vector",
        network=_network(origin.variant, words),
        family=[_row(member, origin.task) for member in words.family],
        sized_name=origin.variant.network.sized_name,
        published=published(origin),
        archive=request.manifest.files[ARCHIVE],
        sibling=sibling(known, origin.task),
        base_url=base_url,
        url=f"{base_url}/{known}",
        version=known.version,
        tried=OLDEST,
        oldest_asked=op_versions.asked()[0],
    )
    return re.sub(r"\n{3,}", "\n\n", page)


def _words(request: PageRequest) -> PageWords:
    """Returns what the network's pages say, of classes only where they are the published ones."""
    origin = request.origin
    words = origin.variant.network.words(origin.task)
    if origin.variant.own_classes is not None:
        words = replace(words, classes="", labels="")
    return replace(words, labels="") if request.facts.labels else words


def sibling(known: Handle, task: Task) -> Handle | None:
    """Returns the handle of the same network for the other task, None where it cannot be told."""
    *first, last = known.name.split("/")
    if not first or last != task:
        return None
    (other,) = (name for name in TASKS if name != task)
    return Handle(known.publisher, "/".join([*first, other]), known.version)


def _description(request: PageRequest, words: PageWords) -> str:
    origin = request.origin
    text = _TASKS[origin.task].purpose
    if origin.task == "classification":
        text += f" into {words.classes or f'{request.facts.num_outputs} classes'}"
    text += f" with {_network(origin.variant, words)}"
    if not origin.trained:
        return (
            f"NOT TRAINED: random weights (`{code(origin.checkpoint)}`), for trying tools only."
            f" Once trained, it {text[0].lower()}{text[1:]}."
        )
    if published(origin):
        return f"{text}, trained on {words.dataset_name}." if words.dataset_name else f"{text}."
    return f"{text} and the weights of checkpoint `{code(origin.checkpoint)}`."


def _network(variant: Variant, words: PageWords) -> str:
    if not variant.network.sized_name:
        return words.full_name
    return f"{words.full_name} at depth multiplier {variant.depth_multiplier:.12g}"


def _metadata(request: PageRequest, words: PageWords) -> Iterator[tuple[str, str]]:
    task = _TASKS[request.origin.task]
    yield "asset-path", request.asset_path
    if words.dataset and published(request.origin):
        yield "dataset", words.dataset
    yield "fine-tunable", "true"
    yield "format", "saved_model_2"
    yield "task", task.tag
    if words.architecture:
        yield "network-architecture", words.architecture
    yield "colab", task.colab


def _row(member: FamilyMember, task: Task) -> tuple[str, ...]:
    """Writes a row of the table that compares the published networks."""
    variant, row = variants()[member.variant], catalog.for_variant(member.variant)
    top_1 = str(row.top_1) if row and row.top_1 else ""
    parameters = f"{variant.shape(task).parameters:,}"
    multiplier = (str(variant.depth_multiplier),) if variant.network.sized_name else ()
    return (member.label, *multiplier, top_1, *member.measured, parameters)


def code(text: Any) -> str:
    """Makes what a file or a model says safe in a line, also inside of backticks."""
    return re.sub(r"[^\w ./:@+=,-]", "_", str(text))
