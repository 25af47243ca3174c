"""Accuracy on the page and in the manifest: of this model, and as the evaluation in the release."""

import json

import pytest

from exporter import digests
from exporter.errors import PublishError
from exporter.releases import handle
from exporter.releases.verify_release import verify_release
from exporter.releases.writing import PackageRequest
from exporter.releasing import package
from exporter.reports.evaluation_record import (
    BadData,
    ClassAccuracy,
    Evaluation,
    ModelAccuracy,
    NeighbourVote,
)
from exporter.verifier.report import kept as store

HANDLE = "google/imagenet/mobilenet_v3_small_075_224/feature_vector/5"
CLASSIFIER = ModelAccuracy(
    name="SavedModel",
    images=50000,
    top_1=0.654,
    top_1_interval=(0.6498, 0.6582),
    top_5=0.861,
    top_5_interval=(0.858, 0.864),
)
VOTE = NeighbourVote(neighbours=5, top_1=0.5, top_1_interval=(0.45, 0.55))


def evaluation(digest, model=CLASSIFIER):
    return Evaluation(
        model_dir="/home/me/model",
        model_digest=digest,
        network="",
        task="classification" if model.top_1 else "feature_vector",
        data="/home/me/imagenet/validation-*",
        labels="label",
        label_offset=1,
        image_size=(224, 224),
        central_crop=0.875,
        images=model.images,
        bad=(BadData(kind="empty file", count=1, first=("/home/me/imagenet/x",)),),
        models=(model,),
        classes=(ClassAccuracy(label=1, name="cat", images=1, top_1=1, top_1_interval=(0.2, 1)),),
        confusions=(),
        published=None,
        min_top_1=None,
        notes=("Something of /home/me.",),
        refused=(),
    )


@pytest.fixture
def packaged_with(tiny_model, passed, tmp_path, monkeypatch):
    monkeypatch.setenv("SLIM_EXPORT_CACHE_DIR", str(tmp_path / "cache"))
    digest = digests.of_folder(tiny_model)
    store.put(passed(digest))

    def make(model=CLASSIFIER, digest=digest, text=None):
        path = tmp_path / "evaluation.json"
        path.write_text(text or evaluation(digest, model).model_dump_json())
        folder = tmp_path / "release"
        request = PackageRequest(tiny_model, handle.parse(HANDLE), folder, evaluation=path)
        return package(request).folder

    return make


def test_page_and_manifest_say_it(packaged_with):
    folder = packaged_with()
    told = json.loads((folder / "manifest.json").read_text())
    assert told["accuracy"] == {
        "data": "imagenet/validation-*",
        "images": 50000,
        "neighbours": 0,
        "top_1": 0.654,
        "top_1_interval": [0.6498, 0.6582],
        "top_5": 0.861,
    }
    page = " ".join((folder / "5.md").read_text().split())
    assert "Measured on 50,000 images of `imagenet/validation-_`: 65.40 % top-1" in page
    assert "(95 % interval 64.98 to 65.82 %), 86.10 % top-5. `evaluation.json`" in page
    assert "evaluation.json" in told["files"]
    assert all(b"/home/me" not in path.read_bytes() for path in folder.iterdir())
    assert not verify_release(folder).problems


def test_features_are_measured_by_a_vote(packaged_with):
    model = ModelAccuracy(name="SavedModel", images=400, vote=VOTE)
    page = " ".join((packaged_with(model) / "5.md").read_text().split())
    assert "50.00 % top-1 (95 % interval 45.00 to 55.00 %), by the vote of the 5 nearest" in page


def test_without_one_nothing_is_said(release):
    assert "accuracy" not in json.loads((release / "manifest.json").read_text())
    assert "## Accuracy" not in (release / "5.md").read_text()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"digest": "e" * 64}, "is of another model: expected sha256 .*, found e"),
        ({"text": "{}"}, "it is none of this version"),
        (
            {"model": ModelAccuracy(name="SavedModel", images=4)},
            "says nothing of accuracy: .* Evaluate with --neighbours",
        ),
        (
            {"model": CLASSIFIER.model_copy(update={"top_1": 0.9})},
            r"contradicts itself: expected shares within their intervals, found 0\.9 beside",
        ),
        (
            {"model": CLASSIFIER.model_copy(update={"top_1_interval": None})},
            r"contradicts itself: .*, found 0\.654 beside None\. Evaluate the model again",
        ),
        (
            {"model": CLASSIFIER.model_copy(update={"top_5": 0.6, "top_5_interval": (0.5, 0.7)})},
            r"contradicts itself: expected a top-5 of 0\.654 or more, as the top-1 is, found 0\.6",
        ),
        (
            {"model": CLASSIFIER.model_copy(update={"images": 0})},
            "contradicts itself: expected one number of images, found 0 and 0",
        ),
    ],
)
def test_evaluations_that_prove_nothing(packaged_with, given, sentence, tmp_path):
    with pytest.raises(PublishError, match=sentence):
        packaged_with(**given)
    assert not (tmp_path / "release").exists()


def test_an_evaluation_that_is_not_there(tiny_model, passed, tmp_path, monkeypatch):
    monkeypatch.setenv("SLIM_EXPORT_CACHE_DIR", str(tmp_path / "cache"))
    store.put(passed(digests.of_folder(tiny_model)))
    request = PackageRequest(
        tiny_model, handle.parse(HANDLE), tmp_path / "release", evaluation=tmp_path / "none"
    )
    with pytest.raises(PublishError, match="cannot be read: No such file"):
        package(request)


@pytest.mark.parametrize("name", ["manifest.json", "evaluation.json"])
def test_a_release_that_says_more_than_was_measured(packaged_with, renewed, name):
    folder = packaged_with()
    if name == "manifest.json":
        told = json.loads((folder / name).read_text())
        told["accuracy"]["top_1"] = 0.9
        (folder / name).write_text(json.dumps(told))
    else:
        shares = {"top_1": 0.8, "top_1_interval": (0.79, 0.81)}
        better = CLASSIFIER.model_copy(update=shares)
        told = evaluation(
            json.loads((folder / "manifest.json").read_text())["model_digest"], better
        )
        renewed(folder, name, told.model_dump_json().encode())
    problems = verify_release(folder).problems
    assert ("changed", "manifest.json") in [(problem.kind, problem.what) for problem in problems]


def test_an_evaluation_of_another_model_in_a_release(packaged_with, renewed):
    folder = packaged_with()
    renewed(folder, "evaluation.json", evaluation("e" * 64).model_dump_json().encode())
    (problem,) = verify_release(folder).problems
    assert (problem.kind, problem.what) == ("changed", "evaluation.json")
