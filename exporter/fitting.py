"""Whether a checkpoint has the variables of a network."""

import itertools
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

from checkpoints.names import RestoreOptions, scopes_before, stored_names
from checkpoints.reader import StoredTensor
from slim_nets.layers.shapes import VariableSpec
from slim_nets.network import TASKS, NetworkError, Task
from slim_nets.recognition import classes_in, fitted
from slim_nets.registry import Variant, of_same_weights, variants

DTYPE = "float32"


@dataclass(frozen=True, slots=True)
class Misfit:
    """A variable that the checkpoint does not have as the network needs it.

    Attributes:
        spec: What is needed.
        stored: The name that was looked for.
        found: What is there; None if nothing is.
    """

    spec: VariableSpec
    stored: str
    found: StoredTensor | None

    def __str__(self) -> str:
        """Says what was expected and what was found."""
        expected, found = f"{DTYPE} {list(self.spec.shape)}", self.found or "none"
        return f"variable '{self.stored}' expected {expected}, found {found}"


@dataclass(frozen=True)
class Fit:
    """A network held against a checkpoint.

    Attributes:
        tensors: What the checkpoint holds, by name.
        variant: Which network.
        task: What it ends with.
        options: How the checkpoint is read.
    """

    tensors: Mapping[str, StoredTensor]
    variant: Variant
    task: Task
    options: RestoreOptions

    @property
    def specs(self) -> tuple[VariableSpec, ...]:
        """The variables that the network needs, in creation order."""
        return self.variant.shape(self.task).variables

    @cached_property
    def names(self) -> dict[str, str]:
        """For every variable, its name in the checkpoint."""
        return stored_names([spec.name for spec in self.specs], self.tensors, self.options)

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of what the checkpoint has of the network and of its logits, by variable."""
        telling = self.variant.telling(self.task)
        wanted = [spec.name for spec in self.variant.shape(telling).variables]
        names = stored_names(wanted, self.tensors, self.options)
        return {n: self.tensors[there].shape for n, there in names.items() if there in self.tensors}

    @property
    def classes(self) -> int | None:
        """How many classes the checkpoint has; None if there are no logits."""
        return classes_in(self.variant, self.shapes, self.task)

    @property
    def as_stored(self) -> "Fit":
        """The same, of the classes and widths that the checkpoint has."""
        variant = fitted(self.variant, self.shapes, self.task)
        if variant is None:
            classes = self.variant.own_classes or self.classes
            variant = replace(self.variant, own_classes=classes)
        return replace(self, variant=variant)

    @cached_property
    def misfits(self) -> tuple[Misfit, ...]:
        """What the checkpoint lacks, in creation order."""
        found = {spec: self.tensors.get(self.names[spec.name]) for spec in self.specs}
        return tuple(
            Misfit(spec, self.names[spec.name], tensor)
            for spec, tensor in found.items()
            if tensor is None or (tensor.shape, tensor.dtype) != (spec.shape, DTYPE)
        )

    @property
    def missing(self) -> int:
        """How many variables are not there at all."""
        return sum(misfit.found is None for misfit in self.misfits)

    @cached_property
    def nearest(self) -> "Fit":
        """The same below the scope of the checkpoint where most of the network is found.

        As it is asked for, if no other is better. What does not fit there is
        what is wrong with the checkpoint.
        """
        fits = self._below("", *scopes_before(self.specs[0].name, self.tensors))
        return min(fits, key=lambda fit: (fit.missing, len(fit.misfits)))

    @property
    def here(self) -> list["Fit"]:
        """As it is asked for, and without a scope."""
        return self._below("")

    @property
    def elsewhere(self) -> list["Fit"]:
        """The same with scopes in front of the network's own, or in its place."""
        name = self.specs[0].name
        before = [scopes_before(end, self.tensors) for end in (name, name.partition("/")[2])]
        there = dict.fromkeys(itertools.chain(*before))
        return [self._at(scope) for scope in there if scope != self.options.checkpoint_scope]

    def _below(self, *scopes: str) -> list["Fit"]:
        return [self._at(s) for s in dict.fromkeys((self.options.checkpoint_scope, *scopes))]

    def _at(self, scope: str) -> "Fit":
        options = replace(self.options, checkpoint_scope=scope)
        return replace(self, options=options).as_stored


def fitting(fit: Fit) -> Fit | None:
    """Finds another variant, task or options with which a checkpoint fits; None if none does.

    A scope is the last that is looked for: in the place of its own, a network of few layers finds
    all that it needs in one of the same family with many.
    """
    tasks: list[Task] = [fit.task, *(other for other in TASKS if other != fit.task)]
    candidates = [fit.variant, *(named for named in variants().values() if named != fit.variant)]
    used = (fit.options.use_moving_averages, not fit.options.use_moving_averages)
    tries = itertools.product((False, True), used, tasks, candidates)
    for scoped, averages, task, variant in tries:
        options = replace(fit.options, use_moving_averages=averages)
        tried = replace(fit, variant=variant, task=task, options=options)
        with suppress(NetworkError):  # a function may be of one task only
            if not _may_be_there(tried):
                continue
            places = tried.elsewhere if scoped else tried.here
            if found := next((place for place in places if not place.misfits), None):
                return found
    return None


def _may_be_there(fit: Fit) -> bool:
    """Says whether the first variable is there below any scope, which is soon seen."""
    end = fit.specs[0].name.partition("/")[2]
    return any(end in name for name in fit.tensors)


def flags_of(fitting: Fit, fit: Fit) -> str:
    """Says which flags make one of the other."""
    named, asked = fitting.options, fit.options
    flags = {
        f"--variant={fitting.variant.name}": fitting.variant.name != fit.variant.name,
        f"--task={fitting.task}": fitting.task != fit.task,
        f"--checkpoint_scope={named.checkpoint_scope}": named.checkpoint_scope
        not in ("", asked.checkpoint_scope),
        f"--use_moving_averages={str(named.use_moving_averages).lower()}": (
            named.use_moving_averages != asked.use_moving_averages
        ),
    }
    other = fitting.variant.name != fit.variant.name
    custom = other and not any(of_same_weights(fit.variant))
    without = {
        "--network": other and fit.variant.graph,
        "--depth_multiplier": custom and not fit.variant.graph,
        "--checkpoint_scope": asked.checkpoint_scope and not named.checkpoint_scope,
    }
    used = " ".join(flag for flag, holds in flags.items() if holds)
    left = " and ".join(flag for flag, holds in without.items() if holds)
    if not used:
        return f"Leave out {left}."
    return f"Use {used} without {left}." if left else f"Use {used}."
