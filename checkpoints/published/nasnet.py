"""The checkpoints of NASNet-A and PNASNet-5.

Sources: names and accuracies are those of TF-Slim's README; the checkpoints inside of the archives
are named on TensorFlow Hub's pages. No digest of these archives was published.

No variant is called like these networks: TF-Slim's research code builds them, which `--network`
exports. Their checkpoints hold shadows of all variables, and the auxiliary heads.
"""

from checkpoints.catalog import PublishedCheckpoint

_HOST = "https://storage.googleapis.com/download.tensorflow.org/models"
# PNASNet-5 mobile is not on TensorFlow Hub.
_TOP_1 = {
    "nasnet-a_mobile_04_10_2017": 74.0,
    "nasnet-a_large_04_10_2017": 82.7,
    "pnasnet-5_mobile_2017_12_13": 74.2,
    "pnasnet-5_large_2017_12_13": 82.9,
}

ROWS = tuple(
    PublishedCheckpoint(f"{_HOST}/{name}.tar.gz", variant=None, prefix="model.ckpt", top_1=top_1)
    for name, top_1 in _TOP_1.items()
)
