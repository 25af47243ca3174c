"""Finding checkpoints on disk, and their names inside."""

import os
from pathlib import Path

import pytest

from checkpoints.layout import CheckpointError, files_of, find_prefix, folders_with_checkpoints


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


@pytest.mark.parametrize(
    "stated",
    [
        r"C:\\Users\\joe\\train\\model.ckpt-200",  # escaped, as TensorFlow writes it
        r"C:\Users\joe\train\model.ckpt-200",
        "/home/joe/train/model.ckpt-200",
        "./model.ckpt-200",
        r"/home/j\303\266rg/m\303\266\303\266/model.ckpt-200",
    ],
)
def test_state_of_another_machine(tmp_path, stated):
    put(tmp_path, "model.ckpt-100", "model.ckpt-200")
    (tmp_path / "checkpoint").write_text(
        f'model_checkpoint_path: "{stated}"\r\nall_model_checkpoint_paths: "model.ckpt-100"\r\n'
    )
    for given in (tmp_path, tmp_path / "checkpoint"):
        assert find_prefix(given) == tmp_path / "model.ckpt-200"


@pytest.mark.parametrize(
    "stated", ["train/model.ckpt-9", r"D:\\runs\\train\\model.ckpt-9", "../old/train/model.ckpt-9"]
)
def test_state_with_a_folder_below_its_own(tmp_path, stated):
    (tmp_path / "train").mkdir()
    put(tmp_path, "model.ckpt-9")
    put(tmp_path / "train", "model.ckpt-9")
    (tmp_path / "checkpoint").write_text(f'model_checkpoint_path: "{stated}"\n')
    assert find_prefix(tmp_path) == tmp_path / "train" / "model.ckpt-9"


def test_state_with_characters_that_are_not_ascii(tmp_path):
    put(tmp_path, "größe-1", "b")
    for stated in ("größe-1", r"gr\303\266\303\237e-1"):
        (tmp_path / "checkpoint").write_text(f'model_checkpoint_path: "{stated}"\n')
        assert find_prefix(tmp_path) == tmp_path / "größe-1"


def test_prefix_that_is_called_as_a_state_file(tmp_path):
    put(tmp_path, "checkpoint", "b")
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "b"\n')
    assert find_prefix(tmp_path / "checkpoint") == tmp_path / "checkpoint"
    assert find_prefix(tmp_path) == tmp_path / "b"


def test_current_folder(tmp_path, monkeypatch):
    put(tmp_path, "m")
    monkeypatch.chdir(tmp_path)
    assert find_prefix(Path()) == Path("m")


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


def put_single(path, end="57fb808b247547db"):
    """Writes what looks like a checkpoint that is one file; TensorFlow's own is tried elsewhere."""
    path.write_bytes(b"keys and tensors" + bytes.fromhex(end))
    return path


def test_single_file(tmp_path):
    file = put_single(tmp_path / "inception_v3.ckpt")
    assert find_prefix(file) == file
    assert files_of(file) == [file]


def test_single_file_in_a_folder(tmp_path):
    folder = tmp_path / "resnet_v2_50"
    folder.mkdir()
    file = put_single(folder / "resnet_v2_50.ckpt")
    (folder / "eval.graph").write_bytes(b"another thing of many bytes")
    assert find_prefix(folder) == file
    assert folders_with_checkpoints(tmp_path) == {folder}


def test_single_file_that_a_state_notes(tmp_path):
    put_single(tmp_path / "model.ckpt-1")
    put_single(tmp_path / "model.ckpt-2")
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "/gone/model.ckpt-1"\n')
    assert find_prefix(tmp_path) == tmp_path / "model.ckpt-1"


def test_index_goes_before_a_single_file_of_its_name(tmp_path):
    """As TensorFlow chooses."""
    put(tmp_path, "m")
    put_single(tmp_path / "m")
    assert [file.suffix for file in files_of(find_prefix(tmp_path / "m"))] == [
        ".index",
        ".data-00000-of-00001",
    ]


def test_an_index_alone_is_no_single_file(tmp_path):
    put_single(tmp_path / "m.index")
    with pytest.raises(CheckpointError, match=r"is one file of a checkpoint: expected its prefix"):
        find_prefix(tmp_path / "m.index")


def test_a_single_file_that_is_cut_off(tmp_path):
    with pytest.raises(CheckpointError, match=r"'.*x\.ckpt' is no checkpoint: expected a prefix"):
        find_prefix(put_single(tmp_path / "x.ckpt", end="57fb808b"))


def test_files_that_cannot_be_read_are_passed_over(tmp_path, monkeypatch):
    put(tmp_path, "m")
    (tmp_path / "secret").write_bytes(bytes(100))
    monkeypatch.setattr(Path, "open", lambda *_: (_ for _ in ()).throw(PermissionError))
    assert find_prefix(tmp_path) == tmp_path / "m"


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


def test_a_pipe_in_place_of_data(tmp_path):
    (tmp_path / "m.index").touch()
    os.mkfifo(tmp_path / "m.data-00000-of-00001")
    with pytest.raises(CheckpointError, match="of a checkpoint cannot be read: expected a file"):
        find_prefix(tmp_path)


def test_state_with_a_path_that_no_file_can_have(tmp_path):
    """Each of its ends would be looked for, which takes hours."""
    put(tmp_path, "model.ckpt-9")
    state = tmp_path / "checkpoint"
    state.write_text(f'model_checkpoint_path: "{"a/" * 2100}model.ckpt-9"\n')
    with pytest.raises(CheckpointError, match="is not a checkpoint state"):
        find_prefix(tmp_path)
    state.write_text("\n" * (1 << 20) + 'model_checkpoint_path: "model.ckpt-9"\n')
    with pytest.raises(CheckpointError, match="is not a checkpoint state"):
        find_prefix(tmp_path)


def test_state_that_names_nothing(tmp_path):
    put(tmp_path, "model-2")
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "model-3"\n')
    with pytest.raises(
        CheckpointError, match=r"model-3' does not exist, though '.*' notes it"
    ) as e:
        find_prefix(tmp_path)
    assert "found model-2 in its folder" in str(e.value)


def test_missing(tmp_path):
    with pytest.raises(CheckpointError, match=r"does not exist: expected a prefix.*'x.index'"):
        find_prefix(tmp_path / "x")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=f"found no folder '{tmp_path / 'none'}'"):
        find_prefix(tmp_path / "none/model.ckpt-3")


def test_what_a_folder_holds_is_listed(tmp_path):
    with pytest.raises(CheckpointError, match="found none in its folder"):
        find_prefix(tmp_path / "model.ckpt-3")
    put(tmp_path, *(f"model.ckpt-{step}" for step in (800, 9, 10, 2000, 100, 1000, 700)))
    with pytest.raises(CheckpointError) as error:
        find_prefix(tmp_path / "model.ckpt-3")
    held = "model.ckpt-9, model.ckpt-10, model.ckpt-100, model.ckpt-700, model.ckpt-800 and 2 more"
    assert f"found {held} in its folder. Check --checkpoint." in str(error.value)


def test_a_file_that_is_none(tmp_path):
    (tmp_path / "x.h5").touch()
    with pytest.raises(CheckpointError, match=r"x\.h5' is no checkpoint: expected a prefix"):
        find_prefix(tmp_path / "x.h5")


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
