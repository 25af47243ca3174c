"""What the pages of Inception V1 to V3 say of them."""

from dataclasses import dataclass, replace

from slim_nets.network import Task
from slim_nets.page_words import IMAGENET, FamilyMember, PageWords

_SLIM = "https://github.com/tensorflow/models/blob/master/research/slim"


@dataclass(frozen=True, slots=True)
class _Version:
    """What is particular to one.

    Attributes:
        overview: What kind of network it is, up to the paper.
        paper: As an item of a list.
        image_size: Usual height and width in pixels.
    """

    overview: str
    paper: str
    image_size: int


_VERSIONS = {
    1: _Version(
        """\
Inception V1 is the network that was also called GoogLeNet. In each of its blocks, convolutions
with kernels of several sizes work side by side on the same feature map, behind 1x1 convolutions
that keep the number of channels small. It is described by""",
        """\
  * Christian Szegedy, Wei Liu, Yangqing Jia, Pierre Sermanet, Scott Reed, Dragomir Anguelov,
    Dumitru Erhan, Vincent Vanhoucke, Andrew Rabinovich:
    ["Going Deeper with Convolutions"](https://arxiv.org/abs/1409.4842), 2014.

TF-Slim's network has batch norm, which the paper does not have yet, 3x3 kernels in place of its 5x5
ones, and no auxiliary classifiers.""",
        224,
    ),
    2: _Version(
        """\
Inception V2 is the network for which batch normalization was introduced. Compared with Inception
V1, two 3x3 convolutions stand in place of a 5x5 one, and its first layer is a separable
convolution. It is described by""",
        """\
  * Sergey Ioffe, Christian Szegedy:
    ["Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate
    Shift"](https://arxiv.org/abs/1502.03167), 2015.""",
        224,
    ),
    3: _Version(
        """\
Inception V3 takes the idea of the Inception networks further: most of its larger kernels are made
of two, one for rows and one for columns, and height and width are halved by convolutions and a
pool side by side. It is described by""",
        """\
  * Christian Szegedy, Vincent Vanhoucke, Sergey Ioffe, Jonathon Shlens, Zbigniew Wojna:
    ["Rethinking the Inception Architecture for Computer
    Vision"](https://arxiv.org/abs/1512.00567), 2015.

The auxiliary classifier that helped to train it is not part of this model.""",
        299,
    ),
}

_FAMILY = (
    FamilyMember("inception_v1", "Inception V1", ("89.6",)),
    FamilyMember("inception_v2", "Inception V2", ("91.8",)),
    FamilyMember("inception_v3", "Inception V3", ("93.9",)),
)

_REMARKS = """\
Accuracy is that of [TF-Slim's list of checkpoints]({slim}/README.md), each network at its usual
size. Parameters are those of the networks as `{task}`, counted, with the moving averages
of batch norm; there are no scales (gammas)."""


def inception_words(task: Task, *, version: int) -> PageWords:
    """Says what the pages of one of these networks say of it, as `Network.words`."""
    words, name = _VERSIONS[version], f"inception_v{version}"
    size = words.image_size
    return replace(
        IMAGENET,
        full_name=f"Inception V{version}",
        architecture=f"inception-v{version}",
        overview=words.overview,
        papers=words.paper,
        sizes=f"The usual size of its images is {size} x {size} pixels.",
        columns=("Top5 accuracy (%)",),
        family=_FAMILY,
        remarks=_REMARKS.format(slim=_SLIM, task=task),
        source=f"TF-Slim's\n[`{name}`]({_SLIM}/nets/{name}.py)",
        checkpoints=f"[TF-Slim's checkpoints]({_SLIM}/README.md)",
    )
