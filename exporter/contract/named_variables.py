"""Reads the variables of a model of TensorFlow 1, which has them by name alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tensorflow.core.framework import variable_pb2

from checkpoints.reader import StoredTensor
from exporter.contract.form import Variable, VariableList
from exporter.protobufs import op_of

_TRAINABLE = "trainable_variables"
# What a variable has of which nothing is said.
_UNTOLD = {
    "synchronization": variable_pb2.VariableSynchronization.Name(0),
    "aggregation": variable_pb2.VariableAggregation.Name(0),
}


@dataclass(frozen=True)
class NamedVariables:
    """The variables of one model.

    Attributes:
        graphs: Its meta graphs.
        index: Shapes and dtypes of the checkpoint's values by name.
    """

    graphs: Sequence[Any]
    index: Mapping[str, StoredTensor]

    def variables(self) -> dict[str, Variable]:
        """Reads all variables: what the checkpoint holds."""
        trainable = self._trainable()
        return {
            name: Variable(
                dtype=stored.dtype,
                shape=stored.shape,
                trainable=name in trainable,
                path=name,
                **_UNTOLD,
            )
            for name, stored in sorted(self.index.items())
        }

    def lists(self, used: Sequence[int]) -> dict[str, VariableList]:  # noqa: ARG002
        """Returns no lists: there is no object to hold them."""
        return {}

    def index_mismatches(self) -> tuple[str, ...]:
        """Returns nothing: there are no variables but those of the index."""
        return ()

    def _trainable(self) -> set[str]:
        """Names what any of the graphs lists as trainable."""
        return {
            op_of(variable_pb2.VariableDef.FromString(text).variable_name)
            for graph in self.graphs
            for text in graph.collection_def[_TRAINABLE].bytes_list.value
        }
