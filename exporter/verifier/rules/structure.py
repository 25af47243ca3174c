"""Rules that a SavedModel's structure keeps or breaks, without being run."""

import itertools
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from exporter.errors import listing
from exporter.signatures import FOLDED, KERAS_TWIN, SERVING
from exporter.verifier.subjects.interface import CallTrace, has_specs
from exporter.verifier.subjects.saved_model import LoadedModel
from exporter.verifier.subjects.subject import PLAIN
from exporter.verifier.subjects.tensor_kinds import shape_of


class NotApplicableError(Exception):
    """A rule says nothing about this model; the message says why."""


def needs(there: object, why_not: str) -> None:
    """Refuses a model that lacks what a rule is about.

    Raises:
        NotApplicableError: If nothing is there.
    """
    if not there:
        raise NotApplicableError(why_not)


def call_is_function(model: LoadedModel) -> Iterator[str]:
    """Checks that `__call__` is a restored `tf.function` with traces."""
    if model.interface.call is None:
        yield "expected __call__, found none"
    elif not model.interface.traces:
        yield f"expected a tf.function with traces, found {type(model.interface.call).__name__}"


def one_input(model: LoadedModel) -> Iterator[str]:
    """Checks that the inputs are the only argument without a default, and tensors."""
    _needs_traces(model)
    parameters = list(model.interface.parameters.values())
    if not parameters:
        yield "expected one required argument, found none"
        return
    required = [p.name for p in parameters if p.default is p.empty]
    if required != [parameters[0].name]:
        yield f"expected one required argument, the first, found {listing(required) or 'none'}"
    if not tf.nest.flatten(model.interface.input_structure):
        yield f"expected '{parameters[0].name}' traced with tensors, found Python values"


def training_is_a_bool(model: LoadedModel) -> Iterator[str]:
    """Checks `training`, where there is such an argument."""
    _needs_traces(model)
    parameter = model.interface.parameters.get("training")
    if parameter is None:
        raise NotApplicableError("there is no argument 'training'")
    if parameter.default is not False:
        default = "none" if parameter.default is parameter.empty else repr(parameter.default)
        yield f"expected default False, found {default}"
    kinds = {type(trace.arguments["training"]) for trace in model.interface.traces}
    if kinds != {bool}:
        yield f"expected traces with Python bools, found {listing(k.__name__ for k in kinds)}"


def hyperparameters_are_tensors(model: LoadedModel) -> Iterator[str]:
    """Checks that numbers can be tensors in every mode, and have a Python number for default."""
    _needs_traces(model)
    named = model.interface.hyperparameters
    numbers = {
        p.name
        for p in model.interface.parameters.values()
        if isinstance(p.default, float) and p.name != "training"
    }
    needs(named or numbers, "there are no arguments that are numbers")
    for name in sorted(named.keys() | numbers):
        free = [_choices(t) for t in model.interface.traces if has_specs(t.arguments.get(name))]
        # Beside one with a tensor, a trace with the default itself does no harm.
        fixed = [t for t in model.interface.traces if _choices(t) not in free]
        if fixed:
            yield (
                f"'{name}' expected traces with a tensor, found only the Python value"
                f" {fixed[0].arguments.get(name)!r} in {len(fixed)}"
            )
        if not isinstance(model.interface.parameters[name].default, bool | int | float):
            yield f"'{name}' expected a Python number as default, found none"


def all_combinations_traced(model: LoadedModel) -> Iterator[str]:
    """Checks that every combination of `training` and the flags has a trace."""
    _needs_traces(model)
    values: dict[str, list[Any]] = {}
    for trace in model.interface.traces:
        for name, value in _choices(trace).items():
            known = values.setdefault(name, [])
            wanted = [False, True] if isinstance(value, bool) else [value]
            known += [v for v in wanted if not any(v is k or v == k for k in known)]
    traced = [_choices(trace) for trace in model.interface.traces]
    for combination in itertools.product(*values.values()):
        chosen = dict(zip(values, combination, strict=True))
        if chosen not in traced:
            told = ", ".join(f"{name}={value!r}" for name, value in chosen.items())
            yield f"expected a trace with {told}, found none"


def variables_are_complete(model: LoadedModel) -> Iterator[str]:
    """Checks that `variables` lists all that the functions use."""
    listed = {id(v) for v in model.interface.listed_variables("variables")}
    missing = [v.name for v in model.interface.captured if id(v) not in listed]
    if missing:
        yield f"expected all {len(model.interface.captured)} in use, missing {listing(missing)}"


def trainable_variables_are_valid(model: LoadedModel) -> Iterator[str]:
    """Checks that each is trainable, in `variables`, and there once."""
    variables = {id(v) for v in model.interface.listed_variables("variables")}
    trainable = model.interface.listed_variables("trainable_variables")
    if frozen := [v.name for v in trainable if not v.trainable]:
        yield f"expected trainable variables only, found {listing(frozen)}"
    if strange := [v.name for v in trainable if id(v) not in variables]:
        yield f"expected a part of variables, found also {listing(strange)}"
    if len({id(v) for v in trainable}) < len(trainable):
        yield "expected each once, found some twice"


def trainable_variables_not_empty(model: LoadedModel) -> Iterator[str]:
    """Checks that there is something to train, where anything could be."""
    could = [v for v in model.interface.captured if v.trainable and v.dtype.is_floating]
    needs(could, "no variable in use is trainable")
    if not model.interface.listed_variables("trainable_variables"):
        yield f"expected up to {len(could)}, found none: fine-tuning would silently do nothing"


def trainable_variables_are_all(model: LoadedModel) -> Iterator[str]:
    """Checks that no trainable variable is left out."""
    listed = {id(v) for v in model.interface.listed_variables("trainable_variables")}
    needs(listed, "trainable_variables is empty")
    left_out = [v.name for v in model.interface.captured if v.trainable and id(v) not in listed]
    if left_out:
        yield f"expected all variables that are trainable, missing {listing(left_out)}"


def losses_are_scalars(model: LoadedModel) -> Iterator[str]:
    """Checks that each regularization loss takes nothing and returns a float scalar."""
    losses = model.interface.regularization_losses
    needs(losses, "there are no regularization losses")
    for index, loss in enumerate(losses):
        try:
            value = tf.convert_to_tensor(loss())
        except (TypeError, ValueError, tf.errors.OpError) as error:
            yield f"loss {index} expected a call without arguments, found {type(error).__name__}"
            continue
        if value.shape.rank != 0 or not value.dtype.is_floating:
            yield f"loss {index} expected a float scalar, found {value.dtype.name} {value.shape}"


def one_signature(model: LoadedModel) -> Iterator[str]:
    """Checks that there is the one signature that servers call by default, or its twins."""
    signatures = model.interface.signatures
    names = list(signatures)
    twins = [name for name in names if name in (FOLDED, KERAS_TWIN)]
    if [name for name in names if name not in twins] != [SERVING]:
        yield f"expected {SERVING} alone, found {listing(names) or 'none'}"
        return
    expected = _tensors(signatures[SERVING])
    for name in twins:
        if (found := _tensors(signatures[name])) != expected:
            yield f"{name} expected {expected} as {SERVING} has it, found {found}"


def _tensors(signature: Any) -> str:
    """Describes what a signature takes and gives."""
    shapes = [
        ", ".join(f"{key} {spec.dtype.name} {spec.shape}" for key, spec in sorted(specs.items()))
        for specs in (signature.structured_input_signature[1], signature.structured_outputs)
    ]
    return " -> ".join(shapes)


def signature_names(model: LoadedModel) -> Iterator[str]:
    """Checks the names of a signature's input and output, of models of images."""
    needs_images(model)
    served = model.interface.signatures.get("serving_default")
    if served is None:
        raise NotApplicableError("there is no signature 'serving_default'")
    inputs = list(served.structured_input_signature[1])
    if inputs != ["inputs"]:
        yield f"expected the input 'inputs', found {listing(map(repr, inputs))}"
    outputs = list(served.structured_outputs)
    if outputs not in (["feature_vector"], ["logits"]):
        found = listing(map(repr, outputs))
        yield f"expected the output 'feature_vector' or 'logits', found {found}"


def images_are_float(model: LoadedModel) -> Iterator[str]:
    """Checks the dtype and layout of images."""
    _needs_traces(model)
    specs = model.spec_of(PLAIN).specs if PLAIN in model.ways else model.input_spec.specs
    shapes = [shape_of(spec) for spec in specs]
    colours = len(shapes) == 1 and shapes[0].rank == 4 and shapes[0][3] == 3
    needs(colours, "the model takes no images in RGB")
    if specs[0].dtype != tf.float32:
        found = f"{specs[0].dtype.name} {specs[0].shape}"
        yield f"expected float32 [batch, height, width, 3], found {found}"


def batch_is_free(model: LoadedModel) -> Iterator[str]:
    """Checks that no trace and no signature fixes the batch size."""
    for way in model.ways:
        for spec in model.spec_of(way).specs:
            shape = shape_of(spec)
            if shape.rank and shape[0] is not None:
                yield f"{way} expected any batch size, found {shape[0]}"


def output_is_a_matrix(model: LoadedModel) -> Iterator[str]:
    """Checks what models of images return."""
    needs_images(model)
    needs(PLAIN in model.ways, "there is no __call__")
    output = model.interface.trace_of(PLAIN, training=False).function.structured_outputs
    if not isinstance(output, tf.TensorSpec | tf.Tensor):
        yield f"expected one tensor [batch, n], found a {type(output).__name__}"
    elif output.dtype != tf.float32 or output.shape.rank != 2:
        yield f"expected float32 [batch, n], found {output.dtype.name} {output.shape}"


def needs_images(model: LoadedModel) -> None:
    """Refuses models that take no images.

    Raises:
        NotApplicableError: For those.
    """
    needs(model.ways and model.input_spec.image_size, "the model takes no images")


def _needs_traces(model: LoadedModel) -> None:
    needs(model.interface.traces, "there is no __call__ with traces")


def _choices(trace: CallTrace) -> dict[str, Any]:
    """Returns the Python values of a trace, `training` included."""
    mode = trace.arguments.get("training")
    return ({"training": mode} if isinstance(mode, bool) else {}) | trace.flags
