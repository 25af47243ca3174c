"""`slim-export verify`."""

import argparse
from typing import TYPE_CHECKING, Any

from checkpoints.names import RestoreOptions
from exporter.choices import task_named
from exporter.cli import flags, network_flags
from exporter.cli.fetch_command import fetch_options
from exporter.cli.terminal import (
    conclude,
    print_facts,
    print_json,
    print_lines,
    print_prose,
    print_table,
    progress_bar,
    tell,
)
from exporter.errors import InvalidArgumentError
from exporter.sources import checkpoint_source
from exporter.verification import verify
from exporter.verifier.verify_request import AllowanceKind, VerifyRequest

if TYPE_CHECKING:
    from exporter.verifier.report.records import Check
    from exporter.verifier.report.verification_report import VerificationReport

_ALLOWANCES: tuple[AllowanceKind, ...] = ("exact", "noise")
_INPUT_RANGE = flags.value(
    "least and largest value of images, such as 0,255 (what the model says itself, by its interface"
    " or a rescaling at its input); with --network, what images in [0, 1] are rescaled to inside of"
    " the model (-1,1)",
    type=flags.input_range,
)
# The range of images that nobody needs to be told.
_UNIT = (0.0, 1.0)
# Of failed checks and warnings; the report has all.
_SHOWN = 20


def add(commands: Any) -> None:
    """Adds the command and its flags."""
    summary = "compare a SavedModel with its original, or with another SavedModel"
    flags.add_command(
        *(commands, "verify", run, summary),
        model_dir=flags.path("the SavedModel, whoever made it"),
        reference_dir=flags.path("another SavedModel to compare with"),
        checkpoint=flags.value(
            "compare with the original graph and this checkpoint: 'published', 'seeded:N', or a"
            " path; needs --variant or --network, and --task. Without it and --reference_dir, only"
            " the interface is checked",
            type=flags.not_empty,
        ),
        variant=network_flags.either(required=False),
        task=flags.task(type=flags.not_empty),
        **network_flags.SIZE | {"input_range": _INPUT_RANGE},
        images=flags.value(
            "a pattern of image files, such as 'photos/*.jpg', quoted; a model that takes one"
            " string an example is given their bytes",
            default="",
        ),
        inputs=flags.path(
            "a file of numpy.savez with examples for every input by its name, in place of made-up"
            " ones; for what cannot be made up, such as serialized examples"
        ),
        allowance=flags.value(
            "what may differ: exact, no bit; noise, 4 times the reference's own noise (exact)",
            default="exact",
            completes=lambda: _ALLOWANCES,
        ),
        atol=flags.value("allow this absolute difference instead", type=float),
        rtol=flags.value("and this one, times each expected value", type=float),
        report_dir=flags.path(
            "write report.json, report.html and report.xml there, with the noise measured"
        ),
        trust=flags.TRUST,
        list_rules=flags.switch(
            "print the interface's rules and which kinds of models are judged, and end (off)"
        ),
        report_schema=flags.switch("print report.json's schema and end (off)"),
        **flags.RESTORING,
        **flags.DOWNLOADS,
        time_limit=flags.TIME_LIMIT,
        json=flags.JSON,
    )


def run(arguments: argparse.Namespace) -> int:
    """Compares a SavedModel with its reference; returns 1 if a check failed."""
    if arguments.list_rules:
        return _list_rules(arguments)
    if arguments.report_schema:
        return _print_schema()
    request = _request(arguments)
    if arguments.report_dir is not None:
        from exporter.reports.write import check_report_dir

        check_report_dir(arguments.report_dir)
    told: list[str] = []
    with progress_bar() as progress:
        report = verify(request, fetch_options(arguments, progress), progress, told.append)
        if arguments.report_dir is not None:
            progress("write report", 0, None)
            from exporter.reports.write import write

            write(report, arguments.report_dir)
    for remark in told:
        tell(remark)
    from exporter.reports.annotations import annotations

    status = conclude(report, _print, annotations(report), as_json=arguments.json)
    if not arguments.json:
        _say_where(report, arguments)
    return status


def _request(arguments: argparse.Namespace) -> VerifyRequest:
    given = arguments.atol is not None or arguments.rtol is not None
    if arguments.allowance not in _ALLOWANCES:
        raise InvalidArgumentError(
            f"Allowance '{arguments.allowance}' is unknown: expected {' or '.join(_ALLOWANCES)}."
            " Change --allowance, or give --atol and --rtol."
        )
    if given and arguments.allowance != "exact":
        raise InvalidArgumentError(
            "Two allowances are given: expected --allowance=noise, or --atol and --rtol. Leave out"
            " one."
        )
    if arguments.model_dir is None:
        raise InvalidArgumentError("No model is given: expected --model_dir. Add it.")
    _check_report_dir(arguments)
    return flags.fill(
        VerifyRequest,
        arguments,
        checkpoint=arguments.checkpoint and checkpoint_source(arguments.checkpoint),
        variant=network_flags.chosen(arguments, alone=("input_range",)),
        input_range=None if arguments.network else arguments.input_range,
        task=arguments.task and task_named(arguments.task),
        allowance="given" if given else arguments.allowance,
        atol=arguments.atol or 0.0,
        rtol=arguments.rtol or 0.0,
        noise=arguments.report_dir is not None,
        restoring=flags.fill(RestoreOptions, arguments),
    )


def _check_report_dir(arguments: argparse.Namespace) -> None:
    """Refuses a report inside one of the models, whose files would then be others."""
    for model in (arguments.model_dir, arguments.reference_dir):
        report = arguments.report_dir
        if model and report and report.resolve().is_relative_to(model.resolve()):
            raise InvalidArgumentError(
                f"Report '{report}' would lie in model '{model}': expected a folder outside of it."
                " Change --report_dir."
            )


def _list_rules(arguments: argparse.Namespace) -> int:
    from exporter import quiet
    from exporter.verifier.rules.kinds_of_models import KINDS

    quiet.import_tensorflow()
    from exporter.verifier.rules.interface_rules import RULES

    if arguments.json:
        rules = [
            {"rule": r.number, "level": r.level, "title": r.title, "fix": r.fix} for r in RULES
        ]
        print_json({"rules": rules, "models": [vars(kind) for kind in KINDS]})
    else:
        rows = [(rule.number, rule.level, rule.title, rule.fix) for rule in RULES]
        print_table(("rule", "level", "what holds", "what to do where it does not"), rows)
        print_lines("")
        kinds = [(kind.what, kind.judged, kind.how) for kind in KINDS]
        print_table(("models with", "judged", "how, or why not"), kinds)
    return 0


def _print_schema() -> int:
    from exporter.verifier.report.verification_report import VerificationReport

    print_json(VerificationReport.model_json_schema())
    return 0


def _print(report: "VerificationReport") -> None:
    rows = []
    for group, checks in report.by_group().items():
        values = sum(check.values for check in checks)
        rows.append((group, str(len(checks)), f"{values:,}", *_worst(checks), _result(checks)))
    print_prose(f"Compared with {report.settings.reference}:", "")
    if (ends := report.settings.input_range) and ends != _UNIT:
        low, high = ends
        print_prose(f"Images were given with values from {low:g} to {high:g}.", "")
    columns = (">checks", ">values", ">largest error", ">relative", ">ULP", "result")
    print_table(("group", *columns), rows)
    for title, status in (("Failed", "failed"), ("Warnings", "warning")):
        _print_checks(title, report.with_status(status))  # type: ignore[arg-type]
    for cause in report.explanations:
        print_prose("", f"Likely cause: {cause.name} ({cause.evidence}). {cause.fix}")


def _worst(checks: tuple["Check", ...]) -> tuple[str, str, str]:
    """Shows the largest differences; "-" where there is no such number."""
    if not any(check.values for check in checks):
        return ("", "", "")
    cells = []
    for field, form in (("max_abs", ".3g"), ("max_rel", ".3g"), ("max_ulp", ",")):
        values = [getattr(check, field) for check in checks]
        cells.append("-" if None in values else format(max(values), form))
    return (cells[0], cells[1], cells[2])


def _result(checks: tuple["Check", ...]) -> str:
    counts = {s: sum(c.status == s for c in checks) for s in ("failed", "warning", "skipped")}
    told = [f"{count} {status}" for status, count in counts.items() if count]
    if told:
        return ", ".join(told)
    return "within the allowance" if any(check.differing for check in checks) else "equal"


def _print_checks(title: str, checks: tuple["Check", ...]) -> None:
    if not checks:
        return
    print_lines("", f"{title} ({len(checks)}):", "")
    rows = [(f"{check.group}: {check.title}", check.message) for check in checks[:_SHOWN]]
    print_table(("check", "where, expected and found"), rows)
    if len(checks) > _SHOWN:
        print_lines(f"and {len(checks) - _SHOWN} more; --report_dir and --json have all")


def _say_where(report: "VerificationReport", arguments: argparse.Namespace) -> None:
    """Says where the report is, or how to get one."""
    from exporter.verifier.report import kept

    compared = report.passed and arguments.checkpoint is not None
    if arguments.report_dir is not None:
        found = str(arguments.report_dir / "report.html")
    elif compared and (place := kept.place(report.digest)).is_file():
        found = str(place)
    else:
        found = "not written; --report_dir=FOLDER writes one with all checks"
    print_facts(("Report", found))
