"""Networks that are functions of one's own go through every command."""

import json
import warnings

import numpy as np
import pytest
import tensorflow as tf
from support.mutating import edited, nodes

from exporter import digests

HOME = "support.graph_networks"
ODD = [f"--network={HOME}:odd", f"--arg_scope={HOME}:odd_scope", "--image_size=32"]
BARE = [f"--network={HOME}:bare", f"--arg_scope={HOME}:bare_scope", "--image_size=32"]
PLAIN = [f"--network={HOME}:plain", "--image_size=16", "--input_range=0,255"]
CLASSIFIER = [*ODD, "--task=classification", "--checkpoint=seeded:0"]
HANDLE = "somebody/odd/classification/1"
FEATURES = "--task=feature_vector"

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("graphs")]

CASES = {
    "bare features": [*BARE, FEATURES],
    "plain features": [*PLAIN, FEATURES, "--features=fc7"],
    "bare classes": [*BARE, "--task=classification", "--num_classes=30"],
    "plain classes": [*PLAIN, "--task=classification"],
    "any size": [*BARE[:2], "--image_size=any", FEATURES],
    "drops": [f"--network={HOME}:drops", "--image_size=32", "--task=classification"],
    "a map": [f"--network={HOME}:feature_map", "--image_size=16x24", FEATURES],
}


@pytest.fixture(scope="module")
def odd(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd") / "model"
    said = run("export", *CLASSIFIER, f"--output_dir={folder}")
    assert said["verification"]["passed"]
    assert (said["variant"], said["num_classes"], said["variables"]) == ("odd_32", 7, 13)
    return folder


def test_it_equals_its_original(run, odd):
    report = run("verify", f"--model_dir={odd}", *CLASSIFIER)
    assert report["passed"]
    assert not any(check["differing"] for check in report["checks"])
    checked = {(check["group"], check["name"]) for check in report["checks"]}
    assert {
        ("end points", "Odd/PreLogitsFlatten"),
        ("moving averages", "Odd/Conv_1/BatchNorm/moving_variance"),
        ("gradients", "Odd/Up/biases"),
        ("regularization", "0"),
        ("regularization", "Odd/Logits/biases"),
        ("SGD step", "Odd/Separable/depthwise_weights"),
    } <= checked
    assert not [name for _, name in checked if "Aux" in name or "global_step" in name]


QUICK = ("bare features", "plain features")


@pytest.mark.parametrize(
    "case",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.full) for name in CASES],
)
def test_others_equal_theirs(run, tmp_path, case):
    flags = [*CASES[case], "--checkpoint=seeded:1"]
    said = run("export", *flags, f"--output_dir={tmp_path / 'model'}", "--verify=false")
    report = run("verify", f"--model_dir={tmp_path / 'model'}", *flags)
    assert report["passed"]
    assert not any(check["differing"] for check in report["checks"])
    assert said["verification"] is None
    warned = {check["name"] for check in report["checks"] if check["status"] == "warning"}
    assert warned <= {"R19"}  # where features are drawn in training mode, as the function's are


def shallower(graph):
    """Multiplies the residual by another number."""
    found = nodes(graph, "inference", "Const", "predict/Odd/mul")
    assert [tf.make_ndarray(n.attr["value"].tensor) for n in found] == [np.float32(0.17)]
    found[0].attr["value"].tensor.CopyFrom(tf.make_tensor_proto(np.float32(0.2)))


def test_a_mutant_is_caught(run, odd, tmp_path):
    mutant = edited(odd, tmp_path / "mutant", shallower)
    report = run("verify", f"--model_dir={mutant}", *CLASSIFIER, status=1)
    failed = [check for check in report["checks"] if check["status"] == "failed"]
    first = next(check for check in failed if check["group"] == "end points")
    assert first["name"] == "Odd/Block"


@pytest.mark.full
def test_another_function_than_the_models(run, odd):
    """The same variables, and another decay of the weights."""
    flags = [f"--arg_scope={HOME}:heavier_scope" if "scope" in f else f for f in CLASSIFIER]
    report = run("verify", f"--model_dir={odd}", *flags, status=1)
    failed = {check["group"] for check in report["checks"] if check["status"] == "failed"}
    assert "regularization" in failed
    assert "outputs" not in failed


def test_its_contract_holds(run, slim_export, odd, tmp_path):
    lock = tmp_path / "contract.json"
    assert slim_export("contract", "lock", f"--model_dir={odd}", f"--lock={lock}").returncode == 0
    assert run("contract", "check", f"--model_dir={odd}", f"--lock={lock}")["passed"]
    assert "Odd/Separable/pointwise_weights" in lock.read_text()


@pytest.mark.full
def test_it_is_not_a_table(run, odd, tmp_path):
    flags = ["--format=keras", f"--output_dir={tmp_path}"]
    refused = run("convert", f"--model_dir={odd}", *flags, status=1)
    assert "cannot be built from Keras layers" in json.dumps(refused)


FORMATS = ("frozen", "onnx", "openvino", "tflite", "tfjs")


@pytest.mark.full
def test_it_is_converted(run, odd, tmp_path, converts_here):
    flags = [f"--format={','.join(FORMATS)}", f"--output_dir={tmp_path}"]
    done = run("convert", f"--model_dir={odd}", *flags)
    assert [(row["format"], row["error"]) for row in done] == [(name, "") for name in FORMATS]


@pytest.mark.full
@pytest.mark.parametrize("case", ["any size", "bare classes", "plain features", "a map"])
def test_others_are_converted(run, tmp_path, case, converts_here):
    model = tmp_path / "model"
    flags = ["--checkpoint=seeded:1", "--verify=false", f"--output_dir={model}"]
    run("export", *CASES[case], *flags)
    flags = [f"--format={','.join(FORMATS)}", f"--output_dir={tmp_path / 'out'}"]
    done = run("convert", f"--model_dir={model}", *flags)
    assert [(row["format"], row["error"]) for row in done] == [(name, "") for name in FORMATS]


def test_it_is_released(run, odd, tmp_path):
    release = tmp_path / "release"
    packaged = run("package", f"--model_dir={odd}", f"--handle={HANDLE}", f"--output_dir={release}")
    assert packaged["rebuild"] == (
        "slim-export export --network=support.graph_networks:odd"
        " --arg_scope=support.graph_networks:odd_scope --image_size=32 --task=classification"
        " --checkpoint=seeded:0 --output_dir=model --num_classes=7"
    )
    (page,) = release.glob("**/1.md")
    assert "with the network `odd`" in page.read_text()
    assert "the function `support.graph_networks:odd` builds" in page.read_text()
    assert run("verify-release", f"--release={release}")["passed"]


def test_it_is_fine_tuned(odd):
    import tensorflow_hub as hub
    import tf_keras

    layer = hub.KerasLayer(str(odd), trainable=True, arguments={"batch_norm_momentum": 0.5})
    model = tf_keras.Sequential([layer])
    model.build([None, 32, 32, 3])
    loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf_keras.optimizers.SGD(0.01), loss)
    before = {v.name: v.numpy() for v in layer.variables}
    images = np.random.RandomState(0).random_sample((8, 32, 32, 3)).astype(np.float32)
    model.fit(images, np.arange(8) % 7, epochs=1, verbose=0)
    assert len(layer.trainable_variables) == 9
    assert len(model.losses) == 1
    for v in layer.variables:
        assert not np.array_equal(v.numpy(), before[v.name]), v.name


@pytest.mark.full
def test_gradients_of_python_become_those_of_ops(run, tmp_path):
    """As that of swish, which is no part of a SavedModel."""
    flags = [f"--network={HOME}:swish", "--image_size=16", *CLASSIFIER[3:]]
    run("export", *flags, f"--output_dir={tmp_path / 'model'}")
    model = tf.saved_model.load(str(tmp_path / "model"))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(tf.ones([1, 16, 16, 3]), training=True) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    assert all(np.any(gradient) for gradient in gradients)


def test_another_process_writes_the_same_bytes(slim_export_process, odd, tmp_path):
    flags = [f"--output_dir={tmp_path / 'model'}", "--verify=false"]
    done = slim_export_process("export", *CLASSIFIER, *flags)
    assert done.returncode == 0, done.stderr
    assert digests.of_folder(tmp_path / "model") == digests.of_folder(odd)


def test_a_checkpoint_of_a_training_run(run, tmp_path):
    """With an optimizer's slots and a step, as a session saves them."""
    from support import graph_networks

    with (
        warnings.catch_warnings(action="ignore"),  # that tf-slim's layers are deprecated
        tf.Graph().as_default(),
        tf.compat.v1.Session() as session,
    ):
        images = tf.compat.v1.placeholder(tf.float32, [None, 32, 32, 3])
        with graph_networks.slim.arg_scope(graph_networks.odd_scope()):
            logits, end_points = graph_networks.odd(images, num_classes=3)
        loss = tf.reduce_mean(logits) + tf.reduce_mean(end_points["AuxLogits"])
        step = tf.compat.v1.train.get_global_step()
        tf.compat.v1.train.AdamOptimizer().minimize(loss, step)
        session.run(tf.compat.v1.global_variables_initializer())
        prefix = tf.compat.v1.train.Saver().save(session, str(tmp_path / "model.ckpt"), step)
    flags = [*ODD, "--task=classification", f"--checkpoint={prefix}"]
    said = run("export", *flags, f"--output_dir={tmp_path / 'model'}")
    assert said["verification"]["passed"]
    assert (said["num_classes"], said["variables"]) == (3, 13)
    assert said["unused_tensors"] > 20
    other = run("export", *BARE, *flags[3:], f"--output_dir={tmp_path / 'no'}", status=1)
    assert "is of another network than bare_32, by its names: expected variables such as" in other
    assert "Check --network and --checkpoint." in other
    wrong = [*flags, "--num_classes=4", f"--output_dir={tmp_path / 'no'}"]
    assert "expected 4, found 3" in run("export", *wrong, status=1)


REFUSED = {
    "cannot have a folded signature": [*CLASSIFIER, "--folded_signature"],
    "has no depth multiplier": [*CLASSIFIER, "--depth_multiplier=0.5"],
    "is of no use for a classification": [*CLASSIFIER, "--features=Block"],
    "expected --network beside --features": [
        "--variant=toy_100_32",
        "--features=x",
        *CLASSIFIER[3:],
    ],
    "is not built for images of any size": [
        *("--variant=toy_100_32", "--image_size=any"),
        *CLASSIFIER[3:],
    ],
    "a number of classes of its own: expected 3, found 10. Leave out --num_classes.": [
        *(
            "--network=support.unusual_networks:has_ten_classes",
            "--image_size=16",
            "--num_classes=3",
        ),
        *CLASSIFIER[3:],
    ],
    "has no published checkpoint": [*ODD, FEATURES, "--checkpoint=published"],
    "found KeyError: 'no such layer'": [
        *(f"--network={HOME}:fails", "--image_size=32"),
        *CLASSIFIER[3:],
    ],
    "expected module 'nowhere' in PYTHONPATH": ["--network=nowhere:net", *CLASSIFIER[3:]],
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_exported(run, tmp_path, message):
    said = run("export", *REFUSED[message], f"--output_dir={tmp_path / 'no'}", status=1)
    assert message in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_one_network_is_named(slim_export):
    tail = ["--task=classification", "--checkpoint=seeded:0", "--output_dir=no"]
    none = slim_export("export", *tail)
    both = slim_export("export", "--variant=toy_100_32", "--network=a:b", *tail)
    assert (none.returncode, both.returncode) == (2, 2)
    assert "required: --variant or --network" in none.stderr
    assert "--network: not allowed with argument --variant" in both.stderr


def test_a_module_in_the_current_folder(slim_export_process, tmp_path):
    """Which the process that verifies finds as well."""
    (tmp_path / "own_nets.py").write_text(
        "import tf_slim as slim\n"
        "def net(images, num_classes=4, is_training=True):\n"
        "    net = slim.conv2d(images, 4, 3, stride=4, scope='conv')\n"
        "    return slim.fully_connected(slim.flatten(net), num_classes), {'net': net}\n"
    )
    flags = ["--network=own_nets:net", "--image_size=16", *CLASSIFIER[3:]]
    done = slim_export_process("export", *flags, "--output_dir=model", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verification"]["passed"]


CLASSES = "--task=classification"
NETS = [
    ("inception:inception_v3", "inception:inception_v3_arg_scope", 96, [CLASSES]),
    # From an end point, and what the function returns without classes.
    (
        "resnet_v2:resnet_v2_50",
        "resnet_utils:resnet_arg_scope",
        64,
        [FEATURES, "--features=resnet_v2_50/block4"],
    ),
    ("resnet_v2:resnet_v2_50", "resnet_utils:resnet_arg_scope", 64, [FEATURES]),
]


@pytest.mark.full
@pytest.mark.parametrize(("function", "scope", "size", "task"), NETS)
def test_those_of_tf_slim(run, tmp_path, function, scope, size, task):
    flags = [f"--network=tf_slim.nets.{function}", f"--arg_scope=tf_slim.nets.{scope}"]
    flags += [f"--image_size={size}", *task, "--checkpoint=seeded:2"]
    run("export", *flags, f"--output_dir={tmp_path / 'model'}", "--verify=false")
    report = run("verify", f"--model_dir={tmp_path / 'model'}", *flags)
    assert report["passed"]
    assert not any(check["differing"] for check in report["checks"])
