"""Reads the weights of a network from a checkpoint, by name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from checkpoints import catalog
from checkpoints.layout import CheckpointError
from checkpoints.names import OUTPUT_SUFFIX, RestoreOptions, raw_names
from checkpoints.reader import open_checkpoint
from exporter.digests import of_values
from exporter.errors import RestoreError, listing
from exporter.fitting import Fit
from exporter.misfits import check_classes, check_fit, fake_quant_ranges
from exporter.sources import LocalCheckpoint
from slim_nets.network import Task
from slim_nets.registry import Variant


@dataclass(frozen=True)
class RestoredWeights:
    """The weights of a network.

    Attributes:
        checkpoint: Where they come from, and whether they are published ones.
        variant: Which network, with the classes and widths of the checkpoint.
        task: What it ends with.
        options: How the checkpoint was read.
        values: float32 arrays by variable name, in creation order, until a network takes them.
        stored_names: For every variable, its name in the checkpoint.
        unused: How many tensors of the checkpoint the network does not need.
        fake_quant: How many of those are ranges of quantization-aware training.
    """

    checkpoint: LocalCheckpoint
    variant: Variant
    task: Task
    options: RestoreOptions
    values: dict[str, np.ndarray]
    stored_names: Mapping[str, str]
    unused: int
    fake_quant: int = 0

    @property
    def moving_averages(self) -> int:
        """How many variables come from an `ExponentialMovingAverage` shadow."""
        return len(raw_names(self.stored_names))

    @property
    def with_output_suffix(self) -> int:
        """How many variables have `:0` behind their name in the checkpoint."""
        return sum(stored.endswith(OUTPUT_SUFFIX) for stored in self.stored_names.values())


def restore(
    local: LocalCheckpoint, variant: Variant, task: Task, options: RestoreOptions
) -> RestoredWeights:
    """Reads every variable of a network from a checkpoint.

    Args:
        local: The checkpoint.
        variant: Which network; a number of classes that it has of its own must be the
            checkpoint's.
        task: What it ends with.
        options: How the checkpoint is read.

    Returns:
        The weights, all of them finite.

    Raises:
        RestoreError: If the checkpoint cannot be read, lacks a variable, has
            one of another shape or dtype, holds NaN or infinity, or is one of
            quantization-aware training and that is not to be ignored.
    """
    try:
        checkpoint = open_checkpoint(local.prefix)
        fit = Fit(checkpoint.tensors, variant, task, options)
        check_classes(fit, local.source)
        fit = fit.as_stored
        check_fit(fit, local.source)
        names = fit.names
        values = {name: checkpoint.read(stored) for name, stored in names.items()}
        unused = checkpoint.tensors.keys() - set(names.values())
        for name in unused:
            # A file that is cut off is not to be trusted, even if the missing end is not needed.
            checkpoint.read(name)
    except CheckpointError as error:
        raise RestoreError(str(error)) from error
    if broken := [f"'{name}'" for name, value in values.items() if not np.isfinite(value).all()]:
        raise RestoreError(
            f"Checkpoint '{local.source}' is damaged: expected finite weights, found NaN or"
            f" infinity in {listing(broken)}. Use a checkpoint from before training diverged."
        )
    if local.published is None and task == "feature_vector":
        # No archive says so, but the values do.
        local = replace(local, published=catalog.of_features(of_values(values)))
    fake_quant = len(fake_quant_ranges(unused))
    return RestoredWeights(
        local, fit.variant, task, options, values, names, len(unused), fake_quant
    )
