"""Every format, of networks of several kinds, as users convert them."""

from functools import cache

import pytest
from support.compared_here import convert_here
from support.every_format import FLOAT, QUANTIZED, convert, report_of

from exporter.converters.format_table import FORMATS

pytestmark = [pytest.mark.integration, pytest.mark.published]

# Made for tests of other modules too, so on their worker: the fixtures of the conversions.
TOY, REAL = "toy_conversions", "real_conversions"
# The small V3 with the published weights, and the toy, have all formats too.
MODELS = {
    "mobilenet_v3_large_100_224-classification": (FLOAT, QUANTIZED),
    "mobilenet_v3_small_minimalistic_100_224-feature_vector": (QUANTIZED,),
    "mobilenet_edgetpu_075_224-classification": (QUANTIZED,),
}
# Of the largest value, on photographs: with the published weights 6.1e-6 at most, and with seeded
# ones, whose sums cancel out more, 1.3e-5.
CLOSE, SEEDED_CLOSE = 1e-5, 3e-5
# Of the seeded ones, whose conversions take five times as long at 224.
PIXELS = 96


def models(*formats):
    """Has a test take the models that are converted to some of these formats."""
    each = [
        pytest.param(TOY, marks=pytest.mark.xdist_group(TOY)),
        pytest.param(REAL, marks=[pytest.mark.full, pytest.mark.xdist_group("real_export")]),
    ]
    chosen = [name for name, own in MODELS.items() if any(names in formats for names in own)]
    each += [pytest.param(name, marks=pytest.mark.full) for name in chosen]
    return pytest.mark.parametrize("converted", each, indirect=True)


@pytest.fixture(scope="module")
def conversions(request, shared, tmp_path_factory):
    """Converts each model once, however its tests are ordered; returns the reports by format."""

    @cache
    def made(model):
        if model in (TOY, REAL):
            folder, _ = request.getfixturevalue(model)
            return {name: report_of(folder, name) for name in FORMATS}
        folder = tmp_path_factory.mktemp("every_format")
        export, slim_export = map(request.getfixturevalue, ("export", "slim_export"))
        flags = ("--verify=false", f"--image_size={PIXELS}")
        export(*model.split("-"), "seeded:0", folder / "model", *flags)
        with pytest.MonkeyPatch.context() as patch:
            convert_here(patch)
            for names in MODELS[model]:
                convert(slim_export, folder / "model", folder, shared, names=names)
        return {name: report_of(folder, name) for names in MODELS[model] for name in names}

    return made


@pytest.fixture
def converted(request, conversions):
    """A model's name, and its reports by format."""
    return request.param, conversions(request.param)


@models(FLOAT)
def test_they_pass_on_the_photographs(converted, shared):
    model, reports = converted
    photographs = {path.name for path in (shared / "photos").glob("*.jpg")}
    assert "@tensorflow/tfjs" in reports["tfjs"].versions
    for name in FLOAT:
        assert set(reports[name].settings.images) >= photographs
        seen = [c for c in reports[name].by_group()["outputs"] if "photographs" in c.case]
        assert len(seen) == 3
        close = CLOSE if model == REAL else SEEDED_CLOSE
        assert max(c.max_rel for c in seen) < close


@models(FLOAT, QUANTIZED)
def test_all_formats_pass(converted):
    model, reports = converted
    assert all(report.passed for report in reports.values())
    named = {TOY: "toy_100_32", REAL: "mobilenet_v3_small_075_224"}
    variant = named.get(model, model.partition("-")[0].replace("_224", f"_{PIXELS}"))
    assert {report.settings.variant for report in reports.values()} == {variant}


@models(QUANTIZED)
def test_quantized_formats_keep_the_direction_of_every_photograph(converted):
    _, reports = converted
    for name in QUANTIZED:
        own = [c for c in reports[name].by_group()["outputs"] if not c.naive]
        assert len({c.case for c in own if "batch 1," in c.case}) == 2
        assert min(c.cosine for c in own) >= FORMATS[name].floor


@models(FLOAT)
def test_keras_trains_like_the_original(converted):
    groups = converted[1]["keras"].by_group()
    for group in ("weights", "training", "moving averages", "gradients", "regularization"):
        assert {c.status for c in groups[group]} <= {"passed", "warning"}
