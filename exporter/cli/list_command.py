"""`slim-export list`."""

import argparse
from pathlib import Path
from typing import Any

from checkpoints import catalog
from exporter.archives import cached_archive
from exporter.cli import flags
from exporter.cli.terminal import print_json, print_table
from exporter.errors import FetchError, reason
from slim_nets.network import TASKS, Task
from slim_nets.registry import Variant, networks, variants

_COLUMNS = (
    "variant",
    "task",
    ">features",
    ">parameters",
    "published archive",
    ">top-1",
    "digest",
    "cached",
    "handle",
)


def add(commands: Any) -> None:
    """Adds the command and its flags."""
    flags.add_command(
        *(commands, "list", run, "print the variants that can be exported"),
        cache_dir=flags.CACHE_DIR,
        json=flags.JSON,
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints what can be exported."""
    rows = [
        _row(variant, task, arguments.cache_dir)
        for variant in variants().values()
        for task in TASKS
    ]
    if arguments.json:
        print_json(rows)
    else:
        families = [f"{networks()[row['family']].words(TASKS[0]).full_name}:" for row in rows]
        print_table(_COLUMNS, [_cells(row) for row in rows], heading=2, groups=families)
    return 0


def _row(variant: Variant, task: Task, cache_dir: Path | None) -> dict[str, Any]:
    published = catalog.for_variant(variant.name)
    shape = variant.shape(task)
    return {
        "variant": variant.name,
        "family": variant.family,
        "task": task,
        "handle": _handle(variant, task, published),
        "num_features": variant.shape("feature_vector").output[0],
        "parameters": shape.parameters,
        "archive": published and published.file_name,
        "checkpoint": published and published.prefix,
        "top_1": published and published.top_1,
        "sha256_pinned": bool(published and published.sha256),
        "sha384_pinned": bool(published and published.sha384),
        "cached": published is not None and _is_cached(published, cache_dir),
    }


def _is_cached(published: catalog.PublishedCheckpoint, cache_dir: Path | None) -> bool:
    archive = cached_archive(published, cache_dir)
    try:
        return archive.is_file()
    except OSError as error:
        raise FetchError(
            f"Cache '{archive.parent}' cannot be read: {reason(error)}. Change --cache_dir."
        ) from error


def _handle(variant: Variant, task: Task, published: catalog.PublishedCheckpoint | None) -> str:
    """Names a model as on TensorFlow Hub, without publisher and version where it is not there."""
    if published is not None and published.hub_handle is not None:
        return published.hub_handle.format(task=task)
    return f"{variant.name}/{task}"


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    if row["archive"] is None:
        archive = ("none, seeded weights only", "", "", "")
    else:
        archive = (
            row["archive"],
            "" if row["top_1"] is None else f"{row['top_1']:.1f}",
            _digest(row),
            "yes" if row["cached"] else "no",
        )
    sizes = (str(row["num_features"]), f"{row['parameters']:,}")
    return (row["variant"], row["task"], *sizes, *archive, row["handle"])


def _digest(row: dict[str, Any]) -> str:
    """Names the published digest that a download is checked against."""
    if row["sha256_pinned"]:
        return "sha256"
    return "sha384" if row["sha384_pinned"] else "not known"
