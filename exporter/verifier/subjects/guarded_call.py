"""Calls a model so that what it raises is an error of its own, and what it gives is bounded."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from exporter.errors import reason
from exporter.verifier.subjects.descriptions import described_batch
from exporter.verifier.subjects.interface import Interface
from exporter.verifier.subjects.output_bounds import too_much
from exporter.verifier.subjects.subject import (
    Inputs,
    LargeOutputsError,
    ModelCallError,
    StrangeOutputsError,
)

# What TensorFlow raises when a model cannot be called.
_WRONG = (tf.errors.OpError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class GuardedCall:
    """One call of a loaded model.

    Attributes:
        folder: Where the model lies.
        interface: What it offers.
        way: Of calling.
        inputs: One batch, flattened.
        training: The mode.
    """

    folder: Path
    interface: Interface
    way: str
    inputs: Inputs
    training: bool

    def result(self, call: Callable[[], Any]) -> Any:
        """Makes the call.

        Args:
            call: Of the model, with these inputs.

        Returns:
            What the model returns.

        Raises:
            ModelCallError: If it fails, or gives what cannot be compared, or so much that memory
                would be full.
        """
        self._check(self._stated())
        try:
            outputs = call()
        except _WRONG as error:
            given = described_batch(self.inputs)
            raise ModelCallError(
                f"Model '{self.folder}' fails when {self.way} is given {given}: {reason(error)}."
                " Mend the model, or what it was saved with.",
                reason(error),
            ) from error
        self._check(outputs)  # of which a function need not state the shapes
        self._check_values(outputs)
        return outputs

    def _check_values(self, outputs: Any) -> None:
        """Refuses what holds no values that could be compared, such as a dataset."""
        for part in tf.nest.flatten(outputs, expand_composites=True):
            if part is not None and getattr(part, "dtype", None) in (None, tf.variant, tf.resource):
                found = part.dtype.name if isinstance(part, tf.Tensor) else type(part).__name__
                said = f"expected numbers or strings as results, found a {found}"
                raise StrangeOutputsError(
                    f"Model '{self.folder}' cannot be compared when {self.way} is called: {said}."
                    " Save a signature that gives those.",
                    said,
                )

    def _stated(self) -> Any:
        """Returns the specs of the outputs, as far as a function states them."""
        if self.way in self.interface.signature_ways:
            return self.interface.signature_ways[self.way].structured_outputs
        try:
            trace = self.interface.trace_of(self.way, training=self.training)
        except KeyError:
            return None  # of a call that TensorFlow refuses
        return trace.function.structured_outputs

    def _check(self, outputs: Any) -> None:
        batch = next((len(value) for value in self.inputs if value.ndim), 1)
        if said := too_much(outputs, batch):
            raise LargeOutputsError(
                f"Model '{self.folder}' fails when {self.way} is called: {said}. Save smaller"
                " ones.",
                said,
            )
