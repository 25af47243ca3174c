"""Finding checkpoints on disk, and their names inside."""

import pytest

from checkpoints.layout import CheckpointError, find_prefix, stored_names


def put(folder, *names):
    for name in names:
        (folder / f"{name}.index").touch()
        (folder / f"{name}.data-00000-of-00001").touch()


def test_prefix(tmp_path):
    put(tmp_path, "model-1")
    assert find_prefix(tmp_path / "model-1") == tmp_path / "model-1"


def test_folder_with_one_prefix(tmp_path):
    put(tmp_path, "model.ckpt-100")
    assert find_prefix(tmp_path) == tmp_path / "model.ckpt-100"


@pytest.mark.parametrize("stated", ["model-2", "/gone/since/long/model-2"])
def test_folder_with_state(tmp_path, stated):
    put(tmp_path, "model-1", "model-2")
    (tmp_path / "checkpoint").write_text(f'model_checkpoint_path: "{stated}"\n')
    assert find_prefix(tmp_path) == tmp_path / "model-2"


def test_folder_with_two_prefixes(tmp_path):
    put(tmp_path, "a", "b")
    with pytest.raises(
        CheckpointError, match=r"expected a 'checkpoint' file or one .*, found a, b"
    ):
        find_prefix(tmp_path)


def test_folder_with_none(tmp_path):
    with pytest.raises(CheckpointError, match="found none"):
        find_prefix(tmp_path)


def test_state_that_is_not_one(tmp_path):
    (tmp_path / "checkpoint").write_text("hello")
    with pytest.raises(CheckpointError, match="is not a checkpoint state"):
        find_prefix(tmp_path)


def test_state_that_names_nothing(tmp_path):
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "model-3"\n')
    with pytest.raises(CheckpointError, match="model-3' does not exist"):
        find_prefix(tmp_path)


def test_missing(tmp_path):
    with pytest.raises(CheckpointError, match=r"does not exist: expected a prefix.*'x.index'"):
        find_prefix(tmp_path / "x")


def test_one_file_of_it(tmp_path):
    put(tmp_path, "model-1")
    with pytest.raises(
        CheckpointError, match=r"expected its prefix. Use --checkpoint=.*/model-1\."
    ):
        find_prefix(tmp_path / "model-1.index")


def test_without_data(tmp_path):
    (tmp_path / "m.index").touch()
    with pytest.raises(CheckpointError, match=r"incomplete: expected 'm.data-00000-of-00001'"):
        find_prefix(tmp_path / "m")


def test_shadows_go_first_where_they_are():
    stored = {"a", "a/ExponentialMovingAverage", "b"}
    assert stored_names(["a", "b"], stored, use_moving_averages=True) == {
        "a": "a/ExponentialMovingAverage",
        "b": "b",
    }
    assert stored_names(["a", "b"], stored, use_moving_averages=False) == {"a": "a", "b": "b"}
