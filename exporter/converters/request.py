"""What the converting process is asked, and what it answers. Nothing here may import TensorFlow."""

import pydantic

from exporter.verifier.comparison.allowance import Noise
from exporter.verifier.report.records import Group, VerificationReport


class NoiseOf(pydantic.BaseModel, frozen=True):
    """The SavedModel's own float noise in one result.

    Attributes:
        group: What kind of result.
        name: Which one.
        by_example: Absolute, by the example's name.
    """

    group: Group
    name: str
    by_example: dict[str, float]


class ConvertTask(pydantic.BaseModel, frozen=True):
    """Asks for one conversion, and for its verification.

    Attributes:
        model_dir: The SavedModel.
        format: Name of the format.
        target: The file to write.
        images: Files to compare on, beside the probes.
        calibration: Files from which int8 ranges are taken.
        labels: A text file with a class name a line.
        author: For formats that have a place for it.
        license: The same.
        noise: The SavedModel's own; empty for formats that are judged by a cosine.
    """

    model_dir: str
    format: str
    target: str
    images: tuple[str, ...] = ()
    calibration: tuple[str, ...] = ()
    labels: str | None = None
    author: str = ""
    license: str = ""
    noise: tuple[NoiseOf, ...] = ()


class Converted(pydantic.BaseModel, frozen=True):
    """What came of it.

    Attributes:
        report: The comparison, None if there was none.
        error: Why there was none.
        seconds: Which the conversion took, without imports and verification.
        size: Bytes of all files that were written.
    """

    report: VerificationReport | None = None
    error: str = ""
    seconds: float = 0.0
    size: int = 0


def by_key(noise: tuple[NoiseOf, ...]) -> Noise:
    """Reads what was written down."""
    return {(row.group, row.name): row.by_example for row in noise}
