"""A model in every format, as users convert it."""

from exporter.converters.format_table import FORMATS

FLOAT = [name for name, row in FORMATS.items() if row.floor is None]
QUANTIZED = [name for name in FORMATS if name not in FLOAT]
# What is quantized is tried on other photographs than it was calibrated on.
CALIBRATED, TESTED = ("burger", "cat", "dogs"), ("grace_hopper", "sparrow")


def convert_all(slim_export, model, folder, shared):
    """Converts to all formats; returns the tables that are printed."""
    return [
        _convert(slim_export, model, folder, shared / "photos", names, images)
        for names, images in ((FLOAT, "*"), (QUANTIZED, "[gs]*"))
    ]


def _convert(slim_export, model, folder, photos, names, images):
    result = slim_export(
        *("convert", f"--model_dir={model}", f"--output_dir={folder}"),
        f"--format={','.join(names)}",
        f"--images={photos}/{images}.jpg",
        f"--calibration={photos}/[bcd]*.jpg",
        timeout=1800,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def report_of(folder, name):
    """Reads the report of one format."""
    from exporter.verifier.report.records import VerificationReport

    return VerificationReport.model_validate_json((folder / name / "report.json").read_text())
