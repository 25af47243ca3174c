"""Fields of a SavedModel that its users depend on, read from the protobuf."""

from collections import Counter

from tensorflow.core.protobuf import saved_model_pb2


def read(path):
    """Reads a `saved_model.pb`."""
    return saved_model_pb2.SavedModel.FromString(path.read_bytes())


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


def loss_traces(model):
    objects = graph(model).object_graph_def
    (loss,) = listed(objects, "regularization_losses")
    return [objects.concrete_functions[name] for name in loss.function.concrete_functions]


# What computes with images, and the attributes that decide what comes out.
_OPS = ("AvgPool", "BiasAdd", "Conv2D", "DepthwiseConv2dNative", "FusedBatchNormV3", "MaxPool")
_OTHER_OPS = ("AddN", "L2Loss", "Mean", "Pad", "Relu", "Softmax")
_ATTRIBUTES = ("epsilon", "is_training", "ksize", "padding", "strides")


def layers(model):
    """Counts the layers of each function that has any, by op and by what decides about it."""
    counts = []
    for function in graph(model).graph_def.library.function:
        nodes = [node for node in function.node_def if node.op in _OPS + _OTHER_OPS]
        kinds = Counter((node.op, *_decisive(node)) for node in nodes)
        if kinds:
            counts.append(sorted(kinds.items()))
    return sorted(counts)


def _decisive(node):
    return [f"{name} {node.attr[name]}" for name in _ATTRIBUTES if name in node.attr]
