"""The catalogue of published checkpoints."""

import re

from checkpoints import catalog
from slim_nets.registry import variants


def test_rows_are_well_formed():
    names = [row.url for row in catalog.checkpoints()]
    assert len(set(names)) == len(names) == 8
    for row in catalog.checkpoints():
        for digest in (row.sha256, row.features_sha256):
            assert digest is None or re.fullmatch("[0-9a-f]{64}", digest)
        assert row.variant is None or row.variant in variants()
        assert row.prefix is None or row.prefix.startswith(
            f"{row.file_name.removesuffix('.tgz')}/ema/model-"
        )


def test_every_float_network_but_edgetpu_was_published():
    published = [name for name in variants() if name.startswith("mobilenet")]
    assert len(published) == 8
    for name in published:
        assert (catalog.for_variant(name) is None) == name.startswith("mobilenet_edgetpu")


def test_known_rows():
    row = catalog.for_variant("mobilenet_v3_small_075_224")
    assert row.prefix == "v3-small_224_0.75_float/ema/model-497500"
    assert row.sha256.startswith("fffd2e43")
    assert row.hub_handle == "google/imagenet/mobilenet_v3_small_075_224/{task}/5"
    assert row.url.endswith("/mobilenet_v3/checkpoints/v3-small_224_0.75_float.tgz")
    assert catalog.for_variant("mobilenet_v3_small_minimalistic_100_224").sha256 is None
