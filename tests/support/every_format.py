"""A model in every format, as users convert it."""

import pytest

from exporter.converters.format_table import FORMATS
from support.compared_here import convert_here

FLOAT = [name for name, row in FORMATS.items() if row.floor is None]
QUANTIZED = [name for name in FORMATS if name not in FLOAT]
# What is quantized is tried on other photographs than it was calibrated on.
CALIBRATED, TESTED = ("burger", "cat", "dogs"), ("grace_hopper", "sparrow")


def convert_all(slim_export, model, folder, shared):
    """Converts to all formats, most in this process; returns the tables that are printed."""
    with pytest.MonkeyPatch.context() as patch:
        convert_here(patch)
        return [
            convert(slim_export, model, folder, shared, names=names) for names in (FLOAT, QUANTIZED)
        ]


def convert(slim_export, model, folder, shared, *, names):
    """Converts to formats that are judged alike; returns the table that is printed."""
    images = "[gs]*" if names[0] in QUANTIZED else "*"
    result = slim_export(
        *("convert", f"--model_dir={model}", f"--output_dir={folder}"),
        f"--format={','.join(names)}",
        f"--images={shared / 'photos'}/{images}.jpg",
        f"--calibration={shared / 'photos'}/[bcd]*.jpg",
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def report_of(folder, name):
    """Reads the report of one format."""
    from exporter.verifier.report.verification_report import VerificationReport

    return VerificationReport.model_validate_json((folder / name / "report.json").read_text())
