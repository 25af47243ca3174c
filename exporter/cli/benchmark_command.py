"""`slim-export benchmark`."""

import argparse
from typing import TYPE_CHECKING, Any

from exporter.cli import flags
from exporter.cli.terminal import (
    print_facts,
    print_json,
    print_prose,
    print_table,
    progress_bar,
    tell,
)
from exporter.errors import InvalidArgumentError

if TYPE_CHECKING:
    from exporter.bench.figures import Benchmark, Measurement
    from exporter.bench.rounds import BenchmarkRequest

_DEFAULT = ("default", "0")


def add(commands: Any) -> None:
    """Adds the command and its flags."""
    summary = "measure a SavedModel and its conversions side by side"
    flags.add_command(
        *(commands, "benchmark", run, summary),
        model_dir=flags.path("the SavedModel, whoever made it"),
        converted=flags.path(
            "the --output_dir of 'convert', of which every format that is there is measured"
        ),
        image_size=flags.value(
            "measure a model of images of any size at 160, or 160x320 pixels (height x width)",
            type=flags.image_size,
        ),
        input_range=flags.INPUT_RANGE,
        batch=flags.value("batch sizes, separated by commas (1,32)", default="1,32"),
        threads=flags.value(
            "numbers of threads, separated by commas; 'default' is each runtime's own (1,default)",
            default="1,default",
        ),
        rounds=flags.value("how often each format is measured, in turns (10)", default="10"),
        peer=flags.value(
            "measure others' ports too: Python files that build them, separated by commas",
            default="",
        ),
        html=flags.path("write a page with plots there"),
        json=flags.JSON,
    )


def run(arguments: argparse.Namespace) -> int:
    """Measures; returns 1 if something could not be."""
    request = _request(arguments)
    from exporter.benchmark import benchmark, check_page, write_page

    if arguments.html is not None:
        check_page(arguments.html)
    with progress_bar() as progress:
        found = benchmark(request, progress)
    if arguments.json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found)
    for sentence in (*found.notes, *found.refused):
        tell(sentence)
    # Last: what was measured is not lost where no page can be written.
    if arguments.html is not None:
        with progress_bar() as progress:
            progress("write page", 0, None)
            write_page(found, arguments.html)
    if not arguments.json:
        page = arguments.html or "not written; --html=FILE writes one with plots"
        print_facts(("Page", str(page)))
    return 1 if found.refused else 0


def _request(arguments: argparse.Namespace) -> "BenchmarkRequest":
    flags.check_given(arguments, "model_dir")
    batches = tuple(_positive(text, "--batch") for text in _numbers(arguments.batch, "--batch"))
    threads = tuple(
        None if text in _DEFAULT else _positive(text, "--threads")
        for text in _numbers(arguments.threads, "--threads")
    )
    rounds = _positive(arguments.rounds, "--rounds")
    from exporter.bench.rounds import BenchmarkRequest

    return flags.fill(
        BenchmarkRequest,
        arguments,
        batches=tuple(dict.fromkeys(batches)),
        threads=tuple(dict.fromkeys(threads)),
        rounds=rounds,
        peers=tuple(map(flags.parsed_path, flags.listed(arguments.peer))),
    )


def _numbers(text: str, flag: str) -> tuple[str, ...]:
    found = flags.listed(text)
    if not found:
        raise InvalidArgumentError(f"{flag} is empty: expected numbers. Add some, or leave it out.")
    return found


def _positive(text: str, flag: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        or_default = ", or 'default'" if flag == "--threads" else ""
        raise InvalidArgumentError(
            f"{flag} has '{text}': expected whole numbers above 0{or_default}. Change it."
        )
    return int(text)


def _print(found: "Benchmark") -> None:
    columns = (
        *("subject", ">threads", ">batch", ">times as fast", ">quartiles", ">images/s", ">p50 ms"),
        *(">p90 ms", ">p99 ms", ">peak MiB", ">beyond imports", ">load s", ">files MB"),
    )
    print_table(columns, [_row(row) for row in found.measurements])
    print_prose(
        "",
        f"In parentheses: over {found.base} in the same run, at the same batch size and threads.",
        f"{found.machine.processor}, {found.machine.cores} cores; rounds: {found.rounds}.",
    )


def _row(row: "Measurement") -> tuple[str, ...]:
    from exporter.bench.page import figure

    figures = (
        *(row.images_per_second, row.p50_milliseconds, row.p90_milliseconds, row.p99_milliseconds),
        *(row.peak_mib, row.grown_mib, row.load_seconds, row.size_mb),
    )
    return (
        row.subject,
        "default" if row.threads is None else str(row.threads),
        str(row.batch),
        f"{row.speed.median:.2f}",
        f"{row.speed.low:.2f} to {row.speed.high:.2f}",
        *map(figure, figures),
    )
