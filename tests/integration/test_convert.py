"""The command `convert`, with the format that needs nothing but TensorFlow."""

import errno
import json

import pytest
import tensorflow as tf
from support.handmade import save

from exporter.conversion import ConvertRequest, convert
from exporter.errors import ExporterError, ExportError
from exporter.reports import write

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def handmade_model(tmp_path_factory):
    return save(tmp_path_factory.mktemp("model") / "model")


@pytest.fixture(scope="module")
def converted(tmp_path_factory, slim_export, handmade_model):
    place = tmp_path_factory.mktemp("converted")
    result = slim_export(
        *("convert", f"--model_dir={handmade_model}", "--format=frozen"), f"--output_dir={place}"
    )
    assert result.returncode == 0, result.stderr
    return place, result


def test_a_model_that_is_none_of_ours_is_converted_and_reported(converted):
    place, result = converted
    assert sorted(path.name for path in (place / "frozen").iterdir()) == [
        *("frozen.pb", "report.html", "report.json", "report.xml")
    ]
    report = json.loads((place / "frozen/report.json").read_text())
    assert {check["status"] for check in report["checks"]} == {"passed"}
    assert "frozen" in result.stdout
    assert str(place / "frozen") in result.stdout


def test_the_graph_has_the_names_of_the_signature_and_constants(converted):
    graph = tf.compat.v1.GraphDef.FromString((converted[0] / "frozen/frozen.pb").read_bytes())
    ops = {node.name: node.op for node in graph.node}
    assert (ops["inputs"], ops["feature_vector"]) == ("Placeholder", "Identity")
    assert not {"VarHandleOp", "PartitionedCall", "StatefulPartitionedCall"} & set(ops.values())
    assert not graph.library.function


def test_the_same_bytes_again_and_the_old_stay_without_overwrite(
    converted, slim_export, handmade_model
):
    place, _ = converted
    before = (place / "frozen/frozen.pb").read_bytes()
    arguments = ("convert", f"--model_dir={handmade_model}", "--format=frozen")
    with pytest.raises(ExportError, match="exists already"):
        list(convert(ConvertRequest(handmade_model, ("frozen",), place)))
    again = slim_export(*arguments, f"--output_dir={place}", "--overwrite", "--json")
    assert again.returncode == 0, again.stderr
    (row,) = json.loads(again.stdout)
    assert (row["format"], row["error"]) == ("frozen", "")
    assert row["report"]["checks"]
    assert (place / "frozen/frozen.pb").read_bytes() == before


def test_what_cannot_be_written_stops_no_other_format(
    tmp_path, monkeypatch, converts_here, handmade_model
):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(write, "html", full)
    request = ConvertRequest(handmade_model, ("frozen", "tflite"), tmp_path / "out")
    rows = list(convert(request))
    assert [row.format.name for row in rows] == ["frozen", "tflite"]
    for row in rows:
        assert "cannot be written: No space left on device. Free some space" in row.error
        assert not row.folder.exists()


def test_bad_input_is_one_line_and_leaves_nothing(tmp_path, slim_export, handmade_model):
    out = tmp_path / "out"
    flags = (f"--model_dir={handmade_model}", f"--output_dir={out}", "--format=frozen,coreml")
    result = slim_export("convert", *flags)
    assert result.returncode == 1, result.stdout
    (line,) = result.stderr.splitlines()
    assert line.startswith("slim-export: Format 'coreml' is unknown")
    assert not out.exists()


def test_what_cannot_be_converted_at_all_is_one_line_and_leaves_nothing(tmp_path, handmade_model):
    text = tmp_path / "text.jpg"
    text.write_text("no image")
    unsigned = save(tmp_path / "unsigned", signatures={})
    cases = (
        ([], handmade_model, {}, "No format is given"),
        (["frozen"], tmp_path / "none", {}, "no such folder"),
        (["frozen"], unsigned, {}, "has no signature to convert: expected 'serving_default'"),
        (["frozen"], handmade_model, {"images": str(text)}, "cannot be decoded"),
        (["frozen"], handmade_model, {"images": "nothing*"}, "are not there"),
        (
            ["frozen"],
            handmade_model,
            {"output_dir": handmade_model / "in"},
            "lies inside the SavedModel",
        ),
    )
    before = sorted(handmade_model.rglob("*"))
    for names, model, options, sentence in cases:
        given = {"output_dir": tmp_path / "out"} | options
        with pytest.raises(ExporterError) as caught:
            list(convert(ConvertRequest(model, tuple(names), **given)))
        assert sentence in str(caught.value)
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "out").exists()
    assert sorted(handmade_model.rglob("*")) == before
