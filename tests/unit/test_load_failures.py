"""Why models cannot be loaded: each cause by a model that it holds for, and none by chance."""

import os
import shutil
import sys
import types

import pytest
import tensorflow as tf
from support import foreign_signatures as foreign
from support.mutating import edited
from tensorflow.core.protobuf import struct_pb2

from exporter.errors import VerificationError
from exporter.op_packages import OP_PACKAGES, package_of_op, package_of_type
from exporter.verifier.subjects.interface import load

FLOATS = tf.TensorSpec([None, 4], tf.float32)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A model that can be loaded."""
    root = tf.Module()
    root.kernel = tf.Variable(tf.ones([4, 3]))
    serve = tf.function(lambda x: {"y": x @ root.kernel}, input_signature=[FLOATS])
    folder = tmp_path_factory.mktemp("plain") / "model"
    tf.saved_model.save(root, str(folder), signatures={"serving_default": serve})
    return folder


def without_words(_, folder):
    """A table that is filled from a file, which was forgotten."""
    words = folder.parent / "words.txt"
    words.write_text("hub\n")
    kinds = (tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64)
    keys = tf.lookup.TextFileInitializer(str(words), *kinds, tf.lookup.TextFileIndex.LINE_NUMBER)
    root = tf.Module()
    root.table = tf.lookup.StaticHashTable(keys, 0)
    strings = tf.TensorSpec([None], tf.string)
    root.serve = tf.function(lambda x: {"y": root.table.lookup(x)}, input_signature=[strings])
    tf.saved_model.save(root, str(folder), signatures={"serving_default": root.serve})
    (folder / "assets/words.txt").unlink()
    return folder


def with_op(op):
    def change(graph):
        nodes = (n for f in graph.graph_def.library.function for n in f.node_def)
        next(node for node in nodes if node.op == "MatMul").op = op

    return lambda plain, folder: edited(plain, folder, change)


def with_type(name):
    def change(graph):
        functions = graph.object_graph_def.concrete_functions
        for function in functions.values():
            spec = function.output_signature.type_spec_value
            spec.type_spec_class = struct_pb2.TypeSpecProto.REGISTERED_TYPE_SPEC
            spec.type_spec_class_name = name

    return lambda plain, folder: edited(plain, folder, change)


def damaged(damage):
    def make(plain, folder):
        damage(shutil.copytree(plain, folder))
        return folder

    return make


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def made(maker, **how):
    return lambda _, folder: maker(folder, **how)


def needs(what, package, pip):
    return (
        f"needs the {what}: expected {package} beside TensorFlow {tf.__version__}, found none. Run:"
        f" pip install {pip}, in the release that belongs to this TensorFlow."
    )


DATA = "variables/variables.data-00000-of-00001"


def without_kind(graph):
    for function in graph.object_graph_def.concrete_functions.values():
        function.canonicalized_input_signature.Clear()


CAUSES = {
    "decision forest": (
        with_op("SimpleMLInferenceOpWithHandle"),
        needs(
            "op 'SimpleMLInferenceOpWithHandle'",
            *("tensorflow_decision_forests", "tensorflow-decision-forests"),
        ),
    ),
    "text": (
        with_op("TFText>WhitespaceTokenizeWithOffsetsV2"),
        needs("op 'TFText>WhitespaceTokenizeWithOffsetsV2'", "tensorflow_text", "tensorflow-text"),
    ),
    "sentencepiece": (
        with_op("SentencepieceTokenizeOp"),
        needs("op 'SentencepieceTokenizeOp'", "tensorflow_text", "tensorflow-text"),
    ),
    "io": (
        with_op("IO>DecodeAvro"),
        needs("op 'IO>DecodeAvro'", "tensorflow_io", "tensorflow-io"),
    ),
    "TFX": (
        with_op("DecodeProtoSparseV4"),
        needs("op 'DecodeProtoSparseV4'", "struct2tensor", "struct2tensor"),
    ),
    "probability": (
        with_type("tfp.distributions.Normal_ACTTypeSpec"),
        needs(
            "type 'tfp.distributions.Normal_ACTTypeSpec'",
            *("tensorflow_probability", "tensorflow-probability"),
        ),
    ),
    "a library that nobody knows": (
        with_op("MyMatMul"),
        f"needs the op 'MyMatMul', which TensorFlow {tf.__version__} does not have. Load it with",
    ),
    "module of TensorFlow Hub": (
        made(foreign.tf1_hub_module),
        "has several meta graphs as TF1 Hub modules have: expected one, found the tags [], [train]",
    ),
    "an input named in": (
        made(foreign.tf1_builder, name="in"),
        "has an input that Python cannot name: expected a name for an argument, found 'in'.",
    ),
    "reference variables": (
        made(foreign.tf1_reference),
        "has a signature that gives a reference variable itself, which TensorFlow 2 cannot load: ",
    ),
    "fed twice": (
        made(foreign.tf1_builder, twice=True),
        "two inputs are one tensor: expected a tensor for each, found 'x:0' for again, x.",
    ),
    "no data": (
        damaged(lambda m: (m / DATA).unlink()),
        "is incomplete: expected variables/variables.data-*, found none.",
    ),
    "no index": (
        damaged(lambda m: (m / "variables/variables.index").unlink()),
        "is incomplete: expected variables/variables.index, found none.",
    ),
    "half an index": (damaged(lambda m: cut(m / "variables/variables.index")), "is damaged: "),
    "half the data": (damaged(lambda m: cut(m / DATA)), "is damaged: expected "),
    "no words": (
        without_words,
        "is incomplete: expected assets/words.txt, found none.",
    ),
    "an argument of no kind": (
        lambda plain, folder: edited(plain, folder, without_kind),
        "No encoder for object  of type",
    ),
    "something else": (
        lambda plain, folder: edited(
            plain, folder, lambda g: g.object_graph_def.concrete_functions.clear()
        ),
        f"cannot be loaded: expected what TensorFlow {tf.__version__} loads, found ",
    ),
}


@pytest.mark.parametrize("name", CAUSES)
def test_cause(name, plain, tmp_path):
    make, sentence = CAUSES[name]
    model = make(plain, tmp_path / "model")
    with pytest.raises(VerificationError) as found:
        load(model)
    said = str(found.value)
    assert f"Model '{model}' " in said
    assert sentence in said
    assert ("damaged" in said) == sentence.startswith("is damaged")
    assert said.endswith(".")
    assert "\n" not in said


def test_what_is_whole_is_loaded(plain, tmp_path):
    assert list(load(plain).signatures) == ["serving_default"]
    for resource in (True, False):
        model = load(foreign.tf1_builder(tmp_path / str(resource), resource=resource))
        assert list(model.signatures) == ["serving_default"]


def test_a_package_that_is_installed_is_imported(plain, tmp_path, monkeypatch):
    """Its ops are registered by that; here they still are not."""
    model = with_op("TFText>Split")(plain, tmp_path / "model")
    monkeypatch.setitem(sys.modules, "tensorflow_text", types.ModuleType("tensorflow_text"))
    with pytest.raises(
        VerificationError, match=r"expected tensorflow_text beside .* found another"
    ):
        load(model)


def test_a_package_that_fails_is_told(plain, tmp_path, monkeypatch):
    model = with_op("TFText>Split")(plain, tmp_path / "model")
    (tmp_path / "tensorflow_text.py").write_text("raise OSError('undefined symbol: x')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(VerificationError, match=r"found one that .* imported \(undefined symbol"):
        load(model)


def test_packages_are_known_by_what_they_bring():
    assert package_of_op("MatMul") is None
    assert package_of_type("tf.TensorSpec") is None
    assert package_of_op("Addons>Scann") is not None
    assert len({row.name for row in OP_PACKAGES}) == len(OP_PACKAGES)
