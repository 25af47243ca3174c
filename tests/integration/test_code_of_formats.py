"""What documents tell people to run is run, and gives the numbers that were verified."""

import ast
import re
import subprocess
import sys
from shutil import copy

import numpy as np
import pytest
from support.documents import everything

from exporter import quiet
from exporter.releases.page_code import code_blocks

pytestmark = [pytest.mark.integration, pytest.mark.published]

# Of the largest value, as the table of formats has it.
CLOSE = 1e-5
CLASSES_OF_PHOTOGRAPHS = {
    "animals": ("cat.jpg", "dogs.jpg", "sparrow.jpg"),
    "others": ("burger.jpg", "grace_hopper.jpg"),
}
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


@pytest.mark.full
def test_a_first_fine_tuning(block, real_export, shared, slim_export, tmp_path):
    program = block("image_dataset_from_directory(")
    (tmp_path / MODEL).parent.mkdir(parents=True)
    (tmp_path / MODEL).symlink_to(real_export)
    for name, photographs in CLASSES_OF_PHOTOGRAPHS.items():
        (tmp_path / "photos" / name).mkdir(parents=True)
        for photograph in photographs:
            copy(shared / "photos" / photograph, tmp_path / "photos" / name)
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    losses = [float(found) for found in re.findall(r" loss: ([0-9.e-]+)", ran.stdout)]
    assert losses[-1] < losses[0] / 2, ran.stdout
    flags = (f"--model_dir={tmp_path / 'models/fine_tuned'}", f"--output_dir={tmp_path / 'out'}")
    converted = slim_export("convert", "--format=tflite", *flags)
    assert converted.returncode == 0, converted.stderr
