"""TensorFlow 1's own saver, whose ops stand in the graph, is harmless; anything else is refused."""

import pytest
from support import foreign_signatures as foreign
from support import mutating

from exporter import quiet

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402
from tensorflow.core.framework import variable_pb2  # noqa: E402

from exporter.releases import scan  # noqa: E402


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A model with reference variables, as TensorFlow 1 saved it."""
    return foreign.tf1_builder(tmp_path_factory.mktemp("plain") / "model", resource=False)


def node(graph, name):
    return next(n for n in graph.graph_def.node if n.name == name)


def added(graph, name, op, *inputs):
    return graph.graph_def.node.add(name=name, op=op, input=inputs)


def text(graph, name, value):
    constant = added(graph, name, "Const")
    constant.attr["dtype"].type = tf.string.as_datatype_enum
    constant.attr["value"].tensor.string_val.append(value)


def reading_elsewhere(graph):
    text(graph, "path", b"/etc/passwd")
    node(graph, "save/RestoreV2").input[0] = "path"


def writing_elsewhere(graph):
    text(graph, "path", b"/tmp/elsewhere")
    node(graph, "save/SaveV2").input[0] = "path"


def merging_elsewhere(graph):
    text(graph, "path", b"/tmp/elsewhere")
    node(graph, "save/MergeV2Checkpoints").input[1] = "path"


def another_default(graph):
    node(graph, "save/filename/input").attr["value"].tensor.string_val[0] = b"/etc/passwd"


def another_fed(graph):
    added(graph, "other", "Placeholder")
    graph.saver_def.filename_tensor_name = "other:0"


def none_fed(graph):
    graph.saver_def.filename_tensor_name = ""


def before_what_is_fed(graph):
    node(graph, "save/RestoreV2").input[0] = "save/filename"


def made_by_a_pattern(graph):
    added(graph, "path", "StaticRegexReplace", "save/Const")
    node(graph, "save/RestoreV2").input[0] = "path"


def with_another_end(graph):
    node(graph, "save/Const_1").attr["value"].tensor.string_val[0] = b"/../../.ssh/id_rsa"


def in_circles(graph):
    added(graph, "one", "Identity", "other")
    added(graph, "other", "Identity", "one")
    node(graph, "save/RestoreV2").input[0] = "one"


def writing_while_loading(graph):
    node(graph, "save/restore_all").input.append("^save/SaveV2")


def reading_while_saving(graph):
    node(graph, "save/Identity").input.append("^save/RestoreV2")


def read_by_a_signature(graph):
    outputs = graph.signature_def["serving_default"].outputs
    outputs["y"].name = "save/RestoreV2:0"


def read_by_a_part_of_a_signature(graph):
    outputs = graph.signature_def["serving_default"].outputs
    outputs["y"].coo_sparse.values_tensor_name = "save/RestoreV2:0"


def read_by_what_a_signature_needs(graph):
    node(graph, "scores").input.append("^save/Assign")


def read_by_the_initializer(graph):
    added(graph, "start", "NoOp", "^save/Assign")
    graph.collection_def["saved_model_main_op"].node_list.value[:] = ["start"]


def read_by_a_local_variable(graph):
    variable = variable_pb2.VariableDef(variable_name="v:0", initializer_name="save/Assign")
    values = graph.collection_def["local_variables"].bytes_list.value
    values.append(variable.SerializeToString())


def namesakes(graph):
    text(graph, "save/RestoreV2", b"/etc/passwd")


def another_saver_with_a_path_of_its_own(graph):
    text(graph, "path", b"/etc/passwd")
    names = [f"save/RestoreV2/{name}" for name in ("tensor_names", "shape_and_slices")]
    added(graph, "save_1/RestoreV2", "RestoreV2", "path", *names)


def saver_of_another_kind(graph):
    node(graph, "save/RestoreV2").op = "RestoreSlice"


@pytest.mark.parametrize(
    ("change", "op"),
    [
        (reading_elsewhere, "RestoreV2"),
        (writing_elsewhere, "SaveV2"),
        (merging_elsewhere, "MergeV2Checkpoints"),
        (another_default, "RestoreV2"),
        (another_fed, "RestoreV2"),
        (none_fed, "RestoreV2"),
        (before_what_is_fed, "RestoreV2"),
        (made_by_a_pattern, "RestoreV2"),
        (with_another_end, "SaveV2"),
        (in_circles, "RestoreV2"),
        (writing_while_loading, "SaveV2"),
        (reading_while_saving, "RestoreV2"),
        (read_by_a_signature, "RestoreV2"),
        (read_by_a_part_of_a_signature, "RestoreV2"),
        (read_by_what_a_signature_needs, "RestoreV2"),
        (read_by_the_initializer, "RestoreV2"),
        (read_by_a_local_variable, "RestoreV2"),
        (namesakes, "RestoreV2"),
        (another_saver_with_a_path_of_its_own, "RestoreV2"),
        (saver_of_another_kind, "RestoreSlice"),
    ],
)
def test_refused_by_name(plain, tmp_path, change, op):
    model = mutating.edited(plain, tmp_path / "edited", change)
    assert op in {found.what for found in scan.scan(model)}


def test_a_saver_as_a_signature(plain, tmp_path):
    def change(graph):
        outputs = graph.signature_def["serving_default"].outputs
        outputs["y"].name = "save/Identity:0"

    model = mutating.edited(plain, tmp_path / "edited", change)
    assert "'save/Identity' in signature 'serving_default'" in str(scan.scan(model)[-1])


def of_old_releases(graph):
    """Before they had placeholders for it, the path was a constant."""
    path = node(graph, "save/Const")
    path.op, path.input[:] = "Const", []
    path.attr["value"].CopyFrom(node(graph, "save/filename/input").attr["value"])


@pytest.mark.parametrize("resource", [False, True])
def test_what_tensorflow_writes(tmp_path, resource):
    assert scan.scan(foreign.tf1_builder(tmp_path / "model", resource=resource)) == ()


def test_what_old_releases_wrote(plain, tmp_path):
    assert scan.scan(mutating.edited(plain, tmp_path / "old", of_old_releases)) == ()


def test_a_saver_that_training_left_behind(tmp_path):
    """A program that restored what it then saved has two."""
    with foreign.session() as running:
        x = foreign.v1.placeholder(tf.float32, [None, 4], "x")
        y = foreign.layer(x)
        foreign.v1.train.Saver()
        signatures = {"serving_default": foreign.predicts({"x": x}, {"y": y})}
        model = foreign.served(tmp_path / "model", running, signatures)
    assert scan.scan(model) == ()
