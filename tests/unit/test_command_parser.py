"""What the parser says of flags that are mistyped, missing, or too many."""

import pytest

from exporter.cli.command_parser import CommandParser, nearest


@pytest.fixture
def parser():
    made = CommandParser(prog="tool", allow_abbrev=False)
    made.add_argument("--output_dir", required=True)
    made.add_argument("--hidden", help="==SUPPRESS==")
    group = made.add_mutually_exclusive_group(required=True)
    group.add_argument("--variant")
    group.add_argument("--network")
    return made


@pytest.fixture
def refused(parser, capsys):
    def parse(*arguments):
        with pytest.raises(SystemExit) as end:
            parser.parse_args(arguments)
        assert end.value.code == 2
        said, see = capsys.readouterr().err.splitlines()
        assert see == "See tool --help."
        return said.removeprefix("tool: ")

    return parse


def test_what_is_right(parser):
    found = parser.parse_args(["--output_dir=a", "--network", "b"])
    assert (found.output_dir, found.variant, found.network) == ("a", None, "b")


@pytest.mark.parametrize(
    ("mistyped", "meant"),
    [
        ("--varient", "--variant"),
        ("--output-dir=a", "--output_dir"),
        ("--verbosty=1", "--verbosity"),
        ("--hepl", "--help"),
    ],
)
def test_a_mistyped_flag_is_named_before_those_that_are_missing(refused, mistyped, meant):
    flag = mistyped.partition("=")[0]
    assert refused(mistyped) == f"flag '{flag}' is unknown: did you mean {meant}?"
    assert refused("--output_dir=a", mistyped, "value").startswith(f"flag '{flag}' is unknown")


def test_a_flag_like_none_of_them(refused):
    said = refused("--zzz", "--variant=a")
    assert said == (
        "flag '--zzz' is unknown: expected --help, --helpfull, --network, --output_dir, --variant"
        " and 1 more."
    )


def test_what_is_missing(refused):
    both = "the following flags are required: --output_dir, --variant or --network"
    assert refused() == both
    assert refused("--variant=a") == "the following flags are required: --output_dir"
    assert refused("--output_dir=a", "--variant=a", "--network=b").startswith(
        "argument --network: not allowed with argument --variant"
    )


def test_a_pattern_that_the_shell_has_expanded(refused):
    said = refused("--output_dir", "a.jpg", "b.jpg", "--variant=a")
    assert said == (
        "argument 'b.jpg' is unexpected: expected flags, as --name=value. Quote patterns such as"
        " 'photos/*.jpg', and values with spaces."
    )


def test_control_characters_are_not_printed(refused):
    assert "\\x1b" in refused("--\x1b[31m")


def test_help_says_what_is_required(parser):
    text = parser.format_help().replace("\n", " ")
    assert " --output_dir OUTPUT_DIR" in text
    assert "[--output_dir" not in text
    with pytest.raises(SystemExit):
        parser.parse_args(["--help"])
    assert parser.format_help().replace("\n", " ") == text


def test_nearest():
    assert nearest("exprot", ["export", "import"]) == "export"
    assert nearest("zzz", ["export"]) is None
