"""`slim-export package`."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from exporter.cli import flags
from exporter.cli.terminal import print_facts, print_json, print_lines, print_table, progress_bar
from exporter.errors import InvalidArgumentError

if TYPE_CHECKING:
    from exporter.releases.manifest import AccuracySummary, Manifest
    from exporter.releasing import Release


def add(commands: Any) -> None:
    """Adds the command and its flags."""
    summary = "make a release of a verified SavedModel: archive, page, manifest, reports"
    flags.add_command(
        *(commands, "package", run, summary),
        model_dir=flags.path("the SavedModel, verified", required=True),
        handle=flags.value("what it is called: publisher/name/version"),
        output_dir=flags.path("where the release is to appear"),
        report_dir=flags.path(
            "where 'slim-export verify' wrote its report (the one that was kept in the cache)"
        ),
        evaluation=flags.path(
            "say on the page and in the manifest how accurate it is: the file that 'slim-export"
            " evaluate --json' printed"
        ),
        sign_key=flags.path("sign with this EC key: a PEM file, not encrypted"),
        sigstore=flags.switch(
            "sign through Sigstore instead, with the identity of the CI job or of who logs in (off)"
        ),
        sigstore_token_file=flags.path(
            "a file with an OpenID Connect token for the audience 'sigstore': sign as who it names"
        ),
        asset_path=flags.value(
            "where the page says the archive is: an https URL that ends with .tar.gz, not on"
            " github.com (model.tar.gz, beside the page)"
        ),
        base_url=flags.value(
            "what comes before the handle where the model is to be loaded from, such as"
            " https://models.example.org (left open in the page; 'serve' fills in its own)"
        ),
        explain=flags.path(
            "write nothing, but say why the model is not the one in this release",
            metavar="RELEASE",
        ),
        overwrite=flags.switch("replace a release that is there (off)"),
        json=flags.JSON,
    )


def run(arguments: argparse.Namespace) -> int:
    """Packages a model, or explains why it differs from a release; then 1 if it does."""
    if arguments.explain is not None:
        return _explain(arguments)
    if arguments.handle is None or arguments.output_dir is None:
        raise InvalidArgumentError(
            "What to package is not given in full: expected --handle and --output_dir, or"
            " --explain. Add what is missing."
        )
    from exporter.releases import handle
    from exporter.releases.model_page import ASSET_PATH
    from exporter.releases.writing import PackageRequest
    from exporter.releasing import package

    request = flags.fill(
        PackageRequest,
        arguments,
        handle=handle.parse(arguments.handle),
        sigstore_token=arguments.sigstore_token_file,
        asset_path=arguments.asset_path or ASSET_PATH,
    )
    with progress_bar() as progress:
        release = package(request, progress)
    if arguments.json:
        print_json(
            {
                "release": str(release.folder.resolve()),
                "signed": release.signed,
                **release.manifest.model_dump(),
            }
        )
    else:
        _print(release)
    return 0


def _print(release: "Release") -> None:
    manifest = release.manifest
    rows = [
        ("handle", manifest.handle),
        ("folder", str(release.folder)),
        *_weights(manifest),
        *([] if manifest.accuracy is None else [("top-1", _accuracy(manifest.accuracy))]),
        ("checked", f"{sum(manifest.verification.checks.values())} checks passed"),
        ("signed", "yes" if release.signed else "no"),
        ("rebuild", manifest.rebuild or "not by this tool"),
    ]
    print_facts(*rows)
    print_lines("")
    files = [(name, f"{f.size:,}", f.sha256) for name, f in sorted(manifest.files.items())]
    print_table(("file", ">bytes", "sha256"), files)


def _weights(manifest: "Manifest") -> list[tuple[str, str]]:
    if manifest.checkpoint is None:
        return [("weights", manifest.weights), ("compared with", manifest.verification.reference)]
    untrained = [] if manifest.checkpoint.trained else [("", "random weights, NOT TRAINED")]
    return [("weights", manifest.checkpoint.name), *untrained]


def _accuracy(told: "AccuracySummary") -> str:
    from exporter.reports.percents import between, percent

    return f"{percent(told.top_1)} % ({between(told.top_1_interval)}) on {told.images:,} images"


def _explain(arguments: argparse.Namespace) -> int:
    from exporter.releases.explain import explain

    with progress_bar() as progress:
        differences = explain(arguments.model_dir, arguments.explain, progress)
    if arguments.json:
        print_json([asdict(difference) for difference in differences])
    elif differences:
        print_table(("what differs", "how"), [(d.what, d.detail) for d in differences])
    else:
        print_lines("Nothing differs: the release holds this model, byte for byte.")
    return 1 if differences else 0
