"""A parser that names a mistyped flag, before it says which are missing."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from absl.flags import argparse_flags

from exporter.cli.wrapping import width_of, wrapped
from exporter.errors import listing, printable

# Of absl's flags, the one that our users need; it is not shown among a command's own.
_VERBOSITY = "--verbosity"


class CommandParser(argparse_flags.ArgumentParser):  # type: ignore[misc]
    """Parses the flags of one command, or those before a command.

    argparse by itself looks for missing flags first, so that of a mistyped flag
    it only says that it is missing.
    """

    # What may be missing while flags are looked through, but is not said to be optional: flags,
    # and groups of which one is needed.
    _needed: Sequence[Any] = ()

    def parse_known_args(
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parses flags, and refuses those that are unknown, then those that are missing."""
        flags = [a for a in self._actions if a.option_strings]
        self._needed = [one for one in (*flags, *self._mutually_exclusive_groups) if one.required]
        with _required(self._needed, to=False):
            found, rest = super().parse_known_args(args, namespace)
        self._refuse(rest)
        if missing := [_named(one) for one in self._needed if not _given(one, found)]:
            self.error(f"the following flags are required: {', '.join(missing)}")
        return found, rest

    def format_help(self) -> str:
        """Writes what flags there are, and which are required."""
        with _required(self._needed, to=True):
            return str(super().format_help())

    def error(self, message: str) -> NoReturn:
        """Ends the command with status 2 and a sentence, without all flags above it."""
        said = f"{self.prog}: {printable(message)}"
        lines = (*wrapped(said, width_of(sys.stderr)), f"See {self.prog} --help.")
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        sys.exit(2)

    def list_commands(self, _arguments: argparse.Namespace) -> int:
        """Prints what commands there are, where none is given."""
        self.print_help()
        return 0

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            if near := nearest(str(value), [str(choice) for choice in action.choices or ()]):
                meant = f"invalid choice: '{value}': did you mean {near}?"
                raise argparse.ArgumentError(action, meant) from error
            raise

    def _refuse(self, rest: Sequence[str]) -> None:
        """Refuses what is no flag of this command, and names the one that may be meant."""
        mistyped = [text.partition("=")[0] for text in rest if text.startswith("-")]
        if mistyped:
            near = nearest(mistyped[0], self._flags())
            meant = f": did you mean {near}?" if near else f": expected {listing(self._flags())}."
            self.error(f"flag '{mistyped[0]}' is unknown{meant}")
        if rest:
            self.error(
                f"argument '{rest[0]}' is unexpected: expected flags, as --name=value. Quote"
                " patterns such as 'photos/*.jpg', and values with spaces."
            )

    def _flags(self) -> list[str]:
        shown = [a for a in self._actions if a.help != argparse.SUPPRESS]
        names = [name for action in shown for name in action.option_strings]
        return [*(name for name in names if name.startswith("--")), _VERBOSITY]


def nearest(text: str, known: Sequence[str]) -> str | None:
    """Returns the known word that is spelt most alike, if one is."""
    import difflib

    return next(iter(difflib.get_close_matches(text, known, n=1)), None)


def _flags_of(needed: Any) -> list[argparse.Action]:
    """Returns a flag, or those of a group of which one is needed."""
    return [needed] if isinstance(needed, argparse.Action) else needed._group_actions  # noqa: SLF001


def _named(needed: Any) -> str:
    return " or ".join(flag.option_strings[-1] for flag in _flags_of(needed))


def _given(needed: Any, found: argparse.Namespace) -> bool:
    return any(getattr(found, flag.dest) is not None for flag in _flags_of(needed))


@contextmanager
def _required(needed: Sequence[Any], *, to: bool) -> Iterator[None]:
    """Lets flags and groups be required meanwhile, or not."""
    before = [one.required for one in needed]
    for one in needed:
        one.required = to
    try:
        yield
    finally:
        for one, was in zip(needed, before, strict=True):
            one.required = was
