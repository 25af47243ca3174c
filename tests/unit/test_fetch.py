"""Which checkpoint a flag stands for."""

from pathlib import Path

import pytest

from exporter.errors import FetchError, InvalidArgumentError
from exporter.fetch import LocalCheckpoint, cache_dir, published_checkpoint, seed_of
from slim_nets.variants import NAMED, customized


def test_published_weights_serve_any_image_size():
    variant = customized(NAMED["mobilenet_v3_small_075_224"], image_size=96)
    assert published_checkpoint(variant).name == "v3-small_224_0.75_float"


def test_published_weights_serve_their_multiplier_only():
    variant = customized(NAMED["mobilenet_v3_small_075_224"], depth_multiplier=0.5)
    with pytest.raises(FetchError, match="'mobilenet_v3_small_050_224' has no published"):
        published_checkpoint(variant)


def test_seeds():
    assert seed_of("seeded:7") == 7
    assert seed_of("seeded:4294967295") == 2**32 - 1
    assert seed_of("published") is None
    for wrong in ("", "-1", "1.5", "4294967296", "\u0663"):
        with pytest.raises(InvalidArgumentError, match="expected a whole number"):
            seed_of(f"seeded:{wrong}")


def test_cache_dir(monkeypatch, tmp_path):
    monkeypatch.delenv("SLIM_EXPORT_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "slim-export"
    monkeypatch.setenv("SLIM_EXPORT_CACHE_DIR", str(tmp_path / "mine"))
    assert cache_dir() == tmp_path / "mine"
    assert cache_dir(tmp_path / "chosen") == tmp_path / "chosen"


@pytest.mark.parametrize(
    ("prefix", "trained", "name"),
    [
        ("/a/v3-small_224_0.75_float/ema/model-497500", True, None),
        ("v3-small_224_0.75_float/ema/model-497500", True, None),
        ("/a/ema/model-497500", True, "model-497500"),
        ("/a/v3-small_224_0.75_float/pristine/model-497500", True, "model-497500"),
        ("/a/seeded-7", False, "seeded:7"),
    ],
)
def test_names_of_checkpoints_do_not_depend_on_folders(prefix, trained, name):
    known = name or "v3-small_224_0.75_float/ema/model-497500"
    assert LocalCheckpoint(Path(prefix), "", "seeded:7", trained).name == known
