"""A model that does more than compute is not run before somebody says that it may be."""

import shutil

import pytest

from exporter import quiet

quiet.import_tensorflow()

import tensorflow as tf  # noqa: E402

from exporter import conversion, verification  # noqa: E402
from exporter.errors import ConversionError, VerificationError  # noqa: E402

UNSAFE = r"is not safe to run: expected ops that only compute, found 'WriteFile' in .* Give --trust"


@pytest.fixture
def written(tmp_path):
    return tmp_path / "written"


@pytest.fixture
def model(tmp_path, written):
    """A model whose signature writes a file."""
    root = tf.train.Checkpoint(v=tf.Variable(1.0))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def call(x):
        tf.io.write_file(str(written), "by the model")
        return {"y": x * root.v}

    folder = tmp_path / "model"
    tf.saved_model.save(root, str(folder), signatures=call)
    return folder


@pytest.fixture
def plain(tmp_path):
    root = tf.train.Checkpoint(v=tf.Variable(1.0))
    call = tf.function(lambda x: {"y": x * root.v}).get_concrete_function(tf.TensorSpec([None]))
    tf.saved_model.save(root, str(tmp_path / "plain"), signatures=call)
    return tmp_path / "plain"


def test_verify_runs_neither_side(model, plain, written):
    for sides in ((model, None), (model, plain), (plain, model)):
        with pytest.raises(VerificationError, match=f"Model '{model}' {UNSAFE}"):
            verification.verify(verification.VerifyRequest(*sides))
    assert not written.exists()


def test_verify_runs_what_is_trusted(model):
    report = verification.verify(verification.VerifyRequest(model, trust=True))
    assert report.digest


def test_convert_does_not_run_it(model, written, tmp_path):
    request = conversion.ConvertRequest(model, ("frozen",), tmp_path / "out")
    with pytest.raises(ConversionError, match=f"Model '{model}' {UNSAFE}"):
        list(conversion.convert(request))
    assert not written.exists()
    assert not request.output_dir.exists()


def test_convert_runs_what_is_trusted(model, tmp_path, monkeypatch):
    def source_of(*_):
        raise ConversionError("it was loaded")

    monkeypatch.setattr("exporter.converters.source_model.source_of", source_of)
    request = conversion.ConvertRequest(model, ("frozen",), tmp_path / "out", trust=True)
    with pytest.raises(ConversionError, match="it was loaded"):
        list(conversion.convert(request))


def test_a_model_as_text_is_scanned_too(model):
    from google.protobuf import text_format

    from exporter.protobufs import read_saved_model

    text = text_format.MessageToString(read_saved_model(model, VerificationError))
    (model / "saved_model.pbtxt").write_text(text)
    (model / "saved_model.pb").unlink()
    with pytest.raises(VerificationError, match=UNSAFE):
        verification.verify(verification.VerifyRequest(model))
    shutil.rmtree(model)
    model.mkdir()
    nested = f"meta_graphs {{ graph_def {{ node {{ experimental_type {{ {'args {' * 2000}"
    for text in ("{", nested + "}" * 2004):
        (model / "saved_model.pbtxt").write_text(text)
        with pytest.raises(VerificationError, match="is damaged"):
            verification.verify(verification.VerifyRequest(model))
