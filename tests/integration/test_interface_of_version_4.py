"""Our interface against that of an original which is version 4 of its page, field by field."""

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
from support.originals import CLASSIFIER

pytestmark = [pytest.mark.integration, pytest.mark.published]

# What may differ from version 5 is told beside the comparison with it. What version 4 lacks:
# - the signature `serving_default`: the map of signatures is empty, and servers find nothing;
# - nothing else: argument spec, traces, end points, variables, layers, losses and kind of root are
#   those of version 5, though TensorFlow 1.14 wrote it.
LACKS = {"serving_default"}


@pytest.fixture(scope="module")
def ours(classifier_export):
    return read(classifier_export / "saved_model.pb")


@pytest.fixture(scope="module")
def published(published_classifier):
    return read(published_classifier / "saved_model.pb")


def test_schema_and_tags(ours, published):
    assert ours.saved_model_schema_version == published.saved_model_schema_version == 1
    told, other = (graph(model).meta_info_def for model in (ours, published))
    assert list(told.tags) == list(other.tags)
    assert told.stripped_default_attrs == other.stripped_default_attrs
    assert told.meta_graph_version == other.meta_graph_version == ""
    assert graph(ours).saver_def.version == graph(published).saver_def.version


def test_signatures(ours, published):
    assert set(graph(ours).signature_def) - set(graph(published).signature_def) == LACKS
    assert signatures(published) == {}
    (method, inputs, outputs) = signatures(ours)["serving_default"]
    assert (method, list(inputs), list(outputs)) == (
        "tensorflow/serving/predict",
        ["inputs"],
        ["logits"],
    )
    served = graph(ours).signature_def["serving_default"].inputs["inputs"].tensor_shape
    assert [dim.size for dim in served.dim] == [-1, -1, -1, 3]


def test_root_children_and_kind(ours, published):
    roots = [graph(model).object_graph_def.nodes[0] for model in (ours, published)]
    names = [sorted(child.local_name for child in root.children) for root in roots]
    assert names[0] == names[1]
    assert roots[0].user_object == roots[1].user_object


def test_argument_spec_and_defaults(ours, published):
    assert call(ours).function_spec == call(published).function_spec


def test_traces_and_end_points(ours, published):
    assert len(traces(ours)) == 4
    assert traces(ours) == traces(published)
    counts = sorted(len(outputs) for _, outputs in traces(ours))
    assert counts == [1, 1, CLASSIFIER.end_points, CLASSIFIER.end_points]


def test_variables(ours, published):
    names = ("variables", "trainable_variables")
    for name, count in zip(names, CLASSIFIER.variables, strict=True):
        assert variables(ours, name) == variables(published, name)
        assert len(variables(ours, name)) == count


def test_regularization_loss(ours, published):
    specs = []
    for model in (ours, published):
        (loss,) = listed(graph(model).object_graph_def, "regularization_losses")
        specs.append(loss.function.function_spec)
    assert specs[0] == specs[1]
    (trace,), (expected,) = loss_traces(ours), loss_traces(published)
    assert len(trace.bound_inputs) == CLASSIFIER.loss[1]
    found, expected = (t.output_signature.tensor_spec_value for t in (trace, expected))
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)


def test_layers(ours, published):
    """How many there are, of which strides, paddings and epsilons, in both modes and the loss."""
    assert layers(ours) == layers(published)
    assert len(layers(ours)) == 3
