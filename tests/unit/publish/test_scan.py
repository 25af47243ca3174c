"""Models that do more than compute are refused by the op's name, wherever it hides."""

import pytest

from exporter import quiet

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402
from tensorflow.core.protobuf import saved_model_pb2  # noqa: E402

from exporter.errors import PublishError  # noqa: E402
from exporter.releases import scan  # noqa: E402


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A small model that only computes."""
    folder = tmp_path_factory.mktemp("plain")
    root = tf.train.Checkpoint(v=tf.Variable(1.0))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def call(x):
        return {"y": x * root.v}

    root.call = call
    tf.saved_model.save(root, str(folder), signatures=call.get_concrete_function())
    return folder


@pytest.fixture
def model(plain, tmp_path):
    """Changes the model's protobuf, and gives the folder of the changed one."""

    def changed(change):
        proto = saved_model_pb2.SavedModel.FromString((plain / "saved_model.pb").read_bytes())
        change(proto)
        (tmp_path / "saved_model.pb").write_bytes(proto.SerializeToString())
        return tmp_path

    return changed


def function(proto, part):
    library = proto.meta_graphs[0].graph_def.library.function
    return next(f for f in library if part in f.signature.name)


def in_graph(proto):
    proto.meta_graphs[0].graph_def.node.add(name="evil", op="ReadFile")


def in_function(proto):
    function(proto, "call").node_def.add(name="evil", op="WriteFile")


def in_nested_function(proto):
    library = proto.meta_graphs[0].graph_def.library
    inner = library.function.add()
    inner.signature.name = "relu"
    inner.node_def.add(name="evil", op="MatchingFiles")
    node = function(proto, "call").node_def.add(name="harmless", op="StatefulPartitionedCall")
    node.attr["f"].func.name = "relu"


def in_function_that_nobody_calls(proto):
    unused = proto.meta_graphs[0].graph_def.library.function.add()
    unused.signature.name = "gradient"
    unused.node_def.add(name="evil", op="EagerPyFunc")


def in_second_meta_graph(proto):
    proto.meta_graphs.add().graph_def.node.add(name="evil", op="TextLineDataset")


def in_saver(proto):
    function(proto, "_traced_save").node_def.add(name="evil", op="PyFunc")


def unknown(proto):
    in_graph(proto)
    proto.meta_graphs[0].graph_def.node[-1].op = "FactorOfMalware"


def compiled(proto):
    in_graph(proto)
    proto.meta_graphs[0].graph_def.node[-1].op = "XlaCallModule"


def printing(proto):
    in_graph(proto)
    proto.meta_graphs[0].graph_def.node[-1].op = "PrintV2"


def saver_op_in_the_model(proto):
    function(proto, "call").node_def.add(name="evil", op="SaveV2")


def saver_op_in_a_function_with_a_savers_name(proto):
    extra = proto.meta_graphs[0].graph_def.library.function.add()
    extra.signature.name = "__inference__traced_save_99"
    extra.node_def.add(name="evil", op="MergeV2Checkpoints")


def saving_while_loading(proto):
    function(proto, "_traced_restore").node_def.add(name="evil", op="SaveV2", input=["file_prefix"])


def saver_called_by_the_model(proto):
    name = function(proto, "_traced_save").signature.name
    node = function(proto, "call").node_def.add(name="evil", op="PartitionedCall")
    node.attr["f"].func.name = name


def saver_called_by_its_name_as_an_op(proto):
    name = function(proto, "_traced_save").signature.name
    proto.meta_graphs[0].graph_def.node.add(name="evil", op=name)


def saver_as_a_signature(proto):
    graph = proto.meta_graphs[0]
    graph.signature_def["evil"].outputs["path"].name = graph.saver_def.save_tensor_name


def saver_as_the_initializer(proto):
    graph = proto.meta_graphs[0]
    graph.collection_def["saved_model_main_op"].node_list.value.append(
        graph.saver_def.restore_op_name
    )


def saver_as_a_method(proto):
    graph = proto.meta_graphs[0]
    called = next(n for n in graph.object_graph_def.nodes if n.HasField("function"))
    called.function.concrete_functions.append(function(proto, "_traced_save").signature.name)


def saver_with_a_fixed_path(proto):
    restore = function(proto, "_traced_restore")
    path = restore.node_def.add(name="path", op="Const")
    path.attr["value"].tensor.string_val.append(b"/etc/passwd")
    next(n for n in restore.node_def if n.op == "RestoreV2").input[0] = "path:output:0"


def saver_with_a_path_beside(proto):
    save = function(proto, "_traced_save")
    constants = (n for n in save.node_def if n.op == "Const")
    text = next(n for n in constants if b"part" in b"".join(n.attr["value"].tensor.string_val))
    text.attr["value"].tensor.string_val[0] = b"/../../part"


def saver_path(proto, *ops):
    """Puts nodes between the path that is given and where it is read; returns the last."""
    restore = function(proto, "_traced_restore")
    made = []
    for number, (op, inputs) in enumerate(ops):
        made.append(restore.node_def.add(name=f"made{number}", op=op, input=inputs))
    next(n for n in restore.node_def if n.op == "RestoreV2").input[0] = f"{made[-1].name}:output:0"
    return made


def saver_path_by_a_pattern(proto):
    (node,) = saver_path(proto, ("StaticRegexReplace", ["file_prefix"]))
    node.attr["pattern"].s, node.attr["rewrite"].s = b".*", b"/etc/passwd"


def saver_path_by_a_function(proto):
    library = proto.meta_graphs[0].graph_def.library
    inner = library.function.add()
    inner.signature.name = "elsewhere"
    inner.signature.input_arg.add(name="given")
    (node,) = saver_path(proto, ("PartitionedCall", ["file_prefix"]))
    node.attr["f"].func.name = "elsewhere"


def saver_path_as_content(proto):
    text, _ = saver_path(proto, ("Const", []), ("StringJoin", ["file_prefix", "made0:output:0"]))
    text.attr["value"].tensor.tensor_content = b"/../../etc/passwd"


def saver_path_that_is_relative(proto):
    text, _ = saver_path(proto, ("Const", []), ("StringJoin", ["made0:output:0", "file_prefix"]))
    text.attr["value"].tensor.string_val.append(b"secrets")


def saver_path_with_another_end(proto):
    text, _ = saver_path(proto, ("Const", []), ("StringJoin", ["file_prefix", "made0:output:0"]))
    text.attr["value"].tensor.string_val.append(b".ssh/id_rsa")


def saver_path_in_circles(proto):
    saver_path(proto, ("Identity", ["made1:output:0"]), ("Identity", ["made0:output:0"]))


def saver_path_of_another_argument(proto):
    restore = function(proto, "_traced_restore")
    other = restore.signature.input_arg[1].name
    next(n for n in restore.node_def if n.op == "RestoreV2").input[0] = other


def saver_path_of_the_graph(proto):
    graph = proto.meta_graphs[0]
    node = next(n for n in graph.graph_def.node if n.name == graph.saver_def.restore_op_name)
    graph.graph_def.node.add(name="path", op="Const")
    node.input[0] = "path"


def saver_path_that_is_no_placeholder(proto):
    graph = proto.meta_graphs[0]
    name = graph.saver_def.filename_tensor_name.partition(":")[0]
    next(n for n in graph.graph_def.node if n.name == name).op = "Const"


def saver_within_a_saver(proto):
    restore = function(proto, "_traced_restore")
    restore.node_def.add(name="evil", op=restore.signature.name, input=["elsewhere"])


def missing_function(proto):
    node = function(proto, "call").node_def.add(name="evil", op="StatefulPartitionedCall")
    node.attr["f"].func.name = "gone"


def python_code_in_an_object(proto):
    node = proto.meta_graphs[0].object_graph_def.nodes[0]
    node.user_object.metadata = '{"class_name": "Lambda"}'


@pytest.mark.parametrize(
    ("change", "op", "where"),
    [
        (in_graph, "ReadFile", "meta graph 0, node 'evil'"),
        (in_function, "WriteFile", "of meta graph 0, node 'evil'"),
        (in_nested_function, "MatchingFiles", "function 'relu' of meta graph 0"),
        (in_function_that_nobody_calls, "EagerPyFunc", "function 'gradient'"),
        (in_second_meta_graph, "TextLineDataset", "meta graph 1"),
        (in_saver, "PyFunc", "_traced_save"),
        (unknown, "FactorOfMalware", "node 'evil'"),
        (compiled, "XlaCallModule", "node 'evil'"),
        (printing, "PrintV2", "node 'evil'"),
        (saver_op_in_the_model, "SaveV2", "_call_"),
        (saver_op_in_a_function_with_a_savers_name, "MergeV2Checkpoints", "_traced_save_99"),
        (saving_while_loading, "SaveV2", "_traced_restore"),
        (saver_called_by_the_model, "__inference__traced_save", "_call_"),
        (saver_called_by_its_name_as_an_op, "__inference__traced_save", "node 'evil'"),
        (saver_as_a_signature, "StatefulPartitionedCall", "signature 'evil'"),
        (saver_as_the_initializer, "StatefulPartitionedCall", "collection 'saved_model_main_op'"),
        (saver_as_a_method, "__inference__traced_save", "object "),
        (saver_with_a_fixed_path, "RestoreV2", "with a path of its own"),
        (saver_with_a_path_beside, "SaveV2", "with a path of its own"),
        (saver_path_by_a_pattern, "RestoreV2", "with a path of its own"),
        (saver_path_by_a_function, "RestoreV2", "with a path of its own"),
        (saver_path_as_content, "RestoreV2", "with a path of its own"),
        (saver_path_that_is_relative, "RestoreV2", "with a path of its own"),
        (saver_path_with_another_end, "RestoreV2", "with a path of its own"),
        (saver_path_in_circles, "RestoreV2", "with a path of its own"),
        (saver_path_of_another_argument, "RestoreV2", "with a path of its own"),
        (saver_path_of_the_graph, "__inference__traced_restore", "node 'StatefulPartitionedCall"),
        (saver_path_that_is_no_placeholder, "__inference__traced_restore", "node 'Stateful"),
        (saver_within_a_saver, "__inference__traced_restore", "with a path of its own"),
        (missing_function, "gone", "which calls what is not there"),
        (python_code_in_an_object, "Lambda", "objects of meta graph 0"),
    ],
)
def test_refused_by_name(model, change, op, where):
    folder = model(change)
    assert any(op in f.what and where in f.where for f in scan.scan(folder)), scan.scan(folder)
    with pytest.raises(
        PublishError, match="not safe to publish: expected ops that only compute, found '"
    ):
        scan.check(folder)


def test_what_only_computes_passes(plain):
    scan.check(plain)


@pytest.mark.published
def test_original_passes(published_model):
    scan.check(published_model)


def test_unreadable(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"no protobuf")
    with pytest.raises(PublishError, match="is damaged: expected a SavedModel's protobuf"):
        scan.check(tmp_path)
    (tmp_path / "saved_model.pb").unlink()
    with pytest.raises(PublishError, match=r"is not a SavedModel: .* found nothing"):
        scan.check(tmp_path)


def test_many_findings_are_counted(model):
    def change(proto):
        for number in range(7):
            proto.meta_graphs[0].graph_def.node.add(name=f"evil{number}", op="ReadFile")

    with pytest.raises(PublishError, match=r"node 'evil4' and 2 more\. Remove them"):
        scan.check(model(change))
