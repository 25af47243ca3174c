"""Evaluations in this process, held against direct computations; bad data; other pipelines."""

import json
import re
import shutil

import numpy as np
import pytest
from support import handmade, labelled
from support.labelled import IN_MEMORY, SLIM, TFDS, session_here
from support.reports import WHOLE, report

import exporter
from exporter import processes, quiet
from exporter.digests import of_folder
from exporter.errors import EvaluationError, ExporterError
from exporter.evaluating.intervals import paired_difference, wilson
from exporter.reports.evaluation_record import Evaluation
from exporter.verifier.report import kept
from exporter.verifier.report.records import Origin
from slim_nets.registry import variants

quiet.import_tensorflow()

import apache_beam as beam  # noqa: E402
import tensorflow as tf  # noqa: E402
from apache_beam.options.pipeline_options import PipelineOptions  # noqa: E402

from exporter.evaluating.pipeline_run import LOCAL_RUNNER  # noqa: E402

pytestmark = pytest.mark.integration

IMAGES, CLASSES = 61, 6
NAMES = ("ant", "bee", "cat", "dog", "elk", "fox")


@pytest.fixture(scope="module")
def place(tmp_path_factory, slim_export):
    """A classifier, its conversions, images, and labels that it guesses now and then."""
    folder = tmp_path_factory.mktemp("evaluate")
    labelled.save_classifier(folder / "model")
    flags = (f"--model_dir={folder / 'model'}", f"--output_dir={folder / 'out'}")
    result = slim_export("convert", "--format=frozen,tflite", *flags)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(scope="module")
def encoded():
    return labelled.encoded_images(IMAGES)


@pytest.fixture(scope="module")
def logits(place, encoded):
    model = tf.saved_model.load(str(place / "model"))
    return model(tf.constant(labelled.prepared(encoded, (8, 8)))).numpy()


@pytest.fixture(scope="module")
def labels(logits):
    """Half of them the model's own guesses."""
    draw = np.random.RandomState(0)
    own = draw.random_sample(IMAGES) < 0.5
    return np.where(own, logits.argmax(1), draw.randint(CLASSES, size=IMAGES))


@pytest.fixture(scope="module")
def records(place, encoded, labels):
    examples = [labelled.example(e, int(n)) for e, n in zip(encoded, labels, strict=True)]
    return labelled.write_shards(place / "shards", examples, 7)


def request_of(place, data, **options):
    return exporter.EvaluateRequest(place / "model", str(data), **options)


@pytest.fixture(scope="module")
def found(place, records, tmp_path_factory):
    request = request_of(place, records, converted=place / "out")
    return labelled.measured(request, tmp_path_factory.mktemp("found") / "place")


def same(found):
    """Leaves out where the data lay, and names of images, which begin with it."""
    told = found.model_dump(exclude={"data", "notes", "labels"})
    for model in told["models"]:
        if model["cosine"]:
            del model["cosine"]["least_image"]
    return told


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


class TestBadData:
    """Every kind, counted and named."""

    @pytest.fixture(scope="class")
    @staticmethod
    def data(place, encoded, labels):
        folder = place / "bad"
        good = [labelled.example(e, int(n)) for e, n in zip(encoded, labels, strict=True)]
        others = [
            labelled.example(encoded[1][:-900], 1),  # a JPEG that ends early
            labelled.example(b"no image", 1),
            labelled.example(encoded[0], CLASSES),
            labelled.example(encoded[0], -1),
            labelled.example(encoded[0], 1, ("picture", "label")),
            labelled.example(encoded[0], 1, ("image", "class")),
        ]
        pattern = labelled.write_shards(folder, [*good[:10], *others, *good[10:20]])
        (folder / "validation-00001-of-00003").write_bytes(b"")
        whole = (folder / "validation-00000-of-00001").read_bytes()
        (folder / "validation-00002-of-00003").write_bytes(whole[: len(whole) // 20])
        return pattern

    def test_is_counted_by_kind(self, place, data, tmp_path):
        told = labelled.measured(request_of(place, data), tmp_path / "place")
        start = data[:-1]
        assert {bad.kind: (bad.count, bad.first[0]) for bad in told.bad} == {
            "undecodable image": (2, f"{start}00000-of-00001#10"),
            "label out of range": (2, f"{start}00000-of-00001#12 (6)"),
            "record without the keys": (2, f"{start}00000-of-00001#14"),
            "empty file": (1, f"{start}00001-of-00003"),
            "damaged file": (1, told.bad[0].first[0]),
        }
        assert told.bad[0].first[0].startswith(f"{start}00002-of-00003#")

    def test_is_an_error(self, place, data, monkeypatch, slim_export, tmp_path):
        monkeypatch.setattr(processes, "session", session_here)
        flags = (f"--model_dir={place / 'model'}", f"--data={data}")
        report = tmp_path / "report"
        result = slim_export("evaluate", *flags, f"--report_dir={report}", "--", *IN_MEMORY)
        assert (result.returncode, result.stdout) == (1, "")
        # The JPEG library speaks of the first of them; in a process of its own nobody hears it.
        sentence = result.stderr.splitlines()[-1]
        assert "is bad in 8 places: expected none, found" in sentence
        assert "Mend them, or raise --max_bad" in sentence
        assert not report.exists()
        result = slim_export("evaluate", *flags, "--max_bad=8", "--", *IN_MEMORY)
        assert result.returncode == 0, result.stderr
        assert "Left out: 2 of kind 'label out of range'" in result.stdout


class TestCommand:
    """The command line in this process."""

    @pytest.fixture(autouse=True)
    def here(self, monkeypatch):
        monkeypatch.setattr(processes, "session", session_here)

    def test_prints_and_writes_the_same(self, place, records, found, slim_export, tmp_path):
        report = tmp_path / "report"
        flags = (f"--model_dir={place / 'model'}", f"--data={records}", "--json")
        more = (f"--converted={place / 'out'}", f"--report_dir={report}", "--min_top_1=0.1")
        result = slim_export("evaluate", *flags, *more, "--", *IN_MEMORY)
        assert result.returncode == 0, result.stderr
        told = Evaluation.model_validate_json(result.stdout)
        assert told == found.model_copy(update={"min_top_1": 0.1})
        assert Evaluation.model_validate_json((report / "report.json").read_bytes()) == told
        assert f'data-top-1="{found.models[0].top_1}"' in (report / "report.html").read_text()
        assert (report / "report.xml").read_text().count("<testcase") == 3
        assert "--label_offset=0" in result.stderr
        # Again, in its place; but no report of a verification is replaced.
        assert slim_export("evaluate", *flags, *more, "--", *IN_MEMORY).returncode == 0
        (report / "report.json").write_text('{"checks": []}')
        result = slim_export("evaluate", *flags, *more, "--", *IN_MEMORY)
        assert "is not a report of an evaluation" in result.stderr

    @pytest.mark.parametrize(
        ("passed", "sentence"),
        [
            ("--direct_num_workers=many", "Flags behind -- are not Beam's: .*many"),
            ("--direct_num_worker=1", "Flag '--direct_num_worker' behind -- is unknown"),
        ],
    )
    def test_refuses_flags_that_are_not_beams(self, place, records, slim_export, passed, sentence):
        flags = (f"--model_dir={place / 'model'}", f"--data={records}")
        result = slim_export("evaluate", *flags, "--", passed)
        assert result.returncode == 1
        assert re.search(sentence, result.stderr), result.stderr
        assert result.stderr.count("\n") == 1

    def test_fails_below_the_least_accuracy(self, place, records, slim_export):
        flags = (f"--model_dir={place / 'model'}", f"--data={records}", "--min_top_1=0.99")
        result = slim_export("evaluate", *flags, "--", *IN_MEMORY)
        assert result.returncode == 1
        assert "Model 'SavedModel' is less accurate than it must be" in result.stderr
        assert result.stdout.startswith("model ")

    @pytest.mark.parametrize(
        ("flags", "sentence"),
        [
            (["--data=x"], "--model_dir is missing"),
            (["--model_dir={model}"], "--data is missing"),
            (["--model_dir={model}", "--data={model}"], "has no images"),
            (["--model_dir={place}", "--data=x"], "is not a SavedModel|no SavedModel"),
            (["--model_dir={model}", "--data=x", "--image_size=9"], "images of another size"),
            (["--model_dir={model}", "--data=x", "--report_dir={model}/r"], "would lie in model"),
            (["--model_dir={model}", "--data=x", "--converted={place}/none"], "no such folder"),
            (["--model_dir={model}", "--data=x", "--task=speech"], "Task 'speech' is unknown"),
        ],
    )
    def test_refuses(self, place, slim_export, flags, sentence):
        given = [flag.format(model=place / "model", place=place) for flag in flags]
        result = slim_export("evaluate", *given, "--", *IN_MEMORY)
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.count("\n") == 1
        assert any(text in result.stderr for text in sentence.split("|")), result.stderr


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


def test_models_that_cannot_be_evaluated(tmp_path, place, records):
    vectors = tf.TensorSpec([None, 8], tf.float32, "inputs")
    root = tf.train.Checkpoint()
    root.__call__ = tf.function(lambda inputs: inputs * 2.0, input_signature=[vectors])
    tf.saved_model.save(root, str(tmp_path / "model"))
    with pytest.raises(EvaluationError, match="takes no images: expected one input float32"):
        labelled.measured(request_of(tmp_path, records), tmp_path / "place")
    anything = tf.TensorSpec([None, None, None, 3], tf.float32, "inputs")
    handmade.save(tmp_path / "any/model", images=anything)
    with pytest.raises(EvaluationError, match="images of any size: expected --image_size"):
        labelled.measured(request_of(tmp_path / "any", records), tmp_path / "any_place")


def test_a_model_of_any_size_has_that_of_its_report(tmp_path, place, records):
    anything = tf.TensorSpec([None, None, None, 3], tf.float32, "inputs")
    handmade.save(tmp_path / "model", images=anything, served="logits")
    origin = Origin(
        variant=variants()["toy_100_32"],
        task="classification",
        checkpoint="seeded:0",
        checkpoint_sha256="c" * 64,
        published=False,
        trained=False,
        restoring=exporter.RestoreOptions(),
    )
    kept.put(report(*WHOLE, origin=origin, digest=of_folder(tmp_path / "model")))
    request = request_of(tmp_path, records, max_bad=IMAGES)
    assert labelled.measured(request, tmp_path / "place").image_size == (32, 32)
    request = request_of(tmp_path, records, max_bad=IMAGES, image_size=(16, 24))
    assert labelled.measured(request, tmp_path / "other").image_size == (16, 24)


def test_a_model_that_gives_no_numbers(tmp_path, records):
    labelled.save_classifier(tmp_path / "whole")
    network = handmade.Network()

    def body(inputs, training, momentum):
        return tf.math.log(-1.0 - network.features(inputs, training, momentum) ** 2)

    handmade.save(tmp_path / "model", network, body=body, served="logits")
    with pytest.raises(EvaluationError, match="could not be run: expected finite outputs"):
        labelled.measured(request_of(tmp_path, records, max_bad=99), tmp_path / "place")


def test_conversions_of_another_model_are_refused(place, records, tmp_path):
    labelled.save_classifier(tmp_path / "model", seed=3)
    with pytest.raises(ExporterError, match="was made of another model"):
        labelled.measured(
            request_of(tmp_path, records, converted=place / "out"), tmp_path / "place"
        )


def test_records_keys_are_those_of_the_writers():
    assert SLIM == ("image/encoded", "image/class/label")
    assert TFDS == ("image", "label")
