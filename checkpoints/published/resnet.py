"""The checkpoints of ResNet V1 and V2.

Sources: names and accuracies are those of TF-Slim's README; the checkpoints inside of the archives
are named on TensorFlow Hub's pages and in public download scripts, and are one file each, as
TensorFlow wrote them before 1.0. Nobody has published a SHA-256 of these archives.

Those of V1 are no checkpoints of the networks that Google put on TensorFlow Hub: they have 1000
classes, and take images from which the mean color is subtracted; Hub's models have 1001, and take
images in [-1, 1], with weights that were never published otherwise. So these rows have no variant.
Accuracies of V2 are those of images of 299 x 299 pixels, though Hub's models take 224 x 224.
"""

from checkpoints.catalog import PublishedCheckpoint

_TOP_1_V1 = {50: 75.2, 101: 76.4, 152: 76.8}
_TOP_1_V2 = {50: 75.6, 101: 77.0, 152: 77.8}


def _row(name: str, date: str, top_1: float, *, on_hub: bool) -> PublishedCheckpoint:
    return PublishedCheckpoint(
        url=f"http://download.tensorflow.org/models/{name}_{date}.tar.gz",
        variant=name if on_hub else None,
        prefix=f"{name}.ckpt",
        top_1=top_1,
        hub_handle=f"google/imagenet/{name}/{{task}}/5" if on_hub else None,
    )


ROWS = (
    *(_row(f"resnet_v1_{n}", "2016_08_28", top, on_hub=False) for n, top in _TOP_1_V1.items()),
    *(_row(f"resnet_v2_{n}", "2017_04_14", top, on_hub=True) for n, top in _TOP_1_V2.items()),
)
