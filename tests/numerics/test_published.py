"""Our exports of real weights against the SavedModels that Google published."""

import json
from dataclasses import replace

import numpy as np
import pytest
from support import judging
from support.guesses import GUESSES
from support.originals import CLASSIFIER, FEATURES, param

from exporter import quiet
from exporter.verifier.noise.conditions import CONDITIONS
from exporter.verifier.report.records import Check
from exporter.verifier.subjects.examples import FULL, QUICK
from exporter.verifier.subjects.given import Given

pytestmark = [pytest.mark.numerics, pytest.mark.published]

RULES = 27


@pytest.fixture(params=[param(FEATURES), param(CLASSIFIER)])
def original(request):
    return request.param


@pytest.fixture
def made(request, original):
    return request.getfixturevalue(original.export)


@pytest.fixture
def published(request, original):
    return request.getfixturevalue(original.published)


@pytest.fixture(scope="module")
def model(real_export):
    return loaded(real_export)


def loaded(folder):
    quiet.import_tensorflow()
    import tensorflow as tf

    return tf.saved_model.load(str(folder))


def verify(slim_export, original, *arguments, broken=()):
    result = slim_export("verify", "--json", *arguments)
    assert result.stderr == "", result.stderr
    assert result.returncode == 0
    report = json.loads(result.stdout)
    assert report["settings"]["allowance"] == "exact"
    assert report["settings"]["variant"] == original.variant
    return report, counted(map(Check.model_validate, report["checks"]), broken)


def counted(checks, broken=()):
    """Counts the checks of each group, none of which may have found a bit that differs.

    Of rules that the reference breaks itself there are warnings.
    """
    counts = {}
    for check in checks:
        assert check.status in (("warning",) if check.name in broken else ("passed", "skipped"))
        assert (check.differing, check.max_abs, check.allowance) == (0, 0, 0)
        counts[check.group] = counts.get(check.group, 0) + 1
    return counts


def test_our_export_equals_googles_on_photographs(original, made, published, shared):
    """What changes a bit is seen on few images at one momentum; with --full there are more."""
    plan = replace(QUICK, gradients=True)
    given = Given((shared / "photos/cat.jpg", shared / "photos/dogs.jpg"))
    counts = counted(judging.compared(made, published, given=given, plan=plan))
    assert counts.keys() == original.checks.keys() | {"interface"}
    assert counts["weights"] == original.checks["weights"]
    assert counts["end points"] >= 2 * original.end_points
    assert counts["gradients"] >= 2 * original.variables[1]
    assert counts["regularization"] == 1 + original.loss[1]


@pytest.mark.full
def test_our_export_equals_googles_in_a_report(
    slim_export, real_export, published_model, shared, tmp_path
):
    """Also the report in all its forms, with the reference's own noise in it."""
    report, counts = verify(
        slim_export,
        FEATURES,
        f"--model_dir={real_export}",
        f"--reference_dir={published_model}",
        f"--images={shared}/photos/*.jpg",
        f"--report_dir={tmp_path / 'report'}",
    )
    assert counts == FEATURES.checks | {"interface": RULES + 3}
    assert len(report["settings"]["images"]) == 7 + 5
    assert json.loads((tmp_path / "report/report.json").read_text())["digest"] == report["digest"]
    assert (tmp_path / "report/report.html").stat().st_size < 2_000_000
    assert report["noise_conditions"] == list(CONDITIONS)
    noise = {c["name"]: c["noise"] / c["largest"] for c in report["checks"] if c["noise"]}
    # What the facts say of this network: about 2e-6 of the largest value.
    assert 1e-8 < noise["MobilenetV3/layer_1"] < noise["default"] < 1e-4


@pytest.mark.full
def test_our_export_equals_googles(slim_export, original, made, published, shared):
    """Of a reference without signatures too."""
    report, counts = verify(
        slim_export,
        original,
        f"--model_dir={made}",
        f"--reference_dir={published}",
        f"--images={shared}/photos/*.jpg",
    )
    assert counts == original.checks | {"interface": RULES + original.described}
    drawn = {c["name"] for c in report["checks"] if c["group"] == "dropout"}
    gradients = {c["case"] for c in report["checks"] if c["group"] == "gradients"}
    assert len(drawn) == (4 if original is CLASSIFIER else 2)
    assert any("momentum 0.997" in case for case in gradients)


@pytest.mark.full
def test_at_another_size_everything_is_equal_too(classifier_export, published_classifier, shared):
    """On photographs and probes: outputs, end points, gradients, averages, a step of SGD."""
    given = Given(tuple(sorted((shared / "photos").glob("*.jpg"))))
    plan = replace(FULL, probes=("ramp", "noise"), batch_sizes=(1, 3), momenta=(0.0, 0.9, 0.997))
    models = (classifier_export, published_classifier)
    counts = counted(judging.compared(*models, given=given, plan=plan, sizes=((160, 160),)))
    once = CLASSIFIER.checks | {
        "outputs": 2 * 2,
        "end points": 31 * 2,
        "moving averages": 54 * 3,
        "interface": CLASSIFIER.described,
    }
    assert counts == once


@pytest.mark.full
def test_our_export_equals_the_graph(slim_export, request, original, made, shared):
    _, counts = verify(
        slim_export,
        original,
        f"--model_dir={made}",
        f"--checkpoint={request.getfixturevalue(original.weights)}",
        f"--variant={original.variant}",
        f"--task={original.task}",
        f"--images={shared}/photos/*.jpg",
    )
    # The graph has a signature, and no default of the momentum.
    served = {"outputs": 3 * 5, "SGD step": counts["SGD step"]} if original.lacks else {}
    assert counts == original.checks | served | {"interface": RULES + 2}
    assert counts["SGD step"] == sum(original.variables) - original.variables[1] + 2


@pytest.mark.full
def test_the_original_alone_keeps_all_rules(slim_export, original, published):
    result = slim_export("verify", "--json", f"--model_dir={published}")
    checks = json.loads(result.stdout)["checks"]
    assert [c["name"] for c in checks] == [f"R{n:02}" for n in range(1, RULES + 1)]
    broken = {c["name"]: c["status"] for c in checks if c["status"] != "passed"}
    assert broken == original.broken
    assert result.returncode == ("failed" in broken.values())


@pytest.mark.full
def test_the_original_equals_itself(slim_export, original, published):
    flags = (f"--model_dir={published}", f"--reference_dir={published}")
    broken = {name for name, status in original.broken.items() if status == "failed"}
    _, counts = verify(slim_export, original, *flags, broken=broken)
    # Without a signature of its own, there is none that equals its `__call__`.
    served = {"outputs": 3 + 2, "frozen": 2 + 2} if original.lacks else {}
    assert counts == original.checks | served | {"interface": RULES + original.described}


def test_features_of_known_images(model):
    """The sums that the published model gave on another machine."""
    # Another machine and TensorFlow move a feature by up to 1.2e-6, and all 1024 are added.
    allowed = 1024 * 1.2e-6
    ramp = np.arange(224) / 223
    grid = np.stack(
        np.broadcast_arrays(ramp[:, None], ramp[None, :], ramp[:, None] * ramp[None, :]), -1
    )
    known = {
        9.128439: np.zeros((1, 224, 224, 3)),
        17.875683: np.ones((1, 224, 224, 3)),
        25.204472: np.full((1, 224, 224, 3), 0.5),
        33.374214: grid[None],
    }
    for total, images in known.items():
        features = model(images.astype(np.float32)).numpy()
        assert features.sum() == pytest.approx(total, abs=allowed)
        assert features.min() >= -0.375


def test_names_of_the_photographs(classifier_export, shared):
    """What the README says."""
    from exporter.photos import read

    names = (shared / "original/imagenet_labels.txt").read_text().splitlines()
    photographs = sorted((shared / "photos").glob("*.jpg"))
    logits = loaded(classifier_export)(read(photographs, (128, 128))).numpy()
    found = [names[row] for row in logits.argmax(axis=1)]
    assert dict(zip([path.stem for path in photographs], found, strict=True)) == GUESSES


@pytest.mark.parametrize("original", [param(FEATURES), param(CLASSIFIER)])
def test_the_regularization_loss_is_the_known_one(original, made):
    model = loaded(made)
    assert model.regularization_losses[0]().numpy() == np.float32(original.loss[0])


def test_the_regularization_loss_is_added_to_others_as_the_originals(model, published_model):
    """TensorFlow's optimizer takes its terms apart; they must let it, to give the same bits."""
    import tensorflow as tf

    ours, theirs = (
        tf.function(lambda loss=found.regularization_losses[0]: loss() + 1.0)().numpy()
        for found in (model, loaded(published_model))
    )
    assert ours.tobytes() == theirs.tobytes()
