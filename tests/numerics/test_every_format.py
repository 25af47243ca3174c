"""Networks of every kind in every format, as users convert them."""

import json

import pytest

from exporter.convert.formats import FORMATS
from exporter.verify.report import VerificationReport

pytestmark = [pytest.mark.integration, pytest.mark.published]

MODELS = [
    ("mobilenet_v3_small_075_224", "feature_vector"),
    *(
        (f"mobilenet_v3_{network}_224", task)
        for network in ("small_100", "large_075", "large_100", "small_minimalistic_100")
        for task in ("feature_vector", "classification")
    ),
]
FLOAT = [name for name, row in FORMATS.items() if row.floor is None]
# Of the largest value, with the published weights; seeded ones may make more of their noise.
CLOSE = 1e-5


@pytest.fixture(scope="module", params=MODELS, ids="-".join)
def converted(request, export, slim_export, real_export, shared, tmp_path_factory):
    """Converts to all formats; returns the variant, and the reports by format."""
    variant, task = request.param
    place = tmp_path_factory.mktemp("every_format")
    model = real_export
    if request.param != MODELS[0]:
        model = place / "model"
        export(variant, task, "seeded:0", model, "--verify=false")
    result = slim_export(
        "convert",
        f"--model_dir={model}",
        f"--format={','.join(FORMATS)}",
        f"--images={shared}/photos/*.jpg",
        f"--calibration={shared}/photos/*.jpg",
        f"--output_dir={place}/converted",
        "--json",
        timeout=1800,
    )
    rows = json.loads(result.stdout)
    assert {row["format"]: row["error"] for row in rows} == dict.fromkeys(FORMATS, "")
    assert result.returncode == 0, result.stderr
    return variant, {
        row["format"]: VerificationReport.model_validate_json(json.dumps(row["report"]))
        for row in rows
    }


def test_all_formats_pass_on_the_photographs(converted, shared):
    variant, reports = converted
    photographs = {path.name for path in (shared / "photos").glob("*.jpg")}
    for report in reports.values():
        assert report.passed
        assert set(report.settings.images) >= photographs
        assert report.settings.variant == variant
    assert "@tensorflow/tfjs" in reports["tfjs"].versions
    for name in FLOAT:
        seen = [c for c in reports[name].by_group()["outputs"] if "photographs" in c.case]
        assert len(seen) == 3
        assert 0 <= max(c.max_rel for c in seen) < (CLOSE if variant == MODELS[0][0] else 3 * CLOSE)


def test_quantized_formats_keep_the_direction_of_every_photograph(converted):
    _, reports = converted
    for name in sorted(FORMATS.keys() - set(FLOAT)):
        own = [c for c in reports[name].by_group()["outputs"] if not c.naive]
        assert len({c.case for c in own if "batch 1," in c.case}) == 5
        assert min(c.cosine for c in own) >= FORMATS[name].floor


def test_keras_trains_like_the_original(converted):
    groups = converted[1]["keras"].by_group()
    for group in ("weights", "training", "moving averages", "gradients", "regularization"):
        assert {c.status for c in groups[group]} <= {"passed", "warning"}
        assert "passed" in {c.status for c in groups[group]}
