"""What is said of a checkpoint that does not fit: its true cause, what was found, what to do."""

import dataclasses

import pytest
from support.checkpoints import published_weights, renamed

from checkpoints.names import RestoreOptions
from exporter import quiet
from exporter.errors import RestoreError
from slim_nets.registry import resized, variants

SMALL = variants()["mobilenet_v3_small_075_224"]
START = "Checkpoint 'train/model.ckpt-9' "
ALL = {v.name: (v.shape, "float32") for v in SMALL.shape("classification").variables}
STEM = "MobilenetV3/Conv/weights"
RANGES = {
    f"MobilenetV3/{layer}/{kind}_quant/{end}": ((), "float32")
    for layer in ("Conv", "expanded_conv/project")
    for kind in ("weights", "act")
    for end in ("min", "max")
}


def without(*parts):
    return {name: tensor for name, tensor in ALL.items() if not any(p in name for p in parts)}


def refusal(tensors, task="feature_vector", variant=SMALL, **options):
    """Returns what is said of a checkpoint; None if it fits."""
    quiet.import_tensorflow()
    from checkpoints.reader import StoredTensor
    from exporter.fitting import Fit
    from exporter.misfits import check_fit

    stored = {name: StoredTensor(*tensor) for name, tensor in tensors.items()}
    try:
        check_fit(Fit(stored, variant, task, RestoreOptions(**options)), "train/model.ckpt-9")
    except RestoreError as error:
        said = str(error)
    else:
        return None
    assert said.startswith(START)
    assert said.endswith(".")
    return said.removeprefix(START)


@pytest.mark.published
def test_these_are_the_published_networks_variables(shared):
    weights = published_weights(shared)
    assert {n: (v.shape, v.dtype.name) for n, v in weights.items()} == ALL
    assert len(ALL) == 210


@pytest.mark.parametrize("scope", ["FeatureExtractor", "model", "a/b"])
@pytest.mark.parametrize("task", ["feature_vector", "classification"])
def test_names_below_a_scope(scope, task):
    stored = renamed(ALL, f"{scope}/{{}}")
    count = {"feature_vector": 208, "classification": 210}[task]
    assert refusal(stored, task) == (
        f"has its variables elsewhere: expected '{STEM}', found '{scope}/{STEM}'. All {count} names"
        f" of mobilenet_v3_small_075_224 as {task} fit below '{scope}/'."
        f" Use --checkpoint_scope={scope}."
    )
    assert refusal(stored, task, checkpoint_scope=scope) is None


def test_scope_in_place_of_the_networks_own():
    stored = {name.replace("MobilenetV3", "my_net"): tensor for name, tensor in ALL.items()}
    said = refusal(stored)
    assert "expected 'MobilenetV3/Conv/weights', found 'my_net/Conv/weights'" in said
    assert said.endswith("Use --checkpoint_scope=my_net.")
    assert refusal(stored, checkpoint_scope="my_net") is None


def test_scope_with_other_flags_that_differ():
    large = variants()["mobilenet_v3_large_100_224"].shape("feature_vector").variables
    stored = renamed({v.name: (v.shape, "float32") for v in large}, "tower/{}")
    assert refusal(stored, "classification").endswith(
        "All 264 names of mobilenet_v3_large_100_224 as feature_vector fit below 'tower/'."
        " Use --variant=mobilenet_v3_large_100_224 --task=feature_vector --checkpoint_scope=tower."
    )


def test_scope_that_is_not_there():
    said = refusal(ALL, checkpoint_scope="model")
    assert f"expected 'model/{STEM}', found '{STEM}'" in said
    assert said.endswith("fit without a scope. Leave out --checkpoint_scope.")


def test_scope_that_is_needless():
    assert refusal(ALL, checkpoint_scope="MobilenetV3") is None


def test_names_with_an_outputs_number():
    assert refusal(renamed(ALL, "{}:0")) is None


def test_moving_averages_below_a_scope():
    stored = renamed(ALL, "model/{}/ExponentialMovingAverage")
    assert refusal(stored).endswith("fit below 'model/'. Use --checkpoint_scope=model.")
    assert refusal(stored, use_moving_averages=False).endswith(
        "Use --checkpoint_scope=model --use_moving_averages=true."
    )


@pytest.mark.parametrize("pattern", ["{}", "{}:0"])
def test_quantization_aware_training(pattern):
    stored = ALL | renamed(RANGES, pattern)
    said = refusal(stored)
    assert said.startswith("is one of quantization-aware training: expected a float network's")
    assert "found 8 ranges of fake quantization: 'MobilenetV3/Conv/act_quant/max" in said
    assert " and 3 more. A float model of it leaves out the rounding" in said
    assert "Use --ignore_fake_quant to export it all the same" in said
    assert refusal(stored, ignore_fake_quant=True) is None


@pytest.mark.parametrize(
    ("tensors", "what", "seen"),
    [
        (
            {n: (shape, "float16") for n, (shape, _) in ALL.items()},
            "has float16 weights in 208 of 208 variables: ",
            "found float16 [3, 3, 3, 16] and 203 more. Cast them to float32 and save them again",
        ),
        (
            {
                "_CHECKPOINTABLE_OBJECT_GRAPH": ((), "string"),
                "model/conv/kernel/.ATTRIBUTES/VARIABLE_VALUE": ((3, 3, 3, 16), "float32"),
                "save_counter/.ATTRIBUTES/VARIABLE_VALUE": ((), "int64"),
            },
            "is object-based, as tf.train.Checkpoint, Keras and SavedModels of TensorFlow 2 write",
            "model/..., save_counter/... in 3 tensors. Save the network's variables under their",
        ),
        (
            without("/gamma"),
            "has batch norms without gamma: expected 'MobilenetV3/Conv/BatchNorm/gamma', ",
            " and 29 more, found none of them. That is batch norm with scale=False",
        ),
        (
            ALL | {STEM: ((3, 3, 1, 16), "float32")},
            "was trained on grey images, not RGB: variable 'MobilenetV3/Conv/weights' expected ",
            "found float32 [3, 3, 1, 16]. Put a third of the kernel in the place of each colour",
        ),
        (
            ALL | {STEM: ((3, 3, 4, 16), "float32")},
            "was trained on images of 4 channels, not RGB: variable 'MobilenetV3/Conv/weights' ",
            "found float32 [3, 3, 4, 16]. Use a checkpoint of a training on RGB.",
        ),
        (
            renamed(without("Conv_2/", "Logits/"), "FeatureExtractor/{}")
            | {"BoxPredictor_0/ClassPredictor/weights": ((1, 1, 432, 273), "float32")},
            "is one of a detector: variable 'FeatureExtractor/MobilenetV3/Conv_2/biases' expected ",
            "found none, among BoxPredictor_0/..., FeatureExtractor/... in 207 tensors. Its back",
        ),
        (
            without("Conv_2/"),
            "ends before the features: expected 'MobilenetV3/Conv_2/biases',",
            "So do backbones of detectors and segmenters, which have no features of a whole",
        ),
        (
            {f"{net}/Conv/weights": ((3,), "float32") for net in ("MobilenetV1", "InceptionV3")},
            "is of another network than mobilenet_v3_small_075_224, by its names: expected",
            "found none; it holds InceptionV3/..., MobilenetV1/... in 2 tensors. Check --variant",
        ),
        (
            {n: ((*s[:-1], 2 * s[-1]) if len(s) == 4 else s, t) for n, (s, t) in ALL.items()},
            "does not fit mobilenet_v3_small_075_224 as feature_vector: variable 'MobilenetV3/",
            "It has every variable, in other shapes; check --variant and --depth_multiplier.",
        ),
        (
            without("expanded_conv_3/"),
            "does not fit mobilenet_v3_small_075_224 as feature_vector: variable 'MobilenetV3/",
            "It fits no known variant, and holds MobilenetV3/... in 191 tensors; check --variant",
        ),
    ],
    ids=[
        *("float16", "object-based", "no gamma", "grey", "4 channels", "detector", "backbone"),
        *("another network", "other widths", "unknown"),
    ],
)
def test_causes(tensors, what, seen):
    said = refusal(tensors)
    assert said.startswith(what)
    assert seen in said


def test_every_cause_that_is_left_below_a_scope_names_it():
    stored = renamed({n: (shape, "bfloat16") for n, (shape, _) in ALL.items()}, "model/{}")
    said = refusal(stored)
    assert said.startswith("has bfloat16 weights in 208 of 208 variables: variable 'model/Mobil")
    assert said.endswith("The network lies below 'model/', for --checkpoint_scope=model.")


def test_backbone_asked_for_as_a_classifier():
    assert refusal(without("Conv_2/", "Logits/"), "classification").startswith("ends before the fe")


def test_a_few_names_alike_are_no_network():
    """Another network below another scope shares many a name, and no cause is made up of it."""
    stored = {n.replace("V3", "V2"): ((*s[:-1], 7), t) for n, (s, t) in ALL.items()}
    assert "is of another network" in refusal(stored)
    bare = {name.removeprefix("MobilenetV3/"): tensor for name, tensor in ALL.items()}
    assert "holds Conv/..., Conv_1/..., Conv_2/..., Logits/..., expanded_conv/... and" in refusal(
        bare
    )


def test_one_gamma_that_lacks_is_no_habit():
    assert "fits no known variant" in refusal(without("Conv_1/BatchNorm/gamma"))


def test_flags_that_would_fit():
    half = dataclasses.replace(SMALL, depth_multiplier=0.5)
    assert refusal(ALL, variant=half).endswith(
        " more. Use --variant=mobilenet_v3_small_075_224 without --depth_multiplier."
    )
    assert refusal(without("Logits/"), "classification").endswith(
        "found none. Use --task=feature_vector."
    )
    assert refusal(ALL, variant=resized(SMALL, image_size=64)) is None


def stored_of(name):
    return {
        v.name: (v.shape, "float32") for v in variants()[name].shape("classification").variables
    }


@pytest.mark.parametrize("task", ["feature_vector", "classification"])
def test_a_deeper_network_is_no_scope_of_a_shallower_one(task):
    """In the place of its own scope, ResNet 50 finds all of its layers in ResNet 101."""
    said = refusal(stored_of("resnet_v1_101"), task, variants()["resnet_v1_50"])
    assert said.endswith("Use --variant=resnet_v1_101.")


def test_gammas_that_the_network_has_not():
    """They would be left out, and the model would compute something else."""
    stored = stored_of("inception_v1")
    assert refusal(stored, variant=variants()["inception_v1"]) is None
    slot = "InceptionV1/Conv2d_1a_7x7/BatchNorm/gamma/Momentum"
    more = {"InceptionV1/Aux/BatchNorm/gamma": ((64,), "float32"), slot: ((64,), "float32")}
    assert refusal(stored | more, variant=variants()["inception_v1"]) is None
    for pattern in ("{}", "{}:0", "model/{}"):
        scaled = stored | {"InceptionV1/Conv2d_2c_3x3/BatchNorm/gamma": ((192,), "float32")}
        options = {"checkpoint_scope": "model"} if "model" in pattern else {}
        said = refusal(renamed(scaled, pattern), variant=variants()["inception_v1"], **options)
        gamma = pattern.format("InceptionV1/Conv2d_2c_3x3/BatchNorm/gamma")
        assert said.startswith("has batch norms with gamma: expected none of inception_v1, which")
        assert f"found '{gamma}'. Use one of a training" in said
