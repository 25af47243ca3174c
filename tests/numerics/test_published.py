"""Our export of the real weights against the SavedModel that Google published."""

import numpy as np
import pytest

from exporter import quiet

pytestmark = [pytest.mark.numerics, pytest.mark.published]

EXPECTED = {
    "end points": 49,
    "outputs": 2,
    "training": 1,
    "gradients": 140,
    "moving averages": 68,
    "regularization": 1,
}


@pytest.fixture(scope="module")
def models(real_export, published_model):
    quiet.import_tensorflow()
    import tensorflow as tf

    return tf.saved_model.load(str(real_export)), tf.saved_model.load(str(published_model))


def photographs(shared):
    from exporter.photos import read

    images = read(sorted((shared / "photos").glob("*.jpg")), 224)
    assert len(images) == 5
    return images


def noise(count):
    return np.random.RandomState(7).random_sample((count, 224, 224, 3)).astype(np.float32)


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("kind", ["photographs", "noise"])
def test_equal_bit_for_bit(models, shared, kind, batch):
    from exporter.verify.models import compare_models

    images = photographs(shared) if kind == "photographs" else noise(batch)
    batches = (
        [np.resize(images, (8, *images.shape[1:]))] if batch == 8 else np.split(images, len(images))
    )
    for images in batches:
        checks = list(compare_models(*models, images))
        assert [check for check in checks if not check.passed] == []
        groups = [check.group for check in checks]
        assert {group: groups.count(group) for group in groups} == EXPECTED
        assert all(check.values for check in checks)


def test_features_of_known_images(models):
    """The sums that the published model gave on another machine."""
    # Another machine and TensorFlow move a feature by up to 1.2e-6, and all 1024 are added.
    allowed = 1024 * 1.2e-6
    ramp = np.arange(224) / 223
    grid = np.stack(
        np.broadcast_arrays(ramp[:, None], ramp[None, :], ramp[:, None] * ramp[None, :]), -1
    )
    known = {
        9.128439: np.zeros((1, 224, 224, 3)),
        17.875683: np.ones((1, 224, 224, 3)),
        25.204472: np.full((1, 224, 224, 3), 0.5),
        33.374214: grid[None],
    }
    for total, images in known.items():
        features = models[0](images.astype(np.float32)).numpy()
        assert features.sum() == pytest.approx(total, abs=allowed)
        assert features.min() >= -0.375


def test_regularization_loss_is_the_known_one(models):
    assert models[0].regularization_losses[0]().numpy() == np.float32(0.24513353)


def test_one_ulp_in_one_weight_is_found(models):
    from exporter.verify.models import compare_models

    model, published = models
    gamma = next(v for v in model.variables if v.name == "MobilenetV3/Conv_1/BatchNorm/gamma:0")
    before = gamma.numpy()
    after = before.copy()
    after[:] = np.nextafter(before, np.float32(10))
    gamma.assign(after)
    try:
        failed = [c.name for c in compare_models(model, published, noise(1)) if not c.passed]
    finally:
        gamma.assign(before)
    assert "MobilenetV3/layer_13" in failed
    assert "MobilenetV3/layer_12" not in failed
