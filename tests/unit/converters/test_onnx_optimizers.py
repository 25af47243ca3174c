"""What ONNX's optimizers leave behind is freed before the next one copies the graph again."""

import gc
import weakref

from exporter.converters.formats.onnx import _collected


class Graph:
    """Refers to itself, as those of tf2onnx do."""

    def __init__(self):
        self.itself = self


def test_copies_do_not_pile_up():
    left, alive = [], []

    def optimizer():
        alive.append(sum(ref() is not None for ref in left))
        left.append(weakref.ref(Graph()))
        return len(left)

    gc.disable()  # as good as: collections come by the number of objects, and these are few
    try:
        with _collected({"first": optimizer, "second": optimizer}) as optimizers:
            assert [optimizers[name]() for name in ("first", "second", "first")] == [1, 2, 3]
    finally:
        gc.enable()
    assert alive == [0, 0, 0]
    assert gc.get_freeze_count() == 0
