"""Each way in which a rebuilt model can differ is named."""

import shutil

import pytest

from exporter import quiet

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402
from tensorflow.core.protobuf import saved_model_pb2  # noqa: E402

from exporter.errors import ExporterError, PublishError  # noqa: E402
from exporter.releases.explain import explain  # noqa: E402

A = "variables/0/.ATTRIBUTES/VARIABLE_VALUE"


@pytest.fixture
def rebuilt(tiny_model, tmp_path):
    """A copy of the model, with a function that changes its protobuf."""
    folder = tmp_path / "rebuilt"
    shutil.copytree(tiny_model, folder)

    def change(how):
        path = folder / "saved_model.pb"
        model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
        how(model.meta_graphs[0])
        path.write_bytes(model.SerializeToString())
        return folder

    change.folder = folder
    return change


def found(folder, release):
    return [difference.what for difference in explain(folder, release)]


def test_equal(rebuilt, release):
    assert found(rebuilt.folder, release) == []


def function(graph, part):
    return next(f for f in graph.graph_def.library.function if part in f.signature.name)


def other_tensorflow(graph):
    graph.meta_info_def.tensorflow_version = "2.22.0"


def other_description(graph):
    graph.meta_info_def.meta_graph_version = "untrained"


def other_order(graph):
    nodes = function(graph, "_call").node_def
    last = nodes.pop()
    nodes.insert(0, last)


def other_node(graph):
    function(graph, "_call").node_def[0].device = "/cpu:0"


def other_function(graph):
    function(graph, "_call").signature.name += "0"


def other_signature(graph):
    graph.signature_def["serving_default"].method_name = "other"


def other_default(graph):
    node = next(n for n in graph.object_graph_def.nodes if n.HasField("function"))
    spec = node.function.function_spec.fullargspec.named_tuple_value
    (defaults,) = [pair.value for pair in spec.values if pair.key == "defaults"]
    defaults.tuple_value.values[-1].float64_value = 0.9


def something_else(graph):
    graph.meta_info_def.stripped_default_attrs ^= True


@pytest.mark.parametrize(
    ("change", "what", "detail"),
    [
        (other_tensorflow, "TensorFlow version", " and 2.22.0"),
        (other_description, "description", "'' and 'untrained'"),
        (other_order, "node order", "in 1 functions: __inference_"),
        (other_node, "nodes", "in 1 of "),
        (other_function, "functions", "only one of the two has __inference_"),
        (other_signature, "signatures", "serving_default"),
        (other_default, "arguments", "batch_norm_momentum"),
        (something_else, "saved_model.pb", "in parts that no check here knows"),
    ],
)
def test_graphs(rebuilt, release, change, what, detail):
    (difference,) = explain(rebuilt(change), release)
    assert difference.what == what
    assert detail in difference.detail


def test_same_graph_in_other_bytes(rebuilt, release):
    path = rebuilt.folder / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    # A field may be written in parts, which readers merge.
    path.write_bytes(
        path.read_bytes()
        + saved_model_pb2.SavedModel(
            saved_model_schema_version=model.saved_model_schema_version
        ).SerializeToString()
    )
    (difference,) = explain(rebuilt.folder, release)
    assert (difference.what, difference.detail) == (
        "saved_model.pb",
        "it says the same in other bytes",
    )


def test_fingerprint_only(rebuilt, release):
    (rebuilt.folder / "fingerprint.pb").write_bytes(b"")
    assert found(rebuilt.folder, release) == ["fingerprint only"]


def test_files(rebuilt, release):
    (rebuilt.folder / "fingerprint.pb").unlink()
    (rebuilt.folder / "keras_metadata.pb").write_bytes(b"")
    assert found(rebuilt.folder, release) == ["files missing", "files added"]


def reweighted(folder, change):
    """Changes the values of a model's first variable."""
    prefix = str(folder / "variables" / "variables")
    reader = tf.train.load_checkpoint(prefix)
    values = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
    values[A] = change(values[A])
    names = sorted(values)
    tensors = [values[name] for name in names]
    tf.raw_ops.SaveV2(
        prefix=prefix, tensor_names=names, shape_and_slices=[""] * len(names), tensors=tensors
    )


def test_weights(rebuilt, release):
    reweighted(rebuilt.folder, lambda values: values + 0.5)
    (difference,) = explain(rebuilt.folder, release)
    assert difference.what == "weights"
    assert difference.detail == "1 of 2 variables, by at most 0.5: a"


def test_order_of_variables(rebuilt, release):
    def swap(graph):
        children = graph.object_graph_def.nodes[0].children
        number = next(c.node_id for c in children if c.local_name == "variables")
        first, second = graph.object_graph_def.nodes[number].children
        first.node_id, second.node_id = second.node_id, first.node_id

    found_there = found(rebuilt(swap), release)
    assert "order of variables" in found_there


def test_version_of_the_tool(rebuilt, release, monkeypatch):
    monkeypatch.setattr("exporter.releases.explain.__version__", "9")
    assert found(rebuilt.folder, release) == []  # it made no difference
    assert found(rebuilt(other_tensorflow), release) == ["TensorFlow version", "tool"]


def test_compression(rebuilt, release, renewed):
    import gzip

    archive = release / "model.tar.gz"
    renewed(release, "model.tar.gz", gzip.compress(gzip.decompress(archive.read_bytes()), 1))
    assert found(rebuilt.folder, release) == ["compression"]


def test_what_cannot_be_compared(rebuilt, release, tmp_path):
    def forget(graph):
        graph.object_graph_def.nodes[0].ClearField("children")

    reweighted(rebuilt.folder, lambda values: values.astype(str))
    with pytest.raises(PublishError, match="cannot be compared with"):
        explain(rebuilt.folder, release)
    with pytest.raises(PublishError, match="cannot be compared with"):
        explain(rebuilt(forget), release)
    with pytest.raises(
        PublishError, match=r"Folder '.*' is not a release: expected 'manifest\.json'"
    ):
        explain(rebuilt.folder, tmp_path)
    (release / "model.tar.gz").write_bytes(b"")
    with pytest.raises(ExporterError, match=r"Archive .* cannot be unpacked"):
        explain(rebuilt.folder, release)
