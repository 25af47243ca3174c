"""Bad data, and models that cannot be evaluated."""

import re

import pytest
from support import handmade, labelled
from support.evaluations import CLASSES, IMAGES, request_of
from support.labelled import IN_MEMORY, session_here
from support.reports import WHOLE, report

import exporter
from exporter import processes, quiet
from exporter.digests import of_folder
from exporter.errors import EvaluationError, ExporterError
from exporter.reports.evaluation_record import Evaluation
from exporter.verifier.report import kept
from exporter.verifier.report.records import Origin
from slim_nets.registry import variants

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("evaluations")]


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
