"""The formats that a SavedModel is converted to, as a table. Nothing here may import TensorFlow."""

import importlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from exporter.errors import ConversionError

if TYPE_CHECKING:
    from exporter.convert.source import Source

# Takes one batch, as arrays by the names of the signature's inputs; returns outputs by name.
Run = Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Options:
    """What a conversion takes beside the model.

    Attributes:
        calibration: Image files from which int8 ranges are taken.
        labels: A text file with a class name a line; None without.
        author: For formats that have a place for it.
        license: The same.
    """

    calibration: tuple[Path, ...] = ()
    labels: Path | None = None
    author: str = ""
    license: str = "Apache-2.0"


class Converter(Protocol):
    """What the module of a format has."""

    def convert(self, source: "Source", target: Path, options: Options) -> None:
        """Writes the converted model.

        Args:
            source: The SavedModel's function, with what is known of it.
            target: The file to write, or the main one of several in an empty folder.
            options: The rest.

        Raises:
            ConversionError: If the model or the options do not fit the format.
        """

    def opened(self, target: Path, threads: int | None) -> AbstractContextManager[Run]:
        """Loads a converted model into its own runtime.

        Args:
            target: What `convert` wrote.
            threads: How many it may use; None for the runtime's default.
        """


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: As users ask for it.
        file: The file that is written, or the main one.
        summary: What it is, for people.
        extra: What to install; empty where nothing more is needed.
        packages: What must be importable.
        floor: Least cosine of any example's output with the SavedModel's; None
            where the allowance comes from float noise.
        shows_end_points: Whether end points can be converted too, to find where
            it drifts.
        same_bytes: Whether two conversions give the same files.
    """

    name: str
    file: str
    summary: str
    extra: str = ""
    packages: tuple[str, ...] = ()
    floor: float | None = None
    shows_end_points: bool = True
    same_bytes: bool = True

    @property
    def converter(self) -> Converter:
        """The module that converts; imports what it needs."""
        return cast(Converter, importlib.import_module(f"exporter.convert.{self.name}"))


FORMATS: Mapping[str, Format] = {
    row.name: row
    for row in (
        Format("frozen", "frozen.pb", "one GraphDef with constants, for older tools"),
        Format(
            "onnx",
            "model.onnx",
            "for ONNX Runtime and whatever else reads ONNX",
            extra="onnx",
            packages=("tf2onnx", "onnx", "onnxruntime"),
        ),
        Format(
            "openvino",
            "model.xml",
            "OpenVINO's IR, for Intel's processors",
            extra="openvino",
            packages=("openvino",),
        ),
    )
}


def chosen(names: Sequence[str]) -> tuple[Format, ...]:
    """Looks up formats, and whether what they need is installed.

    Args:
        names: As users give them.

    Returns:
        Each once, in the order given.

    Raises:
        ConversionError: If one is unknown, or not installed.
    """
    if unknown := sorted({name for name in names if name not in FORMATS}):
        raise ConversionError(
            f"Format '{unknown[0]}' is unknown: expected {', '.join(FORMATS)}. Change --format."
        )
    if not names:
        raise ConversionError(
            f"No format is given: expected some of {', '.join(FORMATS)}. Add --format."
        )
    rows = tuple(FORMATS[name] for name in dict.fromkeys(names))
    for row in rows:
        check_installed(row)
    return rows


def check_installed(row: Format) -> None:
    """Refuses a format whose packages are not there.

    Raises:
        ConversionError: If one is missing.
    """
    if missing := [name for name in row.packages if not _importable(name)]:
        raise ConversionError(
            f"Format '{row.name}' needs a package that is not installed: expected '{missing[0]}'."
            f" Run: pip install 'slim-exporter[{row.extra}]'."
        )


def _importable(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False
