"""The same weights give the same bytes: whatever the folder, order, process or hash seed."""

import subprocess
import tarfile

import numpy as np
import pytest
from support import short_network

from exporter import quiet

pytestmark = pytest.mark.integration

ARGUMENTS = (short_network.VARIANT, "feature_vector")
REAL_ARGUMENTS = ("mobilenet_v3_small_075_224", "feature_vector")


def assert_equal(one, other):
    result = subprocess.run(["diff", "-r", one, other], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")


def test_other_process_folder_hash_seed_and_verification(export_process, small_export, tmp_path):
    for seed, flags in (("1", []), ("77", ["--verify=false"])):
        folder = tmp_path / f"a folder of another length {seed}" / "m"
        export_process(*ARGUMENTS, "seeded:0", folder, *flags, env={"PYTHONHASHSEED": seed})
        assert_equal(small_export, folder)


@pytest.mark.full
def test_folded_signature_too(export_process, small_export, tmp_path):
    said = [
        export_process(
            *(*ARGUMENTS, "seeded:0", tmp_path / seed, "--verify=false", "--folded_signature"),
            env={"PYTHONHASHSEED": seed},
        )
        for seed in ("1", "77")
    ]
    assert_equal(tmp_path / "1", tmp_path / "77")
    assert said[0]["digest"] == said[1]["digest"]
    # The index also holds the object graph, in which the signature is one more child.
    quiet.import_tensorflow()
    import tensorflow as tf

    one, other = (
        tf.train.load_checkpoint(str(folder / "variables/variables"))
        for folder in (small_export, tmp_path / "1")
    )
    names = one.get_variable_to_shape_map().keys()
    assert names == other.get_variable_to_shape_map().keys()
    for name in names - {"_CHECKPOINTABLE_OBJECT_GRAPH"}:
        assert np.asarray(one.get_tensor(name)).tobytes() == other.get_tensor(name).tobytes(), name


def test_other_weights_differ(export, small_export, tmp_path):
    export(*ARGUMENTS, "seeded:1", tmp_path / "m", "--verify=false")
    for name in ("fingerprint.pb", "variables/variables.data-00000-of-00001"):
        assert (small_export / name).read_bytes() != (tmp_path / "m" / name).read_bytes()


def test_order_of_exports_in_one_process(tmp_path):
    quiet.import_tensorflow()
    from exporter.exporting import ExportRequest, export
    from exporter.sources import Seeded
    from slim_nets.registry import resized, variants

    def write(variant, name):
        request = ExportRequest(
            resized(variants()[variant], image_size=short_network.SIZE),
            "feature_vector",
            Seeded(0),
            tmp_path / name,
            verify=False,
        )
        return export(request)

    first = write(short_network.VARIANT, "first")
    other = write("toy_100_32", "other")
    second = write(short_network.VARIANT, "second")
    assert_equal(tmp_path / "first", tmp_path / "second")
    assert first.digest == second.digest != other.digest


@pytest.mark.full
@pytest.mark.published
def test_prefix_folder_and_archive_give_the_same(export, real_export, real_checkpoint, tmp_path):
    with tarfile.open(tmp_path / "v3.tgz", "w:gz") as tar:
        for file in real_checkpoint.parent.iterdir():
            tar.add(file, f"v3-small_224_0.75_float/ema/{file.name}")
            # The raw weights lie beside the averages; they must not be taken.
            if file.name != "checkpoint":
                name = file.name.replace("model-", "model.ckpt-")
                tar.add(file, f"v3-small_224_0.75_float/pristine/{name}")
    for number, source in enumerate([real_checkpoint.parent, tmp_path / "v3.tgz"]):
        said = export(*REAL_ARGUMENTS, source, tmp_path / str(number), "--verify=false")
        assert said["checkpoint"]["trained"]
        assert said["unused_tensors"] == 0
        assert_equal(real_export, tmp_path / str(number))
