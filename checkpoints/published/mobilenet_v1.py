"""The checkpoints of MobileNet V1.

Sources: names and accuracies are those of TF-Slim's list; digests those that public
build recipes pin for the same URLs. The digest of values is that of the SavedModel that
Google made of the same weights.
"""

from checkpoints.catalog import of_a_mobilenet

_BASE_URL = "http://download.tensorflow.org/models/mobilenet_v1_2018_02_22/mobilenet_v1"

# Of those whose values somebody has seen.
_FEATURES = {"0.25_128": "47593071665f80e80e6b3240f9ee8cb6d8180f31a67e0066256cfd2f593beffd"}

# Multiplier and image size, ImageNet accuracy in percent, and SHA-256 of the archive.
_TABLE = (
    ("0.25_128", 41.5, "34c52de7562259f66399993ef5ea222cc625d2e6f6f886a01fdc6cc99a0c7ee6"),
    ("0.25_160", 45.5, "8eb4540af0227e5e59849c41ca6da6f07e257cca887ec0f8cd33aeb46f1405cf"),
    ("0.25_192", 47.7, "4889d7afabc31011f5218f6111532947ff7d5b6b9368afe1f152c67c6f30ea73"),
    ("0.25_224", 49.8, "eee166d4d1de004e2ee5de19a4f5045574d764ef59569dc284545f805a295074"),
    ("0.5_128", 56.3, "5a0def0d844327526385b110cdcaa6428d0828ff6d07515ef25bf3976e049d88"),
    ("0.5_160", 59.1, "fb01b76ca1fb053e5f98d297e21c6c53d0d9f6a8b02ad2e88ac22b33b2adf729"),
    ("0.5_192", 61.7, "57c81cc48349d1079377f8cdeed3f017500aeb98a12f16c6ed2086a50848ecb6"),
    ("0.5_224", 63.3, "0eb9be8d18dcf9466a2a2d2157e71c83cd70dc168255d76d72bfe965318db725"),
    ("0.75_128", 62.1, "54a28065f6f230d0b71cf8fbbc50bbb89b4fdfada8e7e2a622da68b971d5ab97"),
    ("0.75_160", 65.3, "90b3f26406a89df489373358aa89d9db7bcb66d2400160f16f3687f79e4f66b2"),
    ("0.75_192", 67.2, "3d91d279cd06c055500aabdff8dfbd51a63797c7bb6b3f9a39e243f7c13997e9"),
    ("0.75_224", 68.4, "bf61b3ce7ca2d045bb35fa6ab9a68732e3531291266db4a8c7715227d7425657"),
    ("1.0_128", 65.2, "d16f3102c1cb087eacf94c6a5abf0477767158fb891b2710409472bca4d988a8"),
    ("1.0_160", 68.0, "1f612ebeda0e7e149897273c445b790ca8924a8a1488e6a61d36166a562fd89c"),
    ("1.0_192", 70.0, "ad683fb270cd1b0f49c820c4acf5fcbbfa546ae354b1345a4fff5f19f99d7c44"),
    ("1.0_224", 70.9, "1ccb74dbd9c5f7aea879120614e91617db9534bdfaa53dfea54b7c14162e126b"),
)

ROWS = tuple(
    of_a_mobilenet(f"{_BASE_URL}_{size}.tgz", top_1, sha256, _FEATURES.get(size))
    for size, top_1, sha256 in _TABLE
)
