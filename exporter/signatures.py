"""The names and the default that every published model has in its interface."""

SERVING = "serving_default"
# Beside it where it was asked for: the same network, batch norms folded, up to float rounding.
FOLDED = "serving_folded"
# What Keras 3 calls the same function beside it.
KERAS_TWIN = "serve"


def way_of(signature: str) -> str:
    """Names a signature as a way of calling a model, such as `signature 'serving_default'`."""
    return f"signature '{signature}'"


# The default of the argument, on every published page: fit for fine-tuning on small data.
BATCH_NORM_MOMENTUM = 0.99


def check_momentum(value: float) -> None:
    """Refuses a momentum that batch norm's moving averages cannot have.

    Raises:
        ValueError: If it is not in [0, 1].
    """
    if not 0 <= value <= 1:
        raise ValueError(
            f"Batch norm momentum {value:g} is out of range: expected 0 to 1."
            " Change --batch_norm_momentum."
        )
