"""What users would take instead: the same network as others built it, by a Python file a port.

A peer's file says what it is and builds the network; `scripts/peer_timm.py` is one. It is
loaded only in processes that end with it, and may import what it needs in `build`.
"""

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, cast

import numpy as np

from exporter.bench.candidates import Candidate, Lineup
from exporter.bench.measured_model import MeasuredModel
from exporter.converters.format_table import Runner
from exporter.errors import BenchmarkError, reason
from slim_nets.network import Task
from slim_nets.registry import Variant

_EXPECTED = ("TITLE", "PACKAGES", "has", "build")


class Peer(Protocol):
    """What the file of a peer has.

    Attributes:
        TITLE: As it is shown.
        PACKAGES: What must be importable, under the names that install it; it is
            imported before memory and time are measured.
    """

    TITLE: str
    PACKAGES: tuple[str, ...]

    def has(self, variant: Variant, task: Task) -> bool:
        """Says whether there is such a network."""

    def build(
        self, variant: Variant, task: Task, threads: int | None
    ) -> Callable[[np.ndarray], np.ndarray]:
        """Builds the network.

        Its weights may be random: they change no time, and none need be downloaded.

        Args:
            variant: Which network.
            task: What it ends with.
            threads: How many it may use; None for the runtime's default.

        Returns:
            A function of images float32 `[batch, height, width, 3]` in [0, 1].
        """


def check_peers(files: Sequence[Path]) -> None:
    """Refuses files that do not exist.

    Raises:
        BenchmarkError: If one is none.
    """
    for path in files:
        if path.suffix != ".py" or not path.is_file():
            found = "something else" if path.exists() else "no such file"
            raise BenchmarkError(
                f"Peer '{path}' cannot be loaded: expected a Python file such as"
                f" scripts/peer_timm.py, found {found}. Change --peer."
            )


def of_peers(files: Sequence[Path], model: MeasuredModel) -> Lineup:
    """Lists the peers that were asked for, and says why one is left out.

    Raises:
        BenchmarkError: If the file of one fails, or lacks something.
    """
    return sum((_of_peer(path.absolute(), model) for path in dict.fromkeys(files)), Lineup())


def _of_peer(path: Path, model: MeasuredModel) -> Lineup:
    peer = loaded(path)
    network = model.network[0].name if model.network else "which is none of the known ones"
    with _errors_of(path):
        has = model.network is not None and peer.has(*model.network)
    if not has:
        note = f"{peer.TITLE} is left out: it does not have this network, {network}."
        return Lineup(notes=(note,))
    if absent := [name for name in peer.PACKAGES if importlib.util.find_spec(name) is None]:
        note = f"{peer.TITLE} is left out: it is not installed. Run: pip install"
        return Lineup(notes=(f"{note} {' '.join(absent)}.",))
    found = Candidate(peer.TITLE, "peer", str(path), packages=tuple(peer.PACKAGES))
    return Lineup((found,))


def loaded(path: Path) -> Peer:
    """Runs the file of a peer.

    Raises:
        BenchmarkError: If it fails, or lacks something.
    """
    # A name that no import can ask for: the file may be called as what it imports.
    spec = importlib.util.spec_from_file_location(f"peer {path}", path)
    assert spec is not None, "Python knows files that end in .py"
    assert spec.loader is not None, "and how to load them"
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    with _errors_of(path):
        spec.loader.exec_module(module)
    if absent := [name for name in _EXPECTED if not hasattr(module, name)]:
        raise BenchmarkError(
            f"Peer '{path}' is incomplete: expected {', '.join(_EXPECTED)}, found no"
            f" {', '.join(absent)}. Add what is missing, or change --peer."
        )
    return cast(Peer, module)


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """Turns whatever the file of a peer raises into what the user is told."""
    try:
        yield
    except Exception as error:
        raise BenchmarkError(
            f"Peer '{path}' cannot be loaded: {reason(error).rstrip('.')}. Mend it, or leave it out"
            " of --peer."
        ) from error


@contextmanager
def opened(candidate: Candidate, model: MeasuredModel, threads: int | None) -> Iterator[Runner]:
    """Builds the network that the SavedModel was recognized as."""
    assert model.network is not None, "peers of unknown networks are not asked for"
    compute = loaded(Path(candidate.what)).build(*model.network, threads)

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        (images,) = inputs.values()
        return {"": compute(images)}

    yield run
