"""`slim-export evaluate`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.cli import flags
from exporter.cli.terminal import print_json, print_lines, print_table, progress_bar, tell
from exporter.errors import InvalidArgumentError
from exporter.evaluating.evaluate_request import BATCH, CENTRAL_CROP
from exporter.evaluation import EvaluateRequest, check_report_dir, evaluated, write_report

if TYPE_CHECKING:
    from exporter.reports.evaluation_record import Evaluation, ModelAccuracy

# Of confusions in the table; --json has more.
_SHOWN = 5


def add(commands: Any) -> None:
    """Adds the command and its flags."""
    summary = "measure the accuracy of a SavedModel and of its conversions on labelled images"
    parser = flags.add_command(
        *(commands, "evaluate", run, summary),
        model_dir=flags.path("the SavedModel, whoever made it"),
        data=flags.value(
            "a pattern of TFRecord files, quoted, as 'imagenet/validation-*', or a folder with a"
            " folder of images for each class"
        ),
        converted=flags.path(
            "the --output_dir of 'convert', of which every format that is there is evaluated too"
        ),
        task=flags.value("feature_vector or classification (what the model says)"),
        labels=flags.path(
            "a text file with a class name on each line; folders have these names (the model's own)"
        ),
        label_offset=flags.value(
            "what is added to the data's labels to get the model's classes: 1 if the model alone"
            " counts a background as class 0, -1 if the data alone does (found from the number of"
            " classes, and said)",
            type=int,
        ),
        image_size=flags.value(
            "in pixels, for models that take any: 160, or 160x320 (height x width)",
            type=flags.image_size,
        ),
        input_range=flags.INPUT_RANGE,
        central_crop=flags.value(
            f"which part of height and width is kept ({CENTRAL_CROP})",
            type=float,
            default=CENTRAL_CROP,
        ),
        batch=flags.value(f"images per call ({BATCH})", type=int, default=BATCH),
        neighbours=flags.value(
            "for feature vectors: how many nearest other images vote on a class (0, no vote)",
            type=int,
            default=0,
        ),
        max_bad=flags.value("how many images and files may be bad (0)", type=int, default=0),
        min_top_1=flags.value("fail if the top-1 of a model is lower, from 0 to 1", type=float),
        report_dir=flags.path("write report.json, report.html and report.xml there"),
        trust=flags.TRUST,
        report_schema=flags.switch("print report.json's schema and end (off)"),
        time_limit=flags.TIME_LIMIT,
        json=flags.JSON,
    )
    parser.epilog = (
        f"{parser.epilog} What follows -- goes to Apache Beam: -- --runner=FlinkRunner"
        " --flink_master=HOST:PORT, or -- --direct_num_workers=1. Without it, all cores of this"
        " machine work."
    )
    parser.set_defaults(passed_on=())


def run(arguments: argparse.Namespace) -> int:
    """Evaluates; returns 1 if a format failed, or a model is less accurate than it must be."""
    if arguments.report_schema:
        from exporter.reports.evaluation_record import Evaluation

        print_json(Evaluation.model_json_schema())
        return 0
    request = _request(arguments)
    if arguments.report_dir is not None:
        check_report_dir(arguments.report_dir)
    with progress_bar() as progress:
        found = evaluated(request, arguments.passed_on, progress)
        if arguments.report_dir is not None:
            progress("write report", 0, None)
            write_report(found, arguments.report_dir)
    if arguments.json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found)
    for sentence in (*found.notes, *found.failures):
        tell(sentence)
    return 1 if found.failures else 0


def _request(arguments: argparse.Namespace) -> EvaluateRequest:
    flags.check_given(arguments, "model_dir")
    if not arguments.data:
        raise InvalidArgumentError(
            "--data is missing: expected a pattern of files, or a folder. Add it."
        )
    task = arguments.task
    if task is not None:
        from exporter.choices import task_named

        task = task_named(task)
    report, model = arguments.report_dir, arguments.model_dir
    if report and report.resolve().is_relative_to(model.resolve()):
        raise InvalidArgumentError(
            f"Report '{report}' would lie in model '{model}': expected a folder outside of it."
            " Change --report_dir."
        )
    return flags.fill(EvaluateRequest, arguments, data=_expanded(arguments.data), task=task)


def _expanded(data: str) -> str:
    """Expands a ~ as shells do, which they do not behind --data=."""
    return str(Path(data).expanduser()) + "/" * data.endswith("/") if data[:1] == "~" else data


def _print(found: "Evaluation") -> None:
    from exporter.reports.percents import between, percent

    classifies = found.task == "classification"
    columns = ["model", ">images", ">top-1 %", ">95 % interval"]
    columns += [">top-5 %", ">95 % interval"] if classifies else []
    if len(found.models) > 1:
        columns += [">to the SavedModel", ">95 % interval", ">changed"] if classifies else []
        columns += [">mean cosine", ">least"]
    rows = []
    for model in found.models:
        row = [model.name, f"{model.images:,}"]
        row += [percent(model.accuracy), between(model.accuracy_interval)]
        row += [percent(model.top_5), between(model.top_5_interval)] if classifies else []
        rows.append((row + _compared(model, classifies=classifies))[: len(columns)])
    print_table(columns, rows)
    for confusion in found.confusions[:_SHOWN]:
        names = (confusion.name or confusion.label, confusion.guess_name or confusion.guess)
        print_lines(f"{names[0]} taken for {names[1]}: {confusion.images:,}")
    if found.published is not None:
        place = "within" if found.published.within else "not within"
        print_lines(
            f"Published for {found.published.network}: {percent(found.published.top_1)} % top-1,"
            f" {place} the SavedModel's interval."
        )
    for bad in found.bad:
        print_lines(f"Left out: {bad.count:,} of kind '{bad.kind}', such as {bad.first[0]}")


def _compared(model: "ModelAccuracy", *, classifies: bool) -> list[str]:
    from exporter.reports.percents import between, percent

    cells = []
    if classifies:
        told = model.difference
        cells += (
            [
                percent(told.top_1, signed=True),
                between(told.top_1_interval, signed=True),
                f"{told.changed:,}",
            ]
            if told
            else [""] * 3
        )
    cosine = model.cosine
    return cells + ([f"{cosine.mean:.4f}", f"{cosine.least:.4f}"] if cosine else [""] * 2)
