"""What a command asks for is taken from its flags, and nothing that a flag says is lost."""

import inspect

import pytest

from exporter.cli import flags
from exporter.cli.parser import parse

# Of each command: its flags, what is made of them or called with them, and the parameters
# that are given beside them.
CASES = {
    "export --variant=v --task=t --checkpoint=c --output_dir=o": (
        "exporter.exporting:ExportRequest",
        {"variant", "task", "checkpoint", "restoring"},
    ),
    "verify": (
        "exporter.verification:VerifyRequest",
        {"checkpoint", "variant", "task", "allowance", "atol", "rtol", "noise", "restoring"},
    ),
    "convert": ("exporter.conversion:ConvertRequest", {"formats"}),
    "benchmark": (
        "exporter.bench.rounds:BenchmarkRequest",
        {"batches", "threads", "rounds", "peers"},
    ),
    "contract lock --model_dir=m --lock=l": (
        "exporter.contract:contract_lock",
        {"progress", "remark"},
    ),
    "contract check --model_dir=m --lock=l": ("exporter.contract:contract_check", {"progress"}),
    "package --model_dir=m": (
        "exporter.releases.writing:PackageRequest",
        {"handle", "sigstore_token", "asset_path"},
    ),
    "publish --release=r --to=t": ("exporter.releases.sending:PublishRequest", set()),
    "serve --release_dir=r": ("exporter.releasing:ServeRequest", set()),
}


def named(home):
    module, _, name = home.partition(":")
    return getattr(__import__(module, fromlist=[name]), name)


@pytest.mark.parametrize("line", CASES)
def test_every_parameter_is_a_flag_or_given(line):
    home, others = CASES[line]
    arguments = parse(["slim-export", *line.split()])
    parameters = inspect.signature(named(home)).parameters.keys()
    assert others <= parameters
    assert parameters - others <= vars(arguments).keys()


def test_flags_are_handed_over_by_name():
    line = "publish --release=r --to=t --dry_run --nooverwrite --rehearse=yes --json"
    arguments = parse(["slim-export", *line.split()])
    request = named("exporter.releases.sending:PublishRequest")
    asked = flags.fill(request, arguments)
    assert asked == request(arguments.release, "t", dry_run=True, rehearse=True)
    assert flags.fill(request, arguments, to="x").to == "x"
