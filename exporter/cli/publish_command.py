"""`slim-export publish`."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from exporter.cli import flags
from exporter.cli.terminal import print_json, print_prose, print_table, progress_bar

if TYPE_CHECKING:
    from exporter.releases.sending import Publication


def add(commands: Any) -> None:
    """Adds the command and its flags."""
    flags.add_command(
        *(commands, "publish", run, "send a release to where it is loaded from"),
        release=flags.path("what 'package' wrote", required=True),
        to=flags.value(
            "a folder; s3://bucket/prefix, gs:// or another store that fsspec writes;"
            " tfserving:///models/NAME; hf://owner/repository;"
            " kaggle://owner/model/framework/variation; oci://registry/repository:tag",
            required=True,
            type=flags.not_empty,
        ),
        dry_run=flags.switch("say what would be sent, and send nothing (off)"),
        overwrite=flags.switch("replace a version of other bytes (off)"),
        rehearse=flags.switch(
            "first serve the release on this machine, load it back in a fresh process, run the"
            " page's code and compare the outputs with the report; send only if all is right (off)"
        ),
        json=flags.JSON,
    )


def run(arguments: argparse.Namespace) -> int:
    """Sends a release to a place."""
    from exporter.releases.sending import PublishRequest
    from exporter.releasing import publish

    with progress_bar() as progress:
        done = publish(flags.fill(PublishRequest, arguments), progress)
    if arguments.json:
        print_json(asdict(done))
    else:
        _print(done)
    return 0


def _print(done: "Publication") -> None:
    if done.rehearsal is not None:
        print_prose(f"Rehearsal passed: {done.rehearsal.summary()}", "")
    send, keep = ("to be sent", "there already") if done.dry_run else ("sent", "was there already")
    rows = [
        (file.name, send if file.sent else keep, f"{file.size:,}", file.sha256)
        for file in done.files
    ]
    print_table(("file", "state", ">bytes", "sha256"), rows)
    would = "would be " if done.dry_run else ""
    sent = sum(file.size for file in done.files if file.sent)
    if done.action == "unchanged":
        print_prose("", f"{done.place} holds this release already; nothing to do.")
    else:
        print_prose("", f"{done.place} {would}{done.action}, {sent:,} bytes.")
