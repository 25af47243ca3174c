"""Whatever is wrong: one line that says what to do, status 1, and nothing left behind."""

import os
import tarfile

import numpy as np
import pytest
from support import crafted_index

from exporter import quiet

pytestmark = pytest.mark.integration


@pytest.fixture(params=["called", pytest.param("in a process", marks=pytest.mark.full)])
def refused(request, tmp_path):
    """Exports, and returns the one line that says why not."""
    name = "slim_export" if request.param == "called" else "slim_export_process"
    return refusing(request.getfixturevalue(name), tmp_path)


@pytest.fixture
def refused_process(slim_export_process, tmp_path):
    return refusing(slim_export_process, tmp_path)


def refusing(command, tmp_path):
    folder = tmp_path / "out" / "model"

    def run(*flags, **options):
        given = {flag.split("=")[0] for flag in flags}
        defaults = {
            "--variant": "mobilenet_v3_small_075_224",
            "--task": "feature_vector",
            "--checkpoint": "seeded:0",
            "--output_dir": folder,
            "--verify": "false",
        }
        added = [f"{k}={v}" for k, v in defaults.items() if k not in given]
        result = command("export", *added, *flags, **options)
        assert result.returncode == 1, result.stderr
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
        (line,) = result.stderr.splitlines()
        assert line.startswith("slim-export: ")
        assert line.endswith(".")
        if "--output_dir" not in given:
            assert not folder.parent.exists()
        return line

    return run


@pytest.fixture(scope="module")
def write_drawn():
    """Writes a TF1 checkpoint of drawn weights, after a change to them."""
    quiet.import_tensorflow()
    from checkpoints import seeded
    from slim_nets.registry import variants

    def write(prefix, *, variant="mobilenet_v3_small_075_224", task="classification", change=None):
        shapes = {v.name: v.shape for v in variants()[variant].shape(task).variables}
        weights = seeded.draw(shapes, 1)
        if change:
            change(weights)
        prefix.parent.mkdir(parents=True, exist_ok=True)
        seeded.write(prefix, weights)
        return prefix

    return write


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--variant=mobilenet_v9"], "Variant 'mobilenet_v9' is unknown: expected one of"),
        (["--variant=mobilenet_v2_100"], ", such as mobilenet_v2_100_128, mobilenet_v2"),
        (["--task=detection"], "Task 'detection' is unknown: expected feature_vector or"),
        (["--checkpoint=seeded:x"], "Seed 'x' is not one: expected a whole number from 0 to"),
        (["--checkpoint=seeded:4294967296"], "Seed '4294967296' is not one"),
        (["--checkpoint=/none/model"], "Checkpoint '/none/model' does not exist: expected a pre"),
        (["--checkpoint=/none/model.tgz"], "Checkpoint '/none/model.tgz' does not exist"),
        (["--batch_norm_momentum=1.5"], "momentum 1.5 is out of range: expected 0 to 1"),
        (["--batch_norm_momentum=nan"], "momentum nan is out of range"),
        (["--depth_multiplier=3"], "Depth multiplier 3 is out of range"),
        (["--image_size=8"], "Image size 8 is out of range: expected 32 to 2048"),
        (["--timeout=0"], "Timeout 0 is out of range"),
        (["--timeout=inf"], "Timeout inf is out of range"),
        ([f"--checkpoint=seeded:{'9' * 5000}"], "is not one: expected a whole number"),
        ([f"--checkpoint={'a' * 300}.tgz"], "cannot be read: File name too long"),
        (["--checkpoint=~nosuchuser/x"], "cannot be read: Could not determine home"),
        (["--output_dir=gs://bucket/m"], "TensorFlow takes for patterns and servers"),
        (["--output_dir=."], "is the current folder or one above it"),
        (
            ["--variant=mobilenet_edgetpu_100_224", "--checkpoint=published"],
            "has no published checkpoint: expected one of ",
        ),
        (["--checkpoint=published", "--mirror=ftp://x"], "Mirror 'ftp://x' is not a URL"),
    ],
)
def test_flags(refused, flags, message, tmp_path):
    assert message in refused(*flags, f"--cache_dir={tmp_path}")


def test_another_variants_checkpoint_names_the_one_that_fits(refused, write_drawn, tmp_path):
    prefix = write_drawn(tmp_path / "m", variant="mobilenet_v3_small_100_224")
    line = refused(f"--checkpoint={prefix}")
    assert "does not fit mobilenet_v3_small_075_224 as feature_vector" in line
    assert (
        "variable 'MobilenetV3/Conv_1/BatchNorm/beta' expected float32 [432],"
        " found float32 [576]" in line
    )
    assert " more. Use --variant=mobilenet_v3_small_100_224." in line


def test_another_multipliers_checkpoint(refused, write_drawn, tmp_path):
    prefix = write_drawn(tmp_path / "m")
    line = refused(f"--checkpoint={prefix}", "--depth_multiplier=0.5", "--image_size=96")
    assert "does not fit mobilenet_v3_small_050_96" in line
    assert line.endswith("Use --variant=mobilenet_v3_small_075_224 without --depth_multiplier.")


def test_missing_logits(refused, write_drawn, tmp_path):
    prefix = write_drawn(tmp_path / "m", task="feature_vector")
    line = refused(f"--checkpoint={prefix}", "--task=classification")
    assert "'MobilenetV3/Logits/Conv2d_1c_1x1/weights' expected float32 [1, 1, 1024, 1001]" in line
    assert line.endswith("found none. Use --task=feature_vector.")


@pytest.mark.published
def test_missing_logits_of_the_real_weights(refused, real_checkpoint):
    line = refused(f"--checkpoint={real_checkpoint}", "--task=classification")
    assert line.endswith("Use --task=feature_vector.")


def test_wrong_dtype(refused, write_drawn, tmp_path):
    def change(weights):
        weights["MobilenetV3/Conv/weights"] = weights["MobilenetV3/Conv/weights"].astype(float)

    line = refused(f"--checkpoint={write_drawn(tmp_path / 'm', change=change)}")
    assert "expected float32 [3, 3, 3, 16], found float64 [3, 3, 3, 16]" in line
    assert "has float64 weights in 1 of 208 variables: " in line


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite(refused, write_drawn, tmp_path, value):
    def change(weights):
        weights["MobilenetV3/Conv_2/biases"][7] = value

    line = refused(f"--checkpoint={write_drawn(tmp_path / 'm', change=change)}")
    assert "found NaN or infinity in 'MobilenetV3/Conv_2/biases'" in line


@pytest.mark.parametrize("size", [0, 1000, -1])
def test_truncated_data(refused, write_drawn, tmp_path, size):
    prefix = write_drawn(tmp_path / "m")
    data = tmp_path / "m.data-00000-of-00001"
    content = data.read_bytes()
    data.write_bytes(content[:size])
    line = refused(f"--checkpoint={prefix}")
    assert "cannot be read" in line or "damaged" in line


def test_flipped_bit_in_data(refused, write_drawn, tmp_path):
    prefix = write_drawn(tmp_path / "m")
    data = tmp_path / "m.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 1
    data.write_bytes(content)
    assert "Checksum does not match" in refused(f"--checkpoint={prefix}")


@pytest.mark.parametrize("content", [b"", b"nonsense", bytes(4096)])
def test_corrupt_index(refused, write_drawn, tmp_path, content):
    prefix = write_drawn(tmp_path / "m")
    (tmp_path / "m.index").write_bytes(content)
    assert "cannot be read" in refused(f"--checkpoint={prefix}")


def test_index_cut_off(refused, write_drawn, tmp_path):
    prefix = write_drawn(tmp_path / "m")
    index = tmp_path / "m.index"
    index.write_bytes(index.read_bytes()[:-100])
    assert "cannot be read" in refused(f"--checkpoint={prefix}")


def test_index_that_would_end_the_process(refused, write_drawn, tmp_path):
    """TensorFlow's reader aborts over it; other such indexes are in tests/unit."""
    prefix = write_drawn(tmp_path / "m")
    name = b"MobilenetV3/Conv/weights"

    def change(entries, entry):
        entries[name] = entry(shape=(3, 3, 3, -16), size=1728)

    crafted_index.rewrite(prefix, change)
    line = refused(f"--checkpoint={prefix}")
    assert "expected a shape that values of 'MobilenetV3/Conv/weights' can have, found" in line


def test_no_data(refused, write_drawn, tmp_path):
    prefix = write_drawn(tmp_path / "m")
    (tmp_path / "m.data-00000-of-00001").unlink()
    assert "is incomplete" in refused(f"--checkpoint={prefix}")


def test_archive_without_checkpoint(refused, tmp_path):
    (tmp_path / "readme").touch()
    with tarfile.open(tmp_path / "x.tgz", "w:gz") as tar:
        tar.add(tmp_path / "readme", "readme")
    line = refused(f"--checkpoint={tmp_path / 'x.tgz'}")
    assert "expected one checkpoint in a folder 'ema', found none" in line


def test_unsafe_archive(refused, tmp_path):
    (tmp_path / "link").symlink_to("/etc/passwd")
    with tarfile.open(tmp_path / "x.tgz", "w:gz") as tar:
        tar.add(tmp_path / "link", "link")
    assert "is not safe to unpack" in refused(f"--checkpoint={tmp_path / 'x.tgz'}")


def test_no_network(refused, tmp_path):
    line = refused(
        "--checkpoint=published", "--mirror=http://127.0.0.1:9/", f"--cache_dir={tmp_path / 'c'}"
    )
    assert "v3-small_224_0.75_float.tgz' could not be downloaded" in line
    assert "export with --checkpoint=FILE.tgz" in line


def test_wrong_file_in_the_cache(refused, tmp_path):
    """It is fetched again, and stays until that is done."""
    cached = tmp_path / "v3-small_224_0.75_float.tgz"
    cached.write_text("something else")
    mirror = "--mirror=http://127.0.0.1:9/"
    line = refused("--checkpoint=published", mirror, f"--cache_dir={tmp_path}")
    assert "v3-small_224_0.75_float.tgz' could not be downloaded" in line
    assert cached.read_text() == "something else"
    cached.unlink()
    os.mkfifo(cached)
    line = refused("--checkpoint=published", mirror, f"--cache_dir={tmp_path}")
    assert "is no file: expected one, found a folder, link or pipe. Delete it" in line


def test_cache_that_cannot_be_written(refused, tmp_path):
    (tmp_path / "file").touch()
    line = refused("--checkpoint=published", f"--cache_dir={tmp_path / 'file' / 'cache'}")
    assert "cannot be written: Not a directory. Set --cache_dir" in line


@pytest.mark.parametrize("flags", [[], ["--overwrite"]])
def test_output_that_is_a_file(refused, tmp_path, flags):
    (tmp_path / "file").write_text("mine")
    assert "is not a folder" in refused(f"--output_dir={tmp_path / 'file'}", *flags)
    assert (tmp_path / "file").read_text() == "mine"


def test_output_that_exists(refused, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine").touch()
    assert "exists already" in refused(f"--output_dir={tmp_path / 'there'}")
    assert "is not a SavedModel" in refused(f"--output_dir={tmp_path / 'there'}", "--overwrite")
    assert os.listdir(tmp_path / "there") == ["mine"]


@pytest.mark.skipif(not os.path.exists("/proc/sys"), reason="needs a folder no one can write to")
def test_output_that_cannot_be_written(refused):
    line = refused("--output_dir=/proc/sys/model")
    assert "cannot be written" in line


def limited():
    """Lets no file grow beyond a megabyte, so that writing the model fails as on a full disk."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))


def test_disk_that_is_full_while_the_model_is_written(refused_process, write_drawn, tmp_path):
    prefix = write_drawn(tmp_path / "m")
    line = refused_process(f"--checkpoint={prefix}", preexec_fn=limited)
    assert "SavedModel cannot be written" in line
    assert "Free some space" in line


def test_disk_that_is_full_while_weights_are_seeded(refused_process):
    assert "Seeded checkpoint cannot be written" in refused_process(preexec_fn=limited)


def test_temporary_folder_that_is_full(refused_process, tmp_path, write_drawn):
    prefix = write_drawn(tmp_path / "ema" / "m")
    with tarfile.open(tmp_path / "x.tgz", "w:gz") as tar:
        tar.add(prefix.parent, "v3/ema")
    line = refused_process(f"--checkpoint={tmp_path / 'x.tgz'}", preexec_fn=limited)
    assert "cannot be unpacked into" in line
