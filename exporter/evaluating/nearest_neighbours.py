"""The accuracy of features: what the nearest other images are of."""

from collections import Counter

import numpy as np

from exporter.evaluating.tally import Vectors

# Rows of the matrix of cosines that are held at once.
_BLOCK = 512


def right_votes(vectors: Vectors, neighbours: int) -> int:
    """Counts the images on whose class their nearest neighbours vote rightly.

    Each image in turn is left out, and the others that are nearest by their cosine vote. Where
    classes have as many votes, the one with the nearest image wins.

    Args:
        vectors: Features and labels of all images.
        neighbours: How many vote.

    Returns:
        How many votes are right.
    """
    order = sorted(range(len(vectors.names)), key=vectors.names.__getitem__)
    rows = np.concatenate(vectors.rows)[order].astype(np.float32)
    labels = np.array(vectors.labels)[order]
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    right = 0
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK] @ rows.T
        for place, similar in enumerate(block, start):
            similar[place] = -np.inf
            right += _vote(similar, labels, neighbours) == labels[place]
    return right


def _vote(similar: np.ndarray, labels: np.ndarray, neighbours: int) -> int:
    """Returns the class that most of the nearest have; -1 where there is no other image."""
    count = min(neighbours, len(similar) - 1)
    if count < 1:
        return -1
    least = np.partition(similar, -count)[-count]
    near = np.flatnonzero(similar >= least)
    # The nearest first; of those that are as near, the first by name.
    chosen = near[np.argsort(-similar[near], kind="stable")][:count]
    # The first of those that are most common is the one that was seen first.
    return int(Counter(labels[chosen].tolist()).most_common(1)[0][0])
