"""Makes the report of one converted model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

from exporter import digests, temporary
from exporter.converters.checks.converted_outputs import (
    IMAGES,
    compare_end_points,
    compare_outputs,
)
from exporter.converters.convert_request import ConvertRequest
from exporter.converters.format_table import Format
from exporter.converters.source_model import SourceModel
from exporter.errors import ConversionError, reason
from exporter.verifier.comparison.allowance import Allowance, Noise
from exporter.verifier.comparison.summary import versions
from exporter.verifier.report.records import NAIVE, Cause, Check, Settings
from exporter.verifier.report.verification_report import VerificationReport
from exporter.verifier.subjects.examples import FULL, Examples, Plan
from exporter.verifier.subjects.usable_examples import no_inputs, usable

# Judged by a cosine: photographs, or where none are given the probes that could be some.
_QUANTIZED = Plan(
    IMAGES, FULL.batch_sizes, (), FULL.training_batch, gradients=False, every_way=False
)

# On so many examples, no two tensors of a network are alike.
_TELLING = 2

_Convert = Callable[[SourceModel, Path, ConvertRequest], None]


def verified(
    source: SourceModel, row: Format, target: Path, request: ConvertRequest, noise: Noise
) -> VerificationReport:
    """Runs a converted model in its own runtime and compares it with the SavedModel.

    End points are compared where the outputs differ too much, to find where
    that begins; of a quantized model always, since they differ everywhere.

    Args:
        source: The SavedModel.
        row: The format.
        target: What was written.
        request: What was asked for.
        noise: The SavedModel's own; not needed in formats that are judged by a cosine.

    Returns:
        The report, without the SavedModel's digest; it may say that checks failed.

    Raises:
        ConversionError: If what was written changes while it is compared.
    """
    allowance = Allowance("noise", noise=noise)
    judge = _Judge(source, row, request, _examples(source, row, request), allowance)
    whole = f"Conversion '{target.name}'"
    with digests.unchanged_folder(target.parent, ConversionError, whole) as digest:
        checks = judge.checks(target)
        causes = judge.causes(target, checks)
    settings = Settings(
        model_dir=f"{row.name}: {target.name}",
        reference=f"SavedModel '{source.folder}'",
        variant=source.name,
        allowance=allowance.summary() if row.floor is None else f"cosine {row.floor:g}",
        images=judge.examples.names,
        input_range=source.spec.image_range,
        subject=f"File '{target.name}'",
    )
    return VerificationReport(
        settings=settings,
        digest=digest,
        versions=versions() | _versions(row),
        checks=tuple(checks),
        causes=causes,
        ops=row.converter.op_counts(target) if row.counted else None,
    )


def _examples(source: SourceModel, row: Format, request: ConvertRequest) -> Examples:
    plan = FULL if row.floor is None else _QUANTIZED
    if request.image_files and row.floor is not None:
        plan = replace(plan, probes=())
    own = usable(source.model, source.way, Examples(source.spec, plan, request.image_files))
    if not own.names:
        raise ConversionError(
            f"SavedModel '{source.folder}' cannot be compared with what is converted:"
            f" {no_inputs(source.model, source.way)}. Leave {row.name} out."
        )
    return replace(own, spec=source.spec)


@dataclass(frozen=True)
class _Judge:
    """Compares conversions of one SavedModel to one format."""

    source: SourceModel
    row: Format
    request: ConvertRequest
    examples: Examples
    allowance: Allowance

    def checks(self, target: Path) -> list[Check]:
        """Compares all that the format's row asks for."""
        checks = self.outputs(target)
        failed = any(check.status == "failed" for check in checks)
        if self.row.floor is not None or failed:
            within = self.end_points(target)
            checks += within if failed else [_remark(c, "the outputs are right") for c in within]
        if self.row.eight_bits:
            checks += self.naive()
        if self.row.trains:
            more = (target, self.source, self.examples, self.allowance)
            checks += self.row.converter.checks(*more)
        return checks

    def outputs(self, target: Path) -> list[Check]:
        """Compares what a file gives."""
        with self.row.converter.opened(target, None) as run:
            return compare_outputs(run, self.source, self.row, self.examples, self.allowance)

    def causes(self, target: Path, checks: Sequence[Check]) -> tuple[Cause, ...]:
        """Tries, where outputs differ, whether the file gives them when nothing rewrites it."""
        wrong = [check for check in checks if check.status == "failed" and check.group == "outputs"]
        if not (self.row.rewritten and wrong):
            return ()
        with self.row.converter.opened_as_written(target, None) as run:
            plain = compare_outputs(run, self.source, self.row, self.examples, self.allowance)
        left = [check for check in plain if check.status == "failed"]
        rest = f"{len(left)} without it{_by(left)}"
        return (
            Cause(
                name=f"{self.row.rewritten}'s optimizer, which rewrites the graph that it loads",
                explains=not left,
                evidence=f"{len(wrong)} checks of outputs fail with it{_by(wrong)}, {rest}",
                fix="The graph itself is right: leave the format out, or save a model that computes"
                " in a wider type.",
            ),
        )

    def end_points(self, target: Path) -> list[Check]:
        """Compares the end points inside a file, or of one with the end points as outputs."""
        return self.within(self.row.converter.convert, target if self.row.eight_bits else None)

    def naive(self) -> list[Check]:
        """Converts to the same without care, to show what the care is for; nothing can fail."""
        convert = self.row.converter.convert_naively
        plan = replace(self.examples.plan, batch_sizes=(1,))
        row = replace(self.row, eight_bits=False)
        judge = replace(self, row=row, examples=replace(self.examples, plan=plan))
        try:
            with temporary.folder() as place:
                target = place / self.row.file
                convert(self.source, target, self.request)
                checks = judge.outputs(target) + judge.within(convert)
        except Exception as error:  # noqa: BLE001  (a converter raises what it likes)
            message = f"could not be converted: {reason(error)}"
            name = self.source.way
            return [
                Check(group="outputs", name=name, case=NAIVE, status="skipped", message=message)
            ]
        named = [check.model_copy(update={"case": f"{NAIVE}, {check.case}"}) for check in checks]
        return [_remark(check, "not what was written") for check in named]

    def within(self, convert: _Convert, target: Path | None = None) -> list[Check]:
        """Compares end points, if there are any: they explain outputs, and decide nothing.

        Args:
            convert: Makes a file with the end points as outputs.
            target: The file in which they are looked for instead.
        """
        shown = self.source.end_points()
        if shown is None:
            return []
        given = (shown, self.row, self.examples, self.allowance)
        try:
            if target is not None:
                (images,) = self.examples.few(_TELLING).inputs
                return compare_end_points(self.row.converter.layers(target, shown, images), *given)
            with temporary.folder() as place:
                made = place / self.row.file
                convert(shown, made, replace(self.request, labels=None))
                with self.row.converter.opened(made, None) as run:
                    return compare_end_points(run, *given)
        except Exception as error:  # noqa: BLE001  (a converter raises what it likes)
            message = f"end points could not be read: {reason(error)}"
            return [Check(group="end points", name=shown.way, status="skipped", message=message)]


def _remark(check: Check, why: str) -> Check:
    """Returns a check that does not fail; where it did, with the reason why that is no failure."""
    if check.status != "failed":
        return check
    return check.model_copy(update={"status": "warning", "message": f"{why}; {check.message}"})


def _by(checks: Sequence[Check]) -> str:
    """Says by how much checks failed, as far as they have numbers."""
    found = [check.max_rel for check in checks if check.max_rel is not None]
    return f" by up to {max(found):.2g} of the largest value" if found else ""


def _versions(row: Format) -> dict[str, str]:
    modules = {package.split(".")[0] for package in row.packages}
    found = {name for module in modules for name in _distributions(module)}
    return {name: metadata.version(name) for name in sorted(found)} | dict(
        row.fetched + row.written_as
    )


def _distributions(module: str) -> list[str]:
    """Names the distributions that bring a module.

    Most have its name; to find others, the lists of files of all are read, which takes long.
    """
    try:
        return [metadata.distribution(module).metadata["Name"]]
    except metadata.PackageNotFoundError:
        return list(metadata.packages_distributions().get(module, ()))
