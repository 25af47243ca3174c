"""The flags. Nothing here may import TensorFlow: `--help` answers at once."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from absl import flags
from absl.flags import argparse_flags

from exporter import __version__
from exporter.cli import export_command, fetch_command, list_command, verify_command
from slim_nets.hyperparameters import BATCH_NORM_MOMENTUM

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parses a command line.

    Args:
        argv: Program name and arguments.

    Returns:
        The flags, and as `command` the function that takes them.
    """
    parser = argparse_flags.ArgumentParser(
        prog="slim-export",
        description="Turns TF-Slim checkpoints of MobileNet V3 into TF2 SavedModels.",
        epilog="--verbosity=1 shows TensorFlow's messages.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"slim-export {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_list(commands)
    _add_fetch(commands)
    _add_export(commands)
    _add_verify(commands)
    try:
        arguments: argparse.Namespace = parser.parse_args(argv[1:])
    except flags.Error as error:
        parser.error(str(error))
    return arguments


def _add_list(commands: Any) -> None:
    parser = _add(commands, "list", list_command.run, "print the variants that can be exported")
    _add_cache_dir(parser)
    _add_json(parser)


def _add_fetch(commands: Any) -> None:
    parser = _add(commands, "fetch", fetch_command.run, "download a published checkpoint")
    _add_variant(parser)
    _add_network(parser)
    _add_json(parser)


def _add_export(commands: Any) -> None:
    parser = _add(commands, "export", export_command.run, "write a SavedModel from a checkpoint")
    _add_variant(parser)
    parser.add_argument("--task", required=True, help="feature_vector or classification")
    parser.add_argument(
        "--checkpoint",
        required=True,
        type=_not_empty,
        help="'published' (from the cache, else downloaded), 'seeded:N' (random weights from seed"
        " N), or a path: a prefix, a folder with one checkpoint, or a .tgz archive",
    )
    parser.add_argument(
        "--output_dir", required=True, type=_path, help="where the SavedModel is to appear"
    )
    parser.add_argument(
        "--batch_norm_momentum",
        type=float,
        default=BATCH_NORM_MOMENTUM,
        help=f"default of the model's argument, 0 to 1 ({BATCH_NORM_MOMENTUM})",
    )
    _add_size(parser)
    _add_switch(
        parser, "overwrite", default=False, summary="replace a SavedModel that is there (off)"
    )
    _add_switch(
        parser,
        "verify",
        default=True,
        summary="compare with the original graph, bit for bit, before anything appears (on)",
    )
    _add_moving_averages(parser)
    _add_network(parser)
    _add_json(parser)


def _add_verify(commands: Any) -> None:
    summary = "compare a SavedModel with its original, or with another SavedModel"
    parser = _add(commands, "verify", verify_command.run, summary)
    parser.add_argument("--model_dir", type=_path, help="the SavedModel, whoever made it")
    parser.add_argument("--reference_dir", type=_path, help="another SavedModel to compare with")
    parser.add_argument(
        "--checkpoint",
        type=_not_empty,
        help="compare with the original graph and this checkpoint: 'published', 'seeded:N', or a"
        " path; needs --variant and --task. Without it and --reference_dir, only the interface is"
        " checked",
    )
    parser.add_argument("--variant", help="as 'slim-export list' prints it")
    parser.add_argument("--task", help="feature_vector or classification")
    _add_size(parser)
    parser.add_argument(
        "--images", default="", help="a pattern of image files, such as 'photos/*.jpg', quoted"
    )
    parser.add_argument(
        "--allowance",
        default="exact",
        help="what may differ: exact, no bit; noise, 4 times the reference's own noise (exact)",
    )
    parser.add_argument("--atol", type=float, help="allow this absolute difference instead")
    parser.add_argument("--rtol", type=float, help="and this one, times each expected value")
    parser.add_argument(
        "--report_dir",
        type=_path,
        help="write report.json, report.html and report.xml there, with the noise measured",
    )
    _add_switch(
        parser, "list_rules", default=False, summary="print the interface's rules and end (off)"
    )
    _add_moving_averages(parser)
    _add_network(parser)
    _add_json(parser)


def _add(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], summary: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False
    )
    parser.set_defaults(command=run)
    return parser


def _add_moving_averages(parser: argparse.ArgumentParser) -> None:
    _add_switch(
        parser,
        "use_moving_averages",
        default=True,
        summary="prefer .../ExponentialMovingAverage to raw values where both are there (on)",
    )


def _add_size(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--depth_multiplier", type=float, help="another one than the variant's, above 0 to 2"
    )
    parser.add_argument(
        "--image_size", type=int, help="another one than the variant's, 32 to 2048 pixels"
    )


def _add_variant(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--variant", required=True, help="as 'slim-export list' prints it")


def _add_network(parser: argparse.ArgumentParser) -> None:
    _add_cache_dir(parser)
    parser.add_argument(
        "--mirror", help="URL of a folder with the published archives (or SLIM_EXPORT_MIRROR)"
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=20.0,
        help="seconds without a byte after which a download starts anew (20)",
    )


def _add_cache_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cache_dir",
        type=_path,
        help="where downloads are kept (or SLIM_EXPORT_CACHE_DIR; else the user's cache)",
    )


def _add_json(parser: argparse.ArgumentParser) -> None:
    _add_switch(parser, "json", default=False, summary="print JSON (off)")


def _add_switch(parser: argparse.ArgumentParser, name: str, *, default: bool, summary: str) -> None:
    """Adds `--name`, `--name=false` and `--noname`, as absl's own booleans have them."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        f"--{name}", nargs="?", const=True, default=default, type=_boolean, help=summary
    )
    group.add_argument(
        f"--no{name}", dest=name, action="store_false", default=default, help=argparse.SUPPRESS
    )


def _not_empty(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("expected a value, found none")
    return text


def _path(text: str) -> Path:
    # Shells do not expand the ~ of --flag=~/folder.
    try:
        return Path(_not_empty(text)).expanduser()
    except RuntimeError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise argparse.ArgumentTypeError(f"expected true or false, found '{text}'")
