"""Reads what a loaded SavedModel offers: calls, traces, lists of variables, signatures."""

import inspect
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import tensorflow as tf

from checkpoints.bundle_index import read_index
from exporter.errors import VerificationError
from exporter.op_packages import imported
from exporter.protobufs import check_is_there
from exporter.verifier.subjects.arranging import arranged, without_empty
from exporter.verifier.subjects.load_failures import LoadFailure, why
from exporter.verifier.subjects.subject import PLAIN
from exporter.verifier.subjects.tensor_kinds import freedom


@dataclass(frozen=True)
class CallTrace:
    """One trace of `__call__`.

    Attributes:
        arguments: By parameter name: `tf.TensorSpec`s, nests of them, or Python values.
        flags: Of these the ones that choose what is computed: Python values
            after the inputs, but for `training` and hyperparameters.
        function: The concrete function.
    """

    arguments: dict[str, Any]
    flags: dict[str, Any]
    function: Any


@dataclass(frozen=True)
class Interface:
    """What a loaded SavedModel offers.

    Attributes:
        root: From `tf.saved_model.load`.
    """

    root: Any

    @property
    def call(self) -> Any:
        """The `__call__` function; None if there is none."""
        return getattr(self.root, PLAIN, None)

    @cached_property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """The parameters of `__call__` by name, empty without one."""
        return dict(inspect.signature(self.call).parameters) if self.is_function else {}

    @property
    def is_function(self) -> bool:
        """Whether `__call__` is a `tf.function`."""
        return hasattr(self.call, "concrete_functions")

    @cached_property
    def traces(self) -> tuple[CallTrace, ...]:
        """All traces of `__call__`."""
        if not self.is_function:
            return ()
        traces = []
        for function, arguments in self._traced.items():
            given = {"training", *self.inputs, *self.hyperparameters, *list(arguments)[:1]}
            chosen = [name for name in arguments if name not in given]
            traces.append(
                CallTrace(arguments, {name: arguments[name] for name in chosen}, function)
            )
        # Where one was traced with tensors and with a number too, tensors take every number.
        return tuple(sorted(traces, key=self._numbers_of))

    @cached_property
    def _traced(self) -> dict[Any, dict[str, Any]]:
        """The arguments of every concrete function of `__call__`."""
        if not self.is_function:
            return {}
        signature = inspect.signature(self.call)
        traced = {}
        for function in self.call.concrete_functions:
            args, kwargs = function.structured_input_signature
            bound = signature.bind_partial(*args, **kwargs)
            bound.apply_defaults()
            traced[function] = without_empty(bound)
        return traced

    def _numbers_of(self, trace: CallTrace) -> int:
        return sum(not has_specs(trace.arguments.get(name)) for name in self.hyperparameters)

    @cached_property
    def inputs(self) -> dict[str, Any]:
        """The nests of specs that calls must be given, by argument, as free as they were traced.

        The first argument is one, and others that are tensors and have no default, or None that
        was never traced.
        """
        found = {}
        for place, (name, parameter) in enumerate(self.parameters.items()):
            traced = [arguments.get(name) for arguments in self._traced.values()]
            nests = [structure for structure in traced if has_specs(structure)]
            never_left = parameter.default is None and len(nests) == len(traced)
            asked = place == 0 or parameter.default is parameter.empty or never_left
            if nests and asked and name != "training":
                found[name] = max(nests, key=freedom)
        return found

    @property
    def taken(self) -> list[dict[str, Any]]:
        """The nests of specs that each trace takes for these, by argument, without repetition."""
        traced = self._traced.values()
        taken = [{n: a[n] for n in self.inputs if has_specs(a.get(n))} for a in traced]
        return [own for place, own in enumerate(taken) if own not in taken[:place]]

    @property
    def input_structure(self) -> Any:
        """What calls must be given: the nest that is the one argument, or all by argument."""
        return next(iter(self.inputs.values())) if len(self.inputs) == 1 else dict(self.inputs)

    def call_with(self, packed: Any, **arguments: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Returns the arguments of a call, by position and by name.

        Args:
            packed: Tensors in `input_structure`.
            **arguments: Others. A mode whose default was never traced is inference, unless given.
        """
        mode = self.parameters.get("training")
        modes = [arguments.get("training") for arguments in self._traced.values()]
        if mode is not None and mode.default not in modes:
            arguments = {"training": False, **arguments}
        given = dict(zip(self.inputs, (packed,), strict=True)) if len(self.inputs) == 1 else packed
        return arranged(self.parameters, {**given, **arguments})

    @cached_property
    def hyperparameters(self) -> dict[str, Any]:
        """Arguments that are tensors in some trace, with their Python defaults."""
        return {
            name: parameter.default
            for name, parameter in self.parameters.items()
            if name not in ("training", *self.inputs)
            and parameter.default is not parameter.empty
            and any(has_specs(arguments.get(name)) for arguments in self._traced.values())
        }

    @cached_property
    def dtypes(self) -> dict[str, tf.DType]:
        """The dtypes of the hyperparameters."""
        return {
            name: arguments[name].dtype
            for arguments in self._traced.values()
            for name in self.hyperparameters
            if isinstance(arguments.get(name), tf.TensorSpec)
        }

    @cached_property
    def flags(self) -> dict[str, dict[str, Any]]:
        """The flags of every way of calling that was traced, `__call__` first."""
        found = {self._label(trace.flags): trace.flags for trace in self.traces}
        return {label: found[label] for label in sorted(found)}

    def _label(self, flags: Mapping[str, Any]) -> str:
        told = {n: v for n, v in flags.items() if v != self.parameters[n].default}
        return f"{PLAIN}({', '.join(f'{n}={v!r}' for n, v in told.items())})" if told else PLAIN

    def ways(self, *, training: bool) -> list[str]:
        """Names the ways of calling that were traced, `__call__` first.

        Args:
            training: In which mode; a model without the argument has only inference.
        """
        if "training" not in self.parameters:
            return [] if training else list(self.flags)
        chosen = [t for t in self.traces if _is(t.arguments["training"], wanted=training)]
        if not training and not chosen:
            chosen = [t for t in self.traces if not _is(t.arguments["training"], wanted=True)]
        labels = {self._label(trace.flags) for trace in chosen}
        return [label for label in self.flags if label in labels]

    def trace_of(self, way: str, *, training: bool) -> CallTrace:
        """Returns the trace that one way of calling takes."""
        for trace in self.traces:
            mode = trace.arguments.get("training", False)
            if self._label(trace.flags) == way and (_is(mode, wanted=training) or mode is None):
                return trace
        raise KeyError(way)

    @cached_property
    def signatures(self) -> dict[str, Any]:
        """Functions by signature name."""
        return dict(sorted(getattr(self.root, "signatures", {}).items()))

    @cached_property
    def signature_ways(self) -> dict[str, Any]:
        """Functions by the way of calling that a signature is."""
        return {f"signature '{name}'": function for name, function in self.signatures.items()}

    @cached_property
    def variables(self) -> dict[str, Any]:
        """The list `variables` by name; without one, what the functions hold."""
        return by_name(self.listed_variables("variables") or self.captured)

    @cached_property
    def trainable_variables(self) -> dict[str, Any]:
        """The list `trainable_variables`, by the names that `variables` gives them."""
        names = {id(variable): name for name, variable in self.variables.items()}
        own = by_name(self.listed_variables("trainable_variables"))
        return {names.get(id(v), name): v for name, v in own.items()}

    @cached_property
    def state(self) -> list[Any]:
        """Every variable that a call may change, listed or not."""
        known = [*self.variables.values(), *self.trainable_variables.values(), *self.captured]
        return list({id(variable): variable for variable in known}.values())

    @property
    def regularization_losses(self) -> list[Any]:
        """The list of that name."""
        return self.listed("regularization_losses")

    @cached_property
    def captured(self) -> list[Any]:
        """The variables that traces and signatures hold, each once."""
        functions = [trace.function for trace in self.traces] + list(self.signatures.values())
        return list({id(v): v for f in functions for v in f.graph.variables}.values())

    def listed(self, name: str) -> list[Any]:
        """Returns one of the root's lists; empty if it has none."""
        return list(getattr(self.root, name, None) or [])

    def listed_variables(self, name: str) -> list[Any]:
        """Returns the variables of such a list, without tables and what could not be loaded."""
        return [value for value in self.listed(name) if isinstance(value, tf.Variable)]


def load(folder: Path) -> Interface:
    """Loads a SavedModel; packages with ops of its own are imported if they are installed.

    Args:
        folder: Where it lies.

    Returns:
        What it offers.

    Raises:
        VerificationError: If it is none, is damaged, or needs what this TensorFlow lacks.
    """
    check_is_there(folder, VerificationError)
    found = _loaded(folder)
    if isinstance(found, Interface):
        return found
    if found.packages and not any(imported(found.packages).values()):
        found = _loaded(folder)
        if isinstance(found, Interface):
            return found
    raise VerificationError(why(found)) from found.error


def _loaded(folder: Path) -> Interface | LoadFailure:
    try:
        _check_variables(folder / "variables" / "variables")
        return Interface(tf.saved_model.load(str(folder)))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  (TensorFlow raises what it likes)
        return LoadFailure(folder, error)


def _check_variables(prefix: Path) -> None:
    """Looks at the values of variables before TensorFlow does, which takes their index for granted.

    Raises:
        CheckpointError: If they are not where the index says, or it says what cannot be.
    """
    if prefix.with_name(f"{prefix.name}.index").is_file():
        read_index(prefix).check_all()


def by_name(variables: Iterable[Any]) -> dict[str, Any]:
    """Keys variables by name, in their order; namesakes are numbered."""
    named: dict[str, Any] = {}
    seen: Counter[str] = Counter()
    for variable in variables:
        name = variable.name.split(":")[0]
        seen[name] += 1
        named[name if seen[name] == 1 else f"{name}#{seen[name]}"] = variable
    return named


def has_specs(value: Any) -> bool:
    """Returns whether an argument is a tensor, or a nest of tensors."""
    return any(isinstance(leaf, tf.TypeSpec) for leaf in tf.nest.flatten(value))


def _is(value: Any, *, wanted: bool) -> bool:
    return isinstance(value, bool) and value is wanted
