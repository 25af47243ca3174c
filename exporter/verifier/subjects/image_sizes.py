"""At which sizes images are tried that may have any."""

from slim_nets.registry import Variant


def tried_sizes(variant: Variant) -> tuple[tuple[int, int], ...]:
    """Chooses heights and widths.

    Args:
        variant: Which network.

    Returns:
        The usual ones first; of a network that takes any also others: smaller, unless the network
        takes no smaller images, and not square, so that height and width cannot be mistaken.
    """
    usual = variant.image_size
    if not variant.network.any_size:
        return (usual,)
    height, width = usual.height * 3 // 4, usual.width * 5 // 8
    if min(height, width) < variant.network.min_image_size:
        height, width = usual.height * 5 // 4, usual.width * 3 // 2
    return (usual, (height, width))
