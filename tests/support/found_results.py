"""What stages might have found, made by hand.

Paths are as long as people have them; there are names of layers, numbers of all
sizes, and failures with long sentences.
"""

import datetime as dt
from types import SimpleNamespace

from exporter.verifier.report.arithmetic import OpCounts
from exporter.verifier.report.records import Check, Settings
from exporter.verifier.report.verification_report import VerificationReport

HOME = "/home/somebody/projects/wild_flowers"
MODEL = f"{HOME}/models/mobilenet_v3_small_075_224/feature_vector"
_ORIGINAL = f"the original graph with checkpoint '{HOME}/checkpoints/v3-small/ema/model-497500'"

EQUAL = [
    Check(group="interface", name="R01"),
    Check(group="weights", name="MobilenetV3/Conv/weights", values=1_026_552),
    Check(group="outputs", name="__call__", case="photographs, batch 32", values=163_840),
    Check(group="end points", name="MobilenetV3/layer_15", case="noise, batch 3", values=9_011_296),
    Check(group="moving averages", name="momentum 0.997", values=10_880),
]
SKIPPED = Check(group="interface", name="R27", status="skipped", message="the model has no labels")
WARNED = Check(
    group="interface",
    name="R15",
    status="warning",
    message="expected losses in a list, found a tuple",
)
WRONG = Check(
    group="end points",
    name="MobilenetV3/expanded_conv_3/expansion_output",
    case="photographs, batch 3, 'grace_hopper.jpg'",
    status="failed",
    values=4_704_000,
    differing=4_703_991,
    largest=12.5,
    max_abs=0.53125,
    max_rel=0.0425,
    max_ulp=1_065_353_216,
    message="at [0, 12, 7, 31] expected 0.7218045, found 1.2530545 (row 4 of 15: conv 5x5)",
)


def report(*checks, allowance="exact", **more):
    settings = Settings(model_dir=MODEL, reference=_ORIGINAL, allowance=allowance)
    return VerificationReport(settings=settings, checks=checks, digest="d" * 64, **more)


def listed():
    from slim_nets.registry import variants

    names = ("mobilenet_v3_small_075_224", "mobilenet_v3_large_minimalistic_100_224", "toy_050_32")
    return {name: variants()[name] for name in names}


def exported(request, *_):
    from exporter.exporting import ExportResult

    checkpoint = SimpleNamespace(source=request.checkpoint)
    passed = report(*EQUAL, SKIPPED)
    return ExportResult(request, request.variant, checkpoint, "e" * 64, 208, 0, 0, 0, 0, passed)


def conversions(request, *_):
    from exporter.converters.converting import Conversion
    from exporter.converters.format_table import FORMATS

    output = Check(
        group="outputs", name="feature_vector", case="photographs, batch 32", values=5,
        largest=12.5, max_abs=7.6e-5, max_rel=6.1e-6, allowance=1.0,
    )  # fmt: skip
    angled = {"cosine": 0.9941, "floor": 0.98, "max_rel": 0.0871}
    naive = {"case": "naive, batch 1", "status": "warning", "cosine": 0.7012}
    quantized = output.model_copy(update=angled)
    beside = quantized.model_copy(update=naive)
    error = (
        "Format openvino was not written: File 'model.xml' differs from SavedModel"
        f" '{request.model_dir}' first in outputs 'feature_vector (zeros, batch 3)': expected 0.25,"
        " found nan. Leave it out, or report this with the model."
    )
    for name, checks, failure, ops in (
        ("tflite_metadata", (output,), "", OpCounts(int8=0, float32=110, total=110)),
        ("tflite_int8", (quantized, beside), "", OpCounts(int8=39, float32=71, total=147)),
        ("openvino", None, error, None),
    ):
        size, found = (4_117_698, report(*checks, ops=ops)) if checks else (0, None)
        yield Conversion(FORMATS[name], request.output_dir / name, found, 12.34, size, failure)


def benchmark(request, *_):
    from exporter.bench.figures import Benchmark, Figure, Machine, Measurement, Spread

    def measured(subject, threads, batch, speed):
        figures = dict.fromkeys(("p50_milliseconds", "p90_milliseconds", "p99_milliseconds"))
        return Measurement(
            subject=subject, kind="saved_model", threads=threads, batch=batch, calls=900,
            speed=Spread(low=speed * 0.98, median=speed, high=speed * 1.03),
            images_per_second=Figure(value=74.4 * speed, ratio=speed),
            milliseconds=Spread(low=1, median=1, high=1),
            **{name: Figure(value=13.45 / speed, ratio=1 / speed) for name in figures},
            round_milliseconds=(1.0,),
            peak_mib=Figure(value=812.5, ratio=0.63), grown_mib=Figure(value=31.2, ratio=0.21),
            load_seconds=Figure(value=0.0132, ratio=0.0087), size_mb=Figure(value=4.1, ratio=0.77),
        )  # fmt: skip

    rows = [
        measured(subject, threads, 1, speed)
        for threads in (1, None)
        for subject, speed in (("__call__", 1.0), ("tflite_metadata", 3.31))
    ]
    return Benchmark(
        model_dir=str(request.model_dir), network="", base="__call__", rounds=10, measurements=rows,
        notes=(), refused=(), versions={},
        machine=Machine(system="Linux", processor="Intel(R) Xeon(R) Processor @ 2.80GHz", cores=2),
    )  # fmt: skip


def _difference(rule, subject, expected, found, **more):
    from exporter.contract.contract_rules import contract_rules
    from exporter.contract.diff import ContractDifference

    row = contract_rules()[rule]
    known = {"title": row.title, "classes": row.classes, "expected": expected, "found": found}
    return ContractDifference(rule=rule, subject=subject, **known, **more)


def contract_diff(model_dir, lock, consumer, accept, junit, progress):
    from exporter.contract.diff import ContractDiff

    argument = "__call__: argument 'batch_norm_momentum'"
    reason = "fine-tuning on few images wants moving averages that follow sooner"
    accepted = {"rule": "C39", "subject": argument, "reason": reason, "date": dt.date(2026, 1, 31)}
    where = "__call__(training=True), __call__(training=True, return_endpoints=True)"
    return ContractDiff(
        differences=(
            _difference("C39", argument, "0.99", "0.9", accepted=accepted),
            _difference("C10", "labels.txt", "sha256 " + "a" * 64, "sha256 " + "b" * 64),
            _difference("C03", "TensorFlow", "2.5.0", "2.21.0", where=where),
        )
    )


def locked(*_, **__):
    traces = {"__call__": SimpleNamespace(traces=[1, 2, 3, 4])}
    return SimpleNamespace(functions=traces, signatures=[1], variables=[1] * 208, ops=[1] * 31)


def some_rules():
    from exporter.contract.contract_rules import contract_rules

    return {number: contract_rules()[number] for number in ("C01", "C03", "C39")}


def _manifest():
    from exporter.releases import manifest

    file = manifest.ReleaseFile(sha256="f" * 64, size=3_935_306)
    return manifest.Manifest(
        handle="acme/imagenet/mobilenet_v3_small_075_224/feature_vector/5",
        variant="mobilenet_v3_small_075_224", task="feature_vector", image_size=224,
        model_digest="d" * 64, model={"saved_model.pb": file},
        files={"model.tar.gz": file, "5.md": file},
        checkpoint=manifest.WeightsOrigin(name="seeded:0", sha256="c" * 64, trained=False),
        verification=manifest.VerificationSummary(
            reference="the original", allowance="exact", checks={"weights": 208}, differing=0,
            max_abs=0.0,
        ),
        versions={},
        rebuild="slim-export export --variant=mobilenet_v3_small_075_224 --task=feature_vector"
        " --checkpoint=seeded:0 --output_dir=model",
    )  # fmt: skip


def packaged(request, *_):
    from exporter.releasing import Release

    return Release(request.output_dir, _manifest(), signed=False)


def explained(*_):
    from exporter.releases.explain import Mismatch

    detail = (
        "2 of 208 variables, by at most 0.0125: MobilenetV3/Conv/weights, MobilenetV3/fc/biases"
    )
    return (Mismatch("weights", detail), Mismatch("tool", "slim-exporter 0.1.0 and 0.2.0"))


def verified(problems):
    from exporter.releases.contents import Problem
    from exporter.releases.verify_release import Verified

    wrong = (Problem("changed", "report.html"), Problem("renamed", "5.md", "to '6.md'"))
    return lambda folder, by=None: Verified(folder, _manifest(), "valid", wrong if problems else ())


def published(request, *_):
    from exporter.releases.sending import Publication, Sent

    files = (
        Sent("model.tar.gz", 3_935_306, "a" * 64, sent=True),
        Sent("manifest.json", 2_345, "b" * 64, sent=False),
    )
    place = "s3://acme-models/hub/acme/imagenet/mobilenet_v3_small_075_224/feature_vector/5"
    return Publication(place, "published", request.dry_run, files)


def served(request, ready, tell):
    tell(
        "Release '/srv/hub/a' is damaged and not served: 'report.html' expected sha256 0, found 1."
    )
    ready("http://127.0.0.1:8500", 12)
