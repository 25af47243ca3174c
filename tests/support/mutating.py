"""Makes changed copies of SavedModels from the outside: in their files, or around what they load.

Nothing here knows how the models were exported, and nothing in the verifier is touched.
"""

import shutil

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2


def edited(source, target, change):
    """Copies a SavedModel and changes its protobuf; `change` takes the meta graph."""
    shutil.copytree(source, target)
    path = target / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    change(model.meta_graphs[0])
    path.write_bytes(model.SerializeToString(deterministic=True))
    (target / "fingerprint.pb").unlink(missing_ok=True)
    return target


def reweighted(source, target, change):
    """Copies a SavedModel and changes its variables; `change` takes arrays by variable name."""
    shutil.copytree(source, target)
    prefix = str(target / "variables/variables")
    reader = tf.train.load_checkpoint(prefix)
    keys = sorted(reader.get_variable_to_shape_map())
    tensors = {key: reader.get_tensor(key) for key in keys}
    names = variable_keys(source)
    arrays = {name: tensors[key] for name, key in names.items()}
    change(arrays)
    tensors |= {names[name]: value for name, value in arrays.items()}
    tf.raw_ops.SaveV2(
        prefix=prefix,
        tensor_names=keys,
        shape_and_slices=[""] * len(keys),
        tensors=[tf.constant(tensors[key]) for key in keys],
    )
    return target


def variable_keys(source):
    """Returns under which key of the checkpoint each variable of the list lies."""
    model = saved_model_pb2.SavedModel.FromString((source / "saved_model.pb").read_bytes())
    objects = model.meta_graphs[0].object_graph_def.nodes
    root = {child.local_name: child.node_id for child in objects[0].children}
    listed = objects[root["variables"]].children
    return {
        objects[child.node_id].variable.name: f"variables/{child.local_name}"
        "/.ATTRIBUTES/VARIABLE_VALUE"
        for child in listed
    }


def rewrapped(source, target, call=None, served=None, losses=None, change=None):
    """Loads a SavedModel, puts something around its `__call__`, and saves it again.

    Args:
        source: The model.
        target: Where to save it.
        call: Takes the original `__call__` and the arguments; returns what the new one does.
        served: Makes the signature's function out of the new `__call__`.
        losses: Changes the list of regularization losses.
        change: Changes the root before it is saved.
    """
    old = tf.saved_model.load(str(source))
    signature = old.signatures["serving_default"]
    (images,) = signature.structured_input_signature[1].values()
    (output,) = signature.structured_outputs
    root = tf.train.Checkpoint()
    root.old = old
    root.variables, root.trainable_variables = list(old.variables), list(old.trainable_variables)
    root.regularization_losses = (losses or list)(old.regularization_losses)
    momentum = tf.TensorSpec([], name="batch_norm_momentum")

    @tf.function(autograph=False)
    def call_fn(inputs, training=False, return_endpoints=False, batch_norm_momentum=0.99):
        if call is None:
            return old(inputs, training, return_endpoints, batch_norm_momentum)
        return call(old, inputs, training, return_endpoints, batch_norm_momentum)

    for training in (False, True):
        for return_endpoints in (False, True):
            call_fn.get_concrete_function(images, training, return_endpoints, momentum)
    root.__call__ = call_fn
    if served is None:

        def serving(inputs):
            # As a tensor: a number would be one more trace.
            return {output: call_fn(inputs, False, False, tf.constant(0.99))}
    else:
        serving = served(call_fn, output)
    if change is not None:
        change(root)
    # Without its name, so that the argument keeps its own.
    unnamed = tf.TensorSpec(images.shape, images.dtype)
    default = tf.function(serving, autograph=False).get_concrete_function(unnamed)
    tf.saved_model.save(root, str(target), signatures={"serving_default": default})
    return target


def bodies(meta_graph):
    """Returns the function bodies that hold the network, by what they are for."""
    # The losses are summed in a function that was wrapped.
    kinds = {"inference": "inference", "training": "training", "wrapped_function": "regularization"}
    found = {}
    for function in meta_graph.graph_def.library.function:
        name = function.signature.name.removeprefix("__inference_").rsplit("_", 1)[0]
        if name in kinds:
            found[kinds[name]] = function
    assert len(found) == 3
    return found


def nodes(meta_graph, body, op=None, scope=""):
    """Returns the nodes of a body, of one op and below one scope."""
    return [
        node
        for node in bodies(meta_graph)[body].node_def
        if (op is None or node.op == op) and node.name.startswith(scope)
    ]


def constant(function, name, value):
    """Adds a constant to a function; returns the reference to it."""
    node = function.node_def.add(name=name, op="Const")
    tensor = tf.make_tensor_proto(np.asarray(value))
    node.attr["dtype"].type = tensor.dtype
    node.attr["value"].tensor.CopyFrom(tensor)
    return f"{name}:output:0"


def bypass(node, value):
    """Makes a node of one output hand on one of its inputs."""
    node.op = "Identity"
    del node.input[:]
    node.input.append(value)
    kind = node.attr["T"].type
    for key in list(node.attr):
        if not key.startswith("_"):
            del node.attr[key]
    node.attr["T"].type = kind
