"""Which checkpoint a flag stands for."""

from pathlib import Path

import pytest

from exporter.archives import cache_dir, published_checkpoint
from exporter.errors import FetchError, InvalidArgumentError
from exporter.sources import LocalCheckpoint, Published, Seeded, Stored, checkpoint_source
from slim_nets.registry import resized, variants


def test_published_weights_serve_any_image_size():
    variant = resized(variants()["mobilenet_v3_small_075_224"], image_size=96)
    assert published_checkpoint(variant).file_name == "v3-small_224_0.75_float.tgz"


def test_published_weights_serve_their_multiplier_only():
    variant = resized(variants()["mobilenet_v3_small_075_224"], depth_multiplier=0.5)
    with pytest.raises(FetchError, match="'mobilenet_v3_small_050_224' has no published"):
        published_checkpoint(variant)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("published", Published()),
        ("seeded:7", Seeded(7)),
        ("seeded:4294967295", Seeded(2**32 - 1)),
        ("seeded", Stored("seeded")),
        ("./published", Stored("./published")),
        ("~/train/model.tgz", Stored("~/train/model.tgz")),
    ],
)
def test_sources(text, source):
    assert checkpoint_source(text) == source
    assert str(source) == text


@pytest.mark.parametrize("wrong", ["", "-1", "1.5", "4294967296", "\u0663"])
def test_seeds_that_are_none(wrong):
    with pytest.raises(InvalidArgumentError, match="expected a whole number"):
        checkpoint_source(f"seeded:{wrong}")


def test_cache_dir(monkeypatch, tmp_path):
    monkeypatch.delenv("SLIM_EXPORT_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "slim-export"
    monkeypatch.setenv("SLIM_EXPORT_CACHE_DIR", str(tmp_path / "mine"))
    assert cache_dir() == tmp_path / "mine"
    assert cache_dir(tmp_path / "chosen") == tmp_path / "chosen"


@pytest.mark.parametrize(
    ("prefix", "source", "name"),
    [
        ("/a/v3-small_224_0.75_float/ema/model-497500", Stored("given"), None),
        ("v3-small_224_0.75_float/ema/model-497500", Stored("given"), None),
        ("/a/ema/model-497500", Stored("given"), "model-497500"),
        ("/a/v3-small_224_0.75_float/pristine/model-497500", Stored("given"), "model-497500"),
        ("/a/seeded-7", Seeded(7), "seeded:7"),
    ],
)
def test_names_of_checkpoints_do_not_depend_on_folders(prefix, source, name):
    known = name or "v3-small_224_0.75_float/ema/model-497500"
    assert LocalCheckpoint(Path(prefix), "", source).name == known
