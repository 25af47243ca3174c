"""Our SavedModel's interface against Google's, field by field, read from the protobuf."""

import pytest
from tensorflow.core.protobuf import saved_model_pb2

pytestmark = [pytest.mark.integration, pytest.mark.published]

# What may differ, and why:
# - the order of `variables`: ours is the network's creation order, the original's arbitrary;
# - names of functions, which nobody calls by: the original's three bodies come from
#   `wrap_function`, ours from `tf.function`;
# - the order of the root's children: today's TensorFlow lists `__call__` before `signatures`;
# - how many objects describe traces: today's TensorFlow adds one for each;
# - the version of TensorFlow that wrote it, and what that version adds to every model.


def read(folder):
    path = folder / "saved_model.pb"
    return saved_model_pb2.SavedModel.FromString(path.read_bytes())


@pytest.fixture(scope="module")
def ours(real_export):
    return read(real_export)


@pytest.fixture(scope="module")
def published(published_model):
    return read(published_model)


def graph(model):
    (meta_graph,) = model.meta_graphs
    return meta_graph


def children(objects, node_id):
    return {c.local_name: c.node_id for c in objects.nodes[node_id].children}


def listed(objects, name):
    """The objects of one of the root's lists, in its order."""
    ids = children(objects, children(objects, 0)[name])
    return [objects.nodes[ids[key]] for key in sorted(ids, key=int)]


def variables(model, name):
    objects = graph(model).object_graph_def
    return {
        node.variable.name: (
            [dim.size for dim in node.variable.shape.dim],
            node.variable.dtype,
            node.variable.trainable,
            node.variable.synchronization,
            node.variable.aggregation,
        )
        for node in listed(objects, name)
    }


def call(model):
    objects = graph(model).object_graph_def
    return objects.nodes[children(objects, 0)["__call__"]].function


def traces(model):
    """Input and output structure of every trace of `__call__`."""
    functions = graph(model).object_graph_def.concrete_functions
    found = [functions[name] for name in call(model).concrete_functions]
    return sorted(
        (
            str(trace.canonicalized_input_signature),
            sorted(
                (
                    value.key,
                    value.value.tensor_spec_value.dtype,
                    [dim.size for dim in value.value.tensor_spec_value.shape.dim],
                )
                for value in _items(trace.output_signature)
            ),
        )
        for trace in found
    )


class _Item:
    def __init__(self, key, value):
        self.key, self.value = key, value


def _items(structure):
    if structure.HasField("dict_value"):
        return [_Item(k, v) for k, v in structure.dict_value.fields.items()]
    return [_Item("", structure)]


def test_schema_and_tags(ours, published):
    assert ours.saved_model_schema_version == published.saved_model_schema_version == 1
    assert list(graph(ours).meta_info_def.tags) == list(graph(published).meta_info_def.tags)
    assert graph(ours).meta_info_def.stripped_default_attrs
    assert graph(ours).saver_def.version == graph(published).saver_def.version


def signatures(model):
    return {
        name: (
            signature.method_name,
            {k: (v.name, v.dtype, str(v.tensor_shape)) for k, v in signature.inputs.items()},
            {k: (v.dtype, str(v.tensor_shape)) for k, v in signature.outputs.items()},
        )
        for name, signature in graph(model).signature_def.items()
        # Its output is `NoOp` in both, but newer versions of TensorFlow count it anew.
        if name != "__saved_model_init_op"
    }


def test_signatures(ours, published):
    assert set(graph(ours).signature_def) == set(graph(published).signature_def)
    assert signatures(ours) == signatures(published)
    (name, inputs, outputs) = signatures(ours)["serving_default"]
    assert (name, list(inputs), list(outputs)) == (
        "tensorflow/serving/predict",
        ["inputs"],
        ["feature_vector"],
    )
    assert graph(ours).signature_def["serving_default"].outputs["feature_vector"].name == (
        graph(published).signature_def["serving_default"].outputs["feature_vector"].name
    )


def test_root_children_and_kind(ours, published):
    names = [
        [child.local_name for child in graph(model).object_graph_def.nodes[0].children]
        for model in (ours, published)
    ]
    assert sorted(names[0]) == sorted(names[1])
    roots = [graph(model).object_graph_def.nodes[0].user_object for model in (ours, published)]
    assert roots[0] == roots[1]


def test_argument_spec_and_defaults(ours, published):
    assert call(ours).function_spec == call(published).function_spec


def test_traces_and_end_points(ours, published):
    assert len(traces(ours)) == 4
    assert traces(ours) == traces(published)
    assert sorted(len(outputs) for _, outputs in traces(ours)) == [1, 1, 49, 49]


@pytest.mark.parametrize("name", ["variables", "trainable_variables"])
def test_variables(ours, published, name):
    assert variables(ours, name) == variables(published, name)
    assert len(variables(ours, name)) == {"variables": 208, "trainable_variables": 140}[name]


def test_order_of_variables_is_creation_order(ours):
    from slim_nets.registry import variants

    specs = variants()["mobilenet_v3_small_075_224"].shape("feature_vector").variables
    assert list(variables(ours, "variables")) == [spec.name for spec in specs]
    trainable = [spec.name for spec in specs if spec.trainable]
    assert list(variables(ours, "trainable_variables")) == trainable


def test_regularization_loss(ours, published):
    specs = []
    for model in (ours, published):
        (loss,) = listed(graph(model).object_graph_def, "regularization_losses")
        specs.append(loss.function.function_spec)
    assert specs[0] == specs[1]
    (trace,) = loss_traces(ours)
    assert len(trace.bound_inputs) == 42
    # Newer versions of TensorFlow name the output "unknown" where there was no name.
    (expected,) = loss_traces(published)
    found, expected = (t.output_signature.tensor_spec_value for t in (trace, expected))
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)


def loss_traces(model):
    objects = graph(model).object_graph_def
    (loss,) = listed(objects, "regularization_losses")
    return [objects.concrete_functions[name] for name in loss.function.concrete_functions]


def test_files(real_export):
    names = sorted(p.relative_to(real_export).as_posix() for p in real_export.rglob("*"))
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


def test_seeded_models_say_that_they_are_not_trained(seeded_export, ours):
    said = graph(read(seeded_export)).meta_info_def.meta_graph_version
    assert said == "untrained weights, seeded:0"
    assert graph(ours).meta_info_def.meta_graph_version == ""
