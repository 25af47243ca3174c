"""Writes checkpoints of seeded weights, for trying the exporter without a download."""

from pathlib import Path

import tensorflow as tf

from checkpoints import seeded
from exporter.errors import RestoreError, reason
from exporter.fetch import SEEDED, LocalCheckpoint, local
from slim_nets.variants import Variant


def seeded_checkpoint(seed: int, variant: Variant, workspace: Path) -> LocalCheckpoint:
    """Draws the weights of a network and writes them as a TF1 checkpoint.

    The weights are those of the network with logits, so both tasks of a seed
    share their features.

    Args:
        seed: 0 to 2**32 - 1.
        variant: Which network.
        workspace: Folder to write into.

    Returns:
        The checkpoint, marked as not trained.

    Raises:
        RestoreError: If it cannot be written.
    """
    shapes = {spec.name: spec.shape for spec in variant.shape("classification").variables}
    prefix = workspace / f"seeded-{seed}"
    try:
        seeded.write(prefix, seeded.draw(shapes, seed))
    except (OSError, tf.errors.OpError) as error:
        raise RestoreError(
            f"Seeded checkpoint cannot be written into '{workspace}': {reason(error)}."
            " Free some space, or choose another --output_dir."
        ) from error
    return local(prefix, f"{SEEDED}{seed}", trained=False)
