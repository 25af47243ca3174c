"""The README and the topics of `slim-export help` are run as they stand, in a fresh clone and home.

What would be downloaded is not: packages are those that are installed here, and the shared
checkpoint stands in for the published archive.
"""

import re
import shutil

import pytest
from support.documents import blocks, documents
from support.labelled import example, write_shards
from support.readers import Reader, clone, home

pytestmark = [
    pytest.mark.integration,
    pytest.mark.published,
    pytest.mark.full,
    pytest.mark.xdist_group("documents"),
]

# The photographs by lines of the labels: what a published network takes them for.
CLASSES = {
    "cheeseburger": "burger",
    "miniature pinscher": "cat",
    "Saluki, gazelle hound": "dogs",
    "bow tie, bow-tie, bowtie": "grace_hopper",
    "brambling, Fringilla montifringilla": "sparrow",
}
TOPICS = [name for name in documents() if name != "README"]
MODEL = ("--variant=mobilenet_v1_025_128", "--task=classification")
# Trains the network of the topic of networks, as its reader has done.
TRAINS = """
from slim_nets.layers import _legacy_layers
_legacy_layers.install()
import tensorflow.compat.v1 as tf, tf_slim as slim
from my_nets.small import small_arg_scope, small_net

with tf.Graph().as_default(), slim.arg_scope(small_arg_scope()), tf.Session() as session:
    logits, _ = small_net(tf.random.uniform([4, 64, 64, 3]), num_classes=5)
    step = tf.train.get_or_create_global_step()
    loss = tf.losses.sparse_softmax_cross_entropy([0, 1, 2, 3], logits)
    train = slim.learning.create_train_op(loss, tf.train.GradientDescentOptimizer(0.1))
    session.run(tf.global_variables_initializer())
    session.run(train)
    tf.train.Saver().save(session, "train/model.ckpt", step)
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return clone(tmp_path_factory.mktemp("reader") / "slim-exporter")


@pytest.fixture(scope="module")
def environment(checkout):
    return home(checkout.parent / "home", checkout)


@pytest.fixture(scope="module")
def reads(environment):
    """Makes a reader who is in some folder."""

    def make(folder, **stand_ins):
        return Reader(folder, environment, stand_ins)

    return make


def put_photographs(shared, folder):
    """Puts the photographs into a folder, and into one for each class below it."""
    for name, photograph in CLASSES.items():
        (folder / name).mkdir(parents=True)
        for target in (folder, folder / name):
            shutil.copy(shared / "photos" / f"{photograph}.jpg", target)


def test_the_readme(reads, checkout, shared, real_checkpoint, published_model):
    put_photographs(shared, checkout / "photos")
    (checkout / "GOOGLES").symlink_to(published_model)
    reader = reads(checkout, **{"--checkpoint=published": f"--checkpoint={real_checkpoint}"})
    reader.read(documents()["README"])
    (fit,) = [said for said in reader.said if "Epoch 10/10" in said]
    losses = [float(found) for found in re.findall(r" loss: ([0-9.e-]+)", fit)]
    assert losses[-1] < losses[0] / 2, fit
    (verified,) = [said for said in reader.said if "Compared with SavedModel" in said]
    assert " differ" not in verified
    assert "checks that apply passed against SavedModel 'GOOGLES'" in verified


@pytest.fixture(scope="module")
def model(reads, classifier_checkpoint, shared, tmp_path_factory):
    """What topics call DIR, and the same with another default: real models, verified."""
    folder = tmp_path_factory.mktemp("models")
    labels = f"--labels={shared / 'original/imagenet_labels.txt'}"
    flags = (*MODEL, f"--checkpoint={classifier_checkpoint}", labels)
    reader = reads(folder)
    reader.run("slim-export", "export", *flags, "--output_dir=DIR")
    other = ("--batch_norm_momentum=0.9", "--verify=false", "--output_dir=model")
    reader.run("slim-export", "export", *flags, *other)
    return folder


@pytest.fixture(scope="module")
def wheel(reads, checkout, tmp_path_factory):
    """The folder of a wheel of the project."""
    folder = tmp_path_factory.mktemp("wheels")
    reads(folder).run("pip", "wheel", "--quiet", "--no-deps", checkout)
    return folder


@pytest.fixture
def place(model, wheel, shared, tmp_path):
    """A folder with all that topics speak of."""
    put_photographs(shared, tmp_path / "photos")
    links = {
        "DIR": model / "DIR",
        "OTHER": model / "DIR",
        "model": model / "model",
        "wheels": wheel,
    }
    for name, target in links.items():
        (tmp_path / name).symlink_to(target)
    files = sorted((shared / "photos").glob("*.jpg"))
    records = [example(path.read_bytes(), label) for label, path in enumerate(files, 1)]
    write_shards(tmp_path / "imagenet", records, shards=2)
    return tmp_path


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic(name, reads, place, classifier_checkpoint):
    text = documents()[name]
    reader = reads(place, **{"--checkpoint=PATH": f"--checkpoint={classifier_checkpoint}"})
    if name == "networks":
        reader.read(files_alone(text)).run("python", "-c", TRAINS)
    reader.read(text)
    if name == "contracts":  # what was accepted has been found
        assert "C39" in reader.said[-1]


def files_alone(text):
    """Returns the blocks of a text that are files, without what is to be run."""
    return "".join(f"```text {b.file}\n{b.text}```\n" for b in blocks(text) if b.file)
