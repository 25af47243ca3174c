"""Which releases of TensorFlow an op excludes, by what each of them lists."""

import datetime as dt

import pytest
from support.contracts import base, contract

from exporter import quiet
from exporter.contract import op_versions
from exporter.contract.compare_contracts import compare, mark_accepted
from exporter.contract.diff import Acceptance

# Ops of tf.raw_ops in TensorFlow 2.21 that 1.15.5 lists too.
FROM_THE_BEGINNING = 1194


@pytest.mark.parametrize(
    ("op", "used", "releases"),
    [
        ("DisableCopyOnRead", ["Conv2D"], ("1.15", "2.4", "2.5", "2.9")),
        ("DisableCopyOnRead", ["Conv2D", "BatchMatMulV3"], ("2.9",)),
        ("DisableCopyOnRead", ["ApproxTopK"], ()),
        ("Erfinv", [], ("1.15",)),
        ("FusedBatchNormV3", [], ()),
        ("DecodeWebP", [], ("1.15", "2.4", "2.5", "2.9", "2.10", "2.12", "2.15")),
    ],
)
def test_releases_that_an_op_excludes(op, used, releases):
    assert op_versions.excluded(op, used) == releases


def test_every_op_of_this_tensorflow_stands_in_the_table_or_is_as_old_as_it():
    """A newer TensorFlow brings ops that must be asked for, or they would be taken for old."""
    quiet.import_tensorflow()
    import tensorflow as tf

    version = ".".join(tf.__version__.split(".")[:2])
    assert op_versions.asked()[-1] == version, (
        "ask this TensorFlow for its ops, and renew the table"
    )
    ops = {name for name in dir(tf.raw_ops) if not name.startswith("_")}
    old = {name for name in ops if op_versions.needed([name]) == "1.15"}
    assert len(old) == FROM_THE_BEGINNING


def check(*acceptances):
    changed = base()
    changed["ops"]["DisableCopyOnRead"] = {"kind": "known", "places": ["saver"]}
    found = compare(contract(base()), contract(changed))
    (difference,) = mark_accepted(found, acceptances)
    return difference


def test_the_releases_are_named_and_break_whoever_loads_the_model():
    difference = check()
    assert difference.found == "saver; excludes TensorFlow 1.15, 2.4, 2.5, 2.9"
    broken = [consumer for consumer in difference.classes if difference.breaks(consumer)]
    assert broken == ["serving", "keras_layer", "fine_tuning"]
    assert difference.fails(None)


def test_it_can_be_accepted():
    acceptance = Acceptance(
        rule="C94",
        subject="op 'DisableCopyOnRead'",
        reason="all run 2.15",
        date=dt.date(2026, 1, 31),
    )
    assert not check(acceptance).fails(None)
