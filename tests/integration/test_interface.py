"""Our SavedModels' interface against Google's, field by field, read from the protobuf."""

from dataclasses import dataclass

import pytest
from support.interface_fields import (
    call,
    graph,
    layers,
    listed,
    loss_traces,
    read,
    signatures,
    traces,
    variables,
)
from support.originals import CLASSIFIER, FEATURES
from tensorflow.core.protobuf import saved_model_pb2

from slim_nets.registry import variants

pytestmark = [pytest.mark.integration, pytest.mark.published]

# What may differ, and why:
# - the order of `variables`: ours is the network's creation order, the original's arbitrary;
# - names of functions, which nobody calls by: the original's three bodies come from
#   `wrap_function`, ours from `tf.function`;
# - the order of the root's children: today's TensorFlow lists `__call__` before `signatures`;
# - how many objects describe traces: today's TensorFlow adds one for each;
# - the version of TensorFlow that wrote it, and what that version adds to every model.
# The original of `mobilenet_v1` is version 4 of its page, written by TensorFlow 1.14. It lacks the
# signature for servers, which find nothing in it; all else is as in version 5.


@dataclass(frozen=True)
class Model:
    """A model of which the published protobuf is there, and how many things are in it.

    Attributes:
        variant: Which network.
        task: What it ends with.
        published: The protobuf.
        variables: How many there are, and how many of them are trainable.
        end_points: How many there are, with `default`.
        losses: How many terms the L2 loss has.
        export: The fixture of our export of its weights; empty where there are none.
        lacks: Signatures that ours has and it has not.
    """

    variant: str
    task: str
    published: str
    variables: tuple[int, int]
    end_points: int
    losses: int
    export: str = ""
    lacks: frozenset[str] = frozenset()


def with_weights(original, protobuf):
    counts = (original.variables, original.end_points, original.loss[1])
    lacks = frozenset(original.lacks)
    return Model(original.variant, original.task, protobuf, *counts, original.export, lacks)


MODELS = {
    "mobilenet_v3": with_weights(
        FEATURES, "mobilenet_v3_small_075_224_feature_vector_5/saved_model.pb"
    ),
    "mobilenet_v1": with_weights(
        CLASSIFIER, "mobilenet_v1_025_128_classification_4/saved_model.pb"
    ),
    # Of this one the graph alone was found, without weights.
    "resnet_v2": Model(
        "resnet_v2_50",
        "classification",
        "graphs/resnet_v2_50_classification_5.pb",
        *((272, 174), 78, 54),
    ),
}
OUTPUTS = {"feature_vector": "feature_vector", "classification": "logits"}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=pytest.mark.xdist_group(model.export or "resnet_v2"))
        for name, model in MODELS.items()
    ],
)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def model(name):
    return MODELS[name]


@pytest.fixture(scope="module")
def folder(request, name, model, tmp_path_factory):
    """Our export: that of the real weights where they are there."""
    if model.export:
        return request.getfixturevalue(model.export)
    folder = tmp_path_factory.mktemp(name) / "model"
    export = request.getfixturevalue("export")
    export(model.variant, model.task, "seeded:0", folder, "--verify=false")
    return folder


@pytest.fixture(scope="module")
def ours(folder):
    return read(folder / "saved_model.pb")


@pytest.fixture(scope="module")
def published(model, shared):
    return read(shared / "original" / model.published)


def test_schema_and_tags(ours, published):
    assert ours.saved_model_schema_version == published.saved_model_schema_version == 1
    assert list(graph(ours).meta_info_def.tags) == list(graph(published).meta_info_def.tags)
    assert graph(ours).meta_info_def.stripped_default_attrs
    assert graph(ours).saver_def.version == graph(published).saver_def.version


def test_signatures(ours, published, model):
    assert set(graph(ours).signature_def) == set(graph(published).signature_def) | model.lacks
    known = {name: told for name, told in signatures(ours).items() if name not in model.lacks}
    assert known == signatures(published)
    (name, inputs, outputs) = signatures(ours)["serving_default"]
    assert (name, list(inputs), list(outputs)) == (
        "tensorflow/serving/predict",
        ["inputs"],
        [OUTPUTS[model.task]],
    )
    served = graph(ours).signature_def["serving_default"]
    height, width = (dim.size for dim in served.inputs["inputs"].tensor_shape.dim[1:3])
    assert ((height, width) == (-1, -1)) == variants()[model.variant].network.any_size
    for name in known:
        theirs = graph(published).signature_def[name].outputs[OUTPUTS[model.task]]
        assert served.outputs[OUTPUTS[model.task]].name == theirs.name


def test_root_children_and_kind(ours, published):
    names = [
        [child.local_name for child in graph(side).object_graph_def.nodes[0].children]
        for side in (ours, published)
    ]
    assert sorted(names[0]) == sorted(names[1])
    roots = [graph(side).object_graph_def.nodes[0].user_object for side in (ours, published)]
    assert roots[0] == roots[1]


def test_argument_spec_and_defaults(ours, published):
    assert call(ours).function_spec == call(published).function_spec


def test_traces_and_end_points(ours, published, model):
    assert len(traces(ours)) == 4
    assert traces(ours) == traces(published)
    number = model.end_points
    assert sorted(len(outputs) for _, outputs in traces(ours)) == [1, 1, number, number]


@pytest.mark.parametrize("which", ["variables", "trainable_variables"])
def test_variables(ours, published, model, which):
    assert variables(ours, which) == variables(published, which)
    expected = dict(zip(("variables", "trainable_variables"), model.variables, strict=True))
    assert len(variables(ours, which)) == expected[which]


def test_order_of_variables_is_creation_order(ours, model):
    specs = variants()[model.variant].shape(model.task).variables
    assert list(variables(ours, "variables")) == [spec.name for spec in specs]
    trainable = [spec.name for spec in specs if spec.trainable]
    assert list(variables(ours, "trainable_variables")) == trainable


def test_regularization_loss(ours, published, model):
    specs = []
    for side in (ours, published):
        (loss,) = listed(graph(side).object_graph_def, "regularization_losses")
        specs.append(loss.function.function_spec)
    assert specs[0] == specs[1]
    (trace,) = loss_traces(ours)
    assert len(trace.bound_inputs) == model.losses
    # Newer versions of TensorFlow name the output "unknown" where there was no name.
    (expected,) = loss_traces(published)
    found, expected = (t.output_signature.tensor_spec_value for t in (trace, expected))
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)


def test_layers(ours, published, model):
    """How many there are, of which strides, paddings and epsilons, in both modes and the loss."""
    assert layers(ours) == layers(published)
    assert len(layers(ours)) == 3


def test_files(folder):
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))
    assert names == [
        "fingerprint.pb",
        "saved_model.pb",
        "variables",
        "variables/variables.data-00000-of-00001",
        "variables/variables.index",
    ]


def test_a_renamed_argument_would_be_found(ours, published):
    changed = saved_model_pb2.SavedModel.FromString(ours.SerializeToString())
    fullargspec = call(changed).function_spec.fullargspec
    fullargspec.named_tuple_value.values[0].value.list_value.values[0].string_value = "images"
    assert call(changed).function_spec != call(published).function_spec


def test_seeded_models_say_that_they_are_not_trained(small_export, ours, name):
    said = graph(read(small_export / "saved_model.pb")).meta_info_def.meta_graph_version
    assert said == "untrained weights, seeded:0"
    assert graph(ours).meta_info_def.meta_graph_version == ("" if MODELS[name].export else said)
