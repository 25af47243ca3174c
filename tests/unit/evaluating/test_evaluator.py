"""What is counted: ranks, sums in any order, votes of neighbours."""

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from support.labelled import PLAN

from exporter.evaluating.evaluator import Evaluator, ranks_of
from exporter.evaluating.labelled_images import Bad, LabelledImage
from exporter.evaluating.nearest_neighbours import right_votes
from exporter.evaluating.tally import BadCount, ModelTally, Tally, Vectors
from exporter.photos import preprocessed
from exporter.verifier.subjects.input_range import asked


def test_ranks_are_those_of_a_stable_sort():
    draw = np.random.RandomState(0)
    logits = draw.randint(0, 9, size=(500, 12)).astype(np.float32)  # with many ties
    labels = draw.randint(12, size=500)
    order = np.argsort(-logits, axis=1, kind="stable")
    assert ranks_of(labels, logits).tolist() == (order == labels[:, None]).argmax(1).tolist()
    first = ranks_of(labels, logits) == 0
    assert first.tolist() == (logits.argmax(1) == labels).tolist()


@pytest.mark.parametrize("ends", [(0, 1), (0, 255), (-1, 1)])
def test_models_get_images_in_their_range(ends):
    pixels = np.random.RandomState(0).randint(0, 256, [8, 8, 3]).astype(np.uint8)
    encoded = tf.io.encode_png(pixels).numpy()
    seen = []

    class Models:
        def run(self, _, images):
            seen.append(images)
            return np.zeros((len(images), 4), np.float32)

    plan = replace(PLAN, input_range=asked(ends), request=replace(PLAN.request, central_crop=1))
    evaluator = Evaluator(plan, Models())
    evaluator.add(LabelledImage("image", encoded, 1, "label"))
    evaluator.flush()
    low, high = ends
    np.testing.assert_allclose(seen[0][0], low + pixels * ((high - low) / 255), atol=1e-4)


def test_of_the_smallest_crop_a_pixel_stays():
    encoded = tf.io.encode_png(np.full([2, 3, 3], 255, np.uint8)).numpy()
    assert preprocessed(encoded, (4, 4), 1e-20).min() == 1


def tally(seed):
    draw = np.random.RandomState(seed)
    found = Tally(images=Counter(draw.randint(5, size=40).tolist()), layouts=Counter(label=40))
    for name in ("a", "b"):
        model = found.of_model(name)
        model.right.update(draw.randint(5, size=20).tolist())
        pairs = draw.randint(5, size=(20, 2)).tolist()
        model.confusions.update(map(tuple, pairs))
        model.cosines = int(draw.randint(1 << 30))
        model.least = (draw.uniform(), f"image {seed}")
    for number in range(4):
        found.add_bad(Bad(f"{seed}-{number}", "undecodable image"))
    return found


def test_counts_add_up_to_the_same_in_any_order():
    sums = []
    for order in itertools.permutations(range(4)):
        total = Tally()
        for seed in order:
            total.add(tally(seed))
        sums.append(total)
    assert all(total == sums[0] for total in sums)
    assert sums[0].images.total() == 160
    first = ("0-0", "0-1", "0-2", "0-3", "1-0")
    assert sums[0].bad == {"undecodable image": BadCount(16, first)}
    assert sums[0].models["a"].least == min(tally(seed).models["a"].least for seed in range(4))


def test_nothing_added_is_nothing():
    total = tally(0)
    total.add(Tally())
    assert total == tally(0)
    empty = ModelTally()
    empty.add(ModelTally())
    assert empty.least is None


def vectors_of(rows, labels):
    return Vectors([f"{n:04d}" for n in range(len(rows))], list(labels), [rows[:5], rows[5:]])


@pytest.mark.parametrize("neighbours", [1, 3, 10, 1000])
def test_votes_are_those_of_a_plain_computation(neighbours):
    draw = np.random.RandomState(0)
    labels = draw.randint(4, size=60)
    rows = (draw.normal(size=(60, 8)) + 1.5 * np.eye(4, 8)[labels]).astype(np.float32)
    right = 0
    for place in range(60):
        others = [other for other in range(60) if other != place]
        norm = np.linalg.norm
        cosine = {o: rows[place] @ rows[o] / norm(rows[place]) / norm(rows[o]) for o in others}
        near = sorted(others, key=lambda o: -cosine[o])[:neighbours]
        votes = Counter(int(labels[o]) for o in near)
        most = [label for label, count in votes.items() if count == max(votes.values())]
        vote = next(int(labels[o]) for o in near if labels[o] in most)
        right += vote == labels[place]
    assert right_votes(vectors_of(rows, labels), neighbours) == right
    if neighbours == 3:
        assert 20 < right < 60


def test_votes_do_not_depend_on_the_order():
    draw = np.random.RandomState(1)
    rows = np.repeat(draw.normal(size=(10, 4)), 2, axis=0).astype(np.float32)  # with ties
    labels = draw.randint(3, size=20).tolist()
    expected = right_votes(vectors_of(rows, labels), 3)
    names = [f"{n:04d}" for n in range(20)]
    for seed in range(3):
        order = np.random.RandomState(seed).permutation(20)
        mixed = Vectors([names[o] for o in order], [labels[o] for o in order], [rows[order]])
        assert right_votes(mixed, 3) == expected


def test_one_image_has_no_neighbours():
    assert right_votes(Vectors(["a"], [0], [np.ones((1, 3), np.float32)]), 5) == 0
    assert right_votes(Vectors(["a", "b"], [0, 0], [np.zeros((2, 3), np.float32)]), 5) == 2
