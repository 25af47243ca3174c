"""What commands print of results that were made by hand, on a terminal of any width."""

import contextlib
import importlib
import io
import re
from pathlib import Path

import pytest

from exporter.cli import terminal
from exporter.cli.parser import parse
from support import found_results as found
from support.reports import CAUSE

_STYLES = re.compile(r"\x1b\[[0-9;]*m")

_OUT = f"--output_dir={found.HOME}/converted"
_PACKAGE = f"package --model_dir={found.MODEL} --handle=acme/a/5 --output_dir={found.HOME}/release"
_EXPORT = "export --variant=mobilenet_v3_small_075_224 --task=feature_vector --checkpoint=seeded:0"
_REPORT = f"--report_dir={found.HOME}/report"
_NOTHING = {"exporter.reports.write.check_report_dir": lambda folder: None}
_NOTHING |= {"exporter.reports.write.write": lambda report, folder: None}
_PAGE = {"exporter.benchmark.check_page": lambda path: None}
_PAGE |= {"exporter.benchmark.write_page": lambda found, path: None}

_VERIFY = "exporter.cli.verify_command.verify"


def _passed(*_):
    return found.report(*found.EQUAL, found.SKIPPED)


def _failed(*_):
    return found.report(*found.EQUAL, found.WRONG, found.WARNED, causes=(CAUSE,))


# By name: the command line, and what is put in place of what.
SCREENS = {
    "help": ("help", {}),
    "mistyped": (f"{_EXPORT} --output-dir=models", {}),
    "list": ("list", {"exporter.cli.list_command.variants": found.listed}),
    "fetch": (
        "fetch --variant=mobilenet_v3_large_minimalistic_100_224",
        {
            "exporter.cli.fetch_command.fetch": lambda *_: Path(f"{found.HOME}/cache/v3-large.tgz"),
            "exporter.cli.fetch_command.of_files": lambda _: "0" * 64,
        },
    ),
    "export": (
        f"{_EXPORT} --output_dir={found.MODEL}",
        {"exporter.cli.export_command.export": found.exported},
    ),
    "verify passed": (f"verify --model_dir={found.MODEL} {_REPORT}", _NOTHING | {_VERIFY: _passed}),
    "verify failed": (f"verify --model_dir={found.MODEL}", {_VERIFY: _failed}),
    "convert": (
        f"convert --model_dir={found.MODEL} --format=onnx {_OUT}",
        {"exporter.cli.convert_command.convert": found.conversions},
    ),
    "benchmark": (
        f"benchmark --model_dir={found.MODEL} --html={found.HOME}/speed.html",
        _PAGE | {"exporter.benchmark.benchmark": found.benchmark},
    ),
    "contract lock": (
        f"contract lock --model_dir={found.MODEL} --lock={found.HOME}/contract.json",
        {"exporter.contract.contract_lock": found.locked},
    ),
    "contract check": (
        f"contract check --model_dir={found.MODEL} --lock={found.HOME}/contract.json",
        {"exporter.contract.contract_check": found.contract_diff},
    ),
    "contract rules": (
        "contract rules",
        {"exporter.cli.contract_command.contract_rules": found.some_rules},
    ),
    "package": (_PACKAGE, {"exporter.releasing.package": found.packaged}),
    "package explained": (
        f"package --model_dir={found.MODEL} --explain={found.HOME}/release",
        {"exporter.releases.explain.explain": found.explained},
    ),
    "release verified": (
        "verify-release --release=release",
        {"exporter.releases.verify_release.verify_release": found.verified(problems=False)},
    ),
    "release damaged": (
        f"verify-release --release={found.HOME}/release",
        {"exporter.releases.verify_release.verify_release": found.verified(problems=True)},
    ),
    "publish": (
        "publish --release=release --to=s3://acme-models/hub",
        {"exporter.releasing.publish": found.published},
    ),
    "serve": ("serve --release_dir=hub", {"exporter.releasing.serve": found.served}),
}


def screen(name, width):
    """Runs a command, and returns what a terminal shows.

    Args:
        name: One of `SCREENS`.
        width: In columns; None for no terminal.

    Returns:
        Lines without styles; what went to standard error comes last, under a line of its own.
    """
    from exporter.__main__ import _run

    line, replaced = SCREENS[name]
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        for place, instead in replaced.items():
            module, _, function = place.rpartition(".")
            patch.setattr(importlib.import_module(module), function, instead)
        patch.setenv("COLUMNS", str(width or 80))
        for module in (terminal, importlib.import_module("exporter.cli.command_parser")):
            patch.setattr(module, "width_of", lambda stream: width)
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            contextlib.suppress(SystemExit),
        ):
            _run(parse(["slim-export", *line.split()]))
    said = _STYLES.sub("", out.getvalue())
    if err.getvalue():
        said += f"--- on standard error:\n{_STYLES.sub('', err.getvalue())}"
    return "".join(f"{line.rstrip()}\n" for line in said.splitlines())
