"""The numbers with which TF-Slim built and trained the published networks."""

# slim.batch_norm's default; added to the variance.
BATCH_NORM_EPSILON = 0.001
# The published SavedModel carries this factor, though the networks were trained with 1e-5.
WEIGHT_DECAY = 4e-5
# Of the features in front of the logits, in training mode.
DROPOUT_KEEP_PROB = 0.8
# The published default, fit for fine-tuning on small data; training from scratch used 0.997.
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
