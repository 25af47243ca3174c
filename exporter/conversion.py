"""The stages of a conversion, composed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from exporter.converters.conversion_inputs import check_inputs, check_labelled, remarks
from exporter.converters.convert_request import ConvertRequest, check_output
from exporter.converters.converting import Conversion, written
from exporter.converters.format_table import chosen
from exporter.errors import ConversionError
from exporter.progress import Progress, silent
from exporter.releases.looked_at import looked_at
from exporter.staging import check_target

if TYPE_CHECKING:
    from exporter.verifier.comparison.allowance import Noise

__all__ = ["Conversion", "ConvertRequest", "convert"]


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

    Example:
        >>> from pathlib import Path
        >>> import exporter
        >>> request = exporter.ConvertRequest(Path("model"), ("tflite",), Path("converted"))
        >>> [(done.format.name, done.error) for done in exporter.convert(request)]
        [('tflite', '')]
    """
    rows = chosen(request.formats)
    if request.labels is not None:
        check_labelled(rows)
    for row in rows:
        check_target(request.folder(row.name), overwrite=request.overwrite, kind=row.kind)
    check_output(request)
    progress("import TensorFlow", 0, None)
    with looked_at(request.model_dir, ConversionError, trust=request.trust) as digest:
        from exporter.converters.checks.own_noise import noise_of
        from exporter.converters.source_model import source_of

        source = source_of(request.model_dir, request.image_size, request.input_range)
        check_inputs(source, rows, request)
        for sentence in remarks(source, rows, request):
            remark(sentence)
        # Found once: each format's process is told.
        request = replace(request, input_range=source.known_range)
        noise: Noise = {}
        if any(row.floor is None for row in rows):
            progress("measure noise", 0, None)
            training = any(row.trains for row in rows)
            noise = noise_of(source, request.image_files, training=training)
    for number, row in enumerate(rows):
        progress(row.name, number, len(rows))
        yield written(request, row, noise, digest)
