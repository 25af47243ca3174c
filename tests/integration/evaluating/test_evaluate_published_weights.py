"""The accuracy of MobileNet V1 as exported from its published checkpoint."""

import numpy as np
import pytest
from support import labelled
from support.guesses import GUESSES

pytestmark = [pytest.mark.integration, pytest.mark.published, pytest.mark.full]

CROPS = (1.0, 0.875)


@pytest.fixture
def photographs(shared, tmp_path):
    """A folder for each class, as the network calls the photographs when it sees them whole."""
    for name, guess in GUESSES.items():
        of_class = tmp_path / "photographs" / guess
        of_class.mkdir(parents=True)
        (of_class / f"{name}.jpg").symlink_to(shared / f"photos/{name}.jpg")
    return tmp_path / "photographs"


@pytest.mark.parametrize("crop", CROPS)
def test_it_is_that_of_googles_model(
    run, classifier_export, published_classifier, photographs, shared, crop
):
    """With other pixels than whole photographs have, so guesses may be others too."""
    import tensorflow as tf

    names = shared / "original/imagenet_labels.txt"
    told = run(
        "evaluate",
        f"--model_dir={classifier_export}",
        f"--data={photographs}",
        f"--labels={names}",
        "--image_size=128",
        f"--central_crop={crop}",
    )
    encoded = [(shared / f"photos/{name}.jpg").read_bytes() for name in GUESSES]
    images = tf.constant(labelled.prepared(encoded, (128, 128), crop))
    logits = tf.saved_model.load(str(published_classifier))(images).numpy()
    classes = names.read_text().splitlines()
    labels = np.array([classes.index(guess) for guess in GUESSES.values()])
    top_1, top_5 = labelled.directly(logits, labels)
    (model,) = told["models"]
    assert (model["images"], model["top_1"], model["top_5"]) == (5, top_1 / 5, top_5 / 5)
    assert {c["name"] for c in told["classes"]} == set(GUESSES.values())
    assert 0 < top_1 <= top_5
