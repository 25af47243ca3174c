"""Describes the original graph with a checkpoint as what a model is compared with."""

from exporter.restore import RestoredWeights
from exporter.sources import LocalCheckpoint
from exporter.verifier.report.records import Origin
from exporter.verifier.report.request import GraphSource, Reference
from slim_nets.network import Task
from slim_nets.registry import Variant


def original(
    local: LocalCheckpoint,
    variant: Variant,
    task: Task,
    weights: RestoredWeights,
    *,
    use_moving_averages: bool,
) -> Reference:
    """Makes the reference.

    Args:
        local: The checkpoint.
        variant: Which network.
        task: What it ends with.
        weights: What was restored from the checkpoint.
        use_moving_averages: How it was restored.

    Returns:
        The reference, with the origin of every model that is equal to it.
    """
    names = dict(weights.stored_names)
    shadows = use_moving_averages
    return Reference(
        source=GraphSource(
            variant=variant, task=task, prefix=str(local.prefix.absolute()), stored_names=names
        ),
        name=f"the original graph with checkpoint '{local.source}'",
        digest=local.sha256,
        origin=Origin(
            variant=variant,
            task=task,
            checkpoint=local.name,
            checkpoint_sha256=local.sha256,
            trained=local.source.trained,
            use_moving_averages=use_moving_averages,
        ),
        raw_names={n: n for n, stored in names.items() if stored != n} if shadows else {},
    )
