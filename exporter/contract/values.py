"""Reads TensorFlow's protobufs of structured values: what arguments and results look like."""

import hashlib
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from exporter.contract.form import Leaf, Nest, Shape, Spec

_SCALARS = ("float64_value", "int64_value", "string_value", "bool_value")
_SEQUENCES = {"list_value": "[{}]", "tuple_value": "({})"}
_KINDS = {
    "list_value": "list",
    "tuple_value": "tuple",
    "dict_value": "dict",
    "tensor_spec_value": "tensor",
}


def shape_of(proto: Any) -> Shape:
    """Reads a TensorShapeProto."""
    if proto.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else int(dim.size) for dim in proto.dim)


def dtype_of(number: int) -> str:
    """Names a DataType; nothing has none, such as what consists of several tensors."""
    name: str = tf.as_dtype(number).name if number else "none"
    return name


def items_of(value: Any) -> list[Any]:
    """Returns what a list or tuple holds; nothing for None."""
    kind = value.WhichOneof("kind")
    return list(getattr(value, kind).values) if kind in _SEQUENCES else []


def fields_of(value: Any) -> dict[str, Any]:
    """Returns what a dict or named tuple holds, a dict's keys sorted; nothing for None."""
    if value.HasField("dict_value"):
        return dict(sorted(value.dict_value.fields.items()))
    return {pair.key: pair.value for pair in value.named_tuple_value.values}


def nest_of(value: Any) -> Nest:
    """Reads what a function returns, without its tensors' names, which no one can ask for."""
    leaves = {
        path: leaf.model_copy(update={"name": ""}) if isinstance(leaf, Spec) else leaf
        for path, leaf in leaves_of(value)
    }
    kind = value.WhichOneof("kind")
    if kind == "named_tuple_value":
        return Nest(kind=f"namedtuple {value.named_tuple_value.name}", leaves=leaves)
    return Nest(kind=_KINDS.get(kind, "value"), leaves=leaves)


def leaves_of(value: Any, path: str = "") -> Iterator[tuple[str, Leaf]]:
    """Yields the leaves of a structure with their paths; an empty container is a leaf."""
    kind = value.WhichOneof("kind")
    if kind in _SEQUENCES and items_of(value):
        for index, item in enumerate(items_of(value)):
            yield from leaves_of(item, path + _SEQUENCES[kind].format(index))
    elif kind in ("dict_value", "named_tuple_value") and fields_of(value):
        for key, item in fields_of(value).items():
            yield from leaves_of(item, f"{path}[{key!r}]" if path else key)
    elif kind in ("tensor_spec_value", "bounded_tensor_spec_value"):
        spec = getattr(value, kind)
        dtype, shape = dtype_of(spec.dtype), shape_of(spec.shape)
        yield path, Spec(dtype=dtype, shape=shape, name=spec.name)
    else:
        yield path, python_of(value)


def python_of(value: Any) -> str:
    """Writes a Python value as `repr` does, so that 1, 1.0, True and '1' are told apart."""
    kind = value.WhichOneof("kind")
    if kind in _SCALARS:
        return repr(getattr(value, kind))
    if kind in _SEQUENCES:
        return _SEQUENCES[kind].format(", ".join(map(python_of, items_of(value))))
    if kind == "dict_value":
        rows = [f"{key!r}: {python_of(item)}" for key, item in fields_of(value).items()]
        return f"{{{', '.join(rows)}}}"
    if kind in (None, "none_value"):
        return "None"
    return _other(value, kind)


def _other(value: Any, kind: str) -> str:
    """Writes shapes, dtypes, types of tensors that are not dense, and arrays."""
    found = getattr(value, kind)
    if kind == "tensor_shape_value":
        return str(shape_of(found))
    if kind == "tensor_dtype_value":
        return dtype_of(found)
    if kind == "type_spec_value":
        return f"{found.type_spec_class_name}{python_of(found.type_state)}"
    # Whether they are the same is all that counts.
    return f"{kind} {hashlib.sha256(found.SerializeToString(deterministic=True)).hexdigest()}"
