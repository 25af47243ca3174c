"""`slim-export export`."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from checkpoints.names import RestoreOptions
from exporter.cli import flags
from exporter.cli.fetch_command import fetch_options
from exporter.cli.terminal import print_json, print_table, print_text, progress_bar, tell
from exporter.exporting import (
    FLOAT_OF_QUANTIZED,
    ExportRequest,
    ExportResult,
    export,
    task_named,
    variant_named,
)
from exporter.signatures import BATCH_NORM_MOMENTUM, FOLDED
from exporter.sources import checkpoint_source

if TYPE_CHECKING:
    from exporter.verifier.report.records import Check

_LOAD = """\
How to load it:

  import tensorflow_hub as hub

  network = hub.load({path!r})
  {output} = network(images)  # float32 [batch, {size}, {size}, 3], RGB in [0, 1]
"""

_FINE_TUNE = """
How to fine-tune it:

  import tensorflow_hub as hub, tf_keras  # hub.KerasLayer is a Keras 2 layer

  model = tf_keras.Sequential([
      hub.KerasLayer({path!r}, trainable=True,
                     arguments=dict(batch_norm_momentum=0.997)),
      tf_keras.layers.Dense(num_classes, activation="softmax"),
  ])
  model.build([None, {size}, {size}, 3])
  model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
  model.fit(images, labels, epochs=5)
"""


def add(commands: Any) -> None:
    """Adds the command and its flags."""
    flags.add_command(
        *(commands, "export", run, "write a SavedModel from a checkpoint"),
        variant=flags.value("as 'slim-export list' prints it", required=True),
        task=flags.value("feature_vector or classification", required=True),
        checkpoint=flags.value(
            "'published' (from the cache, else downloaded), 'seeded:N' (random weights from seed"
            " N), or a path: a prefix, a folder with one checkpoint or a 'checkpoint' file, or a"
            " .tgz archive",
            required=True,
            type=flags.not_empty,
        ),
        output_dir=flags.path("where the SavedModel is to appear", required=True),
        batch_norm_momentum=flags.value(
            f"default of the model's argument, 0 to 1 ({BATCH_NORM_MOMENTUM})",
            type=float,
            default=BATCH_NORM_MOMENTUM,
        ),
        **flags.SIZE,
        overwrite=flags.switch("replace a SavedModel that is there (off)"),
        verify=flags.switch(
            "compare with the original graph, bit for bit, before anything appears (on)",
            default=True,
        ),
        folded_signature=flags.switch(
            "add the signature serving_folded, batch norms folded, equal up to rounding (off)"
        ),
        **flags.RESTORING,
        **flags.DOWNLOADS,
        json=flags.JSON,
    )


def run(arguments: argparse.Namespace) -> int:
    """Exports a checkpoint as a SavedModel."""
    request = flags.fill(
        ExportRequest,
        arguments,
        variant=flags.fill(variant_named, arguments, name=arguments.variant),
        task=task_named(arguments.task),
        checkpoint=checkpoint_source(arguments.checkpoint),
        restoring=flags.fill(RestoreOptions, arguments),
    )
    told: list[str] = []
    with progress_bar() as progress:
        result = export(request, fetch_options(arguments, progress), progress, told.append)
    for remark in told:
        tell(remark)
    if arguments.json:
        print_json(_as_json(result))
    else:
        _print(result)
    return 0


def _as_json(result: ExportResult) -> dict[str, Any]:
    request, checkpoint, report = result.request, result.checkpoint, result.report
    return {
        "model_dir": str(request.output_dir.resolve()),
        "digest": result.digest,
        "variant": request.variant.name,
        "task": request.task,
        "batch_norm_momentum": request.batch_norm_momentum,
        "checkpoint": {
            "source": str(checkpoint.source),
            "sha256": checkpoint.sha256,
            "trained": checkpoint.source.trained,
        },
        "variables": result.variables,
        "moving_averages": result.moving_averages,
        "unused_tensors": result.unused,
        "fake_quant_ranges": result.fake_quant,
        "verification": report and {"passed": report.passed, **report.model_dump(mode="json")},
        "seconds": {stage: round(seconds, 3) for stage, seconds in result.seconds.items()},
    }


def _print(result: ExportResult) -> None:
    request, checkpoint = result.request, result.checkpoint
    rows = [
        ("model", f"{request.variant.name} {request.task}"),
        ("weights", f"{result.variables} variables from {checkpoint.source}"),
        *[("", note) for note in _notes(result)],
        ("folder", str(request.output_dir)),
        ("digest", f"sha256 {result.digest}"),
    ]
    print_table(("made", ""), rows)
    _print_report(result)
    _print_usage(request)


def _notes(result: ExportResult) -> list[str]:
    """Says what is particular about the weights."""
    if not result.checkpoint.source.trained:
        return ["random weights, NOT TRAINED: for trying the tool only"]
    notes = []
    if result.moving_averages:
        notes.append(f"{result.moving_averages} of them moving averages")
    if scope := result.request.restoring.checkpoint_scope:
        notes.append(f"from below {scope}/")
    if result.with_output_suffix:
        notes.append(f"{result.with_output_suffix} of them named with ':0', which is left out")
    if result.fake_quant:
        notes.append(f"{FLOAT_OF_QUANTIZED} ({result.fake_quant} ranges)")
    if result.unused:
        notes.append(f"{result.unused} tensors of the checkpoint not needed")
    return notes


def _print_report(result: ExportResult) -> None:
    report = result.report
    if report is None:
        print_text("\nNot compared with the original (--verify=false).\n\n")
        return
    rows: list[tuple[str, ...]] = []
    for group, checks in report.by_group().items():
        exact = [check for check in checks if not check.allowance]
        rows.append((group, *_counts(exact), "equal bit for bit"))
        if rounded := [check for check in checks if check.allowance]:
            rows.append((FOLDED, *_counts(rounded), _rounding(rounded)))
    print_text("\n")
    print_table(
        (f"compared with {report.settings.reference}", ">checks", ">values", "result"), rows
    )
    print_text("\n")


def _counts(checks: Sequence["Check"]) -> tuple[str, str]:
    return str(len(checks)), f"{sum(check.values for check in checks):,}"


def _rounding(checks: Sequence["Check"]) -> str:
    largest = max(check.max_rel or 0.0 for check in checks)
    return f"within {largest:.1e} of the largest value"


def _print_usage(request: ExportRequest) -> None:
    features = request.task == "feature_vector"
    output = "features" if features else "logits"
    # Logits are an end, features a beginning.
    background = "  # logits[:, 0] is the background\n" * request.variant.network.background
    usage = _LOAD + (_FINE_TUNE if features else background)
    size = request.variant.image_size
    print_text(usage.format(path=str(request.output_dir), size=size, output=output))
