"""Small reports, and the checks that they hold."""

from exporter.verifier.report.records import GROUPS, Cause, Check, Settings
from exporter.verifier.report.verification_report import VerificationReport

PASSED = Check(group="weights", name="a", values=3, reason="equal bits")
# What every passed comparison holds.
WHOLE = tuple(Check(group=group, name="a", values=3) for group in GROUPS)
FAILED = Check(
    group="end points",
    name="<layer>",
    case="batch 3",
    status="failed",
    values=4,
    differing=1,
    largest=2.0,
    max_abs=0.5,
    max_rel=0.25,
    max_ulp=4194304,
    noise=1e-6,
    message="expected 1,\nfound 2: 50%\x00",
    ulp_histogram=(3, 0, 1),
)
WARNING = Check(group="interface", name="R15", status="warning", message="expected a map")
SKIPPED = Check(group="interface", name="R20", status="skipped", message="no logits")
CAUSE = Cause(name="BGR", explains=True, evidence="3 becomes 0", fix="Take RGB.")


def report(*checks, **more):
    """Makes a report of these checks."""
    settings = Settings(model_dir="model & <b>", reference="the original")
    return VerificationReport(settings=settings, checks=checks, **more)
