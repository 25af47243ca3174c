"""The formats that a SavedModel is converted to, as a table. Nothing here may import TensorFlow."""

import importlib.util
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from exporter.errors import ConversionError
from exporter.installing import pip_install
from exporter.staging import ANY_OF_REPORT, FolderKind

if TYPE_CHECKING:
    import numpy as np

    from exporter.converters.convert_request import ConvertRequest
    from exporter.converters.source_model import SourceModel
    from exporter.verifier.comparison.allowance import Allowance
    from exporter.verifier.report.arithmetic import OpCounts
    from exporter.verifier.report.records import Check
    from exporter.verifier.subjects.examples import Examples

# What brings a program, with all that it needs.
_DEBIAN = {"node": "nodejs npm"}

# The release of TensorFlow.js that runs what was converted.
TFJS = "4.22.0"
# The newest opset that tf2onnx 1.17 writes, and the oldest form of file that has it.
ONNX_OPSET, ONNX_IR = 18, 8

# Takes one batch, as arrays by the names of the signature's inputs; returns outputs by name.
Runner = Callable[[Mapping[str, Any]], dict[str, Any]]


class Converter(Protocol):
    """What converts to a format: it has the first two functions, and those its row asks for."""

    def convert(self, source: "SourceModel", target: Path, request: "ConvertRequest") -> None:
        """Writes the converted model.

        Args:
            source: The SavedModel's function, with what is known of it.
            target: The file to write, or the main one of several in an empty folder.
            request: With calibration, labels, author and license.

        Raises:
            ConversionError: If the model or what was given does not fit the format.
        """

    def opened(self, target: Path, threads: int | None) -> AbstractContextManager[Runner]:
        """Loads a converted model into its own runtime.

        Args:
            target: What `convert` wrote.
            threads: How many it may use; None for the runtime's default.
        """

    def opened_as_written(
        self, target: Path, threads: int | None
    ) -> AbstractContextManager[Runner]:
        """Does as `opened`, without letting the runtime rewrite it, in formats that are."""

    def convert_naively(
        self, source: "SourceModel", target: Path, request: "ConvertRequest"
    ) -> None:
        """Converts as TensorFlow's converter does by itself, to show what more care is for.

        Of formats of eight bits.

        Args:
            source: The SavedModel's function.
            target: The file to write.
            request: As of `convert`.
        """

    def layers(self, target: Path, source: "SourceModel", images: "np.ndarray") -> Runner:
        """Finds the end points in a file of eight bits.

        Args:
            target: What `convert` wrote.
            source: The SavedModel's end points.
            images: A batch by which they are found.

        Returns:
            What computes those that are there.
        """

    def op_counts(self, target: Path) -> "OpCounts":
        """Counts the ops of a file by the numbers in which they compute, in formats that are."""

    def checks(
        self, target: Path, source: "SourceModel", examples: "Examples", allowance: "Allowance"
    ) -> "list[Check]":
        """Compares what fine-tuning relies on, in formats that train.

        Args:
            target: What `convert` wrote.
            source: The SavedModel's function.
            examples: Probes and images.
            allowance: What may differ, in training mode too.

        Returns:
            The checks, in the verifier's vocabulary.
        """


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: As users ask for it.
        file: The file that is written, or the main one.
        module: Where an object of its name converts; empty where the module of its name does.
        extra: What to install; empty where nothing more is needed.
        packages: What must be importable.
        programs: What must be on the PATH.
        fetched: Versions of what is downloaded to run it, by name.
        written_as: Versions of the format itself, by name.
        oldest: The oldest runtime in which a file was really run and gave the SavedModel's
            numbers, with the real weights of mobilenet_v3_small_075_224 on photographs.
        floor: Least cosine with the SavedModel's output; None where float noise is the allowance.
        eight_bits: Whether end points are read from the tensors of the file that is written,
            else from another conversion, which has them as outputs; and whether a naive
            conversion is reported beside it.
        trains: Whether it has a training mode, which is compared too.
        rewritten: Whose optimizer rewrites what is loaded, where it can be turned off.
        calibrated: Whether it needs calibration images.
        labelled: Whether it has a place for names of classes.
        counted: Whether its report says how many of its ops compute in int8.
        beside: Matches the names of more files that are written.
    """

    name: str
    file: str
    module: str = ""
    extra: str = ""
    packages: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    fetched: tuple[tuple[str, str], ...] = ()
    written_as: tuple[tuple[str, str], ...] = ()
    oldest: str = ""
    floor: float | None = None
    eight_bits: bool = False
    trains: bool = False
    rewritten: str = ""
    calibrated: bool = False
    labelled: bool = False
    counted: bool = False
    beside: str = ""

    @property
    def ranged(self) -> bool:
        """Whether it holds, or hangs on, the range of images: wrong, it would look right."""
        return self.eight_bits or self.labelled

    @property
    def kind(self) -> FolderKind:
        """What its folder is."""
        files = "|".join(filter(None, (re.escape(self.file), self.beside, ANY_OF_REPORT)))
        return FolderKind("conversion", self.file, "--output_dir", files)

    @property
    def converter(self) -> Converter:
        """What converts; imports what it needs."""
        module = importlib.import_module(f"exporter.converters.formats.{self.module or self.name}")
        return cast(Converter, getattr(module, self.name) if self.module else module)


_TFLITE = Format(
    "tflite",
    "model.tflite",
    "tflite",
    "tflite",
    ("ai_edge_litert",),
    oldest="TensorFlow 1.15.5",
    counted=True,
)
_QUANTIZED = replace(
    _TFLITE,
    extra="quantized",
    packages=("ai_edge_litert", "ai_edge_quantizer"),
    floor=0.98,
    eight_bits=True,
    # 1.15 refuses one of the two and computes something else with the other.
    oldest="TensorFlow 2.4.4",
)
FORMATS: Mapping[str, Format] = {
    row.name: row
    for row in (
        Format("frozen", "frozen.pb", rewritten="TensorFlow", oldest="TensorFlow 1.15.5"),
        _TFLITE,
        replace(
            _TFLITE,
            name="tflite_metadata",
            module="",
            packages=("ai_edge_litert", "flatbuffers"),
            labelled=True,
        ),
        # 0.9999 with the real weights.
        replace(_TFLITE, name="tflite_fp16", floor=0.999),
        # 0.994 with the real weights, where the converter's own has 0.93.
        replace(_QUANTIZED, name="tflite_dynamic"),
        replace(_QUANTIZED, name="tflite_int8", calibrated=True),
        Format(
            "tfjs",
            "model.json",
            programs=("node",),
            fetched=(("@tensorflow/tfjs", TFJS),),
            oldest="TensorFlow.js 1.7.4",
            beside=r"group1-shard\d+of\d+\.bin",
        ),
        Format(
            "keras",
            "model.keras",
            extra="keras",
            packages=("keras",),
            trains=True,
            oldest="Keras 3.4.1",
        ),
        Format(
            "onnx",
            "model.onnx",
            extra="onnx",
            packages=("tf2onnx", "onnx", "onnxruntime"),
            rewritten="ONNX Runtime",
            written_as=(("ONNX opset", str(ONNX_OPSET)), ("ONNX IR", str(ONNX_IR))),
            oldest="ONNX Runtime 1.14.1",
        ),
        Format(
            "openvino",
            "model.xml",
            extra="openvino",
            packages=("openvino",),
            oldest="OpenVINO 2022.3.2",
            beside=r"model\.bin",
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
    """Refuses a format whose packages or programs are not there.

    Raises:
        ConversionError: If one is missing.
    """
    if missing := [name for name in row.packages if not _importable(name)]:
        raise ConversionError(
            f"Format '{row.name}' needs a package that is not installed: expected '{missing[0]}'."
            f" Run: {pip_install(row.extra)}."
        )
    if missing := [name for name in row.programs if shutil.which(name) is None]:
        raise ConversionError(
            f"Format '{row.name}' needs a program that is not installed: expected '{missing[0]}' on"
            f" the PATH. Install it, on Debian by: apt-get install {_DEBIAN[missing[0]]}."
        )


def is_installed(row: Format) -> bool:
    """Returns whether the packages and programs of a format are there."""
    return all(map(_importable, row.packages)) and all(map(shutil.which, row.programs))


def _importable(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False
