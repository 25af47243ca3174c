"""The stages of a conversion, composed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from exporter import quiet
from exporter.converters.formats import Format, Options, chosen
from exporter.converters.given import check_given, remarks
from exporter.errors import ConversionError, ExporterError
from exporter.image_files import matching
from exporter.progress import Progress, silent
from exporter.staging import FolderKind, check_target, errors_of, staged

if TYPE_CHECKING:
    from exporter.converters.request import Converted, NoiseOf
    from exporter.converters.source import Source


@dataclass(frozen=True)
class ConvertRequest:
    """What to convert.

    Attributes:
        model_dir: The SavedModel, whoever made it.
        formats: Names of formats.
        output_dir: Where a folder for each format is to appear.
        images: Pattern of image files to compare on; empty for the probes alone.
        calibration: Pattern of image files from which int8 ranges are taken.
        labels: A text file with a class name a line.
        author: For formats that have a place for it.
        license: The same.
        overwrite: Whether a conversion that is there is replaced.
    """

    model_dir: Path
    formats: tuple[str, ...]
    output_dir: Path
    images: str = ""
    calibration: str = ""
    labels: Path | None = None
    author: str = ""
    license: str = ""
    overwrite: bool = False


@dataclass(frozen=True)
class Conversion:
    """One format that was tried.

    Attributes:
        format: Which.
        folder: Where its files are, or would be.
        done: What came of it.
        error: Why there is nothing in the folder; empty if there is.
    """

    format: Format
    folder: Path
    done: "Converted"
    error: str = ""


def convert(
    request: ConvertRequest,
    progress: Progress = silent,
    remark: Callable[[str], None] = lambda _: None,
) -> Iterator[Conversion]:
    """Converts a SavedModel to formats, one process each, and verifies every one.

    A format appears in its folder whole, with its report, or not at all.

    Args:
        request: What to convert.
        progress: Told what is done.
        remark: Told what is allowed but no good idea, a sentence each.

    Yields:
        Every format in turn; one that failed stops no other.

    Raises:
        ExporterError: If nothing can be converted at all.
    """
    rows = chosen(request.formats)
    images = matching(request.images)
    calibration = matching(request.calibration, "calibration")
    options = Options(calibration, request.labels, request.author, request.license)
    for row in rows:
        check_target(_folder(request, row), overwrite=request.overwrite, kind=_kind(row))
    _check_apart(request)
    for sentence in remarks(rows, options, images):
        remark(sentence)
    progress("import TensorFlow", 0, None)
    quiet.import_tensorflow()
    from exporter.converters.source import source_of

    source = source_of(request.model_dir)
    check_given(source, rows, options, images)
    noise = _noise(source, images, rows, progress)
    for number, row in enumerate(rows):
        progress(row.name, number, len(rows))
        yield _one(request, row, options, images, noise)


def _folder(request: ConvertRequest, row: Format) -> Path:
    return request.output_dir.absolute() / row.name


def _kind(row: Format) -> FolderKind:
    return FolderKind("conversion", row.file, "--output_dir")


def _check_apart(request: ConvertRequest) -> None:
    """Refuses to write into the model's folder, whose digest every report has.

    Raises:
        ConversionError: If the output is to appear there.
    """
    if request.output_dir.resolve().is_relative_to(request.model_dir.resolve()):
        raise ConversionError(
            f"Output '{request.output_dir}' lies inside the SavedModel '{request.model_dir}', which"
            " it would change: expected a folder elsewhere. Choose another --output_dir."
        )


def _noise(
    source: "Source", images: Sequence[Path], rows: Sequence[Format], progress: Progress
) -> "tuple[NoiseOf, ...]":
    """Measures the SavedModel's own float noise, once for all formats."""
    from exporter.converters.noise import noise_of

    if all(row.floor is not None for row in rows):
        return ()
    progress("measure noise", 0, None)
    training = source.network.variant is not None and any(row.trains for row in rows)
    return noise_of(source, tuple(images), training=training)


def _one(
    request: ConvertRequest,
    row: Format,
    options: Options,
    images: Sequence[Path],
    noise: "tuple[NoiseOf, ...]",
) -> Conversion:
    from exporter.converters.process import converted
    from exporter.converters.request import Converted, ConvertTask
    from exporter.converters.tfjs_runtime import runtime
    from exporter.reports.write import write_into

    folder = _folder(request, row)
    done = Converted()
    try:
        with staged(folder, overwrite=request.overwrite, kind=_kind(row)) as stage:
            task = ConvertTask(
                model_dir=str(request.model_dir.absolute()),
                format=row.name,
                target=str(stage.model / row.file),
                images=_absolute(images),
                calibration=_absolute(options.calibration),
                labels=str(options.labels.absolute()) if options.labels else None,
                author=options.author,
                license=options.license,
                noise=noise if row.floor is None else (),
            )
            if row.fetched:
                # Here and not by the worker: an interrupt ends it as it ends all that is ours.
                runtime()
            done = converted(task, stage.workspace)
            _raise_if_failed(row, done)
            assert done.report is not None, "no report is a failure"
            with errors_of(folder, _kind(row)):
                write_into(done.report, stage.model)
    except ExporterError as error:
        return Conversion(row, folder, done, str(error))
    return Conversion(row, folder, done)


def _absolute(paths: Sequence[Path]) -> tuple[str, ...]:
    return tuple(str(path.absolute()) for path in paths)


def _raise_if_failed(row: Format, done: "Converted") -> None:
    """Refuses to write what is not the same model.

    Raises:
        ConversionError: If the conversion failed, or its verification.
    """
    if done.report is None:
        raise ConversionError(done.error)
    if not done.report.passed:
        raise ConversionError(
            f"Format {row.name} was not written: {done.report.verdict()} Leave it out, or report"
            " this with the model."
        )
