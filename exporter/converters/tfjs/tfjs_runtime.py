"""Finds TensorFlow.js, which npm gets once, and keeps the few files of it that are run."""

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from filelock import FileLock

from exporter.archives import cache_dir, make_cache_folder
from exporter.converters.format_table import TFJS
from exporter.errors import ConversionError, listing, reason

# The packages as published, with the files that are kept: the same that a page loads.
_PACKAGES = {
    "@tensorflow/tfjs": (
        "0TrIrXs6/b7FLhLVNmfh8Sah6JgjBPH4mZ8JGb7NU6WW+cx00qK5BcAZxw7NCzxj6N8MRAIfHq+oNbPUNG5VAg==",
        ("tf.min.js",),
    ),
    "@tensorflow/tfjs-backend-wasm": (
        "/IYhReRIp4jg/wYW0OwbbJZG8ON87mbz0PgkiP3CdcACRSvUN0h8rvC0O3YcDtkTQtFWF/tcXq/KlVDyV49wmA==",
        (
            "tf-backend-wasm.min.js",
            "tfjs-backend-wasm.wasm",
            "tfjs-backend-wasm-simd.wasm",
            "tfjs-backend-wasm-threaded-simd.wasm",
        ),
    ),
}
_SECONDS = 600


def runtime() -> Path:
    """Returns the folder with TensorFlow.js; downloads it, if no conversion before this one did.

    Raises:
        ConversionError: If it is not there and cannot be had.
    """
    folder = cache_dir() / "tfjs" / TFJS
    try:
        make_cache_folder(folder.parent)
        with FileLock(folder.with_name(f"{TFJS}.lock")):
            if not folder.is_dir():
                with tempfile.TemporaryDirectory(dir=folder.parent) as place:
                    _install(Path(place)).rename(folder)
    except OSError as error:
        raise ConversionError(
            f"Cache '{folder.parent}' cannot be written: {reason(error)}."
            " Set SLIM_EXPORT_CACHE_DIR to another folder."
        ) from error
    return folder


def _install(place: Path) -> Path:
    """Downloads both packages and takes out of them what is kept."""
    _pack(place)
    packed = {_sha512(path): path for path in place.glob("*.tgz")}
    kept = place / "kept"
    kept.mkdir()
    for name, (sha512, files) in _PACKAGES.items():
        if sha512 not in packed:
            raise ConversionError(
                f"Package '{name}' {TFJS} is not the published one: expected sha512"
                f" {sha512}, found {listing(packed) or 'none'}."
                " Check npm's registry setting."
            )
        with tarfile.open(packed[sha512]) as archive:
            for file in files:
                member = archive.extractfile(f"package/dist/{file}")
                assert member is not None, "these bytes are known"
                (kept / file).write_bytes(member.read())
    return kept


def _pack(place: Path) -> None:
    if (npm := shutil.which("npm")) is None:
        raise ConversionError(
            "TensorFlow.js is not available: expected npm, which downloads it once, found none on"
            " the PATH. Install it, on Debian by: apt-get install nodejs npm."
        )
    flags = ("--pack-destination", str(place), "--ignore-scripts", "--prefer-offline")
    specs = [f"{name}@{TFJS}" for name in _PACKAGES]
    try:
        done = subprocess.run(  # noqa: S603  (the names are ours)
            [npm, "pack", *flags, "--loglevel=error", *specs],
            cwd=place,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ConversionError(
            f"TensorFlow.js {TFJS} could not be had: expected an answer of npm within {_SECONDS} s,"
            " found none. Check the network and npm's settings, and try again."
        ) from error
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise ConversionError(
            f"TensorFlow.js {TFJS} could not be had: expected exit status 0 of npm, found"
            f" {done.returncode} ({said[0] if said else 'no message'}). Check the network and npm's"
            " settings, and try again."
        )


def _sha512(path: Path) -> str:
    """Returns the digest as registries write it."""
    return base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
