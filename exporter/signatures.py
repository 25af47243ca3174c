"""The names of signatures, and how reports call them."""

SERVING = "serving_default"
# Beside it where it was asked for: the same network, batch norms folded, up to float rounding.
FOLDED = "serving_folded"


def way_of(signature: str) -> str:
    """Names a signature as a way of calling a model, such as `signature 'serving_default'`."""
    return f"signature '{signature}'"
