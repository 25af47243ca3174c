"""What runs code when Keras loads a model is found, however it is written."""

import pytest

from exporter import quiet
from exporter.releases.keras_metadata import code_beside, code_in

quiet.import_tensorflow()


def keras_metadata(folder, *texts):
    from tf_keras.protobuf.saved_metadata_pb2 import SavedMetadata

    metadata = SavedMetadata()
    for number, text in enumerate(texts):
        metadata.nodes.add(node_id=number, identifier="_tf_keras_layer", metadata=text)
    (folder / "keras_metadata.pb").write_bytes(metadata.SerializeToString())


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"class_name": "Lambda"}', "Lambda"),
        (r'{"class_name": "\u004cambda"}', "Lambda"),
        (r'{"layers": [{"config": {"\u0063lass_name": "\u004cambda"}}]}', "Lambda"),
        ('{"class_name": "TFOpLambda", "config": {"function": "io.write_file"}}', "TFOpLambda"),
        ('{"class_name": "__lambda__", "config": {"value": "4wAA"}}', "__lambda__"),
        ('{"class_name": "Lambda", "class_name": "Dense"}', "Lambda"),
        ('{"config": {"function_type": "lambda"}}', "function of type lambda"),
        ('{"module": "builtins", "class_name": "Dense"}', "module builtins"),
        ('{"module": "os", "class_name": "Dense"}', "module os"),
        ("{", "metadata that are no JSON"),
        ("[" * 100_000, "metadata that are no JSON"),
    ],
)
def test_code_for_keras_is_found_where_keras_finds_it(tmp_path, text, what):
    assert code_in(text) == (what,)
    keras_metadata(tmp_path, "{}", text)
    assert code_beside(tmp_path) == (what,)


def test_keras_layers_that_only_compute(tmp_path):
    assert code_beside(tmp_path) == ()
    dense = '{"class_name": "Dense", "module": "keras.layers", "config": {}}'
    keras_metadata(tmp_path, dense, "")
    assert code_in(dense) == code_beside(tmp_path) == ()


def test_other_bytes_than_metadata(tmp_path):
    (tmp_path / "keras_metadata.pb").write_bytes(b'{"class_name": "Lambda"}')
    assert code_beside(tmp_path) == ("bytes that are no metadata",)
