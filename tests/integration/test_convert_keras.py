"""A SavedModel as a `.keras` file: the same numbers in both modes, and fit to be fine-tuned."""

from dataclasses import replace

import numpy as np
import pytest
from support import short_network

pytestmark = [
    pytest.mark.integration,
    # Keras' own, of NumPy 2, whenever it saves a variable of TensorFlow.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

VARIANT = short_network.VARIANT

# Runs without this package; the images are at the place that the first argument names.
FINE_TUNES = """
import json, sys
import keras, numpy as np
path, images, saved = sys.argv[1:]
images, labels = np.load(images), np.arange(5)
keras.utils.set_random_seed(0)
base = keras.models.load_model(path)
model = keras.Sequential([base, keras.layers.Dense(5)])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.SGD(0.01), loss, jit_compile=False)
before = {v.path: v.numpy() for v in base.variables}
fit = model.fit(images, labels, batch_size=5, epochs=2, verbose=0).history["loss"]
still = [v.path for v in base.variables if (v.numpy() == before[v.path]).all()]
expected = model(images).numpy()
model.save(saved)
again = keras.models.load_model(saved)(images).numpy()
print(json.dumps({
    "losses": [*fit, float(model.train_on_batch(images, labels))],
    "still": still,
    "variables": len(before),
    "same": bool((again == expected).all()),
    "ours": sorted({"exporter", "slim_nets", "checkpoints"} & set(sys.modules)),
}))
"""


class Bench:
    """A SavedModel, its own float noise, and how Keras models are compared with it."""

    def __init__(self, folder):
        from exporter.converters.checks.own_noise import noise_of
        from exporter.converters.keras.keras_gradients import reference_gradients
        from exporter.converters.source_model import source_of
        from exporter.verifier.comparison.allowance import Allowance

        self.source = source_of(folder)
        self.noise = noise_of(self.source, (), training=True)
        self.allowance = Allowance("noise", noise=self.noise)
        self._gradients = {}
        self._differentiate = reference_gradients

    def gradients(self, reference, asked):
        """Differentiates the SavedModel once for all models that are compared with it."""
        key = (asked.way, asked.target, asked.training)
        if key not in self._gradients:
            self._gradients[key] = self._differentiate(reference, asked)
        return self._gradients[key]

    def built(self, **options):
        from exporter.converters.keras import keras_network
        from slim_nets.layers.keras import KerasLayers

        def layers(output, **own):
            return KerasLayers(output, **(own | options))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(keras_network, "KerasLayers", layers)
            return keras_network.built(self.source)

    def failures(self, model, place):
        """Saves a model, and says what is found wrong with it, by group."""
        from exporter.converters.keras import keras_checks, keras_gradients
        from exporter.verifier.subjects.examples import FULL, Examples

        target = place / "model.keras"
        model.save(target)
        plan = replace(FULL, batch_sizes=(2,), probes=("ramp", "noise"))
        examples = Examples(self.source.model.input_spec, plan)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(keras_gradients, "reference_gradients", self.gradients)
            checks = keras_checks.checks(target, self.source, examples, self.allowance)
        assert {"weights", "end points", "training", "moving averages", "gradients"} <= {
            check.group for check in checks
        }
        failed = {}
        for check in checks:
            if check.status == "failed":
                failed.setdefault(check.group, set()).add(check.name)
        return failed


@pytest.fixture(scope="module")
def exported(export, tmp_path_factory):
    folder = tmp_path_factory.mktemp("keras") / "model"
    flags = ("--image_size=32", "--verify=false")
    export(VARIANT, "feature_vector", "seeded:0", folder, *flags)
    return folder


@pytest.fixture(scope="module")
def bench(exported):
    from exporter import quiet

    quiet.import_tensorflow()
    return Bench(exported)


@pytest.fixture(scope="module")
def classifier(export, tmp_path_factory):
    """The toy, whose dropout is like any other."""
    folder = tmp_path_factory.mktemp("classifier") / "model"
    export("toy_100_32", "classification", "seeded:0", folder, "--verify=false")
    return Bench(folder)


@pytest.fixture(scope="module")
def written_file(bench, tmp_path_factory, shared):
    """Converts for a user whose own Keras runs on JAX; returns the file, and its checks."""
    from exporter.converters.convert_request import ConvertRequest
    from exporter.converters.converting import written
    from exporter.converters.format_table import FORMATS
    from exporter.digests import of_folder

    place = tmp_path_factory.mktemp("converted")
    images = f"{shared}/photos/*.jpg"
    request = ConvertRequest(bench.source.folder, ("keras",), place, images=images)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "jax")
        digest = of_folder(bench.source.folder)
        conversion = written(request, FORMATS["keras"], bench.noise, digest)
    assert conversion.error == ""
    return conversion.folder / "model.keras", conversion.report.checks


@pytest.mark.published
def test_everything_is_compared(written_file):
    _, checks = written_file
    groups = {check.group for check in checks}
    assert groups >= {"weights", "outputs", "end points", "frozen", "training", "moving averages"}
    assert groups >= {"gradients", "dropout", "regularization"}
    assert {check.status for check in checks} <= {"passed", "warning", "skipped"}
    photographs = [c for c in checks if c.case.startswith("photographs")]
    assert max(check.max_rel for check in photographs) < 1e-5
    modes = {check.case for check in checks if check.group == "gradients"}
    assert len(modes) == 2


@pytest.mark.published
def test_it_is_fine_tuned_without_this_package(written_file, run_python, shared, tmp_path):
    from exporter.photos import read

    images = read(sorted((shared / "photos").glob("*.jpg")), (32, 32))
    np.save(tmp_path / "images.npy", images)
    arguments = (written_file[0], tmp_path / "images.npy", tmp_path / "tuned.keras")
    program = f"import sys; sys.path[:] = [p for p in sys.path if p]\n{FINE_TUNES}"
    said = run_python(program, *arguments, env={"PYTHONPATH": ""})
    first, second, third = said["losses"]
    assert first > second > third
    assert said["variables"] == 75
    # Another batch norm takes away what these add: their gradients are nothing but rounding.
    assert all(path.endswith("_project_BatchNorm/beta") for path in said["still"]), said["still"]
    assert said["same"]
    assert said["ours"] == []


def test_a_sound_model_passes(bench, tmp_path):
    assert bench.failures(bench.built(), tmp_path) == {}


def test_epsilon(bench, tmp_path):
    model = bench.built()
    for layer in model.layers:
        if hasattr(layer, "epsilon"):
            layer.epsilon = 1e-5
    failed = bench.failures(model, tmp_path)
    assert "default" in failed["end points"]
    assert failed["training"]
    assert failed["gradients"]


def test_keras_own_hard_sigmoid(bench, tmp_path):
    model = bench.built()
    for layer in model.layers:
        if layer.name.endswith("_hard_sigmoid"):
            layer.scale = 1 / 6
    failed = bench.failures(model, tmp_path)
    assert "Short/layer_2" in failed["end points"]
    assert failed["gradients"]


def test_momentum(bench, tmp_path):
    assert bench.failures(bench.built(momentum=0.9), tmp_path) == {
        "moving averages": {"default momentum"}
    }


def test_frozen_batch_norm(bench, tmp_path):
    model = bench.built()
    model.get_layer("Short_Conv_BatchNorm").trainable = False
    failed = bench.failures(model, tmp_path)
    assert {"trainable_variables", "trainable flags"} <= failed["weights"]
    assert "Short/Conv/BatchNorm/moving_mean" in failed["moving averages"]
    assert "Short/Conv/BatchNorm/gamma" in failed["gradients"]


def test_a_loss_too_many(bench, tmp_path, monkeypatch):
    from slim_nets.layers.keras import KerasLayers

    regularizer = KerasLayers._regularizer

    def doubled(self, layer):
        return regularizer(self, replace(layer, weight_decay=2 * layer.weight_decay))

    monkeypatch.setattr(KerasLayers, "_regularizer", doubled)
    failed = bench.failures(bench.built(), tmp_path)
    assert "sum" in failed["regularization"]


def test_a_weight(bench, tmp_path):
    model = bench.built()
    kernel = model.get_layer("Short_Conv_2").kernel
    kernel.assign(kernel + 0.01)
    assert bench.failures(model, tmp_path)["weights"] == {"Short/Conv_2/weights"}


@pytest.mark.parametrize(
    ("rate", "groups"),
    [
        pytest.param(0.3, set(), marks=pytest.mark.full),
        (0.0, {"dropout"}),
        pytest.param(0.6, {"dropout"}, marks=pytest.mark.full),
    ],
)
def test_dropout(classifier, tmp_path, rate, groups):
    model = classifier.built()
    model.get_layer("dropout").rate = rate
    assert set(classifier.failures(model, tmp_path)) == groups


def test_variances_with_bessels_correction(bench, tmp_path, monkeypatch):
    """What Keras does not do would be seen: the reference without its own way fails."""
    from exporter.converters.keras.keras_subject import KerasReference

    monkeypatch.setattr(KerasReference, "_as_keras", lambda self, before, after, *_: after)
    failed = bench.failures(bench.built(), tmp_path)
    assert failed["moving averages"]
    assert all(name.endswith("/moving_variance") for name in failed["moving averages"])


def test_a_model_of_others_is_refused(tmp_path):
    from support import converted, small_models

    from exporter import quiet
    from exporter.converters.formats import keras
    from exporter.converters.source_model import source_of
    from exporter.errors import ConversionError

    quiet.import_tensorflow()
    source = source_of(small_models.Small().save(tmp_path / "model"))
    with pytest.raises(ConversionError, match="cannot be built from Keras layers: expected the"):
        keras.convert(source, tmp_path / "model.keras", converted.asked())
    assert not (tmp_path / "model.keras").exists()
