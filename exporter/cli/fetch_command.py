"""`slim-export fetch`."""

import argparse
from typing import Any

from exporter.archives import FetchOptions, fetch, published_checkpoint
from exporter.choices import variant_named
from exporter.cli import flags
from exporter.cli.terminal import print_json, print_lines, print_prose, progress_bar
from exporter.digests import of_files
from exporter.errors import InvalidArgumentError
from exporter.progress import Progress

_MAX_TIMEOUT = 3600


def add(commands: Any) -> None:
    """Adds the command and its flags."""
    flags.add_command(
        *(commands, "fetch", run, "download a published checkpoint"),
        variant=flags.variant(required=True),
        **flags.DOWNLOADS,
        json=flags.JSON,
    )


def run(arguments: argparse.Namespace) -> int:
    """Downloads a published checkpoint into the cache."""
    published = published_checkpoint(variant_named(arguments.variant))
    with progress_bar() as progress:
        archive = fetch(published, fetch_options(arguments, progress))
    pinned = published.sha256 is not None
    sha256 = of_files([archive])
    if arguments.json:
        print_json({"archive": str(archive), "sha256": sha256, "sha256_pinned": pinned})
    else:
        note = "nobody has published it, so it was not checked"
        if published.digest is not None:
            note = "as published" if pinned else f"its sha384 is {published.sha384}, as published"
        # The path first and by itself: it is what scripts take.
        print_lines(f"{archive}", f"sha256 {sha256}")
        print_prose(f"({note})")
    return 0


def fetch_options(arguments: argparse.Namespace, progress: Progress) -> FetchOptions:
    """Reads the flags about downloads.

    Raises:
        InvalidArgumentError: If the time-out is not positive.
    """
    if not 0 < arguments.timeout <= _MAX_TIMEOUT:
        raise InvalidArgumentError(
            f"Timeout {arguments.timeout:g} is out of range: expected above 0 and at most"
            f" {_MAX_TIMEOUT} seconds. Change --timeout."
        )
    return FetchOptions(arguments.cache_dir, arguments.mirror, arguments.timeout, progress)
