"""Networks of every kind in every format, as users convert them."""

import pytest
from support.every_format import FLOAT, QUANTIZED, convert_all, report_of

from exporter.converters.format_table import FORMATS

pytestmark = [pytest.mark.integration, pytest.mark.published]

# Made for tests of other modules too, so on their worker: the fixtures of the conversions.
TOY, REAL = "toy_conversions", "real_conversions"
# Their two tasks by turns.
MODELS = [
    ("mobilenet_v3_small_100_224", "classification"),
    ("mobilenet_v3_large_075_224", "feature_vector"),
    ("mobilenet_v3_large_100_224", "classification"),
    ("mobilenet_v3_small_minimalistic_100_224", "feature_vector"),
]
# Of the largest value, on photographs: with the published weights 6.1e-6 at most, and with seeded
# ones, whose sums cancel out more, 1.3e-5.
CLOSE, SEEDED_CLOSE = 1e-5, 3e-5
# Of the seeded ones, whose conversions take five times as long at 224.
PIXELS = 96


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(TOY, marks=pytest.mark.xdist_group(TOY)),
        pytest.param(REAL, marks=[pytest.mark.full, pytest.mark.xdist_group("real_export")]),
        *(pytest.param("-".join(model), marks=pytest.mark.full) for model in MODELS),
    ],
)
def converted(request, shared, tmp_path_factory):
    """Converts to all formats; returns the model, and the reports by format."""
    if request.param in (TOY, REAL):
        folder, _ = request.getfixturevalue(request.param)
    else:
        folder = tmp_path_factory.mktemp("every_format")
        export, slim_export = map(request.getfixturevalue, ("export", "slim_export"))
        flags = ("--verify=false", f"--image_size={PIXELS}")
        export(*request.param.split("-"), "seeded:0", folder / "model", *flags)
        convert_all(slim_export, folder / "model", folder, shared)
    return request.param, {name: report_of(folder, name) for name in FORMATS}


def test_all_formats_pass_on_the_photographs(converted, shared):
    model, reports = converted
    photographs = {path.name for path in (shared / "photos").glob("*.jpg")}
    assert all(report.passed for report in reports.values())
    named = {TOY: "toy_100_32", REAL: "mobilenet_v3_small_075_224"}
    variant = named.get(model, model.partition("-")[0].replace("_224", f"_{PIXELS}"))
    assert {report.settings.variant for report in reports.values()} == {variant}
    assert "@tensorflow/tfjs" in reports["tfjs"].versions
    for name in FLOAT:
        assert set(reports[name].settings.images) >= photographs
        seen = [c for c in reports[name].by_group()["outputs"] if "photographs" in c.case]
        assert len(seen) == 3
        close = CLOSE if model == REAL else SEEDED_CLOSE
        assert max(c.max_rel for c in seen) < close


def test_quantized_formats_keep_the_direction_of_every_photograph(converted):
    _, reports = converted
    for name in QUANTIZED:
        own = [c for c in reports[name].by_group()["outputs"] if not c.naive]
        assert len({c.case for c in own if "batch 1," in c.case}) == 2
        assert min(c.cosine for c in own) >= FORMATS[name].floor


def test_keras_trains_like_the_original(converted):
    groups = converted[1]["keras"].by_group()
    for group in ("weights", "training", "moving averages", "gradients", "regularization"):
        assert {c.status for c in groups[group]} <= {"passed", "warning"}
