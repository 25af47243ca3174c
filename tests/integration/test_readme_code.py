"""What documents tell people to run is run, and gives the numbers that were verified."""

import ast

import numpy as np
import pytest
from support.documents import everything

from exporter import quiet
from exporter.releases.page_code import code_blocks

pytestmark = [pytest.mark.integration, pytest.mark.published]

# Of the largest value, as the table of formats has it.
CLOSE = 1e-5
# The folder of the real model, as the README calls it.
MODEL = "models/mobilenet_v3_small_075_224/feature_vector"


@pytest.fixture
def block():
    """Finds the one block of Python that has a text."""

    def found(text):
        (block,) = [b for b in code_blocks(everything()) if text in b]
        return block

    return found


@pytest.fixture
def photographs(shared):
    from exporter.photos import read

    return read(sorted((shared / "photos").glob("*.jpg")), (224, 224))


@pytest.fixture
def expected(real_export, photographs):
    quiet.import_tensorflow()
    import tensorflow as tf

    return tf.saved_model.load(str(real_export))(photographs).numpy()


def test_converted_files(block, real_conversions, photographs, expected, tmp_path, monkeypatch):
    (tmp_path / "OUT").symlink_to(real_conversions[0])
    monkeypatch.chdir(tmp_path)
    names, compared = {"images": photographs}, []
    for statement in ast.parse(block("OUT/")).body:
        source = ast.unparse(statement)
        exec(source, names)
        found = names.pop("features", None)
        if found is not None:
            assert np.abs(found - expected).max() < CLOSE * np.abs(expected).max(), source
            compared.append(source)
    runtimes = ("runner(", "onnxruntime.", "openvino.", "keras.")
    assert [any(r in source for source in compared) for r in runtimes] == [True] * len(runtimes)


FINE_TUNES = """
import json, sys
import numpy as np, tensorflow as tf
images, num_classes = np.load(sys.argv[1]), 3
labels = np.arange(len(images)) % num_classes
built, fitted = sys.argv[2].split("model.compile(")
exec(built)
features = model.layers[0](images).numpy()
exec("history = []; model.compile(" + fitted.replace("model.fit(", "history = model.fit("))
expected = tf.saved_model.load(sys.argv[3])(images).numpy()
print(json.dumps({"same": bool((features == expected).all()), "loss": history.history["loss"]}))
"""


def test_fine_tuning(block, real_export, photographs, run_python, tmp_path):
    np.save(tmp_path / "images.npy", photographs)
    program = block("hub.KerasLayer(")
    assert f'"{MODEL}"' in program
    here = program.replace(MODEL, str(real_export))
    found = run_python(FINE_TUNES, tmp_path / "images.npy", here, real_export)
    assert found["same"]
    assert found["loss"][-1] < found["loss"][0]
