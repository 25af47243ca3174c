"""Says which of our networks two models are, and where in it a name belongs."""

from dataclasses import dataclass

from exporter.verifier.subjects.original_graph import GraphSubject
from exporter.verifier.subjects.subject import Subject
from slim_nets.network import Task
from slim_nets.recognition import recognized
from slim_nets.registry import Variant


@dataclass(frozen=True)
class KnownNetwork:
    """What is known of the network that both sides should be.

    Attributes:
        variant: Which network; None if it is none of ours.
        order: Names of end points in the network's order.
    """

    variant: Variant | None = None
    order: tuple[str, ...] = ()

    def rank(self, end_point: str) -> int:
        """Returns an end point's place in the network's order; unknown ones come first."""
        return self.order.index(end_point) if end_point in self.order else -1

    def place(self, name: str) -> str:
        """Describes the row of the table that an end point or a variable belongs to.

        Args:
            name: Such as `MobilenetV3/layer_4/output`.

        Returns:
            Such as "row 4 of 15 of mobilenet_v3_small_075_224: bneck 3x3, ..."; empty
            for what comes after the table, and where the network is not known.
        """
        if self.variant is None:
            return ""
        return self.variant.network.row_of(name).replace(":", f" of {self.variant.name}:", 1)


def known_network(reference: Subject) -> KnownNetwork:
    """Says which network a reference is: the original knows it, variables tell it of others."""
    if isinstance(reference, GraphSubject):
        found: tuple[Variant, Task] | None = (reference.variant, reference.task)
    else:
        found = recognized(reference.variables(), reference.input_spec.declared_size)
    if found is None:
        return KnownNetwork()
    variant, task = found
    return KnownNetwork(variant, (*variant.shape(task).end_points, "default"))
