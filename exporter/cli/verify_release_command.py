"""`slim-export verify-release`."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.cli import flags
from exporter.cli.terminal import print_facts, print_json, print_table
from exporter.errors import InvalidArgumentError, counted

if TYPE_CHECKING:
    from exporter.releases.keyless import Identity
    from exporter.releases.verify_release import Verified


def add(commands: Any) -> None:
    """Adds the command and its flags."""
    flags.add_command(
        *(commands, "verify-release", run, "check a release against its manifest and signature"),
        release=flags.path("its folder", required=True),
        verify_key=flags.path(
            "the publisher's public EC key, a PEM file; without it no signature is checked"
        ),
        sigstore_identity=flags.value(
            "who must have signed through Sigstore, such as a mail address; needs a network, to ask"
            " Sigstore's services",
            type=flags.not_empty,
        ),
        sigstore_issuer=flags.value(
            "who vouches for that identity, such as https://token.actions.githubusercontent.com",
            type=flags.not_empty,
        ),
        json=flags.JSON,
    )


def run(arguments: argparse.Namespace) -> int:
    """Checks a release; fails with what is not as it says."""
    from exporter.releases.verify_release import verify_release

    verified = verify_release(arguments.release, _signatory(arguments))
    if arguments.json:
        print_json(_as_json(verified))
    else:
        _print(verified)
    verified.raise_if_failed()
    return 0


def _signatory(arguments: argparse.Namespace) -> "Path | Identity | None":
    """Says who must have signed; None if that is not asked."""
    name, issuer = arguments.sigstore_identity, arguments.sigstore_issuer
    if name is None and issuer is None:
        key: Path | None = arguments.verify_key
        return key
    if name is None or issuer is None or arguments.verify_key is not None:
        raise InvalidArgumentError(
            "Who signed is not given clearly: expected --verify_key, or --sigstore_identity and"
            " --sigstore_issuer. Give one or the other two."
        )
    from exporter.releases.keyless import Identity

    return Identity(name, issuer)


def _as_json(verified: "Verified") -> dict[str, Any]:
    return {
        "release": str(verified.folder.resolve()),
        "handle": verified.manifest.handle,
        "passed": not verified.problems,
        "signature": verified.signature,
        "problems": [asdict(problem) for problem in verified.problems],
    }


def _print(verified: "Verified") -> None:
    if verified.problems:
        problems = [(p.kind, p.what, p.detail) for p in verified.problems]
        print_table(("what is wrong", "where", "why"), problems)
        return
    told = verified.manifest
    signature = {"not checked": "there, not checked: give --verify_key or --sigstore_identity"}
    rows = [
        ("handle", told.handle),
        ("files", f"{len(told.files)}, all as in the manifest"),
        ("model", f"{counted(len(told.model), 'file')}, sha256 {told.model_digest}"),
        ("signature", signature.get(verified.signature, verified.signature)),
    ]
    print_facts(*rows)
