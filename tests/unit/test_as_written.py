"""How functions are run with their sums as they are written."""

import tensorflow as tf

from exporter.verifier.subjects.as_written import as_written


def call_nodes():
    """Returns what a saved model would hold of a function that calls another."""
    inner = tf.function(lambda x: x + 1.0)

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
    def outer(x):
        return inner(x)

    operations = outer.get_concrete_function().graph.get_operations()
    (call,) = [op for op in operations if op.type == "PartitionedCall"]
    return call.node_def.attr["config_proto"].s


def test_nothing_of_it_is_written_into_models_that_are_saved_later():
    before = call_nodes()
    with as_written():
        assert call_nodes() != before
    assert call_nodes() == before
