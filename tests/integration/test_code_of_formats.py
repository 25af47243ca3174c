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

# Of the largest value: as the table of formats has it, and of weights whose sums cancel out more.
CLOSE = {"real": 1e-5, "toy": 3e-5}
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


@pytest.fixture(
    params=[
        pytest.param("toy", marks=pytest.mark.xdist_group("toy_conversions")),
        pytest.param("real", marks=[pytest.mark.full, pytest.mark.xdist_group("real_export")]),
    ]
)
def converted(request):
    """A model, what it was converted to, and how near that is."""
    model, (folder, _) = (
        request.getfixturevalue(f"{request.param}_{made}") for made in ("export", "conversions")
    )
    return model, folder, CLOSE[request.param]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_converted_files(converted, block, shared, tmp_path, monkeypatch):
    quiet.import_tensorflow()
    import tensorflow as tf

    from exporter.photos import read

    model, folder, close = converted
    call = tf.saved_model.load(str(model))
    size = tuple(call.signatures["serving_default"].inputs[0].shape[1:3])
    photographs = read(sorted((shared / "photos").glob("*.jpg")), size)
    expected = call(photographs).numpy()
    (tmp_path / "OUT").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    names, compared = {"images": photographs}, []
    for statement in ast.parse(block("OUT/")).body:
        source = ast.unparse(statement)
        exec(source, names)
        found = names.pop("features", None)
        if found is not None:
            assert np.abs(found - expected).max() < close * np.abs(expected).max(), source
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
