"""Tells what the library that saved a model keeps for itself, and compares it in one difference.

Keras hangs its layers, the functions that compute their losses and much else on a
model, under names that it numbers anew at each change. Only Keras' own
`load_model` asks for them.
"""

from collections.abc import Iterator, Mapping

from exporter.contract.deviation import Deviation
from exporter.contract.form import Contract
from exporter.errors import listing
from exporter.signatures import is_private_name

# Begins the kind of an object of Keras 2, which others load as they load any.
_KERAS, _ANY = "_tf_keras_", "_generic_user_object"
# Below these Keras keeps metrics, and the optimizer's state.
_STATE = ("keras_api/", "optimizer/")
SUBJECT = "parts that the library that saved it keeps for itself"


def is_private(name: str) -> bool:
    """Says whether a child or a function, such as `layer-3.__call__`, is kept for itself."""
    return any(map(is_private_name, name.split(".")))


def without_private(contract: Contract) -> Contract:
    """Returns a contract of what others can ask for.

    Args:
        contract: As it was read.

    Returns:
        The same without private functions and children, without a Keras model's own state, and
        with kinds that are Keras' own written as others load them.
    """
    hidden = _state(contract)
    public = {
        "root": _kind(contract.root),
        "children": {n: _kind(k) for n, k in contract.children.items() if not is_private(n)},
        "functions": {n: f for n, f in contract.functions.items() if not is_private(n)},
        "variables": {n: v for n, v in contract.variables.items() if n not in hidden},
    }
    return contract.model_copy(update=public)


def compare_private(locked: Contract, found: Contract) -> Iterator[Deviation]:
    """Yields at most one difference of all that is kept for itself."""
    old, new = map(_parts, (locked, found))
    differing = [name for name in old.keys() | new.keys() if old.get(name) != new.get(name)]
    if differing:
        told = f"{len(new)}, of which {len(differing)} differ: {listing(differing)}"
        yield Deviation("C95", SUBJECT, str(len(old)), told)


def _parts(contract: Contract) -> dict[str, object]:
    """Returns all that `without_private` takes away, by what it is."""
    public = without_private(contract)
    parts: dict[str, object] = {}
    if contract.root != public.root:
        parts["root"] = contract.root
    kinds: tuple[tuple[str, Mapping[str, object], Mapping[str, object]], ...] = (
        ("child", contract.children, public.children),
        ("function", contract.functions, public.functions),
        ("variable", contract.variables, public.variables),
    )
    for what, all_of, others in kinds:
        kept = {name: part for name, part in all_of.items() if others.get(name) != part}
        parts |= {f"{what} '{name}'": part for name, part in kept.items()}
    return parts


def _kind(kind: str) -> str:
    return _ANY if kind.startswith(_KERAS) else kind


def _state(contract: Contract) -> set[str]:
    """Names the variables of metrics and optimizers, which are in no list of the model."""
    if not contract.root.startswith(_KERAS):
        return set()
    listed = {name for found in contract.lists.values() for name in found.names}
    own = {n for n, v in contract.variables.items() if v.path.startswith(_STATE)}
    return own - listed
