"""What the pages of MobileNet V3 and its relatives say of them."""

from dataclasses import replace

from slim_nets.network import Task
from slim_nets.page_words import IMAGENET, FamilyMember, PageWords

SLIM = "https://github.com/tensorflow/models/blob/master/research/slim/nets/mobilenet"

V3_OVERVIEW = """\
MobileNet V3 is a family of networks that recognize images on phones and other small devices. An
automated search found their layers. They are described by"""

EDGETPU_OVERVIEW = """\
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


def narrowed(task: Task) -> str:
    """Says what is not as one would expect at depth multipliers below 1."""
    features = " (that from which the features are taken)" if task == "feature_vector" else ""
    return _NARROWED.format(features=features)


def page_words(task: Task, *, title: str, overview: str = V3_OVERVIEW) -> PageWords:
    """Says what the pages of one of these networks say of it, as `Network.words`."""
    return replace(
        IMAGENET,
        full_name=title,
        architecture="mobilenet-v3",
        overview=overview,
        papers=_PAPERS,
        sizes=_SIZES,
        columns=("Pixel 1 (ms)", "Pixel 2 (ms)", "Pixel 3 (ms)"),
        family=_FAMILY,
        remarks=_REMARKS.format(slim=SLIM, task=task),
        source=f"TF-Slim's\n[`mobilenet_v3`]({SLIM}/mobilenet_v3.py)",
        narrowed=narrowed(task),
        checkpoints=f"[TF-Slim's checkpoints]({SLIM}/README.md)",
    )
