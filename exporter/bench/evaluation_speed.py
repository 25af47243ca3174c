"""What an evaluation costs: its speed over that of a bare loop on the same images, and memory."""

import glob
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from exporter import processes, quiet
from exporter.bench.measured_model import opened
from exporter.bench.rounds import environment
from exporter.bench.turns import peak
from slim_nets.networks import USUAL_SIZE

TOOL = (sys.executable, "-m", "exporter")
_WAY, _SIZE, _BATCH = "signature 'serving_default'", (USUAL_SIZE, USUAL_SIZE), 32
_IMAGE, _LABEL = "image/encoded", "image/class/label"
_SHARDS, _FEW = 16, 500
# ImageNet's usual size, and what photographs are resized to before parts are cut out of them.
_PART, _WHOLE = (375, 500), (450, 600)
_CENTRAL_CROP = 0.875
_POLL = 0.05  # seconds


def write_records(pattern: str, images: int, photos: Sequence[Path]) -> None:
    """Writes parts of photographs into files of records as TF-Slim has them.

    Args:
        pattern: Of the files, with `*` for their numbers.
        images: How many.
        photos: Of what.
    """
    quiet.import_tensorflow()
    import tensorflow as tf

    draw = np.random.RandomState(0)
    wholes = [tf.image.resize(tf.io.decode_image(path.read_bytes()), _WHOLE) for path in photos]
    names = [pattern.replace("*", f"{number:05d}") for number in range(_SHARDS)]
    writers = [tf.io.TFRecordWriter(name) for name in names]
    for place in range(images):
        top, left = (draw.randint(w - p) for w, p in zip(_WHOLE, _PART, strict=True))
        whole = wholes[place % len(wholes)]
        part = tf.cast(whole[top : top + _PART[0], left : left + _PART[1]], tf.uint8)
        one = tf.train.Example()
        one.features.feature[_IMAGE].bytes_list.value.append(tf.io.encode_jpeg(part).numpy())
        one.features.feature[_LABEL].int64_list.value.append(1 + place % 1000)
        writers[place % _SHARDS].write(one.SerializeToString())
    for writer in writers:
        writer.close()


def bare_speed(folder: Path, pattern: str) -> float:
    """Reads, decodes and runs images one after the other, as a script of ten lines would.

    To be run in a process with as many threads as are to be measured.

    Args:
        folder: The SavedModel.
        pattern: Of files of records.

    Returns:
        Images a second, without imports, loading, and the first batch.
    """
    quiet.import_tensorflow()
    import tensorflow as tf

    from exporter.photos import preprocessed

    images = np.zeros((_BATCH, *_SIZE, 3), np.float32)
    done, start = 0, 0.0
    with opened(folder, _WAY) as run:
        for record in tf.data.TFRecordDataset(sorted(glob.glob(pattern))):  # noqa: PTH207
            features = tf.train.Example.FromString(record.numpy()).features.feature
            encoded = features[_IMAGE].bytes_list.value[0]
            images[done % _BATCH] = preprocessed(encoded, _SIZE, _CENTRAL_CROP)
            done += 1
            if done % _BATCH == 0:
                run({"inputs": images})
            start = time.perf_counter() if done == _BATCH else start
    return (done - _BATCH) / (time.perf_counter() - start)


def watched(command: Sequence[str]) -> tuple[float, float]:
    """Runs a command.

    Args:
        command: And its arguments.

    Returns:
        Wall seconds; and the most MiB that its processes had, added up.
    """
    start, most = time.perf_counter(), 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603
        while process.poll() is None:
            most = max(most, peak(str(process.pid)))
            time.sleep(_POLL)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return time.perf_counter() - start, most / 2**20


def rows(folder: Path, few: str, many: str, images: int) -> Iterator[tuple[str, ...]]:
    """Measures one worker and two, as a bare loop and as an evaluation.

    What an evaluation takes beyond that of 500 images is what its other images take: so imports
    and loading do not count.

    Args:
        folder: The SavedModel.
        few: Pattern of records with 500 images.
        many: Pattern of records with more.
        images: How many more there are, and those 500.

    Yields:
        What, workers, images a second, that over one bare loop's, and MiB for few and many.
    """
    alone = 0.0
    for workers in (1, 2):
        with ExitStack() as stack:
            loops = [
                stack.enter_context(
                    processes.beside(bare_speed, folder, many, environment=environment(1))
                )
                for _ in range(workers)
            ]
            speed = sum(loop() for loop in loops)
        alone = alone or speed
        yield ("bare loop", str(workers), f"{speed:.1f}", f"{speed / alone:.2f}", "", "")
    for workers in (1, 2):
        own = (*TOOL, "evaluate", f"--model_dir={folder}", "--json")
        passed = ("--", f"--direct_num_workers={workers}")
        short, little = watched((*own, f"--data={few}", *passed))
        long, much = watched((*own, f"--data={many}", *passed))
        speed = (images - _FEW) / (long - short)
        memory = (f"{little:.0f}", f"{much:.0f}")
        yield ("evaluate", str(workers), f"{speed:.1f}", f"{speed / alone:.2f}", *memory)
