"""How the variables of a network are called in a checkpoint."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

# What tf.train.ExponentialMovingAverage appends to a variable's name.
MOVING_AVERAGE_SUFFIX = "/ExponentialMovingAverage"
# What `tf.Variable.name` ends with; savers leave it out, people who write names themselves do not.
OUTPUT_SUFFIX = ":0"


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """How the weights of a network are read from a checkpoint.

    Attributes:
        use_moving_averages: Whether a variable's `/ExponentialMovingAverage`
            shadow goes before the variable itself.
        checkpoint_scope: Below which scope the network's names lie, such as
            `FeatureExtractor`, or what stands in place of their first part;
            without a slash at its end, empty for none.
        ignore_fake_quant: Whether weights of quantization-aware training are
            taken as those of a float network.
    """

    use_moving_averages: bool = True
    checkpoint_scope: str = ""
    ignore_fake_quant: bool = False


def stored_names(
    wanted: Collection[str], stored: Collection[str], options: RestoreOptions
) -> dict[str, str]:
    """Chooses the tensor of a checkpoint for every variable.

    Args:
        wanted: Names of the network's variables.
        stored: Names in the checkpoint.
        options: Where they are looked for.

    Returns:
        For every wanted name, the shadow's where there is one and it is to be
        used, else its own; with `:0` where it is stored so and not without.
    """
    there = frozenset(stored)
    own = _below(options.checkpoint_scope, wanted, there)
    return {name: _stored_name(place, there, options) for name, place in own.items()}


def _below(scope: str, wanted: Collection[str], there: Collection[str]) -> dict[str, str]:
    """Moves names below a scope, which may hold them or stand in place of their own."""
    if not scope:
        return {name: name for name in wanted}
    first = {name.partition("/")[0] for name in wanted}
    below = (name.removeprefix(f"{scope}/") for name in there if name.startswith(f"{scope}/"))
    held = {name.partition("/")[0] for name in below}
    instead = held and held.isdisjoint(first)
    return {name: f"{scope}/{name.partition('/')[2] if instead else name}" for name in wanted}


def _stored_name(name: str, there: frozenset[str], options: RestoreOptions) -> str:
    bases = [name + MOVING_AVERAGE_SUFFIX, name] if options.use_moving_averages else [name]
    candidates = [base + suffix for base in bases for suffix in ("", OUTPUT_SUFFIX)]
    return next((candidate for candidate in candidates if candidate in there), name)


def raw_names(stored: Mapping[str, str]) -> dict[str, str]:
    """Names the raw values of all variables in whose place there are moving averages.

    Args:
        stored: As `stored_names` returns it.

    Returns:
        For those variables, the names that the raw values would have in the checkpoint.
    """
    return {
        name: there.replace(MOVING_AVERAGE_SUFFIX, "")
        for name, there in stored.items()
        if MOVING_AVERAGE_SUFFIX in there
    }


def scopes_before(end: str, stored: Collection[str]) -> list[str]:
    """Lists what stands in a checkpoint in front of a variable.

    Args:
        end: How the variable's name ends, such as `MobilenetV3/Conv/weights`.
        stored: Names in the checkpoint.

    Returns:
        Scopes, such as `FeatureExtractor`, in sorted order.
    """
    ends = [f"/{end}{suffix}" for suffix in ("", OUTPUT_SUFFIX, MOVING_AVERAGE_SUFFIX)]
    return sorted({n.removesuffix(e) for n in stored for e in ends if n.endswith(e)})


def roots(stored: Collection[str]) -> list[str]:
    """Sums up names by their first part: `A/...` for all below `A`, and names without parts."""
    firsts = (name.partition("/") for name in stored)
    return sorted({f"{first}/..." if slash else first for first, slash, _ in firsts})
