"""Folders and files that appear whole or not at all."""

import ctypes
import errno
import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from exporter import temporary
from exporter.errors import ExportError, listing, reason

_SUFFIX = ".part"
_TRIES = 20
_PATIENCE = 10.0  # seconds to wait for others that make their places
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_UNUSABLE = re.compile(r"[*?\[\]]|:/")


@dataclass(frozen=True, slots=True)
class FolderKind:
    """A kind of folder that is written.

    Attributes:
        name: What it is called.
        marker: A file by which one is known.
        flag: Which argument says where it goes.
        files: Matches the paths of the files that we write into one, and no others.
    """

    name: str
    marker: str
    flag: str
    files: str


REPORT_FILES = frozenset({"report.json", "report.html", "report.xml"})
ANY_OF_REPORT = "|".join(map(re.escape, sorted(REPORT_FILES)))
SAVED_MODEL = FolderKind(
    *("SavedModel", "saved_model.pb", "--output_dir"),
    r"(saved_model|fingerprint)\.pb|variables/variables\.(index|data-\d{5}-of-\d{5})"
    r"|assets/labels\.txt",
)
REPORT = FolderKind("report", "report.json", "--report_dir", ANY_OF_REPORT)
RELEASE = FolderKind(
    *("release", "manifest.json", "--output_dir"),
    r"(manifest|contract|evaluation)\.json|report\.(json|html)|model\.(tar\.gz|sig)|\d+\.md",
)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where an export writes; all of it goes when the export ends.

    Attributes:
        model: An empty folder that becomes the target.
        workspace: An empty folder for whatever else is needed.
    """

    model: Path
    workspace: Path


def check_target(target: Path, *, overwrite: bool, kind: FolderKind = SAVED_MODEL) -> None:
    """Refuses a folder that a result cannot be put at.

    Args:
        target: Where the result is to appear.
        overwrite: Whether one that is there may be replaced.
        kind: What it is.

    Raises:
        ExportError: If something is there that is not to be replaced.
    """
    text = os.fspath(target)
    if _UNUSABLE.search(text) or not text.isprintable():
        raise ExportError(
            f"Output {text!r} cannot be used: expected a path of printable characters without"
            " * ? [ ] and ://, which TensorFlow takes for patterns and servers."
            f" Choose another {kind.flag}."
        )
    if Path.cwd().is_relative_to(target):
        raise _refusal(target, "is the current folder or one above it: expected another", kind)
    if not os.path.lexists(target):
        return
    if not target.is_dir() or target.is_symlink():
        wrong = "is not a folder: expected a new one, found a file or link"
        raise _refusal(target, wrong, kind)
    if not overwrite:
        wrong = "exists already: expected none, found a folder"
        raise _refusal(target, wrong, kind, f", or use --overwrite to replace a {kind.name}")
    _check_replaceable(target, kind)


def _check_replaceable(target: Path, kind: FolderKind) -> None:
    """Refuses a folder with anything that would be lost."""
    if any(target.iterdir()) and not (target / kind.marker).is_file():
        raise ExportError(
            f"Output '{target}' is not a {kind.name}: expected '{kind.marker}' in it, found other"
            f" files. A {kind.name} replaces {kind.name}s only; choose another {kind.flag}."
        )
    files = (path for path in target.rglob("*") if path.is_symlink() or not path.is_dir())
    names = (path.relative_to(target).as_posix() for path in files)
    if strange := [repr(name) for name in names if not re.fullmatch(kind.files, name, re.ASCII)]:
        raise ExportError(
            f"Output '{target}' holds more than a {kind.name}, which would be lost: expected our"
            f" files alone, found {listing(strange)}. Move that elsewhere, or choose another"
            f" {kind.flag}."
        )


def write_whole(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Writes a file that appears whole, in one step.

    Raises:
        FileExistsError: If one is there, which is not to be replaced.
        OSError: If it cannot be written.
    """
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}{_SUFFIX}")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            part.replace(path)
        else:
            path.hardlink_to(part)  # fails where another process has made one meanwhile
    finally:
        with suppress(OSError):
            part.unlink()


def _refusal(target: Path, wrong: str, kind: FolderKind, otherwise: str = "") -> ExportError:
    advice = f"Choose another {kind.flag}{otherwise}."
    return ExportError(f"Output '{target}' {wrong}. {advice}")


@contextmanager
def staged(target: Path, *, overwrite: bool, kind: FolderKind = SAVED_MODEL) -> Iterator[Stage]:
    """Gives a place beside the target, part of which becomes the target if all goes well.

    What other exports left behind when they were killed is swept away first.

    Args:
        target: Where the result is to appear.
        overwrite: Whether one that is there may be replaced; it stays whole
            until the new one takes its place in one step.
        kind: What it is.

    Yields:
        Where to write.

    Raises:
        ExportError: If the target is taken, or cannot be written to.
    """
    with errors_of(target, kind):
        check_target(target, overwrite=overwrite, kind=kind)
        missing = [folder for folder in target.parents if not folder.exists()]
        place, lock = _new_place(target)
    stage = Stage(place / "model", place / "workspace")
    try:
        with temporary.cleaned(lambda: _remove(place, missing)):
            with errors_of(target, kind):
                stage.model.mkdir()
                stage.workspace.mkdir()
            yield stage
            with errors_of(target, kind):
                check_target(target, overwrite=overwrite, kind=kind)
                _put(stage.model, target, overwrite=overwrite, kind=kind)
    finally:
        os.close(lock)


def _remove(place: Path, made: Iterable[Path]) -> None:
    """Removes a place, and the folders that were made for a target that did not appear."""
    shutil.rmtree(place, ignore_errors=True)
    for folder in made:  # the deepest first
        with suppress(OSError):
            folder.rmdir()


def _new_place(target: Path) -> tuple[Path, int]:
    """Makes a folder and holds a lock on it, so that others can tell it from a left-over."""
    for _ in range(_TRIES):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with _opened(target.parent) as parent:
                if _lock(parent, seconds=_PATIENCE):
                    _sweep(target)
                prefix = f".{target.name}."
                place = Path(tempfile.mkdtemp(prefix=prefix, suffix=_SUFFIX, dir=target.parent))
                lock = os.open(place, os.O_RDONLY)
                _lock(lock)
                return place, lock
        except FileNotFoundError:
            # Another export has just removed the parent that it had made and did not need.
            time.sleep(0.05)
    raise FileNotFoundError(errno.ENOENT, "its folder is removed again and again")


def _lock(descriptor: int, *, seconds: float = 0) -> bool:
    """Locks a folder if no one else holds it; says whether it did."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            # Some network file systems have no locks: nothing is swept there.
            if not isinstance(error, BlockingIOError) or time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def _sweep(target: Path) -> None:
    """Removes the places of killed exports: those on which no one holds a lock any more."""
    ours = re.compile(rf"\.{re.escape(target.name)}\.[a-z0-9_]{{8}}{re.escape(_SUFFIX)}")
    for place in target.parent.iterdir():
        if ours.fullmatch(place.name):
            # One of another user, not a folder, or gone meanwhile is left.
            with suppress(OSError), _opened(place, os.O_DIRECTORY | os.O_NOFOLLOW) as lock:
                if _lock(lock):
                    shutil.rmtree(place, ignore_errors=True)


def _put(model: Path, target: Path, *, overwrite: bool, kind: FolderKind) -> None:
    # Everything is on the disk before its name appears.
    _flush(*filter(Path.is_file, model.rglob("*")), model)
    if overwrite and target.exists():
        # Afterwards the old one lies in the stage and goes with it.
        _exchange(model, target)
        return
    try:
        model.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            wrong = "was made by another process meanwhile: expected none, found a folder"
            raise _refusal(target, wrong, kind, ", or use --overwrite") from error
        raise
    _flush(target.parent)


def _exchange(model: Path, target: Path) -> None:
    """Swaps two folders in one step where the system can, else in two."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(model), os.fsencode(target)
    if hasattr(libc, "renameat2"):
        if libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
            return
        if ctypes.get_errno() not in (errno.EINVAL, errno.ENOSYS):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    old = model.with_name("old")
    target.rename(old)
    try:
        model.rename(target)
    except OSError:
        old.rename(target)
        raise


def _flush(*paths: Path) -> None:
    """Has files and folders on the disk."""
    for path in paths:
        with _opened(path) as descriptor:
            os.fsync(descriptor)


@contextmanager
def _opened(path: Path, flags: int = 0) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def errors_of(target: Path, kind: FolderKind) -> Iterator[None]:
    """Turns what the system says into what the user is told."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        advice = "Free some space, or choose" if full else "Choose"
        raise ExportError(
            f"Output '{target}' cannot be written: {reason(error)}. {advice} another {kind.flag}."
        ) from error
