"""Puts the meta graphs of a SavedModel in order: what TensorFlow 2 loads by objects, and the rest.

A model of TensorFlow 1, or one with several sets of tags, has no objects that
anyone gets: signatures are all that its users have.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tensorflow.core.protobuf import saved_object_graph_pb2

from exporter.errors import ContractError, listing

# The tags that are asked for unless others are: those of servers, and none.
_USUAL: tuple[tuple[str, ...], ...] = (("serve",), ())


@dataclass(frozen=True)
class MetaGraphs:
    """The meta graphs of one model.

    Attributes:
        main: What is loaded unless other tags are asked for: those of servers, else no tags,
            else the first.
        others: The rest, in the order of their tags.
    """

    main: Any
    others: tuple[Any, ...] = ()

    @property
    def all(self) -> tuple[Any, ...]:
        """All of them, the main one first."""
        return (self.main, *self.others)

    @property
    def has_objects(self) -> bool:
        """Whether TensorFlow 2 loads it as objects, as it does if there is one graph with some."""
        return not self.others and bool(self.main.object_graph_def.nodes)

    @property
    def objects(self) -> Any:
        """The SavedObjectGraph; one of a bare root, if nobody gets objects."""
        if self.has_objects:
            return self.main.object_graph_def
        return saved_object_graph_pb2.SavedObjectGraph(nodes=[saved_object_graph_pb2.SavedObject()])

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of the one graph; of several, each one's tags as one text."""
        if not self.others:
            return tags_of(self.main)
        return tuple(sorted(", ".join(tags_of(graph)) for graph in self.all))

    def named(self) -> Iterator[tuple[str, Any]]:
        """Yields each graph with what names of its signatures end with; nothing for the main."""
        for graph in self.all:
            yield "" if graph is self.main else f" [{', '.join(tags_of(graph))}]", graph


def meta_graphs(folder: Path, model: Any) -> MetaGraphs:
    """Orders the meta graphs of a SavedModel.

    Args:
        folder: Where it lies.
        model: Its protobuf.

    Raises:
        ContractError: If it has none, or two with the same tags.
    """
    found: Sequence[Any] = model.meta_graphs
    if not found:
        raise ContractError(
            f"Model '{folder}' has 0 meta graphs: expected one, found none. Export or copy it"
            " again."
        )
    by_tags = {tags_of(graph): graph for graph in found}
    if len(by_tags) < len(found):
        told = listing(f"[{', '.join(tags_of(graph))}]" for graph in found)
        raise ContractError(
            f"Model '{folder}' has {len(found)} meta graphs: expected other tags for each, found"
            f" {told}. Nobody can ask for one of them; save the one that is published alone."
        )
    main = next((tags for tags in _USUAL if tags in by_tags), tags_of(found[0]))
    return MetaGraphs(
        by_tags[main], tuple(by_tags[tags] for tags in sorted(by_tags) if tags != main)
    )


def tags_of(graph: Any) -> tuple[str, ...]:
    """Returns the tags of a meta graph, sorted."""
    return tuple(sorted(set(graph.meta_info_def.tags)))
