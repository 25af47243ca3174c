"""What there is to measure. Nothing here may import TensorFlow."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter import digests
from exporter.bench.peers import PEERS, missing
from exporter.bench.request import Model, Subject
from exporter.converters.format_table import FORMATS, Format, check_installed
from exporter.errors import BenchmarkError, ConversionError, listing, reason

_SIGNATURE = re.compile(r"signature '(.*)'")
# Written beside what is converted, and no part of it.
_REPORTS = frozenset({"report.json", "report.html", "report.xml"})


@dataclass(frozen=True)
class Field:
    """The subjects of one benchmark.

    Attributes:
        subjects: The base first.
        notes: What was asked for and cannot be had, a sentence each.
    """

    subjects: tuple[Subject, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: "Field") -> "Field":
        """Joins two."""
        return Field(self.subjects + other.subjects, self.notes + other.notes)


def of_saved_model(folder: Path, model: Model) -> Field:
    """Lists the ways of calling the SavedModel that take the same inputs."""
    size = _size(folder)
    subjects = tuple(
        Subject(
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
    return Field(subjects, notes)


def of_formats(converted: Path) -> Field:
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
            f" {', '.join(FORMATS)}, found {found}. Runner 'slim-export convert' with"
            f" --output_dir={converted}, or change --converted."
        )
    field = Field()
    for row in rows:
        field += _of_format(row, converted / row.name)
    return field


def _of_format(row: Format, folder: Path) -> Field:
    if not (folder / row.file).exists():
        found = listing(path.name for path in folder.iterdir()) or "nothing"
        raise BenchmarkError(
            f"Conversion '{folder}' is incomplete: expected '{row.file}' in it, found {found}."
            " Convert it again, or remove the folder."
        )
    try:
        check_installed(row)
    except ConversionError as error:
        return Field(notes=(f"{row.name} is left out. {error}",))
    path = str((folder / row.file).absolute())
    subject = Subject(name=row.name, kind="format", what=row.name, path=path, size=_size(folder))
    return Field((subject,))


def check_made_of(conversions: Field, model_dir: Path) -> None:
    """Refuses conversions of another model, and those that were changed since they were verified.

    Args:
        conversions: From `of_formats`.
        model_dir: The SavedModel that they are compared with.

    Raises:
        BenchmarkError: If one is such, or its report does not say.
    """
    model = digests.of_folder(model_dir)
    for subject in conversions.subjects:
        _check_made_of(Path(subject.path).parent, model)


def _check_made_of(folder: Path, model: str) -> None:
    try:
        said = json.loads((folder / "report.json").read_text("utf-8"))
        made_of, written = said["reference_digest"], said["digest"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise BenchmarkError(
            f"Conversion '{folder}' has no report: expected report.json as 'slim-export convert'"
            f" writes it, found {reason(error)}. Convert again."
        ) from error
    sides = (
        ("was made of another model", made_of, model),
        ("was changed after it was verified", written, digests.of_folder(folder, _REPORTS)),
    )
    for what, expected, found in sides:
        if expected != found:
            raise BenchmarkError(
                f"Conversion '{folder}' {what}: expected sha256 {expected}, found {found}."
                " Convert again, or change --model_dir."
            )


def check_peers(names: Sequence[str]) -> None:
    """Refuses names of peers that do not exist.

    Raises:
        BenchmarkError: If one is unknown.
    """
    if unknown := sorted(set(names) - PEERS.keys()):
        raise BenchmarkError(
            f"Peer '{unknown[0]}' is unknown: expected {', '.join(PEERS)}. Change --peer."
        )


def of_peers(names: Sequence[str], model: Model) -> Field:
    """Lists the peers that were asked for, and says why one is left out."""
    field = Field()
    for name in dict.fromkeys(names):
        peer = PEERS[name]
        network = model.variant.name if model.variant else "which is none of the known ones"
        if model.variant is None or not peer.has(model.variant):
            note = f"{peer.title} is left out: it does not have this network, {network}."
            field += Field(notes=(note,))
        elif absent := missing(peer):
            note = f"{peer.title} is left out: it is not installed. Runner: pip install"
            field += Field(notes=(f"{note} {' '.join(absent)}.",))
        else:
            field += Field((Subject(name=peer.title, kind="peer", what=name),))
    return field


def _size(folder: Path) -> int:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in _REPORTS)
    return sum(path.stat().st_size for path in files)
