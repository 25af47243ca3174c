"""What no SavedModel of a network that is a function can have, found in the function's graph."""

from collections.abc import Iterable
from typing import Any

from slim_nets.network import NetworkError
from slim_nets.original_network import Placeholders

ASSIGNMENTS = frozenset({"AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"})
_LISTED = 5
_FED = (
    "asks for more than images: expected nothing else to be fed, found {}. Give it a value, as by"
    " tf.compat.v1.placeholder_with_default."
)
_PYTHON = (
    "calls Python when it is run: expected ops that a SavedModel can hold, found {}. Write it with"
    " TensorFlow's ops."
)
_FILES = (
    "reads files when it is run: expected a network that computes alone, found {}. Read them in"
    " Python, when it is built."
)
_CHANGED = (
    "changes variables in prediction: expected that in training alone, found {}. Give its layers"
    " is_training."
)


def check_ops(
    network: str, training: Iterable[Any], inference: Iterable[Any], given: Placeholders
) -> None:
    """Refuses ops that a SavedModel could not run, or ought not to.

    Args:
        network: What the function is called.
        training: The tensors of the output and the end points in training mode.
        inference: The same in the other.
        given: What the network is fed.

    Raises:
        NetworkError: If there are such ops.
    """
    predicting = behind(inference)
    needed = predicting | behind(training)
    fed = {given.images.op, given.momentum.op}
    for wrong, ops in (
        (_FED, [op for op in needed - fed if op.type == "Placeholder"]),
        (_PYTHON, [op for op in needed if "PyFunc" in op.type]),
        (_FILES, [op for op in needed if op.type == "ReadFile"]),
        (_CHANGED, [op for op in predicting if op.type in ASSIGNMENTS]),
    ):
        if ops:
            found = listed(f"'{op.name}'" for op in ops)
            raise NetworkError(f"Network '{network}' {wrong.format(found)}")


def check_variables(network: str, kept: Iterable[Any], made_for_training: Iterable[Any]) -> None:
    """Refuses variables that no model has, or no checkpoint.

    Args:
        network: What the function is called.
        kept: Those of the model.
        made_for_training: Those that were there before the network was built for prediction.

    Raises:
        NetworkError: If there are such variables.
    """
    shared = {v.op.name for v in made_for_training}
    names = {v.op.name: v.dtype.base_dtype.name for v in kept}
    if not names:
        raise NetworkError(
            f"Network '{network}' has no variables: expected some that a checkpoint holds, found"
            " none. Mend the function."
        )
    if odd := [f"'{name}' {kind}" for name, kind in names.items() if kind != "float32"]:
        raise NetworkError(
            f"Network '{network}' has variables of other types: expected float32, found"
            f" {listed(odd)}. Mend the function."
        )
    if anew := [f"'{name}'" for name in names if name not in shared]:
        raise NetworkError(
            f"Network '{network}' makes variables anew for prediction: expected those of training,"
            f" found {listed(anew)}. Make them by slim's layers or by tf.compat.v1.get_variable,"
            " which share them."
        )


def behind(elements: Iterable[Any]) -> set[Any]:
    """Returns all ops that tensors and ops need, themselves included."""
    todo = [getattr(element, "op", element) for element in elements]
    found = set(todo)
    while todo:
        op = todo.pop()
        for other in (*(tensor.op for tensor in op.inputs), *op.control_inputs):
            if other not in found:
                found.add(other)
                todo.append(other)
    return found


def listed(items: Iterable[str]) -> str:
    """Joins the first five in sorted order, and counts the others."""
    ordered = sorted(items)
    more = len(ordered) - _LISTED
    return ", ".join(ordered[:_LISTED]) + (f" and {more} more" if more > 0 else "")
