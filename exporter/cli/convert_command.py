"""`slim-export convert`."""

import argparse
from collections.abc import Iterable, Sequence
from typing import Any

from exporter.cli import flags
from exporter.cli.terminal import (
    print_json,
    print_lines,
    print_prose,
    print_table,
    progress_bar,
    tell,
)
from exporter.conversion import Conversion, ConvertRequest, convert
from exporter.converters.format_table import FORMATS
from exporter.errors import InvalidArgumentError

# Of files that are int8 throughout, by cosine with the float network, each on other photographs
# than it was calibrated on.
_INT8_IO = (
    "Int8 inputs and outputs are not offered: expected a quantization of all ops whose outputs stay"
    " close to the float model's, a cosine of 0.98, found 0.2 to 0.5 by TensorFlow's converter, 0"
    " by AI Edge Quantizer, and 0.93 to 0.97 by hand with 36 photographs. Leave out --int8_io:"
    " tflite_int8 computes in int8 where that does no harm, and takes and gives float32."
)


def add(commands: Any) -> None:
    """Adds the command and its flags."""
    summary = "convert a SavedModel to other formats, each verified in its own runtime"
    flags.add_command(
        *(commands, "convert", run, summary),
        model_dir=flags.path("the SavedModel, whoever made it"),
        format=flags.value(
            f"one or more of {', '.join(FORMATS)}, separated by commas",
            default="",
            completes=FORMATS.keys,
        ),
        output_dir=flags.path("the folder that gets a folder for each format"),
        images=flags.value("a pattern of image files to compare on, quoted", default=""),
        calibration=flags.value(
            "a pattern of other image files, from which int8 ranges are taken", default=""
        ),
        image_size=flags.value(
            "for models that take images of any size: fix it to 160, or 160x320 pixels (height x"
            " width); without this flag it stays free",
            type=flags.image_size,
        ),
        input_range=flags.INPUT_RANGE,
        labels=flags.path("a text file with a class name on each line, for metadata"),
        author=flags.value("the author to be named in metadata", default=""),
        license=flags.value("the licence to be named in metadata (none)", default=""),
        int8_io=flags.switch("refused, with the reason: all files take and give float32 (off)"),
        trust=flags.TRUST,
        overwrite=flags.switch("replace conversions that are there (off)"),
        time_limit=flags.TIME_LIMIT,
        json=flags.JSON,
    )


def run(arguments: argparse.Namespace) -> int:
    """Converts; returns 1 if a format failed."""
    if arguments.int8_io:
        raise InvalidArgumentError(_INT8_IO)
    flags.check_given(arguments, "model_dir", "output_dir")
    request = flags.fill(ConvertRequest, arguments, formats=flags.listed(arguments.format))
    told: list[str] = []
    with progress_bar() as progress:
        conversions = list(convert(request, progress, told.append))
    for remark in told:
        tell(remark)
    if arguments.json:
        print_json([_record(conversion) for conversion in conversions])
    else:
        _print(conversions)
    for warning in filter(None, (conversion.warning for conversion in conversions)):
        tell(warning)
    failed = [conversion.error for conversion in conversions if conversion.error]
    for error in failed:
        tell(error)
    return 1 if failed else 0


def _record(conversion: Conversion) -> dict[str, Any]:
    return {
        "format": conversion.format.name,
        "folder": str(conversion.folder),
        "error": conversion.error,
        "seconds": conversion.seconds,
        "size": conversion.size,
        "report": conversion.report and conversion.report.model_dump(mode="json"),
    }


def _print(conversions: Sequence[Conversion]) -> None:
    columns = (
        *("format", "result", ">MB", ">largest error", ">relative"),
        *(">least cosine", ">naive cosine", ">converter s"),
    )
    print_table(columns, [_row(conversion) for conversion in conversions])
    ops = {one.format.name: one.report.ops for one in conversions if one.report}
    if told := [f"{name}: {counts.told()}." for name, counts in ops.items() if counts]:
        print_prose("", *told)
    if written := [one for one in conversions if not one.error]:
        # Each path on a line of its own: however long it is, it can be copied.
        files = [str(one.folder / one.format.file) for one in written]
        print_lines("", "Written, with report.html beside each:", *(f"  {file}" for file in files))


def _row(conversion: Conversion) -> tuple[str, ...]:
    name, result = conversion.format.name, "failed" if conversion.error else "converted"
    if conversion.report is None:
        return (name, result, "", "", "", "", "", "")
    outputs = conversion.report.by_group().get("outputs", ())
    naive = [check for check in outputs if check.naive]
    outputs = tuple(check for check in outputs if not check.naive)
    # Of probes only where there are no photographs: their numbers are larger.
    outputs = tuple(c for c in outputs if c.case.startswith("photographs")) or outputs
    cells = [f"{conversion.size / 1e6:.2f}"]
    for field in ("max_abs", "max_rel"):
        values = [v for check in outputs if (v := getattr(check, field)) is not None]
        cells.append(f"{max(values):.2g}" if values else "-")
    cells += [_least_cosine(outputs), _least_cosine(naive), f"{conversion.seconds:.1f}"]
    return (name, result, *cells)


def _least_cosine(checks: Iterable[Any]) -> str:
    cosines = [check.cosine for check in checks if check.cosine is not None]
    return f"{min(cosines):.4f}" if cosines else ""
