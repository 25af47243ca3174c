"""One conversion: made and verified in a process of its own, and put in its place."""

import re
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from absl import logging

from exporter import processes, quiet
from exporter.converters.convert_request import ConvertRequest
from exporter.converters.format_table import Format
from exporter.digests import unchanged_folder
from exporter.errors import ConversionError, ExporterError, is_of_memory, listing
from exporter.staging import errors_of, staged

if TYPE_CHECKING:
    from exporter.verifier.comparison.allowance import Noise
    from exporter.verifier.report.verification_report import VerificationReport


# How converters name ops that they do not know: TensorFlow Lite's, ONNX's, OpenVINO's.
_LACKING = re.compile(
    r"'tf\.(\w+)' op is neither a custom op nor a flex op|No Op registered for (\w+)"
    r"|No conversion rule found for operations: (\w+(?:, \w+)*)"
)


@dataclass(frozen=True)
class Conversion:
    """One format that was tried.

    Attributes:
        format: Which.
        folder: Where its files are, or would be.
        report: The comparison; it may say that checks failed. None if there was none.
        seconds: Which the conversion took, without imports and verification.
        size: Bytes of all files that were written.
        error: Why there is nothing in the folder; empty if there is.
    """

    format: Format
    folder: Path
    report: "VerificationReport | None" = None
    seconds: float = 0.0
    size: int = 0
    error: str = ""

    @property
    def warning(self) -> str:
        """What is remarkable about what was written, and on which examples; empty for nothing."""
        checks = self.report.with_status("warning") if self.report and not self.error else ()
        wide = [check for check in checks if check.holds]
        if not wide:
            return ""
        more = f" and {len(wide) - 1} more" if len(wide) > 1 else ""
        return (
            f"Format {self.format.name} was written with a warning in {wide[0].title}{more}:"
            f" {wide[0].message}."
        )


def written(request: ConvertRequest, row: Format, noise: "Noise", digest: str) -> Conversion:
    """Converts to one format, and writes it with its report if it passed.

    A converter that crashes takes only its own process with it.

    Args:
        request: What was asked for.
        row: The format.
        noise: The SavedModel's own; nothing is asked of it in formats that are judged by a cosine.
        digest: Of the SavedModel whose noise that is.

    Returns:
        What came of it, or why nothing did.
    """
    from exporter.converters.tfjs.tfjs_runtime import runtime
    from exporter.reports.write import write_into

    folder = request.folder(row.name)
    done = Conversion(row, folder)
    try:
        with staged(folder, overwrite=request.overwrite, kind=row.kind) as stage:
            if row.fetched:
                # Here and not in that process: an interrupt ends it as it ends all that is ours.
                runtime()
            # Whatever a user's own Keras runs on: what is compared runs on TensorFlow.
            environment = {"KERAS_BACKEND": "tensorflow", "TMPDIR": str(stage.workspace)}
            given = (request, row, stage.model / row.file, noise, digest)
            done = processes.call(converted, *given, environment=environment)
            assert done.report is not None, "made of every file"
            if not done.report.passed:
                raise ConversionError(
                    f"Format {row.name} was not written: {done.report.verdict()}"
                    f" {_advice(done.report)}"
                )
            with errors_of(folder, row.kind):
                write_into(done.report, stage.model)
    except processes.ProcessEndedError as error:
        ended = (
            f"Conversion of '{request.model_dir.absolute()}' to {row.name} ended before it was"
            f" done: {error}. {error.advice('leave this format out')}"
        )
        return replace(done, error=ended)
    except ExporterError as error:
        return replace(done, error=str(error))
    return done


def converted(
    request: ConvertRequest, row: Format, target: Path, noise: "Noise", digest: str
) -> Conversion:
    """Converts a SavedModel to one format, and verifies what was written.

    Args:
        request: What was asked for.
        row: The format.
        target: The file to write, or the main one of several in an empty folder.
        noise: The SavedModel's own; nothing is asked of it in formats that are judged by a cosine.
        digest: Of the SavedModel whose noise that is.

    Returns:
        What came of it.

    Raises:
        ExporterError: If there is nothing to verify.
    """
    quiet.import_tensorflow()
    from exporter.converters.checks.converted_report import verified
    from exporter.converters.source_model import source_of

    folder = request.model_dir.absolute()
    try:
        with unchanged_folder(folder, ConversionError, expected=digest):
            source = source_of(folder, request.image_size, request.input_range)
            start = time.perf_counter()
            row.converter.convert(source, target, request)
            seconds = time.perf_counter() - start
            size = sum(path.stat().st_size for path in target.parent.rglob("*") if path.is_file())
            report = verified(source, row, target, request, noise)
        report = report.model_copy(update={"reference_digest": digest})
        return Conversion(row, request.folder(row.name), report, seconds, size)
    except ExporterError:
        raise
    except Exception as error:  # a converter raises what it likes
        if logging.get_verbosity() >= logging.INFO:
            logging.exception("%s", row.name)
        raise _refusal(folder, row.name, error) from error


def _advice(report: "VerificationReport") -> str:
    """Says what to do about what differs, and what is known of its cause."""
    if not report.explanations:
        return "Leave it out, or report this with the model."
    return " ".join(f"{cause.evidence}. {cause.fix}" for cause in report.explanations)


def _refusal(folder: Path, name: str, error: Exception) -> ConversionError:
    advice = (
        "leave this format out, or run again with --verbosity=1 for the converter's own messages"
    )
    if is_of_memory(f"{type(error).__name__}: {error}"):
        advice = "free some memory and try again"
    return ConversionError(
        f"SavedModel '{folder}' could not be converted to {name}: {_reason(error)}. Nothing was"
        f" written; {advice}."
    )


def _reason(error: Exception) -> str:
    """Says why a converter failed: by ops that the format lacks, or in the converter's words."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    named = [match for line in lines for match in _LACKING.findall(line)]
    ops = {op for groups in named for group in groups for op in re.findall(r"\w+", group)}
    if ops:
        return f"expected ops that it has, found {listing(ops)}"
    said = " ".join(lines[:1] + lines[1:][-1:])[:500].rstrip(".") or type(error).__name__
    return f"expected a file, found {type(error).__name__}: {said}"
