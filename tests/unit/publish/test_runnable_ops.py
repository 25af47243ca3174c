"""What parses, looks up and computes is run; only what models of ours need is published."""

import re

import pytest
from support import foreign_models
from support import foreign_signatures as foreign

from exporter import quiet

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402

from exporter.errors import VerificationError  # noqa: E402
from exporter.releases.looked_at import looked_at  # noqa: E402
from exporter.releases.runnable_ops import RUNNABLE  # noqa: E402
from exporter.releases.scan import scan  # noqa: E402

# Words in names of ops that reach beyond memory, and in names of what says where to.
_BEYOND = re.compile(
    "File|Reader|PyFunc|Save|Restore|Writer|Print|Xla|TPU|Collective|Rpc|Remote|Send|Recv|Proto"
    "|Debug|Dump|Abort|Session|Service|Library|Queue|[a-z]Dataset(?!$)"
)
_PLACES = re.compile("file|(?<!top_)path|directory|address|server|vocab|url|descriptor")


def test_what_is_run_reaches_no_place():
    graph = tf.Graph()
    found = {}
    for name in RUNNABLE:
        op = graph.op_def_for_type(name)  # which TensorFlow has
        fields = [field.name for field in (*op.input_arg, *op.attr)]
        found[name] = [word for word in fields if _PLACES.search(word)]
    assert {name for name, fields in found.items() if fields or _BEYOND.search(name)} == set()


def text(folder):
    """Splits words, looks them up in a table with constant values, and counts them."""
    root = tf.Module()
    filled = tf.lookup.KeyValueTensorInitializer(["hub", "a"], tf.constant([1, 2], tf.int64))
    root.table = tf.lookup.StaticHashTable(filled, default_value=0)

    def call(lines):
        words = tf.strings.split(tf.strings.lower(lines))
        pairs = tf.strings.ngrams(words, 2)
        return {"ids": root.table.lookup(words.to_tensor("")), "pairs": pairs.to_tensor("")}

    return foreign_models.saved(
        root, folder, serving_default=foreign_models.made(call, foreign_models.STRINGS)
    )


@pytest.mark.parametrize(
    ("make", "op"),
    [
        (foreign_models.serialized_examples, "ParseExampleV2"),
        (foreign_models.sparse, "SparseTensorDenseMatMul"),
        (foreign_models.datasets, "ReduceDataset"),
        (foreign.tf1_estimator, "ParseExampleV2"),
        (text, "RaggedTensorToTensor"),
    ],
)
def test_what_is_run_is_not_published(tmp_path, make, op):
    model = make(tmp_path / "model")
    with looked_at(model, VerificationError, trust=False):
        pass
    assert op in {found.what for found in scan(model)}


def reads_a_file(folder):
    root = tf.Module()
    words = folder.parent / "words.txt"
    words.write_text("hub\n")
    whole, number = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
    lines = tf.lookup.TextFileInitializer(str(words), tf.string, whole, tf.int64, number)
    root.table = tf.lookup.StaticHashTable(lines, default_value=0)
    serve = foreign_models.made(lambda x: {"y": root.table.lookup(x)}, foreign_models.STRINGS)
    return foreign_models.saved(root, folder, serving_default=serve)


def prints(folder):
    root = foreign_models.Root()

    def call(x):
        with tf.control_dependencies([tf.print(x)]):
            return {"y": root.layer(x)}

    serve = foreign_models.made(call, foreign_models.FLOATS)
    return foreign_models.saved(root, folder, serving_default=serve)


@pytest.mark.parametrize(
    ("make", "op"), [(reads_a_file, "InitializeTableFromTextFileV2"), (prints, "PrintV2")]
)
def test_what_is_refused(tmp_path, make, op):
    looking = looked_at(make(tmp_path / "model"), VerificationError, trust=False)
    with pytest.raises(VerificationError, match=f"ops that only compute, found '{op}' in .* --tru"):
        looking.__enter__()
