"""What the page of a model says of its network."""

from dataclasses import dataclass


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


# Of weights that were trained on ImageNet with TF-Slim; what is said of a network comes beside it.
IMAGENET = PageWords(
    full_name="",
    classes="the 1000 classes of ImageNet and a background",
    dataset="imagenet-ilsvrc-2012-cls",
    dataset_name="ImageNet (ILSVRC-2012-CLS)",
    training='training on ILSVRC-2012-CLS ("ImageNet") for classification',
    labels="""\
The names of the classes are in
[ImageNetLabels.txt](https://storage.googleapis.com/download.tensorflow.org/data/ImageNetLabels.txt),
where class 0 is the background.""",
)
