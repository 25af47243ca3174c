"""Chooses what each way of calling is given: of its own inputs, and nothing it does not take."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

from exporter.verifier.subjects.examples import Examples
from exporter.verifier.subjects.subject import Refusal, Subject


@dataclass(frozen=True)
class SameInputs:
    """Ways of calling that are given the same.

    Attributes:
        ways: Their names.
        examples: What they are given.
    """

    ways: list[str]
    examples: Examples


def usable(subject: Subject, way: str, examples: Examples) -> Examples:
    """Makes the examples of one way of calling.

    Args:
        subject: The model whose results count: what it cannot be given, says nothing.
        way: Of calling.
        examples: For any way.

    Returns:
        Those with the inputs of this way, of what a user gave only what fits it, and without
        probes that it does not take. They have no names if nothing is left.
    """
    spec = subject.spec_of(way)
    given = examples.given if spec.taken(examples.given) else {}
    images = examples.images if spec.image_size or spec.takes_files else ()
    refused = frozenset() if given else frozenset(subject.refusals(way))
    return replace(examples, spec=spec, images=images, given=given, refused=refused)


def same_inputs(subject: Subject, ways: Iterable[str], examples: Examples) -> list[SameInputs]:
    """Groups ways of calling by what they are given, which is made and read once a group.

    Args:
        subject: The model whose results count.
        ways: Of calling.
        examples: For any way.

    Returns:
        The groups in the order of their first ways; without those that nothing can be given.
    """
    groups: dict[Hashable, SameInputs] = {}
    for way in ways:
        own = usable(subject, way, examples)
        if own.names:
            groups.setdefault(own.key, SameInputs([], own)).ways.append(way)
    return list(groups.values())


def names_of(groups: Iterable[SameInputs]) -> tuple[str, ...]:
    """Names all examples, each once."""
    return tuple(dict.fromkeys(name for group in groups for name in group.examples.names))


def typical_names(groups: Iterable[SameInputs]) -> tuple[str, ...]:
    """Names all examples on which float noise is measured, each once."""
    return tuple(dict.fromkeys(name for group in groups for name in group.examples.typical_names))


# By what stands against a call.
_SENTENCES = {
    "inputs": "inputs cannot be made up for {way}, which takes {taken}: {said}",
    "results": "results of {way} cannot be compared: {said}",
    "changes": "{way} cannot be compared: {said}",
}


def refusal_of(subject: Subject, way: str) -> Refusal:
    """Returns why nothing can be made up for a way of calling."""
    return next(iter(subject.refusals(way).values()), Refusal("inputs", "no example is left"))


def no_inputs(subject: Subject, way: str) -> str:
    """Says why nothing can be made up for a way of calling, without a full stop."""
    refused, taken = refusal_of(subject, way), subject.spec_of(way)
    return _SENTENCES[refused.of].format(way=way, taken=taken, said=refused.said.rstrip("."))
