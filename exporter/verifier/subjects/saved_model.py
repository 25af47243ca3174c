"""A SavedModel as the verifier runs it, whoever made it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from exporter.errors import listing
from exporter.protobufs import nodes_of
from exporter.verifier.subjects.as_written import as_written
from exporter.verifier.subjects.chosen_trace import call_chosen_trace
from exporter.verifier.subjects.descriptions import described
from exporter.verifier.subjects.examples import FULL, Examples
from exporter.verifier.subjects.fitting_probes import refusals, with_far_numbers
from exporter.verifier.subjects.given import Given
from exporter.verifier.subjects.guarded_call import GuardedCall
from exporter.verifier.subjects.image_sizes import tried_sizes
from exporter.verifier.subjects.input_spec import InputSpec
from exporter.verifier.subjects.interface import Interface
from exporter.verifier.subjects.probes import PROBES
from exporter.verifier.subjects.subject import (
    BARE,
    DEFAULTS,
    Arrays,
    Derivative,
    Gradients,
    Inputs,
    Numbers,
    Refusal,
    TrainingCall,
    draw,
    flat,
    named,
    projected,
    value_of,
)
from exporter.verifier.subjects.watched_state import WatchedState
from slim_nets.recognition import recognized


@dataclass(frozen=True)
class LoadedModel:
    """A SavedModel behind the `Subject` protocol.

    Attributes:
        folder: Where it lies.
        interface: What it offers.
        main: The way of calling that examples are made for; empty for the first.
        sizes: Heights and widths at which images are tried that may have any, the usual one first;
            empty for those of the network that it is.
        given: What it can be run on beside what is made up.
    """

    folder: Path
    interface: Interface
    main: str = ""
    sizes: tuple[tuple[int, int], ...] = ()
    given: Given = field(default_factory=Given)

    @property
    def input_spec(self) -> InputSpec:
        """What the main way takes, or `__call__`, or the first signature; nothing without any."""
        way = self.main or next(iter(self.ways), None)
        return self.spec_of(way) if way else InputSpec(())

    @property
    def examples(self) -> Examples:
        """What there is to run it on; of which each way of calling takes its own."""
        return Examples(self.input_spec, FULL, self.given.images, self.given.arrays)

    def spec_of(self, way: str) -> InputSpec:
        """Returns what one way of calling takes."""
        if way not in self._specs:
            self._specs[way] = self._read_spec(way)
            if not self._state.lasting(way):
                self._specs[way] = with_far_numbers(self._specs[way], partial(self._try, way))
        return self._specs[way]

    @cached_property
    def _specs(self) -> dict[str, InputSpec]:
        return {}

    @cached_property
    def _refusals(self) -> dict[str, dict[str, Refusal]]:
        return {}

    @cached_property
    def _state(self) -> WatchedState:
        return WatchedState(self.interface)

    def _read_spec(self, way: str) -> InputSpec:
        structure = self._structure(way)
        specs = tf.nest.flatten(structure)
        places = named(tf.nest.pack_sequence_as(structure, list(range(len(specs)))))
        names = sorted(places, key=lambda name: places[name])
        if names == [BARE]:
            names = list(self.interface.inputs)
        if len(names) != len(specs):
            names = [str(place) for place in range(len(specs))]
        spec = InputSpec(tuple(specs), (), tuple(names), self.given.input_range)
        return replace(spec, sizes=self.sizes or self._own_sizes) if spec.any_size else spec

    @cached_property
    def _own_sizes(self) -> tuple[tuple[int, int], ...]:
        found = recognized(self.variables(), (None, None))
        return tried_sizes(found[0]) if found else ()

    def refusals(self, way: str) -> Mapping[str, Refusal]:
        """Returns why values that are made up do not fit a way of calling, by probe.

        Any number may stand in an image of a known size, so those are not tried.
        """
        if way not in self._refusals and (lasting := self._state.lasting(way)):
            said = f"expected calls whose changes can be put back, found {listing(lasting)}"
            self._refusals[way] = dict.fromkeys(PROBES, Refusal("changes", said))
        if way not in self._refusals:
            spec = self.spec_of(way)
            known = spec.image_size is not None and (bool(spec.sizes) or not spec.any_size)
            self._refusals[way] = {} if known else dict(refusals(spec, partial(self._try, way)))
        return self._refusals[way]

    def _try(self, way: str, inputs: Inputs) -> None:
        self.inference([way], inputs)

    def signature_inputs(self, way: str) -> tuple[str, ...]:
        """Returns the names of a signature's inputs, as they are flattened: in sorted order."""
        return tuple(sorted(self.interface.signature_ways[way].structured_input_signature[1]))

    @property
    def ways(self) -> tuple[str, ...]:
        """The traced ways of calling in inference mode, then the signatures."""
        return (*self.interface.ways(training=False), *self.interface.signature_ways)

    @property
    def training_ways(self) -> tuple[str, ...]:
        """The traced ways of calling in training mode."""
        return tuple(self.interface.ways(training=True))

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """Arguments that are tensors and their defaults."""
        return self.interface.hyperparameters

    @property
    def trainable(self) -> tuple[str, ...]:
        """Names of the trainable variables."""
        return tuple(self.interface.trainable_variables)

    @property
    def flagged(self) -> tuple[str, ...]:
        """Names of the variables that say themselves that they are trainable."""
        return tuple(name for name, v in self.interface.variables.items() if v.trainable)

    def described(self) -> dict[str, str]:
        """Describes arguments, defaults of hyperparameters, signatures, and assets."""
        return described(self.interface, self.folder)

    def variables(self) -> Arrays:
        """Returns all variables by name."""
        return {n: value_of(v) for n, v in self.interface.variables.items()}

    def assign(self, values: Mapping[str, np.ndarray]) -> None:
        """Sets variables by name."""
        for name, value in values.items():
            self.interface.variables[name].assign(value, read_value=False)

    def inference(
        self, ways: Sequence[str], inputs: Inputs, numbers: Numbers = DEFAULTS
    ) -> dict[str, Arrays]:
        """Calls in inference mode, and puts back what a call changes."""
        found = {}
        for way in ways:
            with self._state.watched(way, tuple(value.shape for value in inputs)):
                found[way] = flat(self.call(way, inputs, **self._numbers(numbers)))
        return found

    def left(self, way: str) -> Arrays:
        """Returns the variables that the last call changed this way, before they were put back."""
        return self._state.left(way)

    def training(
        self, ways: Sequence[str], inputs: Inputs, hyperparameters: Mapping[str, float]
    ) -> dict[str, TrainingCall]:
        """Calls each way once in training mode."""
        calls = {}
        for way in ways:
            with self._state.put_back():
                mode = self._training_mode(hyperparameters)
                outputs = flat(self.call(way, inputs, **mode))
                calls[way] = TrainingCall(outputs, self.variables())
        return calls

    def draws(self, way: str) -> bool:
        """Says whether the trace of a way in training mode has ops that draw at random."""
        function = self.interface.trace_of(way, training=True).function
        return draw(nodes_of(function.graph.as_graph_def()))

    def gradients(self, asked: Derivative) -> Gradients:
        """Differentiates by every trainable variable, with TensorFlow's tape."""
        with self._state.put_back():
            return self._differentiate(lambda: self.loss(asked))

    def loss(self, asked: Derivative) -> tf.Tensor:
        """Returns the number that is differentiated."""
        mode = self._training_mode(asked.hyperparameters) if asked.training else {}
        outputs = self.call(asked.way, asked.inputs, directly=True, **mode)
        return projected(named(outputs)[asked.target])

    def _training_mode(self, hyperparameters: Mapping[str, float]) -> dict[str, Any]:
        """Returns the arguments of a call; numbers as tensors, so that one trace does for all."""
        given = {**self.hyperparameters, **hyperparameters}
        return {"training": True, **self._numbers(given)}

    def _numbers(self, given: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        dtypes = self.interface.dtypes
        known = {n: v for n, v in given.items() if n in dtypes and v is not None}
        return {n: tf.constant(v, dtypes[n]) for n, v in known.items()}

    def losses(self) -> tuple[Arrays, Gradients]:
        """Returns the regularization losses, and the gradients of their sum."""
        functions = self.interface.regularization_losses
        values = {str(i): value_of(loss()) for i, loss in enumerate(functions)}
        if not functions:
            return values, {}
        return values, self._differentiate(lambda: tf.add_n([loss() for loss in functions]))

    def call(self, way: str, inputs: Inputs, *, directly: bool = False, **arguments: Any) -> Any:
        """Calls the model one way.

        Args:
            way: One of `ways` or `training_ways`.
            inputs: One batch, flattened.
            directly: Whether to call the trace itself that `__call__` chooses. Around it, for every
                shape, TensorFlow may optimize in another way, and a fault may show there alone.
            **arguments: `training` and hyperparameters.

        Returns:
            What the model returns.
        """
        guarded = GuardedCall(
            self.folder, self.interface, way, inputs, training=bool(arguments.get("training"))
        )
        return guarded.result(lambda: self._called(way, inputs, directly=directly, **arguments))

    def _called(self, way: str, inputs: Inputs, *, directly: bool, **arguments: Any) -> Any:
        tensors = self.spec_of(way).tensors(inputs)
        packed = tf.nest.pack_sequence_as(self._structure(way), tensors)
        if way in self.interface.signature_ways:
            return self.interface.signature_ways[way](**packed)
        arguments |= self.interface.flags[way]
        args, kwargs = self.interface.call_with(packed, **arguments)
        if directly:
            return call_chosen_trace(self.interface.call, *args, **kwargs)
        return self.interface.call(*args, **kwargs)

    def _structure(self, way: str) -> Any:
        if way in self.interface.signature_ways:
            return dict(self.interface.signature_ways[way].structured_input_signature[1])
        return self.interface.input_structure

    def _differentiate(self, loss: Callable[[], Any]) -> Gradients:
        variables = self.interface.trainable_variables
        with as_written():
            with tf.GradientTape() as tape:
                value = loss()
            gradients = tape.gradient(value, variables)
        return {
            name: None if gradient is None else value_of(tf.convert_to_tensor(gradient))
            for name, gradient in gradients.items()
        }
