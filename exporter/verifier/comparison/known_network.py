"""Says which of our networks two models are, and where in it a name belongs."""

from collections.abc import Callable
from dataclasses import dataclass

from exporter.verifier.comparison.rows import recognized, row_of
from exporter.verifier.subjects.original_graph import GraphSubject
from exporter.verifier.subjects.subject import Subject
from slim_nets.variants import Task, Variant


@dataclass(frozen=True)
class KnownNetwork:
    """What is known of the network that both sides should be.

    Attributes:
        order: Names of end points in the network's order.
        place: Says where in the network a name belongs; empty where unknown.
        variant: Which network; None if it is none of ours.
    """

    order: tuple[str, ...] = ()
    place: Callable[[str], str] = lambda _: ""
    variant: Variant | None = None

    def rank(self, end_point: str) -> int:
        """Returns an end point's place in the network's order; unknown ones come first."""
        return self.order.index(end_point) if end_point in self.order else -1


def known_network(reference: Subject) -> KnownNetwork:
    """Says which network a reference is: the original knows it, variables tell it of others."""
    if isinstance(reference, GraphSubject):
        found: tuple[Variant, Task] | None = (reference.variant, reference.task)
    else:
        found = recognized(reference.variables(), reference.input_spec.image_size)
    if found is None:
        return KnownNetwork()
    variant, task = found
    scope = variant.spec.scope
    names = tuple(f"{scope}/{name}" for name in variant.shape(task).end_points)
    return KnownNetwork((*names, "default"), lambda name: row_of(name, variant), variant)
