"""`slim-export export`."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from checkpoints.names import RestoreOptions
from exporter.choices import task_named
from exporter.cli import flags, network_flags
from exporter.cli.fetch_command import fetch_options
from exporter.cli.terminal import (
    print_facts,
    print_json,
    print_lines,
    print_prose,
    print_table,
    progress_bar,
    tell,
)
from exporter.errors import printable
from exporter.exporting import (
    FLOAT_OF_QUANTIZED,
    ExportRequest,
    ExportResult,
    export,
)
from exporter.signatures import BATCH_NORM_MOMENTUM, FOLDED
from exporter.sources import checkpoint_source
from slim_nets.registry import Variant

if TYPE_CHECKING:
    from exporter.verifier.report.records import Check

_LOAD = """\
How to load it:

  import tensorflow_hub as hub

  network = hub.load({path!r})
  {output} = network(images)  # float32 [batch, {images}, 3], RGB in [0, 1]{usual}
"""

_FINE_TUNE = """
How to fine-tune it:

  import tensorflow_hub as hub, tf_keras  # hub.KerasLayer is a Keras 2 layer

  model = tf_keras.Sequential([
      hub.KerasLayer({path!r}, trainable=True,
                     arguments=dict(batch_norm_momentum={momentum})),
      tf_keras.layers.Dense(num_classes, activation="softmax"),
  ])
  model.build([None, {size}, 3])
  model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
  model.fit(images, labels, epochs=5)
"""


def add(commands: Any) -> None:
    """Adds the command and its flags."""
    flags.add_command(
        *(commands, "export", run, "write a SavedModel from a checkpoint"),
        variant=network_flags.either(required=True),
        task=flags.task(required=True),
        checkpoint=flags.value(
            "'published' (from the cache, else downloaded), 'seeded:N' (random weights from seed"
            " N), or a path: a prefix, a checkpoint that is one file, a folder with one checkpoint"
            " or a 'checkpoint' file, or a .tgz archive",
            required=True,
            type=flags.not_empty,
        ),
        output_dir=flags.path("the folder that the SavedModel is written to", required=True),
        batch_norm_momentum=flags.value(
            f"default of the model's argument of that name, 0 to 1 ({BATCH_NORM_MOMENTUM})",
            type=float,
            default=BATCH_NORM_MOMENTUM,
        ),
        **network_flags.SIZE,
        labels=flags.path("a text file with a class name on each line, to be stored in the model"),
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
        variant=network_flags.chosen(arguments),
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
        "variant": result.variant.name,
        "task": request.task,
        "num_classes": result.variant.num_classes(request.task),
        "widths": result.variant.widths,
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
        ("model", f"{result.variant.name} {request.task}"),
        ("weights", f"{result.variables} variables from {checkpoint.source}"),
        *[("", note) for note in _notes(result)],
        ("folder", str(request.output_dir)),
        ("digest", f"sha256 {result.digest}"),
    ]
    print_facts(*rows)
    _print_report(result)
    _print_usage(request, result.variant)


def _notes(result: ExportResult) -> list[str]:
    """Says what is particular about the network and its weights."""
    variant, scope = result.variant, result.request.restoring.checkpoint_scope
    suffixed = result.with_output_suffix
    of_network = {
        f"{variant.own_classes} classes": variant.own_classes,
        f"{variant.other_widths}": variant.other_widths,
    }
    of_trained_weights = {
        f"{result.moving_averages} of them moving averages": result.moving_averages,
        f"from below {scope}/": scope,
        f"{suffixed} of them named with ':0', which is left out": suffixed,
        f"{FLOAT_OF_QUANTIZED} ({result.fake_quant} ranges)": result.fake_quant,
        f"{result.unused} tensors of the checkpoint not needed": result.unused,
    }
    drawn = {"random weights, NOT TRAINED: for trying the tool only": True}
    notes = of_network | (of_trained_weights if result.checkpoint.source.trained else drawn)
    return [note for note, holds in notes.items() if holds]


def _print_report(result: ExportResult) -> None:
    report = result.report
    if report is None:
        print_lines("", "Not compared with the original (--verify=false).", "")
        return
    rows: list[tuple[str, ...]] = []
    for group, checks in report.by_group().items():
        exact = [check for check in checks if not check.allowance]
        rows.append((group, *_counts(exact), "equal bit for bit"))
        if rounded := [check for check in checks if check.allowance]:
            rows.append((FOLDED, *_counts(rounded), _rounding(rounded)))
    print_lines("")
    print_table(("group", ">checks", ">values", "result"), rows)
    print_prose("", report.verdict(), "")


def _counts(checks: Sequence["Check"]) -> tuple[str, str]:
    return str(len(checks)), f"{sum(check.values for check in checks):,}"


def _rounding(checks: Sequence["Check"]) -> str:
    largest = max(check.max_rel or 0.0 for check in checks)
    return f"within {largest:.1e} of the largest value"


def _print_usage(request: ExportRequest, variant: Variant) -> None:
    features = request.task == "feature_vector"
    output = "features" if features else "logits"
    # Logits are an end, features a beginning.
    background = "  # logits[:, 0] is the background\n" * variant.background
    usage = _LOAD + (_FINE_TUNE if features else background)
    size = "{}, {}".format(*variant.image_size)
    images, usual = size, ""
    if variant.network.any_size:
        images, usual = "height, width", f", usually [batch, {size}, 3]"
    path = printable(str(request.output_dir))
    sizes = {"size": size, "images": images, "usual": usual}
    filled = usage.format(path=path, output=output, momentum=request.batch_norm_momentum, **sizes)
    print_lines(*filled.splitlines())
