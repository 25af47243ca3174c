"""The checkpoints of MobileNet V3.

Sources: names, steps and accuracies are those of the README of TF-Slim's
MobileNet; digests those that public build recipes pin for the same URLs. Digests
of values are those of the SavedModel that Google made of the same weights.
"""

from checkpoints.catalog import PublishedCheckpoint

_BASE_URL = "https://storage.googleapis.com/mobilenet_v3/checkpoints"

# Of those whose values somebody has seen.
_FEATURES = {
    "v3-small_224_0.75_float": "238ae506f3cf501d888e03f2dd7c1469d6b617b19be741378dbc124ca7a5e782"
}


def _row(
    name: str,
    variant: str | None = None,
    step: int | None = None,
    *,
    top_1: float,
    sha256: str | None = None,
    on_hub: bool = False,
) -> PublishedCheckpoint:
    return PublishedCheckpoint(
        url=f"{_BASE_URL}/{name}.tgz",
        variant=variant,
        prefix=None if step is None else f"{name}/ema/model-{step}",
        sha256=sha256,
        features_sha256=_FEATURES.get(name),
        top_1=top_1,
        hub_handle=f"google/imagenet/{variant}/{{task}}/5" if on_hub else None,
    )


ROWS = (
    _row(
        "v3-large_224_1.0_float",
        "mobilenet_v3_large_100_224",
        540000,
        top_1=75.2,
        sha256="9be8563f92022f412c82f2811d670888d6db998e2da9af3e71415fdde2f4f504",
        on_hub=True,
    ),
    _row(
        "v3-large_224_0.75_float",
        "mobilenet_v3_large_075_224",
        220000,
        top_1=73.3,
        sha256="4346e7893769d3f8ac79e28e7924b351bf8348a8a4d5e7a606260003e706aea5",
        on_hub=True,
    ),
    _row(
        "v3-small_224_1.0_float",
        "mobilenet_v3_small_100_224",
        388500,
        top_1=67.5,
        sha256="e60ad9f450f892ae56f8b9122ffc750d88940d9e6b63f6dc70649179fb3a9065",
        on_hub=True,
    ),
    _row(
        "v3-small_224_0.75_float",
        "mobilenet_v3_small_075_224",
        497500,
        top_1=65.4,
        sha256="fffd2e437434f319623ecf26cdbebdb933dcd753afa38e7c2f78cb59c6fc470f",
        on_hub=True,
    ),
    _row(
        "v3-large-minimalistic_224_1.0_float",
        "mobilenet_v3_large_minimalistic_100_224",
        342500,
        top_1=72.3,
    ),
    _row(
        "v3-small-minimalistic_224_1.0_float",
        "mobilenet_v3_small_minimalistic_100_224",
        498000,
        top_1=61.9,
    ),
    _row(
        "v3-large_224_1.0_uint8",
        top_1=73.9,
        sha256="42cfd69fb70c48dde56dc3f2c872bdeb4fdc9beb3105e4b164dde7c49b7a2702",
    ),
    _row(
        "v3-small_224_1.0_uint8",
        top_1=64.9,
        sha256="58ecd8c4c5b0a330f1d72c0a3d7bc6073ff771e14b052da336691246ee8e178f",
    ),
)
