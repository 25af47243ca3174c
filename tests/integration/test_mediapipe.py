"""What MediaPipe's own tasks read of a TFLite file with metadata."""

import json
import subprocess
import sys

import numpy as np
import pytest
from support import converted, handmade

from exporter import quiet

pytestmark = [pytest.mark.integration, pytest.mark.full]

# What MediaPipe's own tasks say of a file, as JSON.
_MEDIAPIPE = """
import json, sys
import mediapipe as mp
from mediapipe.tasks.python import BaseOptions, vision
options = vision.ImageClassifierOptions(BaseOptions(model_asset_path=sys.argv[1]), max_results=4)
classifier = vision.ImageClassifier.create_from_options(options)
found = classifier.classify(mp.Image.create_from_file(sys.argv[2])).classifications[0]
print(json.dumps({c.category_name: c.score for c in found.categories}))
classifier.close()
"""


def test_it_reads_the_labels(tmp_path):
    quiet.import_tensorflow()
    import tensorflow as tf

    from exporter.converters.formats import tflite_metadata
    from exporter.converters.source_model import source_of
    from exporter.photos import read as read_photos

    made = source_of(handmade.save(tmp_path / "model"))

    # It wants a numpy of its own and half a gigabyte: not beside TensorFlow.
    python = tmp_path / "venv/bin/python"
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    installed = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "mediapipe>=1.2"], check=False
    )
    if installed.returncode:
        pytest.skip("mediapipe cannot be installed here")
    names = ["cat", "dog", "sparrow", "burger"]
    (tmp_path / "labels.txt").write_text("\n".join(names))
    options = converted.asked(labels=tmp_path / "labels.txt")
    tflite_metadata.convert(made, tmp_path / "model.tflite", options)
    # Of the right size already, so that nobody's way of resizing matters.
    image = tmp_path / "image.png"
    pixels = np.random.RandomState(0).randint(0, 256, [8, 8, 3]).astype(np.uint8)
    image.write_bytes(tf.io.encode_png(pixels).numpy())
    result = subprocess.run(
        [python, "-c", _MEDIAPIPE, tmp_path / "model.tflite", image],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(result.stdout.splitlines()[-1])
    (expected,) = made.expected([read_photos([image], (8, 8))]).values()
    for name, value in zip(names, expected[0], strict=True):
        assert found[name] == pytest.approx(value, abs=1e-5)
