"""The checkpoints of MobileNet V2.

Sources: names and accuracies are those of the README of TF-Slim's MobileNet; digests
those that public build recipes pin for the same URLs.
"""

from checkpoints.catalog import PublishedCheckpoint

_BASE_URL = "https://storage.googleapis.com/mobilenet_v2/checkpoints"


def _row(multiplier: str, image_size: int, top_1: float, sha256: str) -> PublishedCheckpoint:
    name = f"mobilenet_v2_{multiplier}_{image_size}"
    variant = f"mobilenet_v2_{round(100 * float(multiplier)):03d}_{image_size}"
    return PublishedCheckpoint(
        url=f"{_BASE_URL}/{name}.tgz",
        variant=variant,
        prefix=f"{name}.ckpt",
        sha256=sha256,
        top_1=top_1,
        hub_handle=f"google/imagenet/{variant}/{{task}}/5",
    )


ROWS = (
    _row("0.35", 96, 45.5, "282996bca7d799d0172ce5d34ac59dea497c4c75f069a8b466bb944c6f843353"),
    _row("0.35", 128, 50.8, "c21a8f89e2e1a49e9002b1e1b871f3c92695ccb0cd64e7e7a21b71f2820beddb"),
    _row("0.35", 160, 55.7, "e579b5b50f47e88dc0c4390d20a396658b97457182f83905154a8a687ba15fa7"),
    _row("0.35", 192, 58.2, "5dec603e2714a780c3cfc0656dac51bf2f4b354c4f7acda879ad5b6017f3f55b"),
    _row("0.35", 224, 60.3, "efcc34277c52f7dd4b0b26c2f52686793f4ea5fdddc899ac5aac9eb8d5861550"),
    _row("0.5", 96, 51.2, "71a814047d7729bad711ae3e7db30e6c32999a1189f88d328b73939f7aa80d62"),
    _row("0.5", 128, 57.7, "ba078efd101c2308fb978467084f0ec12485ed8bfbb7695e477587b3272a1d66"),
    _row("0.5", 160, 61.0, "f89c879b1a45c5d677ad7fe499f08a7854ef1772f0f5ae5d606afaaa87218e45"),
    _row("0.5", 192, 63.9, "5a344ed91cded5d420b6c65d47343ee60b43b570953b0feed4ee95451a679dd5"),
    _row("0.5", 224, 65.4, "813febbdbe2a7a50055ee2f6b374938aed03e2f607f63f3479622aefc4e12b00"),
    _row("0.75", 96, 58.8, "bdf06eec5478dbb1bb9e01648637d8acd4cc500f72e1a3dad01ba45642e31e6f"),
    _row("0.75", 128, 63.2, "9ac932679a9fb1304bc1435bb7fa30e1b2fcaa7f49e0902da24d154ec83f9302"),
    _row("0.75", 160, 66.4, "904d1a1f84c329ad766464d132f697e96814685853c45c6ee4dd21877ada36bc"),
    _row("0.75", 192, 68.7, "40efef9324376d47b872d1cd6e4de8ba7c9323b6203252aa66dc2b2413e0dc8d"),
    _row("0.75", 224, 69.8, "335cd22c7e1c5e80205dedd6e2ff5d1d8af5c29074496eb047fd621349e10cc5"),
    _row("1.0", 96, 60.3, "8f0377b71d79f5626c5198f248b476d2604b3e4e596ca4076e1b1f8fcd3f3844"),
    _row("1.0", 128, 65.3, "f692e341cf1529df4f7e68ed13d0284ad8796ade1108f802eec135abc1fc1b83"),
    _row("1.0", 160, 68.8, "e374bc70066dde0c3af6cb4c98ecd8707800d71d11353c4cc359b3069415f23e"),
    _row("1.0", 192, 70.7, "e8d9cd7c571f375c80945b5f889705ae412db32d3419d747e796429e39132f48"),
    _row("1.0", 224, 71.8, "318084bc1b63d6d7b854553e09cdf77078b1c0168be27c59a0d44253b5ed49dc"),
    _row("1.3", 224, 74.4, "b04129d44a46e0eb409c1a2bc255472ebdd57f9c091812e7866d79d0cc7fecaa"),
    _row("1.4", 224, 75.0, "a20d0c8d698502dc6a620528871c97a588885df7737556243a3412b39fce85e0"),
)
