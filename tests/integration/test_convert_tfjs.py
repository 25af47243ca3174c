"""Graph models for TensorFlow.js, run by the published package under Node."""

import json
from dataclasses import replace

import numpy as np
import pytest
from support import handmade, nodejs
from support.converted import asked

from exporter import quiet

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402

from exporter import photos  # noqa: E402
from exporter.converters.checks.converted_outputs import compare_end_points  # noqa: E402
from exporter.converters.format_table import FORMATS  # noqa: E402
from exporter.converters.formats import tfjs  # noqa: E402
from exporter.converters.graphs import folding  # noqa: E402
from exporter.converters.source_model import source_of  # noqa: E402
from exporter.errors import ConversionError  # noqa: E402
from exporter.verifier.comparison.allowance import Allowance  # noqa: E402
from exporter.verifier.subjects.examples import FULL, Examples  # noqa: E402

pytestmark = [pytest.mark.integration, nodejs.needed]

ASKED = asked(author="Somebody")
FILES = ("model.json", "group1-shard1of1.bin")


@pytest.fixture(scope="module")
def seeded(small_export):
    return source_of(small_export)


def run(source, folder, inputs):
    """Converts, and runs one batch."""
    folder.mkdir(exist_ok=True)
    tfjs.convert(source, folder / "model.json", ASKED)
    with tfjs.opened(folder / "model.json", None) as model:
        return model(source.named([inputs]))


def relative(expected, found):
    (one,), (other,) = expected.values(), found.values()
    assert one.shape == other.shape
    return np.abs(one - other).max() / np.abs(one).max()


def noise(size, count=2):
    return np.random.RandomState(0).uniform(size=(count, size, size, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def converted(slim_export, tmp_path_factory):
    """A hand-written model, converted by the command."""
    folder = tmp_path_factory.mktemp("tfjs")
    model = handmade.save(folder / "model")
    flags = [f"--model_dir={model}", "--format=tfjs", f"--output_dir={folder / 'out'}"]
    result = slim_export("convert", *flags, "--author=Somebody", "--json")
    assert result.returncode == 0, result.stderr
    return folder, json.loads(result.stdout)[0]


def test_command(converted):
    folder, said = converted
    assert said["report"]["checks"]
    assert {check["status"] for check in said["report"]["checks"]} == {"passed"}
    made = {path.name for path in (folder / "out/tfjs").iterdir()}
    assert made == {*FILES, "report.html", "report.json", "report.xml"}
    model = json.loads((folder / "out/tfjs/model.json").read_text())
    assert model["format"] == "graph-model"
    told = model["userDefinedMetadata"]
    assert told.pop("producer").startswith("slim-export ")
    assert told == {
        "author": "Somebody",
        "source_sha256": said["report"]["reference_digest"],
    }
    assert set(model["signature"]["inputs"]) == {"inputs"}
    assert set(model["signature"]["outputs"]) == {"feature_vector"}


def test_seeded(seeded, tmp_path):
    inputs = noise(64)
    found = run(seeded, tmp_path / "m", inputs)
    assert found.keys() == {"feature_vector"}
    assert relative(seeded.expected([inputs]), found) < 2e-5
    model = json.loads((tmp_path / "m/model.json").read_text())
    assert model["userDefinedMetadata"]["variant"] == "short_075_64"
    ops = [node["op"] for node in model["modelTopology"]["node"]]
    assert ops.count("FusedDepthwiseConv2dNative") == 4
    assert not {"FusedBatchNormV3", "Conv2D", "DepthwiseConv2dNative", "BiasAdd"} & set(ops)


def test_classification(export, tmp_path):
    arguments = ("mobilenet_v3_small_minimalistic_100_224", "classification", "seeded:0")
    export(*arguments, tmp_path / "model", "--image_size=32", "--verify=false")
    source = source_of(tmp_path / "model")
    inputs = noise(32)
    found = run(source, tmp_path / "m", inputs)
    assert found["logits"].shape == (2, 1001)
    assert relative(source.expected([inputs]), found) < 2e-5
    shards = json.loads((tmp_path / "m/model.json").read_text())["weightsManifest"][0]["paths"]
    assert len(shards) == 2


@pytest.mark.published
def test_published_model_on_photographs(published_model, shared, tmp_path):
    source = source_of(published_model)
    inputs = photos.read(sorted((shared / "photos").glob("*.jpg")), (224, 224))
    assert relative(source.expected([inputs]), run(source, tmp_path / "m", inputs)) < 1e-5


def end_points(seeded, folder):
    """Compares the end points of the seeded model, far above float noise."""
    shown = seeded.end_points()
    plan = replace(FULL, probes=("noise", "ramp"))
    examples = Examples(seeded.model.spec_of(seeded.way), plan)
    allowance = Allowance("given", atol=1e-2, rtol=1e-2)
    tfjs.convert(shown, folder / "model.json", ASKED)
    with tfjs.opened(folder / "model.json", None) as model:
        return compare_end_points(model, shown, FORMATS["tfjs"], examples, allowance)


def test_end_points(seeded, tmp_path):
    checks = end_points(seeded, tmp_path)
    assert len(checks) > 15
    assert "failed" not in {check.status for check in checks}


def test_first_end_point_that_drifts_is_found(seeded, tmp_path, monkeypatch):
    def folded(graph):
        (norm,) = (
            node
            for node in graph.node
            if node.op == "FusedBatchNormV3" and "/expanded_conv_3/depthwise/" in node.name
        )
        norm.attr["epsilon"].f = 0.5
        return fold(graph)

    fold = folding.folded
    monkeypatch.setattr(folding, "folded", folded)
    checks = end_points(seeded, tmp_path)
    first = next(check for check in checks if check.status == "failed")
    assert first.name == "Short/layer_5/depthwise_output"


def test_damaged_weights(seeded, tmp_path):
    inputs = noise(64, 1)
    expected = run(seeded, tmp_path / "m", inputs)
    weights = tmp_path / "m" / FILES[1]
    data = bytearray(weights.read_bytes())
    middle = len(data) // 8 * 4
    data[middle : middle + 4096] = np.full(1024, 1e3, np.float32).tobytes()
    weights.write_bytes(data)
    with tfjs.opened(tmp_path / "m/model.json", None) as model:
        assert relative(expected, model({"inputs": inputs})) > 1e-3
    weights.write_bytes(data[:-4])
    with (
        pytest.raises(ConversionError, match="could not load the model"),
        tfjs.opened(tmp_path / "m/model.json", None),
    ):
        pass


def test_op_that_it_does_not_have(tmp_path):
    def body(inputs, training, momentum):
        return tf.math.lgamma(tf.reduce_mean(inputs, [1, 2]) + 1.0)

    source = source_of(handmade.save(tmp_path / "model", body=body))
    with pytest.raises(ConversionError) as caught:
        run(source, tmp_path / "m", noise(8))
    assert "Lgamma" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_node_that_ends(seeded, tmp_path, monkeypatch):
    script = tmp_path / "runner.js"
    script.write_text("console.log('{}'); console.error('out of memory');")
    monkeypatch.setattr(tfjs, "_RUNNER", script)
    with (
        tfjs.opened(tmp_path / "model.json", None) as model,
        pytest.raises(ConversionError, match="found: out of memory"),
    ):
        model({"inputs": noise(64)})
