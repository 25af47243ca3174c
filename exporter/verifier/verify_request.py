"""What a verification is asked for. Nothing here may import TensorFlow."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from checkpoints.names import RestoreOptions
from exporter.sources import CheckpointSource
from slim_nets.network import Task
from slim_nets.registry import Variant

AllowanceKind = Literal["exact", "noise", "given"]


@dataclass(frozen=True)
class VerifyRequest:
    """What to verify.

    Attributes:
        model_dir: The model.
        reference_dir: Another SavedModel to compare it with.
        checkpoint: With `variant` and `task`, a checkpoint to compare it with
            in the original graph. Without either, only the interface is checked.
        variant: Which network.
        task: What it ends with.
        images: Pattern of image files; empty for the probes alone.
        inputs: A file of numpy's with examples for every input by its name, in place of probes.
        allowance: What may differ: no bit, a multiple of the reference's own
            noise, or the tolerances that are given.
        atol: Absolute tolerance, with "given".
        rtol: Relative tolerance, with "given".
        noise: Whether to measure the reference's noise though nothing depends on it.
        restoring: How the checkpoint is read, as the model was exported.
        trust: Whether to run models that do more than compute, such as read files.
    """

    model_dir: Path
    reference_dir: Path | None = None
    checkpoint: CheckpointSource | None = None
    variant: Variant | None = None
    task: Task | None = None
    images: str = ""
    inputs: Path | None = None
    allowance: AllowanceKind = "exact"
    atol: float = 0.0
    rtol: float = 0.0
    noise: bool = False
    restoring: RestoreOptions = field(default_factory=RestoreOptions)
    trust: bool = False

    @property
    def alone(self) -> bool:
        """Whether there is nothing to compare with."""
        return self.reference_dir is None and self.checkpoint is None
