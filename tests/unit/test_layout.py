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


def test_state_never_leads_to_another_folder(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "here").mkdir()
    put(tmp_path / "other", "model-2")
    put(tmp_path / "here", "model-2")
    for stated in (tmp_path / "other" / "model-2", "../other/model-2"):
        (tmp_path / "here" / "checkpoint").write_text(f"model_checkpoint_path: '{stated}'\n")
        assert find_prefix(tmp_path / "here") == tmp_path / "here" / "model-2"


def test_prefix_beside_a_folder_of_its_name(tmp_path):
    put(tmp_path, "m")
    (tmp_path / "m").mkdir()
    assert find_prefix(tmp_path / "m") == tmp_path / "m"


def test_patterns(tmp_path):
    (tmp_path / "a[1]").mkdir()
    put(tmp_path / "a[1]", "m")
    with pytest.raises(CheckpointError, match="takes for patterns"):
        find_prefix(tmp_path / "a[1]" / "m")


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
    for text in ("hello", 'model_checkpoint_path: "/"'):
        (tmp_path / "checkpoint").write_text(text)
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
