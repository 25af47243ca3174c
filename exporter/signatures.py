"""The names and the default that every published model has in its interface."""

import re

SERVING = "serving_default"
# Beside it where it was asked for: the same network, batch norms folded, up to float rounding.
FOLDED = "serving_folded"
# What Keras 3 calls the same function beside it.
KERAS_TWIN = "serve"
# Names of functions and objects that hang on a model for who saved it: Keras', those that
# tf.saved_model.save gives to constants, and those that begin with one underscore, by which nobody
# else calls.
_PRIVATE = re.compile(
    r"_(?!_).*|keras_api|layer(_with_weights)?-\d+|capture_\d+"
    r"|call_and_return_(all_)?conditional_losses|activity_regularizer_fn"
)


def is_private_name(name: str) -> bool:
    """Says whether the library that saved a model keeps what has this name for itself."""
    return _PRIVATE.fullmatch(name) is not None


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
