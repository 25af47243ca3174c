"""What a network's pages say of it, and these words for MobileNet V3 and its relatives."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class FamilyMember:
    """A row of the table that compares published networks.

    Attributes:
        variant: By its name on TensorFlow Hub.
        label: What it is called beside the others.
        measured: What was published of it, in the order of the table's columns.
    """

    variant: str
    label: str
    measured: tuple[str, ...]


@dataclass(frozen=True)
class PageWords:
    """What the page of a model says of its network, for one task. All texts are Markdown.

    Attributes:
        full_name: Of the network, such as "MobileNet V3 small".
        architecture: Hub's tag for it; empty if there is none.
        classes: Into what it classifies images; empty for as many classes as it has.
        overview: What kind of network it is, up to the papers.
        papers: Those that describe it, as a list.
        sizes: In which sizes there are such networks.
        columns: Names of what was measured of the family.
        family: The published networks; none for no table.
        remarks: Where the table's numbers come from.
        source: Whose code defines the network, with a link to it.
        narrowed: What is not as one would expect at depth multipliers below 1.
        dataset: Hub's tag for what the published weights were trained on; empty if there is none.
        dataset_name: The same, as it is called in a description.
        training: How the published weights were trained, up to what they reach.
        checkpoints: Whose list has the published weights, with a link to it.
        labels: Where the names of the classes are, and what is special about them.
    """

    full_name: str
    architecture: str = ""
    classes: str = ""
    overview: str = ""
    papers: str = ""
    sizes: str = ""
    columns: tuple[str, ...] = ()
    family: tuple[FamilyMember, ...] = ()
    remarks: str = ""
    source: str = ""
    narrowed: str = ""
    dataset: str = ""
    dataset_name: str = ""
    training: str = ""
    checkpoints: str = ""
    labels: str = ""


_SLIM = "https://github.com/tensorflow/models/blob/master/research/slim/nets/mobilenet"
_EDGETPU = "mobilenet_edgetpu"

_V3_OVERVIEW = """\
MobileNet V3 is a family of networks that recognize images on phones and other small devices. An
automated search found their layers. They are described by"""

_EDGETPU_OVERVIEW = """\
MobilenetEdgeTPU is a relative of MobileNet V3 for the Edge TPU of phones: without squeeze-and-\
excite
and hard-swish, which are slow there, and with full convolutions in its first blocks. MobileNet V3
is described by"""

_PAPERS = """\
  * Andrew Howard, Mark Sandler, Grace Chu, Liang-Chieh Chen, Bo Chen, Mingxing Tan, Weijun Wang,
    Yukun Zhu, Ruoming Pang, Vijay Vasudevan, Quoc V. Le, Hartwig Adam:
    ["Searching for MobileNetV3"](https://arxiv.org/abs/1905.02244), 2019."""

_SIZES = """\
There is a large network and a small one, and a depth multiplier scales the number of channels in
the layers of either, for less accuracy in less time. The networks can be built for images of any
size; all published weights are from images of 224 x 224 pixels."""

_FAMILY = (
    FamilyMember("mobilenet_v3_large_100_224", "Large", ("51.2", "61", "44")),
    FamilyMember("mobilenet_v3_large_075_224", "Large", ("39.8", "48", "34")),
    FamilyMember("mobilenet_v3_small_100_224", "Small", ("15.8", "19.4", "14.4")),
    FamilyMember("mobilenet_v3_small_075_224", "Small", ("12.8", "15.9", "11.6")),
    FamilyMember(
        "mobilenet_v3_large_minimalistic_100_224", "Large minimalistic", ("44.1", "51", "35")
    ),
    FamilyMember(
        "mobilenet_v3_small_minimalistic_100_224", "Small minimalistic", ("12.2", "15.1", "11")
    ),
)

_REMARKS = """\
Accuracy and latency are those of
[TF-Slim's list of checkpoints]({slim}/README.md). For Large 0.75 on Pixel 3 that list says 34 ms, \
the
pages on TensorFlow Hub 32 ms. Parameters are those of the networks as `{task}`, counted,
with the moving averages of batch norm; the list's 2.9 M and 2.4 M for the small networks do not
follow from their layers."""

_NARROWED = """\
The number of channels is rounded to a multiple of 8, which the paper does not mention. Depth
multipliers below 1 leave the last layer alone{features}: it has as many channels as
at 1.0."""

_LABELS = """\
The names of the classes are in
[ImageNetLabels.txt](https://storage.googleapis.com/download.tensorflow.org/data/ImageNetLabels.txt),
where class 0 is the background."""


def page_words(network: str, task: Literal["feature_vector", "classification"]) -> PageWords:
    """Says what pages say of a network.

    Args:
        network: By name, such as `mobilenet_v3_small`.
        task: What the model ends with.
    """
    if not network.startswith(("mobilenet_v3_", _EDGETPU)):
        return PageWords(network)
    edgetpu = network == _EDGETPU
    size = network.removeprefix("mobilenet_v3_").replace("_", " ")
    features = task == "feature_vector"
    return PageWords(
        full_name="MobilenetEdgeTPU" if edgetpu else f"MobileNet V3 {size}",
        architecture="mobilenet-v3",
        classes="the 1000 classes of ImageNet and a background",
        overview=_EDGETPU_OVERVIEW if edgetpu else _V3_OVERVIEW,
        papers=_PAPERS,
        sizes=_SIZES,
        columns=("Pixel 1 (ms)", "Pixel 2 (ms)", "Pixel 3 (ms)"),
        family=_FAMILY,
        remarks=_REMARKS.format(slim=_SLIM, task=task),
        source=f"TF-Slim's\n[`mobilenet_v3`]({_SLIM}/mobilenet_v3.py)",
        narrowed=_NARROWED.format(
            features=" (that from which the features are taken)" if features else ""
        ),
        dataset="imagenet-ilsvrc-2012-cls",
        dataset_name="ImageNet (ILSVRC-2012-CLS)",
        training='training on ILSVRC-2012-CLS ("ImageNet") for classification',
        checkpoints=f"[TF-Slim's checkpoints]({_SLIM}/README.md)",
        labels=_LABELS,
    )
