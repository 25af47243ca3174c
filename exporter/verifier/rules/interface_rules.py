"""The rules of the Reusable SavedModel interface and of TensorFlow Hub's image conventions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from exporter.errors import reason
from exporter.verifier.comparison.collect import CALL_ERRORS
from exporter.verifier.report.records import Check, Status
from exporter.verifier.rules import behaviour, serving, structure
from exporter.verifier.rules.structure import NotApplicableError
from exporter.verifier.subjects.saved_model import LoadedModel


@dataclass(frozen=True)
class Rule:
    """One clause.

    Attributes:
        number: As people refer to it; never given to another rule.
        title: What holds.
        fix: What to do where it does not.
        check: Yields how a model breaks it.
        level: Whether breaking it is a failure or only a warning.
    """

    number: str
    title: str
    fix: str
    check: Callable[[LoadedModel], Iterator[str]]
    level: Literal["required", "recommended"] = "required"


# Which a comparison may say more of.
FEATURES_WITHOUT_DROPOUT = "R19"

RULES: tuple[Rule, ...] = (
    Rule(
        "R01",
        "__call__ is a tf.function",
        "Attach a tf.function as __call__ and trace it before saving.",
        structure.call_is_function,
    ),
    Rule(
        "R02",
        "__call__ has one required argument, a tensor or a list or dict of tensors",
        "Give every other argument a default.",
        structure.one_input,
    ),
    Rule(
        "R03",
        "training is a Python bool with default False",
        "Declare training=False and trace it with True and with False.",
        structure.training_is_a_bool,
    ),
    Rule(
        "R04",
        "hyperparameters are traced as tensors and have Python defaults",
        "Trace them with tf.TensorSpec([], tf.float32) and declare a number as default.",
        structure.hyperparameters_are_tensors,
    ),
    Rule(
        "R05",
        "__call__ is traced for all permissible combinations",
        "Call get_concrete_function once for each combination of the Python arguments.",
        structure.all_combinations_traced,
    ),
    Rule(
        "R06",
        "variables is complete",
        "List every variable that any call may use.",
        structure.variables_are_complete,
    ),
    Rule(
        "R07",
        "trainable_variables are trainable, a part of variables, and each there once",
        "Build it as [v for v in variables if v.trainable].",
        structure.trainable_variables_are_valid,
    ),
    Rule(
        "R08",
        "trainable_variables is not empty where gradients could flow",
        "List the variables to fine-tune; TensorFlow Hub only logs an error.",
        structure.trainable_variables_not_empty,
    ),
    Rule(
        "R09",
        "trainable_variables has every variable in use that says it is trainable",
        "Add it, or create it with trainable=False.",
        structure.trainable_variables_are_all,
        level="recommended",
    ),
    Rule(
        "R10",
        "gradients flow to every trainable variable",
        "Look for tf.stop_gradient, for casts, and for variables that no output depends on.",
        behaviour.gradients_flow,
    ),
    Rule(
        "R11",
        "regularization_losses are functions without arguments that return float scalars",
        "Wrap each as tf.function(input_signature=[]).",
        structure.losses_are_scalars,
    ),
    Rule(
        "R12",
        "there is one signature, serving_default; beside it only twins, serving_folded and Keras'"
        " serve",
        "Save with signatures={'serving_default': ...}. Consumers choose a signature by name, and"
        " any other is a second interface; twins take and give what serving_default does, so that"
        " whoever does not know them loses nothing.",
        structure.one_signature,
    ),
    Rule(
        "R13",
        "the signature of a model of images maps inputs to feature_vector or logits",
        "Name the argument and the key of the returned dict so.",
        structure.signature_names,
    ),
    Rule(
        "R14",
        "images are float32 [batch, height, width, 3]",
        "Trace with tf.TensorSpec([None, height, width, 3], tf.float32).",
        structure.images_are_float,
    ),
    Rule(
        "R15",
        "images in [0, 1] are rescaled inside",
        "Rescale them in front of the first convolution.",
        behaviour.images_are_rescaled,
        level="recommended",
    ),
    Rule(
        "R16",
        "no trace fixes the batch size",
        "Trace with None as the first dimension.",
        structure.batch_is_free,
    ),
    Rule(
        "R17",
        "batches of any size are answered in full",
        "Look for reshapes and constants that contain the batch size.",
        behaviour.any_batch_size,
    ),
    Rule(
        "R18",
        "models of images return float32 [batch, n]",
        "Return end points and other extras only where a flag asks for them.",
        structure.output_is_a_matrix,
    ),
    Rule(
        FEATURES_WITHOUT_DROPOUT,
        "features have no dropout",
        "Leave dropout to whoever adds a classifier.",
        behaviour.features_have_no_dropout,
    ),
    Rule(
        "R20",
        "logits are no probabilities",
        "Return what enters the softmax.",
        behaviour.logits_are_logits,
    ),
    Rule(
        "R21",
        "without training, a call is in inference mode",
        "Let both defaults lead to the same trace.",
        behaviour.inference_is_the_default,
    ),
    Rule(
        "R22",
        "inference changes no variable",
        "Run updates only where training is True.",
        behaviour.inference_changes_nothing,
    ),
    Rule(
        "R23",
        "the default of every hyperparameter is what the argument specification says",
        "Use the argument, and no constant, in every trace.",
        behaviour.default_hyperparameters_are_true,
    ),
    Rule(
        "R24",
        "the batch-norm momentum is used, and every moving average is updated",
        "Run all updates in training mode, each with the momentum that was given.",
        behaviour.hyperparameters_count,
    ),
    Rule(
        "R25",
        "outputs are finite",
        "Look for divisions by zero, and for weights that are not numbers.",
        behaviour.outputs_are_finite,
    ),
    Rule(
        "R26",
        "the batch-norm momentum changes nothing in inference",
        "Use it in training mode only.",
        behaviour.momentum_is_for_training,
    ),
    Rule(
        "R27",
        "servers, which read the graph, run what the object's signatures run",
        "Save the model anew; do not edit its protobuf.",
        serving.servers_run_the_signature,
    ),
)


def check_rules(
    model: LoadedModel, reference: Callable[[], LoadedModel] | None = None
) -> Iterator[Check]:
    """Checks every rule.

    Args:
        model: What is judged.
        reference: Gives a SavedModel, if it is compared with one: what that breaks in the same way
            is a warning, since a faithful copy breaks it too. It is asked for where one is broken.

    Yields:
        One check a rule.
    """
    for rule in RULES:
        status, message = _apply(rule, model)
        if status == "failed" and reference is not None:
            other, same = _apply(rule, reference())
            if other == "failed" and same == message:
                status, message = "warning", f"{message} The reference breaks this rule too."
        yield Check(
            group="interface", name=rule.number, case=rule.title, status=status, message=message
        )


def _apply(rule: Rule, model: LoadedModel) -> tuple[Status, str]:
    try:
        broken = list(rule.check(model))
    except NotApplicableError as error:
        return "skipped", str(error)
    except CALL_ERRORS as error:
        broken = [f"expected a result, found an error: {reason(error)}"]
    if not broken:
        return "passed", ""
    status: Status = "failed" if rule.level == "required" else "warning"
    return status, f"{'; '.join(broken)}. {rule.fix}"
