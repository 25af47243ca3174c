"""The checkpoints of MobileNet V2.

Sources: names and accuracies are those of the README of TF-Slim's MobileNet; digests
those that public build recipes pin for the same URLs.
"""

from checkpoints.catalog import of_a_mobilenet

_BASE_URL = "https://storage.googleapis.com/mobilenet_v2/checkpoints/mobilenet_v2"

# Multiplier and image size, ImageNet accuracy in percent, and SHA-256 of the archive.
_TABLE = (
    ("0.35_96", 45.5, "282996bca7d799d0172ce5d34ac59dea497c4c75f069a8b466bb944c6f843353"),
    ("0.35_128", 50.8, "c21a8f89e2e1a49e9002b1e1b871f3c92695ccb0cd64e7e7a21b71f2820beddb"),
    ("0.35_160", 55.7, "e579b5b50f47e88dc0c4390d20a396658b97457182f83905154a8a687ba15fa7"),
    ("0.35_192", 58.2, "5dec603e2714a780c3cfc0656dac51bf2f4b354c4f7acda879ad5b6017f3f55b"),
    ("0.35_224", 60.3, "efcc34277c52f7dd4b0b26c2f52686793f4ea5fdddc899ac5aac9eb8d5861550"),
    ("0.5_96", 51.2, "71a814047d7729bad711ae3e7db30e6c32999a1189f88d328b73939f7aa80d62"),
    ("0.5_128", 57.7, "ba078efd101c2308fb978467084f0ec12485ed8bfbb7695e477587b3272a1d66"),
    ("0.5_160", 61.0, "f89c879b1a45c5d677ad7fe499f08a7854ef1772f0f5ae5d606afaaa87218e45"),
    ("0.5_192", 63.9, "5a344ed91cded5d420b6c65d47343ee60b43b570953b0feed4ee95451a679dd5"),
    ("0.5_224", 65.4, "813febbdbe2a7a50055ee2f6b374938aed03e2f607f63f3479622aefc4e12b00"),
    ("0.75_96", 58.8, "bdf06eec5478dbb1bb9e01648637d8acd4cc500f72e1a3dad01ba45642e31e6f"),
    ("0.75_128", 63.2, "9ac932679a9fb1304bc1435bb7fa30e1b2fcaa7f49e0902da24d154ec83f9302"),
    ("0.75_160", 66.4, "904d1a1f84c329ad766464d132f697e96814685853c45c6ee4dd21877ada36bc"),
    ("0.75_192", 68.7, "40efef9324376d47b872d1cd6e4de8ba7c9323b6203252aa66dc2b2413e0dc8d"),
    ("0.75_224", 69.8, "335cd22c7e1c5e80205dedd6e2ff5d1d8af5c29074496eb047fd621349e10cc5"),
    ("1.0_96", 60.3, "8f0377b71d79f5626c5198f248b476d2604b3e4e596ca4076e1b1f8fcd3f3844"),
    ("1.0_128", 65.3, "f692e341cf1529df4f7e68ed13d0284ad8796ade1108f802eec135abc1fc1b83"),
    ("1.0_160", 68.8, "e374bc70066dde0c3af6cb4c98ecd8707800d71d11353c4cc359b3069415f23e"),
    ("1.0_192", 70.7, "e8d9cd7c571f375c80945b5f889705ae412db32d3419d747e796429e39132f48"),
    ("1.0_224", 71.8, "318084bc1b63d6d7b854553e09cdf77078b1c0168be27c59a0d44253b5ed49dc"),
    ("1.3_224", 74.4, "b04129d44a46e0eb409c1a2bc255472ebdd57f9c091812e7866d79d0cc7fecaa"),
    ("1.4_224", 75.0, "a20d0c8d698502dc6a620528871c97a588885df7737556243a3412b39fce85e0"),
)

ROWS = tuple(
    of_a_mobilenet(f"{_BASE_URL}_{size}.tgz", top_1, sha256) for size, top_1, sha256 in _TABLE
)
