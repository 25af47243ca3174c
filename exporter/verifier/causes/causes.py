"""Tries known mistakes as explanations of why a model differs from its reference.

Each hypothesis computes what the reference would give with the mistake in it.
It explains the difference if the model gives just that.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from exporter.progress import Progress
from exporter.verifier.causes import changed_ops, changed_state
from exporter.verifier.causes.differing_model import DifferingModel
from exporter.verifier.comparison.collect import CALL_ERRORS
from exporter.verifier.report.records import Cause, Check
from exporter.verifier.subjects.op_by_op import UnsupportedError
from exporter.verifier.subjects.subject import MOMENTUM
from slim_nets.registry import Variant


@dataclass(frozen=True)
class Hypothesis:
    """A known mistake.

    Attributes:
        name: What it is called.
        fix: What to do about it.
        evidence: Says how the model matches it; empty if it does not.
    """

    name: str
    fix: str
    evidence: Callable[[DifferingModel], str]


# Of any network; each has its own beside them.
HYPOTHESES: tuple[Hypothesis, ...] = (
    Hypothesis(
        "raw weights instead of the moving averages",
        "Restore .../ExponentialMovingAverage.",
        changed_state.raw_weights_used,
    ),
    Hypothesis(
        "batch-norm epsilon",
        "Use the epsilon of the reference.",
        changed_ops.changed_ops(changed_ops.EPSILON),
    ),
    Hypothesis(
        "padding",
        "Use SAME, which pads an even image at one side only.",
        changed_ops.changed_ops(changed_ops.PADDING),
    ),
    Hypothesis(
        "BGR",
        "Take images as RGB.",
        changed_state.changed_inputs({"channels in reverse": lambda x: x[..., ::-1]}),
    ),
    Hypothesis("missing background class", "Keep class 0.", changed_state.background_missing),
    Hypothesis("momentum ignored", f"Use the argument {MOMENTUM}.", changed_state.momentum_ignored),
    Hypothesis(
        "updates not run", "Run the updates of the moving averages.", changed_state.updates_not_run
    ),
    Hypothesis(
        "folded batch norm in a model that claims to be fine-tunable",
        "Keep gamma, beta and both averages as variables.",
        changed_state.batch_norm_folded,
    ),
)


def causes(
    differing: DifferingModel, checks: Iterable[Check], progress: Progress
) -> tuple[Cause, ...]:
    """Tries every known mistake, if there is something to explain beside broken rules.

    Args:
        differing: The model.
        checks: What was found of it.
        progress: Told that causes are looked for.

    Returns:
        One a mistake, in the order in which they are tried.
    """
    if not any(check.status == "failed" and check.group != "interface" for check in checks):
        return ()
    progress("look for the cause", 0, None)
    return tuple(_tried(differing))


def _input_range(low: float, high: float) -> Hypothesis:
    """Makes the hypothesis that images are not rescaled from [0, 1] to a range, once."""
    told = {
        f"the model takes [{low:g}, {high:g}]": lambda x: (x - low) / (high - low),
        "the model takes [0, 255]": lambda x: x / 255,
        "the model multiplies by 255 inside": lambda x: x * 255,
        "the model rescales twice": lambda x: (high - low) * x + low,
    }
    fix = "Take images in [0, 1] and rescale them inside, once."
    return Hypothesis("input range", fix, changed_state.changed_inputs(told))


def hypotheses(variant: Variant | None) -> Iterator[Hypothesis]:
    """Yields the known mistakes of any network, then those of one that is known."""
    yield from HYPOTHESES
    # Most networks compute with [-1, 1] inside.
    yield _input_range(*(variant.network.input_range if variant else (-1.0, 1.0)))
    if variant is None:
        return
    for widths in variant.network.other_widths:
        yield Hypothesis(widths.name, widths.fix, changed_state.other_widths(widths.build))
    for constant in variant.network.other_constants:
        changes = changed_ops.other_constant(constant.right, constant.wrong)
        yield Hypothesis(constant.name, constant.fix, changed_ops.changed_ops(changes))


def _tried(differing: DifferingModel) -> Iterator[Cause]:
    for hypothesis in hypotheses(differing.network.variant):
        try:
            evidence = hypothesis.evidence(differing)
        except (*CALL_ERRORS, UnsupportedError, StopIteration) as error:
            explains, evidence = False, f"could not be tried: {type(error).__name__}"
        else:
            explains = bool(evidence)
        yield Cause(name=hypothesis.name, explains=explains, evidence=evidence, fix=hypothesis.fix)
