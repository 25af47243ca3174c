"""Runs a whole verification in this process, and makes its report."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from checkpoints.names import raw_names
from checkpoints.reader import open_checkpoint
from exporter import digests
from exporter.errors import VerificationError
from exporter.progress import Progress, silent
from exporter.verifier.causes.causes import causes
from exporter.verifier.causes.differing_model import DifferingModel
from exporter.verifier.comparison.allowance import Allowance
from exporter.verifier.comparison.comparing import check_given, compare, paired
from exporter.verifier.comparison.fine_tuning import DRAWN
from exporter.verifier.comparison.summary import summary, thumbnails, versions
from exporter.verifier.noise.conditions import CONDITIONS, Rerun
from exporter.verifier.noise.float_noise import NoiseProcesses, noise_processes, with_noise
from exporter.verifier.report.records import Check, Settings
from exporter.verifier.report.reference import RULES, OriginalGraph, Reference
from exporter.verifier.report.verification_report import VerificationReport
from exporter.verifier.rules.checking import RulesBeside
from exporter.verifier.rules.interface_rules import FEATURES_WITHOUT_DROPOUT, check_rules
from exporter.verifier.subjects.examples import FULL, QUICK, Examples
from exporter.verifier.subjects.given import Given
from exporter.verifier.subjects.image_sizes import tried_sizes
from exporter.verifier.subjects.loading import load_model
from exporter.verifier.subjects.saved_model import LoadedModel
from exporter.verifier.subjects.subject import PLAIN, ModelCallError, Subject
from exporter.verifier.subjects.usable_examples import usable
from exporter.verifier.verify_request import VerifyRequest


def run(
    request: VerifyRequest,
    reference: Reference | None,
    rules: RulesBeside | None = None,
    given: Given | None = None,
    progress: Progress = silent,
) -> VerificationReport:
    """Compares a SavedModel with a reference; without one, checks its interface alone.

    Args:
        request: Which, and how.
        reference: What it is compared with.
        rules: Checks the interface meanwhile, where there is a reference.
        given: The images and arrays that the request names.
        progress: Told what is compared.

    Returns:
        The report, without the model's digest.

    Raises:
        VerificationError: If one of the two cannot be loaded, or both cannot
            be given the same inputs.
    """
    given = given or Given()
    sizes = tried_sizes(request.variant) if request.variant else ()
    if rules is not None and reference is not None:
        rules.begin(request.model_dir, reference.folder, given, sizes)
    model = load_model(request.model_dir, sizes=sizes, given=given)
    if rules is None or reference is None:
        check_given(model, model.examples)
        _check_taken(model)
        return _of_rules(model)
    with ExitStack() as stack:
        measuring: NoiseProcesses | None = None
        if request.noise or request.allowance == "noise":
            asked = Rerun(reference.subject, given.images, arrays=given.arrays)
            measuring = stack.enter_context(noise_processes(asked))
        progress("open reference", 0, None)
        other = stack.enter_context(reference.subject.opened())
        examples = Examples(other.input_spec, FULL, given.images, given.arrays)
        pair = paired(model, other, examples)
        allowance = Allowance(request.allowance, request.atol, request.rtol)
        if measuring and request.allowance == "noise":
            progress("measure noise", 0, None)
            allowance = Allowance("noise", noise=measuring.measure(other, examples))
        compared = list(compare(pair, examples, allowance, progress))
        checks = [*compared, *_with_drawn_features(rules.checks(), compared)]
        if measuring and request.allowance != "noise":
            progress("measure noise", 0, None)
            checks = with_noise(checks, measuring.measure(other, examples))
        differing = DifferingModel(**vars(pair), raw_weights=_raw_weights(reference))
        more = {
            "noise_conditions": CONDITIONS if measuring else (),
            "causes": causes(differing, checks, progress),
            "thumbnails": thumbnails(examples),
        }
        report = summary(pair, reference, examples, allowance, checks)
        return report.model_copy(update=more)


def _with_drawn_features(rules: Iterable[Check], compared: Iterable[Check]) -> Iterator[Check]:
    """Warns of dropout in features that the reference has too, since a faithful copy breaks that.

    As it does with every rule that a SavedModel breaks itself; of an original, the comparison
    tells this one.
    """
    both = any(
        (check.group, check.name, check.case, check.status) == ("dropout", PLAIN, DRAWN, "passed")
        for check in compared
    )
    for rule in rules:
        if both and rule.name == FEATURES_WITHOUT_DROPOUT and rule.status == "failed":
            told = f"{rule.message} The reference breaks this rule too."
            yield rule.model_copy(update={"status": "warning", "message": told})
        else:
            yield rule


def run_quick(folder: Path, reference: Reference, original: Subject) -> VerificationReport:
    """Compares an export with the original, as much as every export waits for.

    Args:
        folder: The SavedModel.
        reference: What it is compared with.
        original: The same, opened.

    Returns:
        The report.

    Raises:
        VerificationError: If the model cannot be loaded, or both cannot be
            given the same inputs.
    """
    examples, allowance = Examples(original.input_spec, QUICK), Allowance()
    pair = paired(load_model(folder), original, examples)
    report = summary(pair, reference, examples, allowance, compare(pair, examples, allowance))
    return report.model_copy(update={"digest": digests.of_folder(folder)})


def _check_taken(model: LoadedModel) -> None:
    """Refuses examples of a user's on which all calls fail: rules would blame the model.

    Raises:
        VerificationError: If they are such.
    """
    failing = {}
    for way in model.ways:
        own = usable(model, way, model.examples)
        if not own.given:
            continue
        try:
            model.inference([way], own.few(1).inputs)
        except ModelCallError as error:
            failing[way] = error.said
        else:
            return
    for way, said in failing.items():
        raise VerificationError(
            f"Model '{model.folder}' cannot be judged: {way} fails on all that it is given:"
            f" {said.rstrip('.')}. Change what is given, or the model."
        )


def _of_rules(model: LoadedModel) -> VerificationReport:
    return VerificationReport(
        settings=Settings(
            model_dir=str(model.folder),
            reference=RULES,
            input_range=model.input_spec.image_range,
        ),
        checks=tuple(check_rules(model)),
        versions=versions(),
    )


def _raw_weights(reference: Reference) -> dict[str, np.ndarray]:
    """Reads the raw values of all variables in whose place there are moving averages."""
    described = reference.subject
    if not isinstance(described, OriginalGraph):
        return {}
    raw = raw_names(described.stored_names)
    checkpoint = open_checkpoint(described.prefix)
    return {n: checkpoint.read(there) for n, there in raw.items() if there in checkpoint.tensors}
