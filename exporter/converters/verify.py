"""Makes the report of one converted model."""

from dataclasses import replace
from importlib import metadata
from pathlib import Path

from exporter import digests, temporary
from exporter.converters.check import IMAGES, compare_end_points, compare_outputs
from exporter.converters.formats import Format, Options
from exporter.converters.request import ConvertTask, by_key
from exporter.converters.source import Source
from exporter.errors import reason
from exporter.verifier.comparison.allowance import Allowance
from exporter.verifier.comparison.summary import versions
from exporter.verifier.report.records import NAIVE, Check, Settings, VerificationReport
from exporter.verifier.subjects.examples import FULL, Examples, Plan

# Judged by a cosine: photographs, or where none are given the probes that could be some.
_QUANTIZED = Plan(
    IMAGES, FULL.batch_sizes, (), FULL.training_batch, gradients=False, every_way=False
)

# On so many examples, no two tensors of a network are alike.
_TELLING = 2


def verified(
    source: Source, row: Format, target: Path, task: ConvertTask, options: Options
) -> VerificationReport:
    """Runs a converted model in its own runtime and compares it with the SavedModel.

    End points are compared where the outputs differ too much, to find where
    that begins; of a quantized model always, since they differ everywhere.

    Args:
        source: The SavedModel.
        row: The format.
        target: What was written.
        task: What was asked for.
        options: What the conversion was made with.

    Returns:
        The report; it may say that checks failed.
    """
    images = tuple(map(Path, task.images))
    plan = FULL if row.floor is None else _QUANTIZED
    if images and row.floor is not None:
        plan = replace(plan, probes=())
    spec = source.model.spec_of(source.way)
    examples = Examples(spec, plan, images if spec.image_size else ())
    allowance = Allowance("noise", noise=by_key(task.noise))
    with row.converter.opened(target, None) as run:
        checks = compare_outputs(run, source, row, examples, allowance)
    failed = any(check.status == "failed" for check in checks)
    if row.floor is not None or failed:
        within = _end_points(source, row, target, options, examples, allowance)
        checks += within if failed else [_remark(c, "the outputs are right") for c in within]
    if row.naive:
        checks += _naive(source, row, options, examples, allowance)
    if row.trains:
        checks += row.trainer.checks(target, source, examples, allowance)
    settings = Settings(
        model_dir=f"{row.name}: {target.name}",
        reference=f"SavedModel '{source.folder}'",
        variant=source.network.variant.name if source.network.variant else "",
        allowance=allowance.summary() if row.floor is None else f"cosine {row.floor:g}",
        images=examples.names,
        subject=f"File '{target.name}'",
    )
    return VerificationReport(
        settings=settings,
        digest=digests.of_folder(target.parent),
        reference_digest=digests.of_folder(source.folder),
        versions=versions() | _versions(row),
        checks=tuple(checks),
    )


def _end_points(
    source: Source,
    row: Format,
    target: Path,
    options: Options,
    examples: Examples,
    allowance: Allowance,
) -> list[Check]:
    """Compares the end points inside the file, or of one with the end points as outputs."""
    shown = source.end_points()
    if shown is None:
        return []
    try:
        return _compared(shown, row, target, options, examples, allowance)
    except Exception as error:  # noqa: BLE001  (a converter raises what it likes)
        # They explain what is found of the outputs, and decide nothing.
        message = f"end points could not be read: {reason(error)}"
        return [Check(group="end points", name=shown.way, status="skipped", message=message)]


def _compared(
    shown: Source,
    row: Format,
    target: Path,
    options: Options,
    examples: Examples,
    allowance: Allowance,
) -> list[Check]:
    if row.inside:
        (images,) = examples.few(_TELLING).inputs
        run = row.quantizer.layers(target, shown, images)
        return compare_end_points(run, shown, row, examples, allowance)
    with temporary.folder() as place:
        other = place / row.file
        row.converter.convert(shown, other, replace(options, labels=None))
        with row.converter.opened(other, None) as run:
            return compare_end_points(run, shown, row, examples, allowance)


def _naive(
    source: Source, row: Format, options: Options, examples: Examples, allowance: Allowance
) -> list[Check]:
    """Converts to the same without care, to show what the care is for; nothing of it can fail."""
    try:
        checks = _careless(source, row, options, examples, allowance)
    except Exception as error:  # noqa: BLE001  (a converter raises what it likes)
        check = Check(group="outputs", name=source.way, case=NAIVE, status="skipped")
        return [check.model_copy(update={"message": f"could not be converted: {reason(error)}"})]
    named = [check.model_copy(update={"case": f"{NAIVE}, {check.case}"}) for check in checks]
    return [_remark(check, "not what was written") for check in named]


def _careless(
    source: Source, row: Format, options: Options, examples: Examples, allowance: Allowance
) -> list[Check]:
    naive = replace(row, name=row.naive, inside=False)
    fewer = replace(examples, plan=replace(examples.plan, batch_sizes=(1,)))
    with temporary.folder() as place:
        target = place / row.file
        naive.converter.convert(source, target, options)
        with naive.converter.opened(target, None) as run:
            checks = compare_outputs(run, source, naive, fewer, allowance)
        return checks + _end_points(source, naive, target, options, fewer, allowance)


def _remark(check: Check, why: str) -> Check:
    """Returns a check that does not fail; where it did, with the reason why that is no failure."""
    if check.status != "failed":
        return check
    return check.model_copy(update={"status": "warning", "message": f"{why}; {check.message}"})


def _versions(row: Format) -> dict[str, str]:
    names = metadata.packages_distributions()
    found = {name for package in row.packages for name in names.get(package.split(".")[0], ())}
    return {name: metadata.version(name) for name in sorted(found)} | dict(row.fetched)
