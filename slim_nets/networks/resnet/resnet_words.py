"""What the pages of ResNet V1 and V2 say of them."""

from dataclasses import replace

from slim_nets.network import Task
from slim_nets.page_words import IMAGENET, FamilyMember, PageWords

_SLIM = "https://github.com/tensorflow/models/blob/master/research/slim"

_OVERVIEWS = {
    "v1": """\
ResNet V1 is the family of networks that showed how to train very many layers: each of its units
adds what it has learnt to its input, so that it begins as a shortcut. It is described by""",
    "v2": """\
ResNet V2 is the second form of residual networks: batch norm and activation come before each
convolution, not after it, so that nothing stands in the way of the sums that lead through the
network. It is described by""",
}

_AUTHORS = "Kaiming He, Xiangyu Zhang, Shaoqing Ren, Jian Sun"

_V1_PAPER = f"""\
  * {_AUTHORS}:
    ["Deep Residual Learning for Image Recognition"](https://arxiv.org/abs/1512.03385), 2015."""

_PAPERS = {
    "v1": _V1_PAPER,
    "v2": f"""\
  * {_AUTHORS}:
    ["Identity Mappings in Deep Residual Networks"](https://arxiv.org/abs/1603.05027), 2016.
{_V1_PAPER}""",
}

_SIZES = """\
There are networks with 50, 101 and 152 layers. The usual size of their images is 224 x 224 pixels.
In the papers, the first unit of a block halves height and width, here the last one of the block
before it."""

_V2_FAMILY = (
    FamilyMember("resnet_v2_50", "ResNet V2 50", ("92.8",)),
    FamilyMember("resnet_v2_101", "ResNet V2 101", ("93.7",)),
    FamilyMember("resnet_v2_152", "ResNet V2 152", ("94.1",)),
)

_REMARKS = {
    "v1": """\
The weights of the models that Google made of these networks on TensorFlow Hub were never published
as checkpoints: what is known of them is that they were trained by TF-Slim, with 1001 classes and
images in [-1, 1]. TF-Slim's list has other ones ([resnet_v1_50 and so on]({slim}/README.md)), which
do not fit this model: they have 1000 classes, without a background, and take images from which the
mean color was subtracted.""",
    "v2": """\
Accuracy is that of [TF-Slim's list of checkpoints]({slim}/README.md), on images of 299 x 299
pixels. Parameters are those of the networks as `{task}`, counted, with the moving averages
of batch norm.""",
}


def resnet_words(task: Task, *, version: str, depth: int) -> PageWords:
    """Says what the pages of one of these networks say of it, as `Network.words`."""
    return replace(
        IMAGENET,
        full_name=f"ResNet {version.upper()} {depth}",
        architecture=f"resnet-{version}-{depth}",
        overview=_OVERVIEWS[version],
        papers=_PAPERS[version],
        sizes=_SIZES,
        columns=("Top5 accuracy (%)",),
        family=_V2_FAMILY if version == "v2" else (),
        remarks=_REMARKS[version].format(slim=_SLIM, task=task),
        source=f"TF-Slim's\n[`resnet_{version}_{depth}`]({_SLIM}/nets/resnet_{version}.py)",
        checkpoints=f"[TF-Slim's checkpoints]({_SLIM}/README.md)",
    )
