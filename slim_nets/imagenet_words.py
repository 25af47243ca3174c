"""What the pages of networks say of ImageNet, on which TF-Slim's checkpoints were trained."""

from slim_nets.page_words import PageWords

SLIM = "https://github.com/tensorflow/models/blob/master/research/slim"

_LABELS = """\
The names of the classes are in
[ImageNetLabels.txt](https://storage.googleapis.com/download.tensorflow.org/data/ImageNetLabels.txt),
where class 0 is the background."""

# For `dataclasses.replace`, which adds what a network is.
IMAGENET = PageWords(
    full_name="",
    classes="the 1000 classes of ImageNet and a background",
    dataset="imagenet-ilsvrc-2012-cls",
    dataset_name="ImageNet (ILSVRC-2012-CLS)",
    training='training on ILSVRC-2012-CLS ("ImageNet") for classification',
    checkpoints=f"[TF-Slim's checkpoints]({SLIM}/README.md)",
    labels=_LABELS,
)
