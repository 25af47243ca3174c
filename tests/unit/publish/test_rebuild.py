"""The command that makes a model again, for every way in which models differ."""

from dataclasses import replace

import pytest

from checkpoints.names import RestoreOptions
from exporter.releases.rebuild import rebuild_command
from slim_nets.registry import ImageSize, Variant, variants

SMALL = variants()["mobilenet_v3_small_075_224"]
START = "slim-export export --variant="


@pytest.mark.parametrize(
    ("change", "momentum", "expected"),
    [
        (
            {},
            0.99,
            (
                "mobilenet_v3_small_075_224 --task=feature_vector --checkpoint=seeded:0"
                " --output_dir=model"
            ),
        ),
        (
            {"checkpoint": "v3-small_224_0.75_float/ema/model-497500"},
            0.99,
            (
                "mobilenet_v3_small_075_224 --task=feature_vector --checkpoint=published"
                " --output_dir=model"
            ),
        ),
        (
            {
                "checkpoint": "my model",
                "variant": Variant("mobilenet_v3_large", 0.5, ImageSize(192, 192)),
                "task": "classification",
                "restoring": RestoreOptions(False, "FeatureExtractor", True),
            },
            0.9,
            (
                "mobilenet_v3_large_100_224 --depth_multiplier=0.5 --image_size=192"
                " --task=classification '--checkpoint=my model' --output_dir=model"
                " --use_moving_averages=false --checkpoint_scope=FeatureExtractor"
                " --ignore_fake_quant --batch_norm_momentum=0.9"
            ),
        ),
    ],
)
def test_command(origin, page_request, change, momentum, expected):
    facts = replace(page_request().facts, batch_norm_momentum=momentum)
    assert rebuild_command(origin(**change), facts) == START + expected
    folded = rebuild_command(origin(**change), replace(facts, folded_signature=True))
    assert folded == f"{START}{expected} --folded_signature"
