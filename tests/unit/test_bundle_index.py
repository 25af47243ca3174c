"""Indexes that no saver writes: refused with the reason, before TensorFlow's reader sees them.

Most of these end a process that gives them to TensorFlow 2.21: by a failed CHECK, or as memory
that is not its own is read.
"""

import numpy as np
import pytest
from support import crafted_index
from support.checkpoints import write_checkpoint

from exporter import quiet

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402
from tensorflow.core.util import saved_tensor_slice_pb2  # noqa: E402

from checkpoints.index_table import MAX_BYTES  # noqa: E402
from checkpoints.layout import CheckpointError  # noqa: E402
from checkpoints.reader import open_checkpoint  # noqa: E402
from checkpoints.slice_names import WHOLE, slice_key  # noqa: E402
from exporter.errors import VerificationError  # noqa: E402
from exporter.verifier.subjects.interface import load  # noqa: E402

A = np.arange(6, dtype=np.float32).reshape(2, 3)  # in bytes 0 to 24 of the data file
B = np.arange(4, dtype=np.float32)  # and this in bytes 24 to 40
PART = slice_key(b"a", [(0, 1), (0, WHOLE)])


@pytest.fixture
def prefix(tmp_path):
    return write_checkpoint(tmp_path / "m", {"a": A, "b": B})


def says(name=b"a", **fields):
    """Has the index say something else of a tensor."""

    def change(entries, entry):
        entries[name] = entry(**{"shape": (2, 3), "size": 24, **fields})

    return change


def says_parts(*extents, part=None):
    """Has the index say that `a` is in parts, of which one is there."""

    def change(entries, entry):
        entries[b"a"] = entry(shape=(2, 3), slices=extents)
        if part is not None:
            entries[PART] = entry(**part)

    return change


FIRST, SECOND = ((0, 1), None), ((1, 1), None)
CASES = {
    "negative shape": (says(shape=(-2, -3)), r"a shape that values of 'a' can have, .* \[-2, -3\]"),
    "negative beside zero": (says(shape=(0, -3), size=0), r"values of 'a' can have, .* \[0, -3\]"),
    "no numbers for so many": (says(shape=(1 << 40, 1 << 40)), "a shape that values of 'a' can"),
    "so many beside zero": (says(shape=(0, 1 << 40, 1 << 40), size=0), "that values of 'a' can"),
    "terabyte in 24 bytes": (
        says(shape=(1 << 38,)),
        r"as float32 \[274877906944\] takes, found 24",
    ),
    "other size": (says(size=20), r"as many bytes of 'a' as float32 \[2, 3\] takes, found 20"),
    "others' bytes": (says(offset=8), "tensor in bytes of its own, found 'a' and 'b' in the same"),
    "negative offset": (says(offset=-8), "a place in one of 1 files, found file 0, byte -8, 24"),
    "negative size": (says(size=-24), "a place in one of 1 files, found file 0, byte 0, -24 bytes"),
    "file that is not": (says(shard_id=7), "place in one of 1 files, found file 7, byte 0"),
    "no type": (says(dtype=0), "numbers or strings in 'a', found type 0"),
    "unknown type": (says(dtype=9999), "numbers or strings in 'a', found type 9999"),
    "resource": (says(dtype=20), "numbers or strings in 'a', found resource"),
    "reference": (says(dtype=101), "numbers or strings in 'a', found float32_ref"),
    "strings of no byte": (says(dtype=7, shape=(25,)), r"as string \[25\] takes, found 24"),
    "no entry": (lambda e, _: e.update({b"a": b"", b"b": b"\xff"}), "names and places of tensors"),
    "no header": (lambda e, _: e.pop(b"") and None, "header that says how many data files"),
    "name twice": (lambda e, _: [*sorted(e.items()), (b"b", e[b"b"])], "once, in order, found 'b'"),
    "out of order": (
        lambda e, _: [(b"", e[b""]), (b"b", e[b"b"]), (b"a", e[b"a"])],
        "every name once, in order, found 'a' after 'b'",
    ),
    "name of 10 MB": (says(b"n" * 10_000_000), "at most 4096 bytes, found one of 10000000"),
    "name that is no text": (says(b"\xff\xfe", size=0, shape=(0,)), "names and places of tensors"),
    "part that is missing": (says_parts(FIRST), r"a part float32 \[1, 3\] of 'a', found none"),
    "part of another shape": (
        says_parts(FIRST, part={"shape": (1, 1), "size": 4}),
        r"a part float32 \[1, 3\] of 'a', found float32 \[1, 1\]",
    ),
    "part of another type": (
        says_parts(FIRST, part={"shape": (1, 3), "size": 24, "dtype": 2}),
        r"a part float32 \[1, 3\] of 'a', found float64 \[1, 3\]",
    ),
    "part beyond the whole": (says_parts(((1, 2), None)), r"parts of 'a' inside \[2, 3\], found"),
    "part before the whole": (says_parts(((-1, 2), None)), r"parts of 'a' inside \[2, 3\], found"),
    "part that is the whole": (says_parts((None, None)), r"parts of 'a' inside \[2, 3\], found"),
    "part of other rank": (says_parts(((0, 1),)), r"parts of 'a' inside \[2, 3\], found"),
    "part twice": (
        says_parts(FIRST, FIRST, part={"shape": (1, 3), "size": 12}),
        "parts of 'a' that make up its 6 values, found 1 of 6",
    ),
    "parts with a gap": (
        says_parts(FIRST, part={"shape": (1, 3), "size": 12}),
        "parts of 'a' that make up its 6 values, found 1 of 3",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_no_saver_writes(prefix, case):
    change, message = CASES[case]
    in_order = case not in ("name twice", "out of order")
    crafted_index.rewrite(prefix, change, sort=in_order)
    with pytest.raises(CheckpointError, match=message) as caught:
        open_checkpoint(prefix)
    assert str(caught.value).startswith(f"Checkpoint '{prefix}' cannot be read: expected ")
    assert str(caught.value).endswith(". Fetch or copy it again.")
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            says(offset=1 << 40),
            "'a' to end at byte 1099511627800 of 'm.data-00000-of-00001', found",
        ),
        (says(offset=40), "'a' to end at byte 64 of 'm.data-00000-of-00001', found 40 bytes there"),
        (says(shape=(1 << 28,), size=1 << 30, offset=40), "'a' to end at byte 1073741864 of "),
        (says(shape=(1 << 30,), size=1 << 32, offset=40), "at most 2147483648 bytes in 'a', found"),
        (says(dtype=7, shape=(2,)), "strings in 'a' that fill its bytes, found other lengths"),
    ],
)
def test_values_that_are_not_there(prefix, change, message):
    crafted_index.rewrite(prefix, change)
    checkpoint = open_checkpoint(prefix)
    np.testing.assert_array_equal(checkpoint.read("b"), B)
    with pytest.raises(CheckpointError, match=message):
        checkpoint.read("a")


def test_values_are_in_memory_that_is_given_back(prefix):
    assert open_checkpoint(prefix).read("a").flags.owndata


def test_a_block_that_is_damaged_is_not_passed_over(prefix):
    def spoilt(entries):
        ordered = sorted(entries.items())
        return crafted_index.table(ordered[:-1], ordered[-1:], spoilt=1)

    index = prefix.with_name("m.index")
    from checkpoints.index_table import read_table

    index.write_bytes(spoilt(dict(read_table(index.read_bytes()))))
    with pytest.raises(CheckpointError, match="blocks of the index that fail, with 'b'"):
        open_checkpoint(prefix)


def test_an_index_that_is_too_long_is_not_read(prefix):
    with prefix.with_name("m.index").open("r+b") as file:
        file.truncate(1 << 40)  # of which nothing is on the disk
    with pytest.raises(CheckpointError, match=f"at most {MAX_BYTES} bytes, found 1099511627776"):
        open_checkpoint(prefix)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_partitioned_variable_is_one_variable(tmp_path, axis):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variable = tf.compat.v1.get_variable(
            *("net/weights", [70, 200]),
            initializer=tf.compat.v1.random_normal_initializer(seed=1),
            partitioner=tf.compat.v1.fixed_size_partitioner(3, axis),
        )
        session.run(tf.compat.v1.global_variables_initializer())
        expected = session.run(variable.as_tensor())
        tf.compat.v1.train.Saver().save(session, str(tmp_path / "m"))
    checkpoint = open_checkpoint(tmp_path / "m")
    assert {n: t.shape for n, t in checkpoint.tensors.items()} == {"net/weights": (70, 200)}
    np.testing.assert_array_equal(checkpoint.read("net/weights"), expected)
    data = tmp_path / "m.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="'net/weights' to end at byte 56000 of"):
        checkpoint.read("net/weights")


def test_strings_are_read(tmp_path):
    words = np.array([b"", b"x" * 300, b"word"], object)
    prefix = write_checkpoint(tmp_path / "m", {"words": words, "none": np.array([], object)})
    checkpoint = open_checkpoint(prefix)
    assert checkpoint.read("words").tolist() == words.tolist()
    assert checkpoint.read("none").size == 0


def test_a_billion_strings_in_a_checkpoint_of_one_file(tmp_path):
    """No index says there how many bytes they have; TensorFlow makes room for all of them."""
    content = saved_tensor_slice_pb2.SavedTensorSlices()
    told = content.meta.tensor.add(name="a", type=tf.string.as_datatype_enum)
    told.shape.dim.add(size=1 << 30)
    told.slice.add().extent.add()
    content.meta.versions.producer = 1
    (tmp_path / "m.ckpt").write_bytes(crafted_index.table([(b"", content.SerializeToString())]))
    checkpoint = open_checkpoint(tmp_path / "m.ckpt")
    with pytest.raises(CheckpointError, match="expected at most 2147483648 bytes in 'a', found 25"):
        checkpoint.read("a")


def test_a_saved_model_with_such_an_index_is_not_loaded(tmp_path):
    root = tf.train.Checkpoint(v=tf.Variable([1.0, 2.0]))
    tf.saved_model.save(root, str(tmp_path / "model"))
    prefix = tmp_path / "model/variables/variables"
    key = b"v/.ATTRIBUTES/VARIABLE_VALUE"
    crafted_index.rewrite(prefix, says(key, shape=(-2,), size=8))
    with pytest.raises(VerificationError, match=r"is damaged: .* can have, found \[-2\]"):
        load(tmp_path / "model")
