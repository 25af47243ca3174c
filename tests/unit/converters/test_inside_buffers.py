"""TFLite files that interpreters of older TensorFlow can read: all data inside, and aligned."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from exporter import quiet
from exporter.converters.tflite.inside_buffers import packed, unpacked, with_buffers_inside

SIZE = 64


@pytest.fixture(scope="module")
def files(export, tmp_path_factory):
    """A float32 file, and one with int8 weights as AI Edge Quantizer writes it if it is large."""
    quiet.import_tensorflow()
    from exporter.converters.source_model import source_of
    from exporter.converters.tflite.litert import float_model
    from exporter.converters.tflite.quantizing import Int8Ops, heavy, ops_of, quantized

    folder = tmp_path_factory.mktemp("large") / "model"
    flags = (f"--image_size={SIZE}", "--verify=false")
    export("mobilenet_v3_small_075_224", "feature_vector", "seeded:0", folder, *flags)
    made = float_model(source_of(folder))
    ops = ops_of(made)
    return made, quantized(made, ops, Int8Ops(dynamic=heavy(ops)))


def buffers(model):
    root = schema.Model.GetRootAs(model, 0)
    return [root.Buffers(place) for place in range(root.BuffersLength())]


def outside(model):
    return [buffer for buffer in buffers(model) if buffer.Offset()]


def run(model):
    from exporter.converters.tflite.litert import runner

    shape = [2, SIZE, SIZE, 3]
    images = np.random.RandomState(1).random_sample(shape).astype(np.float32)
    return runner(model)({"inputs": images})["feature_vector"]


def test_the_quantizers_buffers_move_inside_and_compute_the_same(files):
    _, quantized = files
    assert outside(quantized)
    written = with_buffers_inside(quantized)
    assert not outside(written)
    assert len(buffers(written)) == len(buffers(quantized))
    assert run(written).tobytes() == run(quantized).tobytes()
    assert abs(len(written) - len(quantized)) < 1000


def test_data_begin_at_multiples_of_sixteen(files):
    for model in files:
        for buffer in buffers(packed(unpacked(model))):
            place = buffer._tab.Offset(4)
            if place:
                assert buffer._tab.Vector(place) % 16 == 0


def test_a_file_that_is_whole_stays_as_it_is(files):
    made, quantized = files
    assert with_buffers_inside(made) is made
    written = with_buffers_inside(quantized)
    assert with_buffers_inside(written) is written
