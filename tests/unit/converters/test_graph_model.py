"""The files that TensorFlow.js loads."""

import json

import numpy as np
import pytest

from exporter import quiet

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402

from exporter.converters.tfjs import graph_model  # noqa: E402
from exporter.errors import ConversionError  # noqa: E402

INPUTS = {"x": tf.TensorSpec([None, 3], tf.float32)}
OUTPUTS = {"y": tf.TensorSpec(None, tf.int64)}


def write(folder, *values):
    with tf.Graph().as_default() as graph:
        for number, value in enumerate(values):
            tf.constant(value, name=f"c{number}")
    folder.mkdir(exist_ok=True)
    graph_model.write(folder / "model.json", graph.as_graph_def(), (INPUTS, OUTPUTS), {"a": "b"})
    return json.loads((folder / "model.json").read_text())


def test_weights_and_signature(tmp_path):
    floats = np.arange(6, dtype=np.float32).reshape(2, 3)
    told = write(tmp_path, floats, np.array([-1, 2], np.int64), True)
    (group,) = told["weightsManifest"]
    assert group["paths"] == ["group1-shard1of1.bin"]
    assert group["weights"] == [
        {"name": "c0", "shape": [2, 3], "dtype": "float32"},
        {"name": "c1", "shape": [2], "dtype": "int32"},
        {"name": "c2", "shape": [], "dtype": "bool"},
    ]
    expected = floats.tobytes() + np.array([-1, 2], np.int32).tobytes() + b"\1"
    assert (tmp_path / group["paths"][0]).read_bytes() == expected
    tensors = [node["attr"]["value"]["tensor"] for node in told["modelTopology"]["node"]]
    assert all(tensor.keys() <= {"dtype", "tensorShape"} for tensor in tensors)
    assert told["signature"] == {
        "inputs": {
            "x": {
                "name": "x:0",
                "dtype": "DT_FLOAT",
                "tensorShape": {"dim": [{"size": "-1"}, {"size": "3"}]},
            }
        },
        "outputs": {
            "y": {"name": "y:0", "dtype": "DT_INT64", "tensorShape": {"unknownRank": True}}
        },
    }
    assert told["userDefinedMetadata"] == {"a": "b"}


def test_shards(tmp_path):
    values = np.arange(graph_model.SHARD_BYTES // 4 + 1, dtype=np.float32)
    told = write(tmp_path, values)
    paths = told["weightsManifest"][0]["paths"]
    assert paths == ["group1-shard1of2.bin", "group1-shard2of2.bin"]
    parts = [(tmp_path / path).read_bytes() for path in paths]
    assert [len(part) for part in parts] == [graph_model.SHARD_BYTES, 4]
    assert b"".join(parts) == values.tobytes()


def test_no_weights(tmp_path):
    assert write(tmp_path)["weightsManifest"] == [{"paths": [], "weights": []}]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("text", "Constant 'c0' is of a type that TensorFlow.js has not: expected numbers, found"),
        (
            np.array([1, 1 << 40]),
            "does not fit TensorFlow.js: expected 32 bits, found 1099511627776",
        ),
    ],
)
def test_refused(tmp_path, value, said):
    with pytest.raises(ConversionError, match=said):
        write(tmp_path / "m", value)
    assert list((tmp_path / "m").iterdir()) == []
