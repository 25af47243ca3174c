"""What is told of an evaluation: JSON and its schema, page, JUnit, sentences."""

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from exporter.bench.candidates import Candidate
from exporter.cli import evaluate_command
from exporter.errors import EvaluationError
from exporter.evaluating.evaluate_request import EvaluateRequest
from exporter.evaluating.evaluation_junit import junit_of
from exporter.evaluating.evaluation_page import page_of
from exporter.evaluating.evaluation_plan import EvaluationPlan
from exporter.evaluating.intervals import paired_difference, wilson
from exporter.evaluating.labelled_images import Bad
from exporter.evaluating.shares import evaluation_of
from exporter.evaluating.tally import COSINE_UNIT, Tally
from exporter.reports.evaluation_record import Evaluation

PLAN = EvaluationPlan(
    request=EvaluateRequest(Path("model & <b>"), data="a/b/validation-*"),
    digest="0" * 64,
    models=(
        Candidate("SavedModel", "saved_model", "__call__"),
        Candidate("tflite", "format", "tflite"),
        Candidate("onnx", "format", "onnx"),
    ),
    task="classification",
    network="mobilenet_v3_small_100_224",
    published_top_1=0.675,
    input="inputs",
    output="logits",
    outputs=3,
    image_size=(8, 8),
    batch=2,
    offsets={"image/class/label": 0, "label": 1},
    background=True,
    class_names=("background", "<cat>", "dog\n"),
)


def counted(broken=()):
    tally = Tally()
    tally.images.update({1: 60, 2: 40})
    tally.layouts["label"] = 100
    for name, right in (("SavedModel", 70), ("tflite", 66), ("onnx", 70)):
        if name in broken:
            tally.broken[name] = "it fails"
            continue
        model = tally.of_model(name)
        model.right.update({1: right - 30, 2: 30})
        model.top_5 = 90
        model.confusions.update({(1, 2): 100 - right - 10, (2, 1): 10})
        if name != "SavedModel":
            model.gained, model.lost, model.changed = 3, 73 - right, 80 - right
            model.cosines, model.least = round(99 / COSINE_UNIT), (0.9, "a/b/validation-0#4")
    return tally


FOUND = evaluation_of(counted(), PLAN)


def test_shares_and_intervals():
    saved_model, tflite, onnx = FOUND.models
    assert [model.name for model in FOUND.models] == ["SavedModel", "tflite", "onnx"]
    assert (saved_model.top_1, saved_model.top_1_interval) == (0.7, wilson(70, 100))
    assert (saved_model.top_5, saved_model.top_5_interval) == (0.9, wilson(90, 100))
    assert saved_model.difference is saved_model.cosine is None
    told = tflite.difference
    assert (told.top_1, told.changed, told.gained, told.lost) == (-0.04, 14, 3, 7)
    assert told.top_1_interval == paired_difference(3, 7, 100)
    assert onnx.difference.top_1 == 0
    assert tflite.cosine.mean == pytest.approx(0.99)
    assert (tflite.cosine.least, tflite.cosine.least_image) == (0.9, "a/b/validation-0#4")
    assert [(one.label, one.images, one.top_1) for one in FOUND.classes] == [
        (1, 60, 40 / 60),
        (2, 40, 0.75),
    ]
    assert [(c.label, c.guess, c.images) for c in FOUND.confusions] == [(1, 2, 20), (2, 1, 10)]
    assert (FOUND.published.top_1, FOUND.published.within) == (0.675, True)
    assert (FOUND.labels, FOUND.label_offset) == ("label", 1)
    assert "--label_offset=1, as the model has 3 classes" in FOUND.notes[0]


def test_what_was_published_may_not_be_within():
    assert not evaluation_of(counted(), replace(PLAN, published_top_1=0.85)).published.within
    assert evaluation_of(counted(), replace(PLAN, published_top_1=None)).published is None


def test_images_of_the_background_are_told():
    tally = counted()
    tally.images[0] = 5
    assert "Class 0, the background, has 5 images" in evaluation_of(tally, PLAN).notes[-1]


def test_a_format_that_fails_is_refused_and_the_saved_model_must_not():
    found = evaluation_of(counted(["onnx"]), PLAN)
    assert [model.name for model in found.models] == ["SavedModel", "tflite"]
    assert found.failures == (
        "Format 'onnx' could not be evaluated: it fails. Convert it again, or remove its folder.",
    )
    with pytest.raises(EvaluationError, match="could not be run: it fails"):
        evaluation_of(counted(["SavedModel"]), PLAN)


def test_the_least_accuracy_is_asked_of_every_model():
    request = replace(PLAN.request, min_top_1=0.68)
    found = evaluation_of(counted(), replace(PLAN, request=request))
    (failure,) = found.failures
    assert failure.startswith("Model 'tflite' is less accurate than it must be: expected a top-1")
    assert "of 0.68 or more, found 0.6600 on 100 images" in failure
    assert FOUND.failures == ()


def bad_data(*bad):
    tally = counted()
    for one in bad:
        tally.add_bad(one)
    return evaluation_of(tally, PLAN)


def test_bad_data_is_counted_by_kind_and_the_first_named():
    bad = [Bad(f"shard#{n}", "undecodable image") for n in (9, 3, 7, 1, 5, 2, 8)]
    found = bad_data(*bad, Bad("other", "empty file"))
    assert [(b.kind, b.count) for b in found.bad] == [("empty file", 1), ("undecodable image", 7)]
    with pytest.raises(EvaluationError) as refusal:
        found.check_data()
    assert str(refusal.value) == (
        "Data 'a/b/validation-*' is bad in 8 places: expected none, found 1 of kind 'empty file':"
        " other; 7 of kind 'undecodable image': shard#1, shard#2, shard#3, shard#5, shard#7 and 2"
        " more. Mend them, or raise --max_bad."
    )
    with pytest.raises(EvaluationError, match="expected 7, found"):
        found.check_data(7)
    found.check_data(8)
    FOUND.check_data()


def test_no_images():
    found = evaluation_of(Tally(), PLAN)
    assert found.models[0].top_1_interval == (0, 1)
    with pytest.raises(EvaluationError, match="expected some, found none"):
        found.check_data()
    tally = Tally()
    tally.add_bad(Bad("shard", "damaged file"))
    with pytest.raises(EvaluationError, match=r"found 1 of kind 'damaged file': shard\. Change"):
        evaluation_of(tally, PLAN).check_data(max_bad=1)


def test_json_is_read_back():
    assert Evaluation.model_validate_json(FOUND.model_dump_json()) == FOUND
    told = FOUND.model_dump(mode="json")
    assert told["models"][0]["name"] == "SavedModel"
    with pytest.raises(ValueError, match="less than or equal to 1"):
        Evaluation.model_validate({**FOUND.model_dump(), "central_crop": 75})


def test_schema_is_the_committed_one():
    path = Path(__file__).parents[2] / "golden/evaluation.schema.json"
    assert json.loads(path.read_text()) == Evaluation.model_json_schema()


def test_page_has_every_number_and_escapes_names():
    page = page_of(FOUND)
    shown = re.findall(r'data-model="(.*?)" data-top-1="(.*?)"', page)
    assert shown == [(model.name, str(model.top_1)) for model in FOUND.models]
    for text in ("-4.00", "60.42 to 78.11", "&lt;cat&gt;", "model &amp; &lt;b&gt;", "dog\\n"):
        assert text in page, text
    assert 'id="published"' in page
    assert page.count("<svg") == 5
    assert "https://" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)


def test_page_of_features():
    plan = replace(PLAN, task="feature_vector", published_top_1=None, class_names=())
    found = evaluation_of(counted(), plan)
    assert page_of(found).count("<svg") == 1
    assert found.models[1].difference is found.models[1].top_1 is None


def test_junit():
    request = replace(PLAN.request, min_top_1=0.68)
    found = evaluation_of(counted(["onnx"]), replace(PLAN, request=request))
    root = ET.fromstring(junit_of(found))
    told = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    assert told.pop("SavedModel") == []
    assert told.pop("tflite") == ["failure"]
    assert list(told.values()) == [["failure"]]
    assert {case[0].tag for case in ET.fromstring(junit_of(FOUND)).iter("testcase")} == {"skipped"}


def test_table(capsys):
    evaluate_command._print(FOUND)
    lines = capsys.readouterr().out.splitlines()
    assert re.split(r"\s{2,}", lines[2])[:3] == ["tflite", "100", "66.00"]
    assert "-4.00" in lines[2]
    assert "<cat> taken for dog\\n: 20" in lines
    assert lines[-1].startswith("Published for mobilenet_v3_small_100_224: 67.50 % top-1, within")
