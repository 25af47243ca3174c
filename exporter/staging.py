"""Folders that appear whole or not at all."""

import ctypes
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from exporter.errors import ExportError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def check_target(target: Path, *, overwrite: bool) -> None:
    """Refuses a folder that a SavedModel cannot be put at.

    Args:
        target: Where the SavedModel is to appear.
        overwrite: Whether one that is there may be replaced.

    Raises:
        ExportError: If something is there that is not to be replaced.
    """
    if not os.path.lexists(target):
        return
    if not target.is_dir() or target.is_symlink():
        raise ExportError(
            f"Output '{target}' is not a folder: expected a new one, found a file or link."
            " Choose another --output_dir."
        )
    if not overwrite:
        raise ExportError(
            f"Output '{target}' exists already. Choose another --output_dir, or use --overwrite"
            " to replace a SavedModel."
        )
    if any(target.iterdir()) and not (target / "saved_model.pb").is_file():
        raise ExportError(
            f"Output '{target}' is not a SavedModel: expected 'saved_model.pb' in it, found other"
            " files. --overwrite replaces SavedModels only; choose another --output_dir."
        )


@contextmanager
def staged(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """Gives a folder beside the target, which becomes the target if all goes well.

    What other exports left behind when they were killed is swept away first.

    Args:
        target: Where the SavedModel is to appear.
        overwrite: Whether one that is there may be replaced; it stays whole
            until the new one takes its place in one step.

    Yields:
        The folder to write into.

    Raises:
        ExportError: If the target is taken, or cannot be written to.
    """
    target = target.absolute()
    check_target(target, overwrite=overwrite)
    missing = [folder for folder in target.parents if not folder.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        stage, lock = _new_stage(target)
    except OSError as error:
        _remove_empty(missing)
        raise _unwritable(target, error) from error
    try:
        yield stage
        check_target(target, overwrite=overwrite)
        _put(stage, target, overwrite=overwrite)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        os.close(lock)
        shutil.rmtree(stage, ignore_errors=True)
        _remove_empty(missing)


def _new_stage(target: Path) -> tuple[Path, int]:
    """Makes a folder and holds a lock on it, so that others can tell it from a left-over."""
    parent = os.open(target.parent, os.O_RDONLY)
    try:
        fcntl.flock(parent, fcntl.LOCK_EX)
        _sweep(target)
        stage = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
        lock = os.open(stage, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return stage, lock
    finally:
        os.close(parent)


def _put(stage: Path, target: Path, *, overwrite: bool) -> None:
    stage.chmod(0o777 & ~_umask())
    _flush(stage)
    if overwrite and target.exists():
        # Afterwards the old one lies in the stage and goes with it.
        _exchange(stage, target)
        return
    try:
        stage.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise ExportError(
                f"Output '{target}' was made by another process meanwhile. Choose another"
                " --output_dir, or use --overwrite."
            ) from error
        raise
    _flush_folder(target.parent)


def _exchange(stage: Path, target: Path) -> None:
    """Swaps two folders in one step where the system can, else in two."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(stage), os.fsencode(target)
    if hasattr(libc, "renameat2"):
        if libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
            return
        if ctypes.get_errno() not in (errno.EINVAL, errno.ENOSYS):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    old = stage.with_suffix(".old")
    target.rename(old)
    stage.rename(target)
    old.rename(stage)


def _sweep(target: Path) -> None:
    """Removes the stages that nobody holds a lock on any more."""
    for stage in target.parent.glob(f".{target.name}.*.part"):
        lock = os.open(stage, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(stage, ignore_errors=True)
        except BlockingIOError:
            pass  # Another export is at work there.
        finally:
            os.close(lock)


def _remove_empty(folders: list[Path]) -> None:
    """Removes folders that were made for a target that did not appear, the deepest first."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def _flush(folder: Path) -> None:
    """Has everything below a folder on the disk before its name appears."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(target: Path, error: OSError) -> ExportError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    advice = "Free some space, or choose" if full else "Choose"
    return ExportError(
        f"Output '{target}' cannot be written: {error.strerror or error}."
        f" {advice} another --output_dir."
    )
