"""`slim-export contract`."""

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

from exporter.cli import flags
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
from exporter.contract.contract_rules import (
    CONSUMERS,
    SEVERITIES,
    WHO,
    Consumer,
    ContractRule,
    contract_rules,
)
from exporter.errors import counted

if TYPE_CHECKING:
    from exporter.contract.diff import ContractDiff

# Of differences in the table; --json has all.
_SHOWN = 60


def add(commands: Any) -> None:
    """Adds the command, its own commands and their flags."""
    summary = "lock what consumers of a SavedModel depend on, and check later ones"
    parser = flags.add_command(commands, "contract", _lock, summary)
    parser.set_defaults(command=parser.list_commands)
    actions = parser.add_subparsers(title="commands", metavar="COMMAND")
    flags.add_command(
        *(actions, "lock", _lock, "write the contract of a SavedModel"),
        model_dir=flags.path("the SavedModel", required=True),
        lock=flags.path("where the contract is to appear, such as contract.json", required=True),
        overwrite=flags.switch("replace a contract that is there (off)"),
    )
    flags.add_command(
        *(actions, "check", _check, "compare a SavedModel with a locked contract"),
        model_dir=flags.path("the SavedModel", required=True),
        lock=flags.path("the contract, as 'slim-export contract lock' wrote it", required=True),
        consumer=flags.value("whom the model must not break (everyone)", choices=CONSUMERS),
        accept=flags.path(
            "JSON list of deliberate changes, each with rule, subject, reason and date"
        ),
        junit=flags.path("write JUnit XML there, with a test case for each rule"),
        json=flags.JSON,
    )
    summary = "print the rules that class differences"
    flags.add_command(actions, "rules", _rules, summary, json=flags.JSON)


def _lock(arguments: argparse.Namespace) -> int:
    """Writes the contract of a SavedModel."""
    from exporter.contract import contract_lock

    told: list[str] = []
    with progress_bar() as progress:
        locked = flags.fill(contract_lock, arguments, progress=progress, remark=told.append)
    for remark in told:
        tell(remark)
    traces = sum(len(function.traces) for function in locked.functions.values())
    counts = {"signature": len(locked.signatures), "trace": traces}
    counts |= {"variable": len(locked.variables), "op": len(locked.ops)}
    listed = ", ".join(counted(number, noun) for noun, number in counts.items())
    print_prose(f"{arguments.lock}: {listed}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    """Compares a SavedModel with its contract; returns 1 if it breaks someone."""
    from exporter.contract import contract_check

    with progress_bar() as progress:
        diff = flags.fill(contract_check, arguments, progress=progress)
    return conclude(diff, _print, diff.annotations(), as_json=arguments.json)


def _print(diff: "ContractDiff") -> None:
    consumers = CONSUMERS if diff.consumer is None else (diff.consumer,)
    # What fails comes first, so that a long table does not hide it.
    ordered = sorted(diff.differences, key=lambda d: not d.fails(diff.consumer))
    rows = [
        (
            *(d.rule, d.subject),
            *(d.classes[consumer] for consumer in consumers),
            *(d.expected, d.found, d.where),
            d.accepted.reason if d.accepted else "",
        )
        for d in ordered[:_SHOWN]
    ]
    if rows:
        print_table(
            ("rule", "subject", *consumers, "expected", "found", "where", "accepted"),
            rows,
            heading=2,
        )
    if len(ordered) > _SHOWN:
        print_lines(f"and {len(ordered) - _SHOWN} more; --json has all")


def _rules(arguments: argparse.Namespace) -> int:
    """Prints the rules."""
    rules = contract_rules().values()
    if arguments.json:
        fields = map(dataclasses.asdict, rules)
        print_json([{"rule": field.pop("number"), **field} for field in fields])
        return 0
    rows = [
        (r.number, r.title, *(_cell(r, consumer) for consumer in CONSUMERS), r.reason, r.example)
        for r in rules
    ]
    print_table(("rule", "what differs", *CONSUMERS, "why", "example"), rows, heading=2)
    print_lines("", "* COSMETIC where only training mode differs", "")
    print_facts(*SEVERITIES.items())
    print_lines("")
    print_facts(*WHO.items())
    return 0


def _cell(rule: ContractRule, consumer: Consumer) -> str:
    severity = rule.classes[consumer]
    return severity if rule.classes_in_training_mode[consumer] == severity else f"{severity}*"
