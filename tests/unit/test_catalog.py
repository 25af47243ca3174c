"""The catalogue of published checkpoints."""

import re

from checkpoints import catalog
from slim_nets.registry import variants


def test_rows_are_well_formed():
    for field in ("url", "file_name"):  # by which the cache keeps them
        names = [getattr(row, field) for row in catalog.checkpoints()]
        assert len(set(names)) == len(names)
    for row in catalog.checkpoints():
        for digest in (row.sha256, row.features_sha256):
            assert digest is None or re.fullmatch("[0-9a-f]{64}", digest)
        assert row.sha384 is None or re.fullmatch("[0-9a-f]{96}", row.sha384)
        assert row.variant is None or row.variant in variants()
        assert row.hub_handle is None or row.hub_handle.format(task="t").endswith("/t/5")
        assert row.top_1 is None or 40 < row.top_1 < 90
        assert row.prefix is None or row.prefix[0].isalpha()


def test_every_float_network_but_edgetpu_was_published():
    for name in (name for name in variants() if name.startswith("mobilenet")):
        assert (catalog.for_variant(name) is None) == name.startswith("mobilenet_edgetpu")


def test_known_rows():
    row = catalog.for_variant("mobilenet_v3_small_075_224")
    assert row.prefix == "v3-small_224_0.75_float/ema/model-497500"
    assert row.sha256.startswith("fffd2e43")
    assert row.hub_handle == "google/imagenet/mobilenet_v3_small_075_224/{task}/5"
    assert row.url.endswith("/mobilenet_v3/checkpoints/v3-small_224_0.75_float.tgz")
    assert catalog.for_variant("mobilenet_v3_small_minimalistic_100_224").sha256 is None
    wide = catalog.for_variant("mobilenet_v2_140_224")
    assert (wide.prefix, wide.top_1) == ("mobilenet_v2_1.4_224.ckpt", 75.0)
    assert wide.url.endswith("/mobilenet_v2/checkpoints/mobilenet_v2_1.4_224.tgz")
    first = catalog.for_variant("mobilenet_v1_050_160")
    assert first.prefix == "mobilenet_v1_0.5_160.ckpt"
    assert (first.sha256[:8], first.top_1) == ("fb01b76c", 59.1)
    assert first.hub_handle == "google/imagenet/mobilenet_v1_050_160/{task}/5"
    assert first.url.endswith("/models/mobilenet_v1_2018_02_22/mobilenet_v1_0.5_160.tgz")


def test_checkpoints_of_one_file():
    row = catalog.for_variant("inception_v3")
    assert row.url == "http://download.tensorflow.org/models/inception_v3_2016_08_28.tar.gz"
    assert (row.prefix, row.top_1) == ("inception_v3.ckpt", 78.0)
    assert row.hub_handle == "google/imagenet/inception_v3/{task}/5"
    assert catalog.for_variant("resnet_v2_101").url.endswith("/resnet_v2_101_2017_04_14.tar.gz")


def test_the_public_checkpoints_of_resnet_v1_are_not_the_hubs():
    """They have 1000 classes, and are of other images."""
    rows = [row for row in catalog.checkpoints() if (row.prefix or "").startswith("resnet_v1_")]
    assert [row.top_1 for row in rows] == [75.2, 76.4, 76.8]
    assert {(row.variant, row.hub_handle) for row in rows} == {(None, None)}
    assert catalog.for_variant("resnet_v1_50") is None


def test_archives_of_networks_that_are_functions():
    """They are of no variant."""
    rows = {row.file_name: row for row in catalog.checkpoints()}
    for name, top_1, prefix in (
        ("inception_resnet_v2_2016_08_30", 80.4, "inception_resnet_v2_2016_08_30.ckpt"),
        ("nasnet-a_mobile_04_10_2017", 74.0, "model.ckpt"),
        ("nasnet-a_large_04_10_2017", 82.7, "model.ckpt"),
        ("pnasnet-5_mobile_2017_12_13", 74.2, "model.ckpt"),
        ("pnasnet-5_large_2017_12_13", 82.9, "model.ckpt"),
    ):
        row = rows[f"{name}.tar.gz"]
        assert (row.variant, row.top_1, row.prefix) == (None, top_1, prefix)
