"""Checkpoints that are one file, as TensorFlow wrote them before 1.0 and Inception's are."""

import tarfile

import pytest

from exporter import quiet
from slim_nets.registry import variants

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("toy")]

TOY = ("toy_100_32", "classification")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """The toy network as its saver leaves it: with an auxiliary head, slots, shadows and a step."""
    quiet.import_tensorflow()
    import numpy as np
    import tensorflow as tf

    from checkpoints import seeded

    shapes = {v.name: v.shape for v in variants()[TOY[0]].shape(TOY[1]).variables}
    values = seeded.draw(shapes, 4)
    values |= {f"{name}/Momentum": value for name, value in values.items() if "moving" not in name}
    values["Toy/AuxLogits/weights"] = np.ones([1, 1, 4, 7], np.float32)
    values["Toy/row_1/weights/ExponentialMovingAverage"] = values["Toy/row_1/weights"]
    values["global_step"] = np.int64(9)
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        for name, value in values.items():
            v1.get_variable(name, initializer=value, use_resource=False)
        session.run(v1.global_variables_initializer())
        saver = v1.train.Saver(write_version=v1.train.SaverDef.V1)
        folder = tmp_path_factory.mktemp("one_file")
        path = saver.save(session, str(folder / "toy.ckpt"), write_meta_graph=False)
    assert sorted(file.name for file in folder.iterdir()) == ["checkpoint", "toy.ckpt"]
    return folder / path, len(values) - len(shapes)


@pytest.fixture(scope="module")
def expected(export, tmp_path_factory):
    """The export of the same weights from a seed: their bytes say that they are the same."""
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("expected")
    export(*TOY, "seeded:4", folder / "model", "--verify=false")
    return tf.train.load_checkpoint(str(folder / "model/variables/variables"))


def test_export_and_verification(export, checkpoint, expected, tmp_path):
    import tensorflow as tf

    path, more = checkpoint
    said = export(*TOY, path, tmp_path / "model")
    assert said["verification"]["passed"]
    assert said["unused_tensors"] == more
    assert said["moving_averages"] == 1
    found = tf.train.load_checkpoint(str(tmp_path / "model/variables/variables"))
    names = [n for n in found.get_variable_to_shape_map() if n.startswith("variables/")]
    assert len(names) == 34
    for name in names:
        assert (found.get_tensor(name) == expected.get_tensor(name)).all()


def test_from_its_folder_and_from_an_archive(export, checkpoint, tmp_path):
    path, _ = checkpoint
    archive = tmp_path / "toy_2016_08_28.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(path, path.name)
    said = [
        export(*TOY, source, tmp_path / f"model-{number}", "--verify=false")
        for number, source in enumerate([path, path.parent, path.parent / "checkpoint", archive])
    ]
    assert len({one["digest"] for one in said}) == 1


def damaged(path, folder, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    copy = folder / path.name
    copy.write_bytes(content)
    return copy


@pytest.mark.parametrize(("place", "message"), [(2000, "cannot be read"), (-1, "is no checkpoint")])
def test_a_damaged_one_is_refused(slim_export, checkpoint, tmp_path, place, message):
    copy = damaged(checkpoint[0], tmp_path, place)
    flags = [f"--variant={TOY[0]}", f"--task={TOY[1]}", f"--output_dir={tmp_path / 'model'}"]
    result = slim_export("export", *flags, f"--checkpoint={copy}")
    assert result.returncode == 1
    assert message in result.stderr
    assert not (tmp_path / "model").exists()
