"""Labelled images in files of records and in folders, and what is measured on them directly."""

from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import tensorflow as tf

from exporter.bench.candidates import Candidate
from exporter.evaluating.evaluate_request import EvaluateRequest
from exporter.evaluating.evaluation_plan import EvaluationPlan
from exporter.evaluating.running import evaluation_steps
from support import handmade

IN_MEMORY = ("--direct_running_mode=in_memory", "--direct_num_workers=1")
# Keys of images and labels, as TF-Slim and TensorFlow Datasets write them.
SLIM, TFDS = ("image/encoded", "image/class/label"), ("image", "label")
# Of a classifier of four classes that nobody has opened.
PLAN = EvaluationPlan(
    request=EvaluateRequest(Path("model")),
    digest="0" * 64,
    models=(Candidate("SavedModel", "saved_model", "__call__"),),
    task="classification",
    network="",
    published_top_1=None,
    input="inputs",
    output="logits",
    outputs=4,
    image_size=(8, 8),
    batch=2,
)


def save_classifier(folder, classes=6, size=8, seed=0):
    """Saves a model of logits that differ from image to image."""
    draw = np.random.RandomState(seed)
    network = handmade.Network(seed)
    weights = tf.constant(draw.normal(size=[size * size * 3, classes]), tf.float32)

    def body(inputs, training, momentum):
        mean = network.features(inputs, training, momentum)[:, :1]
        return tf.matmul(tf.reshape(inputs - 0.4, [-1, size * size * 3]), weights) + 0.0 * mean

    images = tf.TensorSpec([None, size, size, 3], tf.float32, "inputs")
    return handmade.save(folder, network, body=body, served="logits", images=images)


def encoded_images(number, seed=0, sides=(24, 40)):
    """Makes JPEG and PNG files of random smooth pictures."""
    draw = np.random.RandomState(seed)
    files = []
    for place in range(number):
        height, width = draw.randint(*sides, size=2)
        coarse = draw.uniform(0, 255, [1, 4, 4, 3])
        image = tf.cast(tf.image.resize(coarse, [height, width]), tf.uint8)[0]
        encode = tf.io.encode_png if place % 3 == 0 else tf.io.encode_jpeg
        files.append(encode(image).numpy())
    return files


def crops(photos, number, seed=0):
    """Makes JPEG files of parts of photographs."""
    draw = np.random.RandomState(seed)
    images = [tf.io.decode_image(path.read_bytes()).numpy() for path in sorted(photos.iterdir())]
    files = []
    for place in range(number):
        image = images[place % len(images)]
        side = int(min(image.shape[:2]) * draw.uniform(0.5, 1))
        top, left = (draw.randint(length - side + 1) for length in image.shape[:2])
        part = image[top : top + side, left : left + side]
        small = tf.image.resize(part, [160, 180], antialias=True)
        files.append(tf.io.encode_jpeg(tf.cast(small, tf.uint8)).numpy())
    return files


def example(encoded, label, keys=SLIM):
    """Makes a serialized tf.train.Example."""
    features = {
        keys[0]: tf.train.Feature(bytes_list=tf.train.BytesList(value=[encoded])),
        keys[1]: tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def write_shards(folder, examples, shards=1, *, gzipped=False):
    """Writes files of records, examples in turn; returns their pattern."""
    folder.mkdir(parents=True, exist_ok=True)
    options = tf.io.TFRecordOptions(compression_type="GZIP" if gzipped else "")
    for shard in range(shards):
        path = folder / f"validation-{shard:05d}-of-{shards:05d}"
        with tf.io.TFRecordWriter(str(path), options) as writer:
            for serialized in examples[shard::shards]:
                writer.write(serialized)
        assert (path.read_bytes()[:2] == b"\x1f\x8b") == gzipped
    return f"{folder}/validation-*"


def write_folders(folder, encoded, labels, names):
    """Writes a folder of images for each class."""
    for place, (data, label) in enumerate(zip(encoded, labels, strict=True)):
        of_class = folder / names[label]
        of_class.mkdir(parents=True, exist_ok=True)
        suffix = "png" if data[1:4] == b"PNG" else "jpg"
        (of_class / f"{place:04d}.{suffix}").write_bytes(data)
    return folder


def prepared(encoded, size, central_crop=0.875):
    """Prepares images by the functions that TF-Slim's preprocessing calls."""
    images = []
    for data in encoded:
        image = tf.image.convert_image_dtype(tf.io.decode_image(data, channels=3), tf.float32)
        image = tf.image.central_crop(image, central_crop) if central_crop < 1 else image
        resized = tf.compat.v1.image.resize_bilinear(image[None], size, align_corners=False)
        images.append(resized.numpy()[0])
    return np.stack(images)


def directly(logits, labels):
    """Counts right first guesses, and labels among the first five, in NumPy."""
    order = np.argsort(-logits, axis=1, kind="stable")
    top_5 = (order[:, :5] == np.asarray(labels)[:, None]).any(1)
    return int((order[:, 0] == labels).sum()), int(top_5.sum())


def measured(request, folder, *arguments):
    """Evaluates in this process."""
    folder.mkdir()
    *_, found = evaluation_steps(request, arguments or IN_MEMORY, str(folder))
    return found


@contextmanager
def session_here(function, *arguments, environment=None):
    """Stands in for `processes.session` where it is not the process that is tested."""
    running = function(*arguments)
    yield SimpleNamespace(hear=lambda: next(running), ask=running.send)
