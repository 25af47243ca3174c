"""A classifier, its conversions, labelled images, and one evaluation."""

import numpy as np
import pytest
from support import labelled
from support.evaluations import CLASSES, IMAGES, request_of

from exporter import quiet

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402


@pytest.fixture(scope="session")
def place(tmp_path_factory, slim_export):
    """A classifier, its conversions, images, and labels that it guesses now and then."""
    folder = tmp_path_factory.mktemp("evaluate")
    labelled.save_classifier(folder / "model")
    flags = (f"--model_dir={folder / 'model'}", f"--output_dir={folder / 'out'}")
    result = slim_export("convert", "--format=frozen,tflite", *flags)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(scope="session")
def encoded():
    return labelled.encoded_images(IMAGES)


@pytest.fixture(scope="session")
def logits(place, encoded):
    model = tf.saved_model.load(str(place / "model"))
    return model(tf.constant(labelled.prepared(encoded, (8, 8)))).numpy()


@pytest.fixture(scope="session")
def labels(logits):
    """Half of them the model's own guesses."""
    draw = np.random.RandomState(0)
    own = draw.random_sample(IMAGES) < 0.5
    return np.where(own, logits.argmax(1), draw.randint(CLASSES, size=IMAGES))


@pytest.fixture(scope="session")
def records(place, encoded, labels):
    examples = [labelled.example(e, int(n)) for e, n in zip(encoded, labels, strict=True)]
    return labelled.write_shards(place / "shards", examples, 7)


@pytest.fixture(scope="session")
def found(place, records, tmp_path_factory):
    request = request_of(place, records, converted=place / "out")
    return labelled.measured(request, tmp_path_factory.mktemp("found") / "place")
