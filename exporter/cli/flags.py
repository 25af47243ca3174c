"""Flags that several commands share. Nothing here may import TensorFlow."""

import argparse
import inspect
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from exporter.cli.command_parser import CommandParser
from exporter.errors import InvalidArgumentError

_T = TypeVar("_T")

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})
_DEFAULTS = "Defaults stand in parentheses."


# Adds a flag of a name to a command's parser.
Flag = Callable[[argparse.ArgumentParser, str], object]
Completes = Callable[[], Iterable[str]]


def add_command(
    commands: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    /,
    **flags: Flag,
) -> CommandParser:
    """Adds a command and its flags; `run` takes them parsed, and returns the exit status."""
    parser: CommandParser = commands.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False
    )
    parser.set_defaults(command=run)
    if flags:
        parser.epilog = _DEFAULTS
    for flag, add in flags.items():
        add(parser, flag)
    return parser


def value(summary: str, *, completes: Completes | None = None, **options: Any) -> Flag:
    """Makes a flag with a value.

    Args:
        summary: What it is for.
        completes: Returns the values that shells offer; they offer files where it is None.
        options: Those of `ArgumentParser.add_argument`.
    """

    def add(parser: argparse.ArgumentParser, name: str) -> None:
        action: Any = parser.add_argument(f"--{name}", help=summary, **options)
        if completes is not None:
            action.completer = _completer(completes)

    return add


def _completer(completes: Completes) -> Callable[..., list[str]]:
    """Makes what argcomplete asks, also for the last of several values with commas."""

    def complete(prefix: str, **_: Any) -> list[str]:
        before = prefix[: prefix.rfind(",") + 1]
        return [before + name for name in completes()]

    return complete


def path(summary: str, **options: Any) -> Flag:
    """Makes a flag with the path of a file or folder."""
    return value(summary, type=parsed_path, **options)


def switch(summary: str, *, default: bool = False) -> Flag:
    """Makes `--name`, `--name=false` and `--noname`, as absl's own booleans have them."""

    def add(parser: argparse.ArgumentParser, name: str) -> None:
        group = parser.add_mutually_exclusive_group()
        action: Any = group.add_argument(
            f"--{name}", nargs="?", const=True, default=default, type=_boolean, help=summary
        )
        action.completer = _completer(lambda: ("true", "false"))
        group.add_argument(
            f"--no{name}", dest=name, action="store_false", default=default, help=argparse.SUPPRESS
        )

    return add


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


def parsed_path(text: str) -> Path:
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


def image_size(text: str) -> tuple[int, int]:
    """Parses a size in pixels: one number for a square, or height and width."""
    sides = text.split("x")
    if len(sides) > 2 or not all(side.isascii() and side.isdigit() for side in sides):
        raise argparse.ArgumentTypeError(f"expected pixels as 160 or 160x320, found '{text}'")
    return int(sides[0]), int(sides[-1])


def input_range(text: str) -> tuple[float, float]:
    """Parses the least and the largest value of images."""
    try:
        low, high = map(float, text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected two numbers such as -1,1, found '{text}'"
        ) from error
    return low, high


def _task_names() -> Iterable[str]:
    from slim_nets.network import TASKS

    return TASKS


def _variant_names() -> Iterable[str]:
    from slim_nets.registry import variants

    return variants()


def _number() -> Iterable[str]:
    return ()  # numbers are not completed, and least of all by files


JSON = switch("print JSON (off)")
# Which network a command is about, however it is asked for.
variant = partial(value, "as 'slim-export list' prints it", completes=_variant_names)
task = partial(value, "feature_vector or classification", completes=_task_names)
TRUST = switch("run the model though it does more than compute, such as write files (off)")
# Of models that do not say it themselves.
INPUT_RANGE = value(
    "least and largest value of images, such as 0,255 or -1,1 (what the model says itself, by its"
    " interface or a rescaling at its input)",
    type=input_range,
)
# How the weights are read from a checkpoint.
RESTORING = {
    "use_moving_averages": switch(
        "prefer .../ExponentialMovingAverage to raw values where both are there (on)", default=True
    ),
    "checkpoint_scope": value(
        "the scope of the checkpoint that the network lies below, such as FeatureExtractor",
        default="",
        type=lambda text: text.strip("/"),
    ),
    "ignore_fake_quant": switch(
        "export weights of quantization-aware training as a float network (off)"
    ),
}
# What changes a variant's size.
SIZE = {
    "depth_multiplier": value(
        "in place of the variant's, above 0, at most 2", type=float, completes=_number
    ),
    "image_size": value(
        "in place of the variant's, up to 2048 pixels: 160, or 160x320 (height x width)",
        type=image_size,
    ),
    "num_classes": value(
        "how many classes seeded:N is to have, or another checkpoint is expected to have",
        type=int,
    ),
}
CACHE_DIR = path("where downloads are kept (or SLIM_EXPORT_CACHE_DIR; else the user's cache)")
TIME_LIMIT = value("seconds after which the command gives up (none)", type=float)
# How archives are downloaded.
DOWNLOADS = {
    "cache_dir": CACHE_DIR,
    "mirror": value("URL of a folder with the published archives (or SLIM_EXPORT_MIRROR)"),
    "timeout": value(
        "seconds without a byte after which a download starts anew (20)", type=float, default=20.0
    ),
}
