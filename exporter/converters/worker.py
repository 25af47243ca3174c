"""The fresh process in which one conversion is made and verified.

Takes absl's verbosity as its argument, reads a `ConvertTask` as one line of
JSON, and writes a `Converted`. A converter that crashes takes only this process with it.
"""

import os
import sys
import time
from pathlib import Path

from absl import logging

from exporter import quiet
from exporter.converters.formats import FORMATS, Options
from exporter.converters.request import Converted, ConvertTask
from exporter.errors import ConversionError, ExporterError


def main() -> None:
    """Serves one request."""
    logging.set_verbosity(int(sys.argv[1]))
    task = ConvertTask.model_validate_json(sys.stdin.readline())
    # Converters and runtimes print as they please; the answer must stand alone.
    with os.fdopen(os.dup(1), "w") as answer:
        os.dup2(2, 1)
        quiet.import_tensorflow()
        answer.write(_answer(task).model_dump_json())
    quiet.before_exit()


def _answer(task: ConvertTask) -> Converted:
    from exporter.converters.source import source_of
    from exporter.converters.verify import verified

    row = FORMATS[task.format]
    target = Path(task.target)
    options = Options(
        tuple(map(Path, task.calibration)),
        Path(task.labels) if task.labels else None,
        task.author,
        task.license,
    )
    try:
        source = source_of(Path(task.model_dir))
        start = time.perf_counter()
        row.converter.convert(source, target, options)
        seconds = time.perf_counter() - start
        size = sum(path.stat().st_size for path in target.parent.rglob("*") if path.is_file())
        report = verified(source, row, target, task, options)
    except ExporterError as error:
        return Converted(error=str(error))
    except Exception as error:  # noqa: BLE001  (a converter raises what it likes)
        lines = [line for line in str(error).splitlines() if line.strip()]
        said = " ".join(lines[:1] + lines[1:][-1:])[:500].rstrip(".") or type(error).__name__
        refused = ConversionError(
            f"SavedModel '{task.model_dir}' could not be converted to {task.format}: expected a"
            f" file, found {type(error).__name__}: {said}. Nothing was written; leave this format"
            " out, or run again with --verbosity=1 for the converter's own messages."
        )
        if logging.get_verbosity() >= logging.INFO:
            logging.exception("%s", task.format)
        return Converted(error=str(refused))
    return Converted(report=report, seconds=seconds, size=size)


if __name__ == "__main__":
    main()
