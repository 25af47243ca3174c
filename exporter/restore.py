"""Reads the weights of a network from a checkpoint, by name."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from checkpoints.layout import CheckpointError, stored_names
from checkpoints.reader import StoredTensor, open_checkpoint
from exporter.errors import RestoreError, listing
from exporter.sources import LocalCheckpoint
from slim_nets.network import TASKS, Task
from slim_nets.recognition import classes_in, fitted
from slim_nets.registry import Variant, of_same_weights, variants

_DTYPE = "float32"


@dataclass(frozen=True)
class RestoredWeights:
    """The weights of a network.

    Attributes:
        checkpoint: Where they come from.
        variant: Which network, with the classes and widths of the checkpoint.
        task: What it ends with.
        use_moving_averages: Whether `/ExponentialMovingAverage` shadows went
            before raw values.
        values: float32 arrays by variable name, in creation order.
        stored_names: For every variable, its name in the checkpoint.
        unused: How many tensors of the checkpoint the network does not need.
    """

    checkpoint: LocalCheckpoint
    variant: Variant
    task: Task
    use_moving_averages: bool
    values: Mapping[str, np.ndarray]
    stored_names: Mapping[str, str]
    unused: int

    @property
    def moving_averages(self) -> int:
        """How many variables come from an `ExponentialMovingAverage` shadow."""
        return sum(name != stored for name, stored in self.stored_names.items())


def restore(
    local: LocalCheckpoint, variant: Variant, task: Task, *, use_moving_averages: bool = True
) -> RestoredWeights:
    """Reads every variable of a network from a checkpoint.

    Args:
        local: The checkpoint.
        variant: Which network; classes of its own must be those of the checkpoint.
        task: What it ends with.
        use_moving_averages: Whether `/ExponentialMovingAverage` shadows, where
            the checkpoint has them, go before the raw values.

    Returns:
        The weights, all of them finite.

    Raises:
        RestoreError: If the checkpoint cannot be read, lacks a variable, has
            one of another shape or dtype, or holds NaN or infinity.
    """
    try:
        checkpoint = open_checkpoint(local.prefix)
        shapes = _shapes(checkpoint.tensors, variant, use_moving_averages=use_moving_averages)
        _check_classes(local, variant, shapes)
        variant = fitted(variant, shapes, task) or replace(
            variant, own_classes=classes_in(variant, shapes)
        )
        shapes = {spec.name: spec.shape for spec in variant.shape(task).variables}
        names = stored_names(shapes, checkpoint.tensors, use_moving_averages=use_moving_averages)
        if problems := _misfits(checkpoint.tensors, variant, task, names):
            raise RestoreError(
                f"Checkpoint '{local.source}' does not fit {variant.name} as {task}:"
                f" {listing(problems)}. {_advice(checkpoint.tensors, variant, task)}"
            )
        values = {name: checkpoint.read(names[name]) for name in shapes}
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
    return RestoredWeights(local, variant, task, use_moving_averages, values, names, len(unused))


def _shapes(
    tensors: Mapping[str, StoredTensor], variant: Variant, *, use_moving_averages: bool
) -> dict[str, tuple[int, ...]]:
    """Returns the shapes of those of a network's variables that are in a checkpoint."""
    wanted = [spec.name for spec in variant.shape("classification").variables]
    names = stored_names(wanted, tensors, use_moving_averages=use_moving_averages)
    return {name: tensors[stored].shape for name, stored in names.items() if stored in tensors}


def _check_classes(
    local: LocalCheckpoint, variant: Variant, shapes: Mapping[str, tuple[int, ...]]
) -> None:
    found = classes_in(variant, shapes)
    if variant.own_classes is not None and found not in (None, variant.own_classes):
        raise RestoreError(
            f"Checkpoint '{local.source}' has another number of classes: expected"
            f" {variant.own_classes}, found {found}. Leave out --num_classes, or check"
            " --checkpoint."
        )


def _misfits(
    tensors: Mapping[str, StoredTensor], variant: Variant, task: Task, names: Mapping[str, str]
) -> list[str]:
    problems = []
    for spec in variant.shape(task).variables:
        found = tensors.get(names[spec.name])
        expected = f"variable '{names[spec.name]}' expected {_DTYPE} {list(spec.shape)}"
        if found is None:
            problems.append(f"{expected}, found none")
        elif (found.shape, found.dtype) != (spec.shape, _DTYPE):
            problems.append(f"{expected}, found {found.dtype} {list(found.shape)}")
    return problems


def _advice(tensors: Mapping[str, StoredTensor], variant: Variant, task: Task) -> str:
    """Says which flags the checkpoint would fit."""
    tasks: list[Task] = [task, *(other for other in TASKS if other != task)]
    candidates = [variant, *(named for named in variants().values() if named != variant)]
    for averages, fitting_task, named in itertools.product((True, False), tasks, candidates):
        found = fitted(named, _shapes(tensors, named, use_moving_averages=averages), fitting_task)
        if found is None:
            continue
        wanted = [spec.name for spec in found.shape(fitting_task).variables]
        names = stored_names(wanted, tensors, use_moving_averages=averages)
        if not _misfits(tensors, found, fitting_task, names):
            return _flags(variant, named, task, fitting_task, averages=averages)
    return "It fits no known variant; check --variant, --depth_multiplier and --checkpoint."


def _flags(
    variant: Variant, fitting: Variant, task: Task, fitting_task: Task, *, averages: bool
) -> str:
    flags = [] if fitting == variant else [f"--variant={fitting.name}"]
    flags += [] if fitting_task == task else [f"--task={fitting_task}"]
    if not flags:
        flags = [f"--use_moving_averages={str(averages).lower()}"]
    custom = fitting != variant and not any(of_same_weights(variant))
    return f"Use {' '.join(flags)}{' without --depth_multiplier' if custom else ''}."
