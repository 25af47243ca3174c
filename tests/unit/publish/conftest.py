"""A small model with the interface of ours, its report, and a release of it."""

import json
import shutil

import pytest
from support.reports import WHOLE

from checkpoints.names import RestoreOptions
from exporter import digests, quiet
from exporter.releases import archive, handle
from exporter.releases.manifest import Manifest, ReleaseFile, VerificationSummary, WeightsOrigin
from exporter.releases.model_facts import ModelFacts
from exporter.releases.model_page import PageRequest
from exporter.releases.writing import PackageRequest
from exporter.releasing import package
from exporter.verifier.report import kept as store
from exporter.verifier.report.records import Origin, Settings
from exporter.verifier.report.verification_report import VerificationReport
from slim_nets.registry import variants

SMALL = variants()["mobilenet_v3_small_075_224"]
HANDLE = "google/imagenet/mobilenet_v3_small_075_224/feature_vector/5"


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """A SavedModel whose interface is that of our models, and whose network is nothing."""
    quiet.import_tensorflow()
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("tiny") / "model"
    root = tf.train.Checkpoint()
    root.variables = [tf.Variable(tf.ones([3, 8]), name="a"), tf.Variable(1.0, False, name="b")]
    root.trainable_variables = root.variables[:1]

    @tf.function
    def call(inputs, training=False, return_endpoints=False, batch_norm_momentum=0.99):
        means = tf.reduce_mean(inputs, [1, 2])
        return {"feature_vector": means @ root.variables[0] * root.variables[1]}

    momentum = tf.TensorSpec([], tf.float32, name="batch_norm_momentum")
    images = tf.TensorSpec([None, 224, 224, 3], tf.float32, name="inputs")
    call.get_concrete_function(images, False, False, momentum)
    root.__call__ = call
    serving = tf.function(lambda inputs: call(inputs, batch_norm_momentum=0.99))
    tf.saved_model.save(root, str(folder), signatures=serving.get_concrete_function(images))
    (folder / "assets").rmdir()
    return folder


@pytest.fixture(scope="session")
def origin():
    """Makes origins."""

    def make(checkpoint="seeded:0", *, variant=SMALL, task="feature_vector", **more):
        known = {
            "published": "/" in checkpoint or checkpoint.endswith(".ckpt"),
            "trained": not checkpoint.startswith("seeded:"),
            "restoring": RestoreOptions(),
        }
        return Origin(
            variant=variant,
            task=task,
            checkpoint=checkpoint,
            checkpoint_sha256="c" * 64,
            **(known | more),
        )

    return make


@pytest.fixture(scope="session")
def passed(origin):
    """Makes passed reports."""

    def make(digest, **more):
        known = {
            "settings": Settings(
                model_dir="/home/me/model",
                reference="the original graph with checkpoint '/home/me/x'",
                variant=SMALL.name,
                task="feature_vector",
            ),
            "digest": digest,
            "origin": origin(),
            "versions": {"slim-exporter": "0", "tensorflow": "2", "numpy": "1"},
            "checks": WHOLE,
        }
        return VerificationReport(**(known | more))

    return make


@pytest.fixture
def page_request(origin):
    """Makes what pages are made from."""

    def make(
        checkpoint="seeded:0",
        *,
        variant=SMALL,
        task="feature_vector",
        needed_tensorflow="1.15",
        **more,
    ):
        shape = variant.shape(task)
        known = {
            "handle": f"google/imagenet/{variant.name}/{task}/5",
            "variant": variant.name,
            "task": task,
            "image_size": variant.image_size,
            "model_digest": "d" * 64,
            "model": {},
            "files": {"model.tar.gz": ReleaseFile(sha256="a" * 64, size=3935306)},
            "checkpoint": WeightsOrigin(name=checkpoint, sha256="c" * 64, trained=False),
            "verification": VerificationSummary(
                reference="the original graph",
                allowance="exact",
                checks={"weights": 208, "outputs": 6},
                differing=0,
                max_abs=0.0,
            ),
            "versions": {"slim-exporter": "0.1.0"},
            "rebuild": "slim-export export",
        }
        facts = ModelFacts(
            image_size=None if variant.network.any_size else variant.image_size,
            output="logits" if task == "classification" else task,
            num_outputs=shape.output[0],
            variables=len(shape.variables),
            parameters=shape.parameters,
            trainable=1234,
            batch_norm_momentum=0.99,
            tensorflow="2.21.0",
            needed_tensorflow=needed_tensorflow,
        )
        came_from = origin(checkpoint, variant=variant, task=task)
        return PageRequest(Manifest(**(known | more)), came_from, facts)

    return make


@pytest.fixture(scope="session")
def packaged(tmp_path_factory, tiny_model, passed):
    """A release of the small model, which nobody changes."""
    place = tmp_path_factory.mktemp("packaged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLIM_EXPORT_CACHE_DIR", str(place / "cache"))
        store.put(passed(digests.of_folder(tiny_model)))
        request = PackageRequest(tiny_model, handle.parse(HANDLE), place / "release")
        return package(request).folder


@pytest.fixture
def release(tmp_path, monkeypatch, tiny_model, passed, packaged):
    """A copy of the release of the small model, whose report is kept in the test's own cache."""
    monkeypatch.setenv("SLIM_EXPORT_CACHE_DIR", str(tmp_path / "cache"))
    store.put(passed(digests.of_folder(tiny_model)))
    return shutil.copytree(packaged, tmp_path / "release")


@pytest.fixture
def renewed():
    """Changes a file of a release, and writes into the manifest what it then is."""

    def change(folder, name, content):
        (folder / name).write_bytes(content)
        told = json.loads((folder / "manifest.json").read_text())
        told["files"][name] = archive.file(folder / name).model_dump()
        (folder / "manifest.json").write_text(json.dumps(told))

    return change
