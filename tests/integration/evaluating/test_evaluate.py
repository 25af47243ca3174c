"""Evaluations in this process, held against direct computations; other pipelines."""

import json
import shutil

import numpy as np
import pytest
from support import handmade, labelled
from support.evaluations import CLASSES, IMAGES, NAMES, request_of, same
from support.labelled import IN_MEMORY, SLIM, TFDS

import exporter
from exporter import quiet
from exporter.digests import of_folder
from exporter.errors import EvaluationError
from exporter.evaluating.intervals import paired_difference, wilson
from exporter.reports.evaluation_record import Evaluation

quiet.import_tensorflow()

import apache_beam as beam  # noqa: E402
import tensorflow as tf  # noqa: E402
from apache_beam.options.pipeline_options import PipelineOptions  # noqa: E402

from exporter.evaluating.pipeline_run import LOCAL_RUNNER  # noqa: E402

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("evaluations")]


def test_counts_and_intervals_are_those_of_a_direct_computation(found, place, logits, labels):
    top_1, top_5 = labelled.directly(logits, labels)
    assert 20 < top_1 < top_5 < IMAGES
    assert [model.name for model in found.models] == ["SavedModel", "frozen", "tflite"]
    for model in found.models:
        assert model.images == found.images == IMAGES
        assert (model.top_1, model.top_1_interval) == (top_1 / IMAGES, wilson(top_1, IMAGES))
        assert (model.top_5, model.top_5_interval) == (top_5 / IMAGES, wilson(top_5, IMAGES))
    for model in found.models[1:]:
        assert model.difference.changed == model.difference.top_1 == 0
        assert model.difference.top_1_interval == paired_difference(0, 0, IMAGES)
        assert model.cosine.least > 0.99999
    assert found.model_digest == of_folder(place / "model")
    assert {c.label: c.images for c in found.classes} == {
        n: int((labels == n).sum()) for n in range(CLASSES)
    }
    right = labels[logits.argmax(1) == labels]
    assert {c.label: round(c.top_1 * c.images) for c in found.classes} == {
        n: int((right == n).sum()) for n in range(CLASSES)
    }
    pairs = zip(labels.tolist(), logits.argmax(1).tolist(), strict=True)
    wrong = [pair for pair in pairs if pair[0] != pair[1]]
    assert {(c.label, c.guess): c.images for c in found.confusions} == {
        pair: wrong.count(pair) for pair in wrong
    }


@pytest.mark.full
def test_a_worse_format_is_told_from_the_saved_model(found, place, records, labels, tmp_path):
    """The file of another model stands for a conversion that has suffered."""
    labelled.save_classifier(tmp_path / "other", seed=1)
    shutil.copytree(place / "out", tmp_path / "out")
    request = exporter.ConvertRequest(tmp_path / "other", ("tflite",), tmp_path / "worse")
    (done,) = exporter.convert(request)
    worse = tmp_path / "out/tflite"
    shutil.copyfile(done.folder / "model.tflite", worse / "model.tflite")
    report = json.loads((worse / "report.json").read_text())
    report["digest"] = json.loads((done.folder / "report.json").read_text())["digest"]
    (worse / "report.json").write_text(json.dumps(report))
    told = labelled.measured(
        request_of(place, records, converted=tmp_path / "out"), tmp_path / "place"
    )
    model, frozen, tflite = told.models
    assert same(told)["models"][:2] == same(found)["models"][:2]
    assert frozen.difference.changed == 0
    assert tflite.difference.changed > 20
    gained, lost = tflite.difference.gained, tflite.difference.lost
    assert lost > gained
    assert tflite.top_1 - model.top_1 == pytest.approx((gained - lost) / IMAGES)
    assert tflite.difference.top_1 == (gained - lost) / IMAGES
    assert tflite.cosine.least < tflite.cosine.mean < 0.9


@pytest.mark.parametrize(
    "cut",
    [
        (1, True, 7),
        (70, True, 64),
        *(pytest.param(cut, marks=pytest.mark.full) for cut in ((1, False, 32), (7, False, 1))),
    ],
)
def test_no_number_depends_on_how_the_data_is_cut(found, place, encoded, labels, tmp_path, cut):
    shards, gzipped, batch = cut
    examples = [labelled.example(e, int(n)) for e, n in zip(encoded, labels, strict=True)]
    data = labelled.write_shards(tmp_path / "shards", examples, shards, gzipped=gzipped)
    request = request_of(place, data, converted=place / "out", batch=batch, max_bad=9)
    told = labelled.measured(request, tmp_path / "place")
    counts, expected = same(told), same(found)
    # The shards behind the last image are empty, and told.
    assert [bad["count"] for bad in counts.pop("bad")] == ([9] if shards == 70 else [])
    del expected["bad"]
    for model, other in zip(counts["models"], expected["models"], strict=True):
        # The same kernels give the same bits at one batch size, and nearly so at others.
        if batch != 32 and model["cosine"]:
            assert model.pop("cosine") == pytest.approx(other.pop("cosine"), abs=1e-5)
    assert counts == expected


def test_records_of_tensorflow_datasets(found, place, encoded, labels, tmp_path):
    examples = [labelled.example(e, int(n), TFDS) for e, n in zip(encoded, labels, strict=True)]
    data = labelled.write_shards(tmp_path / "shards", examples)
    told = labelled.measured(request_of(place, data), tmp_path / "place")
    assert same(told)["models"] == same(found)["models"][:1]
    assert (told.labels, told.label_offset) == ("label", 0)
    assert told.notes == (
        "Labels in 'label' are taken with --label_offset=0, as the model has 6 classes.",
    )


def test_folders(found, place, encoded, labels, tmp_path):
    data = labelled.write_folders(tmp_path / "photos", encoded, labels, NAMES)
    told = labelled.measured(request_of(place, data), tmp_path / "place")
    assert same(told)["models"] == same(found)["models"][:1]
    assert (told.labels, told.label_offset) == ("folders", 0)
    (note,) = told.notes
    assert note.startswith("Labels of folders, in sorted order or by number, are taken with")
    names = tmp_path / "labels.txt"
    names.write_text("".join(f"{name}\n" for name in reversed(NAMES)))
    told = labelled.measured(request_of(place, data, labels=names), tmp_path / "named")
    assert told.notes == ()
    assert {c.name: c.images for c in told.classes} == {
        name: int((labels == number).sum()) for number, name in enumerate(NAMES)
    }


def test_offsets_move_labels(place, encoded, logits, labels, tmp_path):
    shifted = [labelled.example(e, int(n) - 1) for e, n in zip(encoded, labels, strict=True)]
    keep = labels > 0
    data = labelled.write_shards(tmp_path / "shards", np.array(shifted, object)[keep].tolist())
    told = labelled.measured(request_of(place, data, label_offset=1), tmp_path / "place")
    top_1, _ = labelled.directly(logits[keep], labels[keep])
    model = told.models[0]
    assert (model.images, model.top_1 * model.images) == (keep.sum(), pytest.approx(top_1))
    assert told.label_offset == 1


def test_crops(place, encoded, labels, records, tmp_path):
    request = request_of(place, records, central_crop=1.0)
    told = labelled.measured(request, tmp_path / "place")
    model = tf.saved_model.load(str(place / "model"))
    logits = model(tf.constant(labelled.prepared(encoded, (8, 8), 1.0))).numpy()
    top_1, _ = labelled.directly(logits, labels)
    assert told.models[0].top_1 == top_1 / IMAGES
    assert told.central_crop == 1


@pytest.mark.full
def test_features(place, encoded, labels, tmp_path):
    """Agreement, and the vote of the nearest, against NumPy."""
    handmade.save(tmp_path / "model")
    request = exporter.ConvertRequest(tmp_path / "model", ("tflite",), tmp_path / "out")
    assert not next(exporter.convert(request)).error
    data = labelled.write_folders(tmp_path / "photos", encoded, labels, NAMES)
    options = {"converted": tmp_path / "out", "neighbours": 3}
    told = labelled.measured(request_of(tmp_path, data, **options), tmp_path / "place")
    model, tflite = told.models
    assert told.task == "feature_vector"
    assert model.top_1 is model.cosine is None
    assert tflite.cosine.least > 0.99999
    order = np.argsort([f"{NAMES[n]}/{i:04d}" for i, n in enumerate(labels)])
    images = tf.constant(labelled.prepared([encoded[i] for i in order], (8, 8)))
    rows = tf.saved_model.load(str(tmp_path / "model"))(images).numpy()
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -2)
    right = 0
    for place_, own in enumerate(labels[order]):
        near = [int(labels[order][other]) for other in np.argsort(-cosines[place_])[:3]]
        right += max(near, key=near.count) == own
    assert model.vote.top_1 == right / IMAGES
    assert model.vote.top_1_interval == wilson(right, IMAGES)
    with pytest.raises(EvaluationError, match="expected --neighbours=K for the vote"):
        labelled.measured(request_of(tmp_path, data), tmp_path / "none")
    with pytest.raises(EvaluationError, match="expected --neighbours=K beside --min_top_1"):
        asked = {"converted": tmp_path / "out", "min_top_1": 0.5}
        labelled.measured(request_of(tmp_path, data, **asked), tmp_path / "least")


def test_a_pipeline_of_somebody_else(place, encoded, labels, found, tmp_path):
    """Examples that another step brings, in small windows; and what follows."""
    examples = [labelled.example(e, int(n)) for e, n in zip(encoded, labels, strict=True)]
    options = PipelineOptions([f"--runner={LOCAL_RUNNER}", *IN_MEMORY])
    with beam.Pipeline(options=options) as pipeline:
        _ = (
            pipeline
            | beam.Create(examples)
            | beam.WindowInto(beam.window.FixedWindows(1))
            | exporter.evaluate(request_of(place, "", converted=place / "out"))
            | beam.Map(lambda evaluation: evaluation.model_dump_json())
            | beam.io.WriteToText(str(tmp_path / "found"))
        )
    (path,) = tmp_path.glob("found-*")
    told = Evaluation.model_validate_json(path.read_text())
    assert same(told) == same(found)


def test_records_keys_are_those_of_the_writers():
    assert SLIM == ("image/encoded", "image/class/label")
    assert TFDS == ("image", "label")


def test_a_model_of_bytes_is_given_bytes(encoded, tmp_path):
    folder = handmade.serve_images(tmp_path / "model", lambda x: x * (1 / 127.5) - 1.0)
    images = labelled.prepared(encoded, (8, 8)) * 255
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    guesses = serve(inputs=tf.constant(images))["feature_vector"].numpy().argmax(1)
    assert len(set(guesses)) > 1
    labels = np.where(np.arange(IMAGES) % 3, guesses, (guesses + 1) % 4)
    examples = [labelled.example(e, int(n)) for e, n in zip(encoded, labels, strict=True)]
    records = labelled.write_shards(tmp_path / "shards", examples)
    request = request_of(tmp_path, records, task="classification")
    found = labelled.measured(request, tmp_path / "place")
    assert found.models[0].top_1 == (guesses == labels).mean()
    assert found.input_range == (0, 255)
    assert any("takes images from 0 to 255, as its own resc" in note for note in found.notes)
    # Given another range, it sees other images.
    other = request_of(tmp_path, records, task="classification", input_range=(-1, 1))
    assert labelled.measured(other, tmp_path / "other").models[0].top_1 != found.models[0].top_1
