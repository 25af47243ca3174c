"""What there is to measure. Nothing here may import TensorFlow."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from checkpoints.git_lfs import IS_POINTER, is_pointer
from exporter import digests, strict_json
from exporter.bench.measured_model import MeasuredModel
from exporter.converters.format_table import FORMATS, Format, check_installed
from exporter.errors import BenchmarkError, ConversionError, listing, reason
from exporter.staging import REPORT_FILES

_SIGNATURE = re.compile(r"signature '(.*)'")

CandidateKind = Literal["saved_model", "format", "peer"]


@dataclass(frozen=True)
class Candidate:
    """One thing that is measured.

    Attributes:
        name: As it is shown.
        kind: Who runs it.
        what: The way of calling, the name of the format, or the file of the peer.
        path: What is loaded; empty for peers.
        size: Bytes of its files; None for peers, which are built.
        packages: What a peer needs; empty for others.
    """

    name: str
    kind: CandidateKind
    what: str
    path: str = ""
    size: int | None = None
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lineup:
    """The candidates of one benchmark.

    Attributes:
        candidates: The base first.
        notes: What was asked for and cannot be had, a sentence each.
    """

    candidates: tuple[Candidate, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: "Lineup") -> "Lineup":
        """Joins two."""
        return Lineup(self.candidates + other.candidates, self.notes + other.notes)


def of_saved_model(folder: Path, model: MeasuredModel) -> Lineup:
    """Lists the ways of calling the SavedModel that take the same inputs."""
    size = _size(folder)
    candidates = tuple(
        Candidate(
            name=_SIGNATURE.sub(r"\1", f"SavedModel {way}"),
            kind="saved_model",
            what=way,
            path=str(folder.absolute()),
            size=size,
        )
        for way in model.ways
    )
    notes = tuple(
        f"SavedModel's {way} is left out: it takes other inputs than serving_default."
        for way in model.others
    )
    return Lineup(candidates, notes)


def of_formats(converted: Path) -> Lineup:
    """Lists the conversions below a folder, in the order of the table of formats.

    Raises:
        BenchmarkError: If there are none, or one has lost its file.
    """
    if not converted.is_dir():
        found = "a file" if converted.exists() else "no such folder"
        raise BenchmarkError(
            f"Conversions '{converted}' cannot be read: expected the folder that"
            f" 'slim-export convert' wrote to, found {found}. Change --converted."
        )
    rows = [row for row in FORMATS.values() if (converted / row.name).is_dir()]
    if not rows:
        found = listing(path.name for path in converted.iterdir()) or "nothing"
        raise BenchmarkError(
            f"Folder '{converted}' has no conversions: expected folders named"
            f" {', '.join(FORMATS)}, found {found}. Run 'slim-export convert' with"
            f" --output_dir={converted}, or change --converted."
        )
    return sum((_of_format(row, converted / row.name) for row in rows), Lineup())


def _of_format(row: Format, folder: Path) -> Lineup:
    for file in filter(is_pointer, sorted(folder.iterdir())):
        raise BenchmarkError(f"File '{file.name}' of conversion '{folder}' {IS_POINTER}")
    if not (folder / row.file).exists():
        found = listing(path.name for path in folder.iterdir()) or "nothing"
        raise BenchmarkError(
            f"Conversion '{folder}' is incomplete: expected '{row.file}' in it, found {found}."
            " Convert it again, or remove the folder."
        )
    try:
        check_installed(row)
    except ConversionError as error:
        return Lineup(notes=(f"{row.name} is left out. {error}",))
    path = str((folder / row.file).absolute())
    candidate = Candidate(
        name=row.name, kind="format", what=row.name, path=path, size=_size(folder)
    )
    return Lineup((candidate,))


def check_made_of(conversions: Lineup, model_dir: Path) -> None:
    """Refuses conversions of another model, and those that were changed since they were verified.

    Args:
        conversions: From `of_formats`.
        model_dir: The SavedModel that they are compared with.

    Raises:
        BenchmarkError: If one is such, or its report does not say.
    """
    model = digests.of_folder(model_dir)
    for candidate in conversions.candidates:
        _check_made_of(Path(candidate.path).parent, model)


def _check_made_of(folder: Path, model: str) -> None:
    try:
        said = strict_json.loads((folder / "report.json").read_text("utf-8"))
        made_of, written = said["reference_digest"], said["digest"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise BenchmarkError(
            f"Conversion '{folder}' has no report: expected report.json as 'slim-export convert'"
            f" writes it, found {reason(error)}. Convert again."
        ) from error
    sides = (
        ("was made of another model", made_of, model),
        ("was changed after it was verified", written, digests.of_folder(folder, REPORT_FILES)),
    )
    for what, expected, found in sides:
        if expected != found:
            raise BenchmarkError(
                f"Conversion '{folder}' {what}: expected sha256 {expected}, found {found}."
                " Convert again, or change --model_dir."
            )


def _size(folder: Path) -> int:
    # A report is written beside what is converted, and is no part of it.
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in REPORT_FILES)
    return sum(path.stat().st_size for path in files)
