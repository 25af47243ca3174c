"""Measures how two results differ, batch by batch, in absolute, relative and ULP terms."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from exporter.errors import listing
from exporter.verifier.comparison.allowance import OTHERS, Allowance
from exporter.verifier.report.records import WIDE_ALLOWANCE, Check, Group
from exporter.verifier.subjects.probes import told
from exporter.verifier.subjects.subject import is_float, same_bits

_BINS = 65


@dataclass
class Measure:
    """Collects the differences of one result over any number of batches, and keeps no values.

    Attributes:
        group: What kind of thing is compared.
        name: Which one.
        case: Under which circumstances.
        allowance: What may differ.
        place: Appended to the message, such as the layer's row of the table.
    """

    group: Group
    name: str
    allowance: Allowance
    case: str = ""
    place: str = ""
    _values: int = 0
    _differing: int = 0
    _beyond: int = 0
    _largest: float = 0.0
    _max_abs: float | None = 0.0
    _max_ulp: int | None = 0
    _noise: float | None = None
    _allowed: float = 0.0
    _wide: set[str] = field(default_factory=set)
    _most: tuple[float, str] = (0.0, "")
    _bins: np.ndarray = field(default_factory=lambda: np.zeros(_BINS, np.int64))
    _where: str = ""

    def add(
        self,
        expected: np.ndarray,
        found: np.ndarray,
        label: str = "",
        examples: Sequence[str] = (),
    ) -> None:
        """Compares one pair.

        Args:
            expected: The reference's.
            found: The model's.
            label: Put before where they differ.
            examples: Names of the rows, where the first dimension is the batch.
        """
        expected, found = _of_one_width(np.asarray(expected), np.asarray(found))
        self._values += expected.size
        rows = examples if expected.shape[:1] == (len(examples),) else ()
        allowed = self._allow(expected, rows)
        if (expected.shape, expected.dtype) != (found.shape, found.dtype):
            self._max_abs = self._max_ulp = None
            differing, beyond = expected.size, max(expected.size, 1)
            where = f"expected {_form(expected)}, found {_form(found)}"
        elif same_bits(expected, found):
            self._bins[0] += expected.size
            return
        else:
            unequal = _unequal_bits(expected, found)
            wrong = self._add_distances(expected, found, unequal, allowed, rows)
            differing, beyond = int(unequal.sum()), int(np.count_nonzero(wrong))
            counted = f" ({differing} of {expected.size} values differ)"
            where = _first_of(wrong, expected, found, rows) + counted if beyond else ""
        self._differing += differing
        if beyond and not self._beyond:
            self._where = f"{label}{where}"
        self._beyond += beyond

    def _allow(self, expected: np.ndarray, rows: Sequence[str]) -> np.ndarray:
        """Returns what is allowed, row by row, and notes the largest of it, of noise and values."""
        allowed = self.allowance.absolute(self.group, self.name, rows)
        if not _is_real(expected) or not expected.size:
            return allowed
        numbers = expected if expected.dtype.kind != "V" else expected.astype(np.float32)
        largest = np.max(np.abs(_finite(numbers)).reshape(len(rows) or 1, -1), axis=1)
        self._largest = max(self._largest, float(largest.max()))
        allowed = np.asarray(allowed + self.allowance.share(rows) * largest)
        most = allowed + self.allowance.rtol * largest
        self._allowed = max(self._allowed, float(most.max()))
        within = (WIDE_ALLOWANCE - self.allowance.rtol) * largest
        if self.allowance.kind != "exact":
            wide = zip(rows or ("",), allowed > within, strict=True)
            self._wide |= {row for row, is_wide in wide if is_wide}
        noise = self.allowance.noise_of(self.group, self.name)
        if noise is not None:
            found = max(noise.get(row, noise[OTHERS]) for row in rows or (OTHERS,))
            self._noise = max(self._noise or 0.0, found)
        return allowed.reshape(-1, *[1] * (expected.ndim - 1)) if expected.ndim else allowed[0]

    def _add_distances(
        self,
        expected: np.ndarray,
        found: np.ndarray,
        unequal: np.ndarray,
        allowed: np.ndarray,
        rows: Sequence[str],
    ) -> np.ndarray:
        """Adds to the figures; marks the values beyond what is allowed."""
        if not _is_real(expected):
            self._max_abs = self._max_ulp = None
            return unequal
        gaps = _gaps(expected, found)
        largest = float(np.max(gaps))
        if rows and largest > self._most[0]:
            self._most = largest, rows[int(np.argmax(gaps)) // (gaps.size // len(rows))]
        if self._max_abs is not None:
            self._max_abs = max(self._max_abs, largest) if np.isfinite(largest) else None
        distances = ulp_distance(expected, found)
        if self._max_ulp is not None:
            self._max_ulp = max(self._max_ulp, int(distances.max()))
        self._bins += np.bincount(_bin(distances).ravel(), minlength=_BINS)[:_BINS]
        if self.allowance.kind == "exact":
            return unequal
        with np.errstate(invalid="ignore"):
            limits = allowed + self.allowance.rtol * np.abs(expected.astype(np.float64))
            return np.asarray(~((gaps == 0) | (np.isfinite(gaps) & (gaps <= limits))))

    def check(self) -> Check:
        """Returns the check as it stands."""
        relative = None
        if self._max_abs is not None:
            relative = self._max_abs / self._largest if self._largest else self._max_abs
        message = self._where + (f"; {self.place}" if self._where and self.place else "")
        if not self._beyond and self._wide:
            told = listing(f"'{row}'" for row in self._wide if row)
            message = (
                f"the allowance is wider than {WIDE_ALLOWANCE:.0%} of an example's largest value"
                + (f", on {told}" if told else "")
                + (f"; the largest difference is on '{self._most[1]}'" if self._most[1] else "")
            )
        return Check(
            group=self.group,
            name=self.name,
            case=self.case,
            status="failed" if self._beyond else "warning" if self._wide else "passed",
            values=self._values,
            differing=self._differing,
            largest=self._largest,
            max_abs=self._max_abs,
            max_rel=relative,
            max_ulp=self._max_ulp,
            noise=self._noise,
            allowance=self._allowed,
            reason=self.allowance.reason(self.group, self.name),
            message=message,
            ulp_histogram=tuple(np.trim_zeros(self._bins.tolist(), "b")) if self._differing else (),
        )


def ulp_distance(expected: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Counts the representable numbers between two of the same shape and dtype.

    Args:
        expected: Of a float, integer or boolean dtype.
        found: The same.

    Returns:
        uint64 of the same shape; NaN is one step beyond infinity.
    """
    if not is_float(expected):
        return np.abs(found.astype(np.int64) - expected.astype(np.int64)).astype(np.uint64)
    one, other = _ordered(expected), _ordered(found)
    return np.asarray(np.where(one > other, one - other, other - one))


def _of_one_width(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gives strings the width of the longest, which is no dtype of theirs."""
    if (one.dtype.kind, other.dtype.kind) != ("S", "S"):
        return one, other
    width = max(one.dtype.itemsize, other.dtype.itemsize, 1)
    return one.astype(f"S{width}"), other.astype(f"S{width}")


def _is_real(array: np.ndarray) -> bool:
    return array.dtype.kind in "iub" or is_float(array)


def _form(array: np.ndarray) -> str:
    name = "string" if array.dtype.kind == "S" else array.dtype
    return f"{name} {list(array.shape)}"


def _first_of(
    wrong: np.ndarray, expected: np.ndarray, found: np.ndarray, rows: Sequence[str]
) -> str:
    """Shows the first place that is marked as wrong, and both values there.

    Args:
        wrong: Boolean, of the shape of both; at least one is true.
        expected: The reference.
        found: What is judged.
        rows: Names of the examples, where the first dimension is the batch.

    Returns:
        Such as "at [1, 2] expected 1.0, found 1.0000001".
    """
    first = tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape))
    example = f"{told(rows[first[0]])}, " if rows else ""
    index = f"at {list(first)} " if first else ""
    return f"{example}{index}expected {expected[first]!s}, found {found[first]!s}"


def _unequal_bits(expected: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Marks the values that are not the same bits, in arrays of one shape and dtype.

    Of all bits that are not a number, none is another.
    """
    unequal = np.asarray((_bytes(expected) != _bytes(found)).any(axis=-1))
    if is_float(expected):
        unequal &= ~(np.isnan(expected) & np.isnan(found))
    return unequal


def _bytes(array: np.ndarray) -> np.ndarray:
    return np.frombuffer(array.tobytes(), np.uint8).reshape(*array.shape, array.dtype.itemsize)


def _ordered(array: np.ndarray) -> np.ndarray:
    """Maps floats to unsigned integers in the same order, -0 just below 0 and NaN at the top."""
    bits = array.dtype.itemsize * 8
    canonical = np.where(np.isnan(array), np.array(np.nan, array.dtype), array)
    raw = np.ascontiguousarray(canonical).view(f"u{array.dtype.itemsize}").astype(np.uint64)
    sign = np.uint64(1) << np.uint64(bits - 1)
    magnitude = np.where(
        np.isnan(array), ~sign & np.uint64(2**bits - 1), raw & (sign - np.uint64(1))
    )
    middle = np.uint64(2 ** (bits - 1))
    return np.asarray(np.where(raw & sign, middle - np.uint64(1) - magnitude, middle + magnitude))


def _bin(distances: np.ndarray) -> np.ndarray:
    """Numbers the bins 0, 1, 2 to 3, 4 to 7 and so on."""
    _, exponents = np.frexp(distances.astype(np.float64))
    return exponents.astype(np.int64)


def _gaps(expected: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Returns absolute differences; what is equal as infinity or NaN has none."""
    with np.errstate(invalid="ignore", over="ignore"):
        gaps = np.abs(found.astype(np.float64) - expected.astype(np.float64))
    if not is_float(expected):
        # Large ones may be one float64, and differ all the same.
        gaps = np.maximum(gaps, 1.0)
    gaps = np.where(expected == found, 0.0, gaps)
    return np.asarray(np.where(np.isnan(expected) & np.isnan(found), 0.0, gaps))


def _finite(array: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(array), array, 0)
