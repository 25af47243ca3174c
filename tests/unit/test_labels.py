"""Names of classes as people's editors write them."""

from exporter.labels import read_labels


def test_a_mark_of_the_byte_order_is_no_part_of_a_name(tmp_path):
    (tmp_path / "labels.txt").write_bytes("ant\r\nKäfer\r\n".encode("utf-8-sig"))
    assert read_labels(tmp_path / "labels.txt", 2, "classes") == ["ant", "Käfer"]
