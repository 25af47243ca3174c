"""Files of records as TensorFlow writes them, whole and damaged."""

import gzip
import io

import pytest
import tensorflow as tf

from exporter.evaluating.tfrecords import DamagedShardError, TFRecord, records

DATA = [bytes([number]) * (10 * number + 1) for number in range(7)]


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "records"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for data in DATA:
            writer.write(data)
    return path.read_bytes()


def read(data, part=0, parts=1):
    return list(records(io.BytesIO(data), part, parts))


@pytest.mark.parametrize("stored", [bytes, gzip.compress])
@pytest.mark.parametrize("parts", [1, 3, 9])
def test_every_record_is_in_one_part(written, stored, parts):
    found = [record for part in range(parts) for record in read(stored(written), part, parts)]
    assert sorted(found, key=lambda r: r.number) == [TFRecord(n, d) for n, d in enumerate(DATA)]
    assert {r.number for r in read(stored(written), 0, parts)} == set(range(0, 7, parts))


def test_a_plain_file_whose_first_length_looks_like_gzip(tmp_path):
    data = bytes(0x8B1F)
    with tf.io.TFRecordWriter(str(tmp_path / "records")) as writer:
        writer.write(data)
    stored = (tmp_path / "records").read_bytes()
    assert stored[:2] == gzip.compress(b"")[:2]
    assert read(stored) == [TFRecord(0, data)]


def test_files_without_records(written):
    assert read(b"") == []
    assert read(gzip.compress(b"")) == []


def position_of(written, number):
    """Returns where the content of a record begins."""
    return sum(len(data) + 16 for data in DATA[:number]) + 12


def test_a_changed_record_is_told_and_those_behind_it_are_read(written):
    at = position_of(written, 3) + 5
    damaged = written[:at] + bytes([written[at] ^ 1]) + written[at + 1 :]
    assert [r.data is None for r in read(damaged)] == [False] * 3 + [True] + [False] * 3


@pytest.mark.parametrize("cut", [-1, -60, 5])
def test_a_file_that_ends_early(written, cut):
    with pytest.raises(DamagedShardError) as damage:
        read(written[:cut])
    assert int(str(damage.value)) == (0 if cut == 5 else 6)


def test_one_part_tells_of_a_broken_structure_and_the_others_end(written):
    at = position_of(written, 4) - 12
    damaged = written[:at] + b"\x01" + written[at + 1 :]
    with pytest.raises(DamagedShardError, match="4"):
        read(damaged, 1, 3)
    assert [record.number for record in read(damaged, 0, 3)] == [0, 3]
    assert [record.number for record in read(damaged, 2, 3)] == [2]


def test_a_gzip_file_that_ends_early(written):
    with pytest.raises(DamagedShardError):
        read(gzip.compress(written)[:-20])


def test_a_file_of_something_else():
    with pytest.raises(DamagedShardError):
        read(b"\xff\xd8\xff\xe0 a photograph, and no records")
