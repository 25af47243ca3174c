"""Says to which row of a network's table an end point or a variable belongs."""

from slim_nets.registry import Variant


def row_of(name: str, variant: Variant) -> str:
    """Describes the row of the table that an end point or a variable belongs to.

    Args:
        name: Such as `MobilenetV3/layer_4/output`.
        variant: Which network.

    Returns:
        Such as "row 4 of 15 of mobilenet_v3_small_075_224: bneck 3x3, ..."; empty
        for what comes after the table.
    """
    row = variant.network.row_of(name)
    return row.replace(":", f" of {variant.name}:", 1)
