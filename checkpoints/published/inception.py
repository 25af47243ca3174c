"""The checkpoints of Inception V1 to V3, and of Inception-ResNet V2.

Sources: names and accuracies are those of TF-Slim's README; the checkpoints inside of the archives
are named on TensorFlow Hub's pages, and are one file each, as TensorFlow wrote them before 1.0.

Nobody has published a SHA-256 of these archives. The SHA-384s of two are those that Open Model Zoo
pins; nothing is known of that of V3.

No variant is called Inception-ResNet V2: TF-Slim's research code builds it, which `--network`
exports.
"""

from checkpoints.catalog import PublishedCheckpoint

_TOP_1 = {"inception_v1": 69.8, "inception_v2": 73.9, "inception_v3": 78.0}
_SHA384 = {
    "inception_v1": (
        "d5e2af5f481cb99256ebf66e24b96cafa39a9d4088b63975"
        "ed108264596af3a49f927fb79419e068db95ee20504bf692"
    ),
    "inception_v2": (
        "c0b2efbae8fc5e237ae67637dca3f311d4b4f7da576b5606"
        "7e83d95c398a2fccd50baff9cc0de64335f4d7b78e1adb07"
    ),
}

_RESNET = "inception_resnet_v2_2016_08_30"

_NAMED = tuple(
    PublishedCheckpoint(
        url=f"http://download.tensorflow.org/models/{name}_2016_08_28.tar.gz",
        variant=name,
        prefix=f"{name}.ckpt",
        sha384=_SHA384.get(name),
        top_1=top_1,
        hub_handle=f"google/imagenet/{name}/{{task}}/5",
    )
    for name, top_1 in _TOP_1.items()
)

ROWS = (
    *_NAMED,
    PublishedCheckpoint(
        url=f"http://download.tensorflow.org/models/{_RESNET}.tar.gz",
        variant=None,
        prefix=f"{_RESNET}.ckpt",
        top_1=80.4,
    ),
)
