"""What a verification found, as it is written to `report.json`."""

from typing import Literal, Self, get_args

import pydantic

from checkpoints.names import RestoreOptions
from exporter.errors import VerificationError
from exporter.strict_json import JudgedModel
from exporter.verifier.report.arithmetic import OpCounts
from exporter.verifier.report.forms import (
    Amount,
    Count,
    Digest,
    Line,
    OptionalDigest,
    SizedVariant,
)
from exporter.verifier.report.verdict import verdict_of
from slim_nets.network import Task

Group = Literal[
    "interface",
    "weights",
    "outputs",
    "end points",
    "frozen",
    "training",
    "moving averages",
    "gradients",
    "SGD step",
    "dropout",
    "regularization",
]
GROUPS: tuple[Group, ...] = get_args(Group)

Status = Literal["passed", "failed", "warning", "skipped"]

# A difference of this much of the largest value is no noise, whatever the allowance.
WIDE_ALLOWANCE = 0.01

# Begins the case of checks of what a converter makes of a model when it is left alone.
NAIVE = "naive"


class Record(JudgedModel, pydantic.BaseModel, frozen=True, extra="forbid"):
    """A part of a report: unchangeable, and without unknown fields."""


class Check(Record):
    """One check.

    Attributes:
        group: What kind of thing was checked.
        name: Which one, such as a rule, an end point or a variable.
        case: Under which circumstances, such as "batch 3".
        status: How it ended; "skipped" where it does not apply, and `message` says why.
        values: How many numbers were compared.
        differing: How many of them are not the same bits.
        largest: Largest absolute value of the reference.
        max_abs: Largest absolute difference; None where there is no such
            number (another shape, or NaN on one side).
        max_rel: The same over the largest absolute value of the reference.
        max_ulp: Largest distance in units in the last place.
        noise: The reference's own float noise, absolute; None where it was not measured.
        allowance: Largest absolute difference that is allowed.
        cosine: Least cosine of any example's result with the reference's; None
            where it is not what is judged.
        floor: Least cosine that is allowed.
        reason: Why that much.
        message: Where, expected and found; empty if it passed without remark.
        ulp_histogram: How many values differ by 0 ULP, 1, 2 to 3, 4 to 7 and
            so on; empty if none differ.
    """

    group: Group
    name: str
    case: str = ""
    status: Status = "passed"
    values: Count = 0
    differing: Count = 0
    largest: Amount = 0.0
    max_abs: Amount | None = 0.0
    max_rel: Amount | None = 0.0
    max_ulp: Count | None = 0
    noise: Amount | None = None
    allowance: Amount = 0.0
    cosine: float | None = None
    floor: float | None = None
    reason: str = ""
    message: str = ""
    ulp_histogram: tuple[Count, ...] = ()

    @pydantic.model_validator(mode="after")
    def _passes_only_within(self) -> Self:
        if self.status == "passed" and not self.within:
            raise ValueError(
                f"{self.group} '{self.title}' contradicts itself: expected numbers within its"
                " allowance, found others beside 'passed'"
            )
        return self

    @property
    def within(self) -> bool:
        """Whether the numbers are those of a check that passed."""
        if self.floor is not None:
            return self.cosine is not None and self.cosine >= self.floor
        known = self.max_abs is not None and self.differing <= self.values
        return known and (self.max_abs or 0.0) <= self.allowance

    @property
    def holds(self) -> bool:
        """Whether it passed, or compared numbers within what was allowed, however wide.

        A warning of an allowance that is wide says so of numbers that keep it; other
        warnings, such as of what an int8 format is not judged by, show nothing.
        """
        wide = self.status == "warning" and self.values > 0 and self.allowance > 0
        return self.status == "passed" or (wide and self.within and not self.naive)

    @property
    def title(self) -> str:
        """Name and case in one."""
        return f"{self.name} ({self.case})" if self.case else self.name

    @property
    def naive(self) -> bool:
        """Whether it is about something else, which shows what care is for."""
        return self.case.startswith(NAIVE)


class Cause(Record):
    """A known mistake, tried as an explanation of what differs.

    Attributes:
        name: Such as "batch-norm epsilon".
        explains: Whether it does.
        evidence: What was compared, and how near it came.
        fix: What to do about it.
    """

    name: str
    explains: bool
    evidence: str
    fix: str


class Output(Record):
    """Some values of the output on one image, for a plot.

    Attributes:
        image: Its name.
        expected: The reference's.
        found: The model's.
    """

    image: str
    expected: tuple[float, ...]
    found: tuple[float, ...]


class Origin(Record):
    """Where a model came from, known where it was compared with the original graph.

    Attributes:
        variant: The network.
        task: What it ends with.
        checkpoint: Name of the checkpoint, as `sources.LocalCheckpoint.name` has it.
        checkpoint_sha256: Over its files.
        published: Whether its bytes are known to be those that were published under that name.
        trained: False for weights drawn from a seed.
        restoring: How the checkpoint was read.
    """

    variant: SizedVariant
    task: Task
    checkpoint: Line
    checkpoint_sha256: Digest
    published: bool
    trained: bool
    restoring: RestoreOptions


class Settings(Record):
    """What a verification was asked for.

    Attributes:
        model_dir: The model.
        reference: What it was compared with.
        variant: The network, where it is one of ours.
        task: What it ends with.
        allowance: "exact", "noise", or the tolerances that were given.
        images: Names of the images and probes.
        input_range: Least and largest value of images; None where the model takes none.
        subject: What the model is called in sentences.
    """

    model_dir: str
    reference: str
    variant: Line = ""
    task: Line = ""
    allowance: Line = "exact"
    images: tuple[str, ...] = ()
    input_range: tuple[float, float] | None = None
    subject: str = "SavedModel"


class VerificationReport(Record):
    """All checks of one model.

    Attributes:
        settings: What was asked for.
        digest: SHA-256 over the names and contents of the model's files.
        reference_digest: The same of a reference SavedModel, or of a checkpoint's files.
        origin: Where the model came from; None where that is not known.
        versions: Of this tool and of TensorFlow.
        noise_conditions: Under which the reference's noise was measured; empty if it was not.
        checks: In the order in which the network computes, group by group.
        causes: Known mistakes that were tried, because something differed.
        sample: Values of the output for a plot.
        thumbnails: JPEG in base64, by name, of the first images and probes.
        ops: Of a converted file, in formats that can have numbers of eight bits.
    """

    settings: Settings
    digest: OptionalDigest = ""
    reference_digest: OptionalDigest = ""
    origin: Origin | None = None
    versions: dict[Line, Line] = {}
    noise_conditions: tuple[str, ...] = ()
    checks: tuple[Check, ...]
    causes: tuple[Cause, ...] = ()
    sample: Output | None = None
    thumbnails: dict[str, str] = {}
    ops: OpCounts | None = None

    @pydantic.model_validator(mode="after")
    def _is_as_exact_as_it_says(self) -> Self:
        exact = [check for check in self.with_status("passed") if not check.allowance]
        if self.settings.allowance == "exact" and (odd := [c for c in exact if c.differing]):
            raise ValueError(
                f"{odd[0].group} '{odd[0].title}' contradicts itself: expected equal bits, found"
                f" {odd[0].differing} values that differ beside 'passed'"
            )
        return self

    def with_status(self, *wanted: Status) -> tuple[Check, ...]:
        """Returns the checks that ended so, in order."""
        return tuple(check for check in self.checks if check.status in wanted)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed, in order."""
        return self.with_status("failed")

    @property
    def passed(self) -> bool:
        """Whether something was checked and nothing failed."""
        return any(check.holds for check in self.checks) and not self.failures

    @property
    def explanations(self) -> tuple[Cause, ...]:
        """The known mistakes that explain what differs."""
        return tuple(cause for cause in self.causes if cause.explains)

    def by_group(self) -> dict[Group, tuple[Check, ...]]:
        """Returns the groups that have checks, in the order of `GROUPS`."""
        grouped = {g: tuple(c for c in self.checks if c.group == g) for g in GROUPS}
        return {group: checks for group, checks in grouped.items() if checks}

    def named(self, model: str, reference: str | None = None) -> "VerificationReport":
        """Returns the report with other names for the model and what it was compared with."""
        reference = self.settings.reference if reference is None else reference
        update = {"model_dir": model, "reference": reference}
        return self.model_copy(update={"settings": self.settings.model_copy(update=update)})

    def verdict(self) -> str:
        """Says in one line what came of it."""
        return verdict_of(self)

    def raise_if_failed(self) -> None:
        """Raises for what failed, the first first.

        Raises:
            VerificationError: If not every check passed.
        """
        if not self.passed:
            what = "report this, with the checkpoint"
            if self.origin is not None and self.origin.variant.graph is not None:
                what = "see that the function builds the same each time, or report this with both"
            raise VerificationError(f"{self.verdict()} Nothing was written; {what}.")
