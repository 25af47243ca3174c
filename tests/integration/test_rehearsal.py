"""`publish --rehearse`: what it refuses before anything is sent, on the loopback only."""

import json

import numpy as np
import pytest
from support.releases import HANDLE, PAGE, contents, make_release

from exporter.digests import of_folder
from exporter.errors import PublishError
from exporter.releases import rehearsal
from exporter.releases.sending import PublishRequest
from exporter.releasing import publish

pytestmark = pytest.mark.integration

# Saves a network as small as can be, and says what its report would hold.
MODEL = """
import json, sys
import numpy as np, tensorflow as tf
from exporter.verifier.subjects.input_spec import InputSpec
model = tf.train.Checkpoint()
model.kernel = tf.Variable(np.linspace(-1, 1, 3 * 8).reshape(3, 8).astype("f4"), name="kernel")
model.variables = model.trainable_variables = [model.kernel]
spec = tf.TensorSpec([None, 16, 16, 3], tf.float32, "inputs")
def features(inputs, training=False):
    return tf.tanh(tf.reduce_mean(inputs, [1, 2]) @ model.kernel)
call = tf.function(features)
for training in (False, True):
    call.get_concrete_function(spec, training=training)
model.__call__ = call
signature = tf.function(
    lambda inputs: {"feature_vector": call(inputs)}, input_signature=[spec]
)
tf.saved_model.save(model, sys.argv[1], signatures=signature)
noise = np.stack(InputSpec((spec,)).probe("noise") * 4)
values = call(tf.constant(noise))[0].numpy().astype("f8").tolist()
print(json.dumps({"values": values, "tensorflow": tf.__version__}))
"""
# Its URLs are replaced, and nothing else may be connected to.
BLOCKS = (
    PAGE
    + """
```python
network = hub.load("{handle}")
assert network(images).shape == [2, 8]
model = tf.keras.Sequential([
    hub.KerasLayer("https://tfhub.dev/{handle}", trainable=True),
    tf.keras.layers.Dense(num_classes, activation="softmax"),
])
model.build([None, 16, 16, 3])
model.compile("sgd", "sparse_categorical_crossentropy")
model.fit(images, labels, epochs=1, verbose=0)
import urllib.request
try:
    urllib.request.urlopen("http://192.0.2.1/")
except OSError as error:
    assert "does not connect to 192.0.2.1" in str(error)
else:
    raise AssertionError("connected")
import os, subprocess, tempfile
for harm in (
    lambda: open("../harm", "w"),
    lambda: os.remove("../harm"),
    lambda: subprocess.run(["true"]),
    lambda: os.fork(),
    lambda: open("large", "wb").truncate(2 << 30),
):
    try:
        harm()
    except PermissionError:
        continue
    except OSError as error:
        if error.strerror == "File too large":
            continue
    raise AssertionError("done")
with tempfile.NamedTemporaryFile() as file:
    assert file.name.startswith(os.getcwd())
open("own", "w").write("x")
print("\\x1b[31mred")
```
"""
)


@pytest.fixture(scope="module")
def model(tmp_path_factory, run_python):
    folder = tmp_path_factory.mktemp("model") / "saved"
    return folder, run_python(MODEL, folder)


@pytest.fixture
def released(tmp_path, model):
    """Makes a release of the model, with changes to what its report says of it."""
    folder, said = model

    def make(page=BLOCKS, tensorflow=said["tensorflow"], digest=None, status="passed", **changes):
        values = said["values"]
        sample = {"image": "noise", "expected": values, "found": values, **changes}
        report = {
            "settings": {"model_dir": "model", "reference": "the original graph"},
            "digest": of_folder(folder) if digest is None else digest,
            "checks": [{"group": "outputs", "name": "feature_vector", "status": status}],
            "sample": sample if sample["found"] else None,
        }
        versions = {"tensorflow": tensorflow}
        return make_release(
            tmp_path / "release", model=folder, page=page, report=report, versions=versions
        )

    return make


@pytest.fixture
def surroundings(tmp_path, monkeypatch):
    """A proxy that is not there, and a cache that must not be used."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "cache"))
    yield
    assert not (tmp_path / "cache").exists()


@pytest.fixture
def rehearse(tmp_path, surroundings):
    def run(release):
        request = PublishRequest(release, str(tmp_path / "hub"), rehearse=True)
        return publish(request).rehearsal

    return run


@pytest.fixture
def refused(tmp_path, rehearse):
    """Publishes, which must fail before anything is sent; returns the one line that says why."""

    def run(release):
        with pytest.raises(PublishError) as caught:
            rehearse(release)
        assert not (tmp_path / "hub").exists()
        assert len(str(caught.value).splitlines()) == 1
        return str(caught.value)

    return run


@pytest.mark.usefixtures("surroundings")
def test_passes_and_publishes(released, slim_export, tmp_path):
    release = released()
    flags = (f"--to={tmp_path / 'hub'}", "--rehearse", "--json")
    result = slim_export("publish", f"--release={release}", *flags)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert json.loads(result.stdout)["rehearsal"] == {
        "blocks": 2,
        "values": 8,
        "probe": "noise",
        "allowance": "no bit may differ",
        "difference": 0.0,
    }
    assert contents(tmp_path / "hub" / HANDLE) == contents(release)


def test_another_tensorflow_may_differ_by_noise(released, rehearse, model):
    nearly = [value * (1 + 1e-6) for value in model[1]["values"]]
    found = rehearse(released(tensorflow="2.15.1", found=nearly))
    assert found.allowance.startswith("made by TensorFlow 2.15.1, run by ")
    assert found.allowance.endswith(": 2e-06 of the largest value may differ")
    assert 0 < found.difference <= 2e-6


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"found": []}, "its report holds no values of the output, so outputs cannot be compared"),
        ({"digest": "0" * 64}, "its report is of another model: expected digest "),
        ({"digest": ""}, "its report is of another model: expected digest "),
        ({"status": "failed"}, "its report did not pass: SavedModel differs from the original"),
        ({"page": "# Module {handle}\n\nWords.\n"}, f"no code block of its page loads '{HANDLE}'"),
    ],
)
def test_leaves_nothing_to_compare(changes, expected, released, refused):
    said = refused(released(**changes))
    assert said.startswith(f"Rehearsal of '{HANDLE}' failed: {expected}")
    assert said.endswith(" Nothing was sent; verify and package the model again.")


def test_outputs_differ_by_one_bit(released, refused, model):
    values = np.array(model[1]["values"], np.float32)
    values[3] = np.nextafter(values[3], np.float32(9))
    said = refused(released(found=values.astype(float).tolist()))
    assert "the output on 'noise' differs from the report's by" in said
    assert "(no bit may differ)" in said


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("hub.load('{handle}').nosuch", "code block 2 of its page failed: AttributeError: "),
        pytest.param(
            *("hub.load('{handle}'); import os; os.abort()", "process ended with status -6"),
            marks=pytest.mark.full,
        ),
        pytest.param(
            *("hub.load('{handle}'); input()", "code block 2 of its page failed: EOFError: "),
            marks=pytest.mark.full,
        ),
    ],
)
def test_a_code_block_fails(code, expected, released, refused):
    page = f"{PAGE}\n```python\n{code}\n```\n"
    assert expected in refused(released(page=page))


def test_a_code_block_that_never_ends(released, refused, monkeypatch):
    monkeypatch.setattr(rehearsal, "TIMEOUT", 2.0)
    assert "failed: it took more than 2 seconds. Nothing was sent" in refused(released())
