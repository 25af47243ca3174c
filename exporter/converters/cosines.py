"""Whether results of numbers of eight or sixteen bits point where they should, and how far."""

from collections.abc import Iterator, Sequence

import numpy as np

from exporter.verifier.subjects.probes import told


def cosines(expected: np.ndarray, found: np.ndarray) -> Iterator[float]:
    """Computes the cosine of the angle between two results, example by example.

    Args:
        expected: Any shape, the batch first.
        found: The same shape.

    Yields:
        In [-1, 1]; 1 where both are zero, NaN where one is not finite.
    """
    for one, other in zip(expected.astype(np.float64), found.astype(np.float64), strict=True):
        norms = np.linalg.norm(one) * np.linalg.norm(other)
        if norms == 0:
            yield float(not (one.any() or other.any()))
        else:
            yield float(np.vdot(one, other) / norms)


def wrong_example(
    expected: np.ndarray, found: np.ndarray, examples: Sequence[str], floor: float
) -> str:
    """Says which result points elsewhere most, or is longer or shorter than it may be.

    The length is looked at since no cosine shows it: along itself a result may be off by as
    much as the cosine lets it be across.

    Args:
        expected: Any shape, the batch first.
        found: The same shape.
        examples: Their names.
        floor: Least cosine.

    Returns:
        Empty if none does by more than it may.
    """
    angles = np.array(list(cosines(expected, found)))
    least = float(angles.min())
    if not least >= floor:
        return (
            f"{told(examples[int(angles.argmin())])}, expected a cosine of at least {floor:g},"
            f" found {least:.4f}"
        )
    allowed = float(np.sqrt(1 - floor**2))
    for name, one, other in zip(examples, expected, found, strict=True):
        length, wanted = (float(np.linalg.norm(v.astype(np.float64))) for v in (other, one))
        if not abs(length - wanted) <= allowed * wanted:
            ratio = length / wanted if wanted else float("inf")
            return (
                f"{told(name)}, expected {1 - allowed:.2f} to {1 + allowed:.2f} times the"
                f" SavedModel's length, found {ratio:.3g}"
            )
    return ""
