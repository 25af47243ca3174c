"""Flags that several commands share. Nothing here may import TensorFlow."""

import argparse
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from exporter.errors import InvalidArgumentError

_T = TypeVar("_T")

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


def add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], summary: str
) -> argparse.ArgumentParser:
    """Adds a command; `run` takes the parsed flags and returns the exit status."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False
    )
    parser.set_defaults(command=run)
    return parser


def add_moving_averages(parser: argparse.ArgumentParser) -> None:
    """Adds `--use_moving_averages`."""
    add_switch(
        parser,
        "use_moving_averages",
        "prefer .../ExponentialMovingAverage to raw values where both are there (on)",
        default=True,
    )


def add_size(parser: argparse.ArgumentParser) -> None:
    """Adds what changes a variant's size."""
    parser.add_argument(
        "--depth_multiplier", type=float, help="another one than the variant's, above 0 to 2"
    )
    parser.add_argument(
        "--image_size", type=int, help="another one than the variant's, 32 to 2048 pixels"
    )


def add_variant(parser: argparse.ArgumentParser) -> None:
    """Adds `--variant`, required."""
    parser.add_argument("--variant", required=True, help="as 'slim-export list' prints it")


def add_network(parser: argparse.ArgumentParser) -> None:
    """Adds what says how archives are downloaded."""
    add_cache_dir(parser)
    parser.add_argument(
        "--mirror", help="URL of a folder with the published archives (or SLIM_EXPORT_MIRROR)"
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=20.0,
        help="seconds without a byte after which a download starts anew (20)",
    )


def add_cache_dir(parser: argparse.ArgumentParser) -> None:
    """Adds `--cache_dir`."""
    add_path(
        parser,
        "cache_dir",
        "where downloads are kept (or SLIM_EXPORT_CACHE_DIR; else the user's cache)",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Adds `--json`."""
    add_switch(parser, "json", "print JSON (off)")


def add_path(
    parser: argparse.ArgumentParser, name: str, summary: str, *, required: bool = False
) -> None:
    """Adds `--name` of a file or folder."""
    parser.add_argument(f"--{name}", required=required, type=path, help=summary)


def add_switch(
    parser: argparse.ArgumentParser, name: str, summary: str, *, default: bool = False
) -> None:
    """Adds `--name`, `--name=false` and `--noname`, as absl's own booleans have them."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        f"--{name}", nargs="?", const=True, default=default, type=_boolean, help=summary
    )
    group.add_argument(
        f"--no{name}", dest=name, action="store_false", default=default, help=argparse.SUPPRESS
    )


def fill(made: Callable[..., _T], arguments: argparse.Namespace, **others: Any) -> _T:
    """Makes a request, or calls a function, with the flags that are called as its parameters.

    Args:
        made: What to make or call.
        arguments: The parsed flags.
        others: Values of parameters that are no flag, or not as it was parsed.
    """
    names = inspect.signature(made).parameters
    given = {name: value for name, value in vars(arguments).items() if name in names}
    return made(**given | others)


def listed(text: str) -> tuple[str, ...]:
    """Splits a text at its commas, and leaves out what is empty."""
    return tuple(filter(None, (part.strip() for part in text.split(","))))


def check_given(arguments: argparse.Namespace, *folders: str) -> None:
    """Refuses a command without folders that it needs.

    Raises:
        InvalidArgumentError: If one is missing.
    """
    for name in folders:
        if getattr(arguments, name) is None:
            raise InvalidArgumentError(f"--{name} is missing: expected a folder. Add it.")


def not_empty(text: str) -> str:
    """Parses a text that must not be empty."""
    if not text:
        raise argparse.ArgumentTypeError("expected a value, found none")
    return text


def path(text: str) -> Path:
    """Parses a path."""
    # Shells do not expand the ~ of --flag=~/folder.
    try:
        return Path(not_empty(text)).expanduser()
    except RuntimeError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise argparse.ArgumentTypeError(f"expected true or false, found '{text}'")
