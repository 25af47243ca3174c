"""The numbers with which TF-Slim built and trained the published networks."""

# slim.batch_norm's default; added to the variance.
BATCH_NORM_EPSILON = 0.001
# The published SavedModel carries this factor, though the networks were trained with 1e-5.
WEIGHT_DECAY = 4e-5
# Of the features in front of the logits, in training mode.
DROPOUT_KEEP_PROB = 0.8
