"""Signs releases with OpenSSF model-signing: with an EC key, or through Sigstore."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter import strict_json
from exporter.errors import PublishError, reason
from exporter.installing import pip_install
from exporter.releases import keyless
from exporter.releases.keyless import Identity
from exporter.releases.manifest import SIGNATURE

_CURVES = "P-256, P-384 or P-521"
# What the key's loader raises for files that hold another key, or none.
_BAD_KEY = (ValueError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Signer:
    """What signs.

    Attributes:
        config: Of model-signing.
        refusing: What turns its errors into what the user is told.
    """

    config: Any
    refusing: Callable[[], AbstractContextManager[None]] = nullcontext


def signer(key: Path) -> Signer:
    """Loads a private key.

    Args:
        key: PEM file with an unencrypted EC key.

    Returns:
        What `sign` takes.

    Raises:
        PublishError: If it cannot be used, or model-signing is not installed.
    """
    config = _model_signing().signing.Config()
    advice = "Make one with 'openssl ecparam -genkey -name prime256v1 -noout'."
    with _refusing(key, "sign", "an unencrypted EC private key", advice):
        return Signer(config.use_elliptic_key_signer(private_key=key))


def sigstore_signer(token_file: Path | None) -> Signer:
    """Prepares to sign through Sigstore, as whoever a token names.

    Args:
        token_file: As `keyless.token_of` takes it.

    Returns:
        What `sign` takes.

    Raises:
        PublishError: If that is not possible, or model-signing is not installed.
    """
    config = _model_signing().signing.Config()
    token = keyless.token_of(token_file)
    with keyless.service():
        return Signer(config.use_sigstore_signer(identity_token=token), keyless.service)


def sign(folder: Path, signer: Signer) -> None:
    """Signs all files of a release, and puts the signature beside them.

    Args:
        folder: The release, without a signature.
        signer: Who signs.

    Raises:
        PublishError: If Sigstore does not sign.
        OSError: If the signature cannot be written.
    """
    signer.config.set_hashing_config(_hashing())
    with signer.refusing():
        signer.config.sign(folder, folder / SIGNATURE)


def verify(folder: Path, by: Path | Identity) -> dict[str, str]:
    """Checks that a release is signed with a key, or by an identity.

    An EC key has no date on which it expires; a key that is no longer trusted
    must not be given here.

    Args:
        folder: The release.
        by: PEM file with the public EC key; or who signed through Sigstore.

    Returns:
        The sha256 of every file that was signed, by name; whether they are the
        files that are there is the caller's to compare.

    Raises:
        PublishError: If there is no signature, or it is another's.
    """
    path = folder / SIGNATURE
    config = _verifier(by)
    if not path.is_file():
        raise PublishError(
            f"Release '{folder}' is not signed: expected '{SIGNATURE}', found none. Get a signed"
            " one, or check the manifest alone."
        )
    if not _is_valid(config, folder, path):
        who = str(by) if isinstance(by, Identity) else f"the key '{by}'"
        raise PublishError(
            f"Signature '{path}' is not by {who}: expected one of theirs, found another. Ask the"
            " publisher who signs, and do not use the release until then."
        )
    statement = strict_json.loads(_payload(path))
    return {one["name"]: one["digest"] for one in statement["predicate"]["resources"]}


def _payload(path: Path) -> bytes:
    """Reads what was signed; refuses a valid signature that is written in another way."""
    text = path.read_text("utf-8")
    bundle = json.loads(text)
    envelope = bundle["dsseEnvelope"]
    parts = [envelope["payload"], *(signature["sig"] for signature in envelope["signatures"])]
    decoded = [base64.b64decode(part) for part in parts]
    same = [base64.b64encode(part).decode() for part in decoded] == parts
    if len(parts) != 2 or not same or text != json.dumps(bundle, separators=(",", ":")):
        raise PublishError(
            f"Signature '{path}' was changed: expected it as it was made, found other bytes that"
            " say the same. Get the release again."
        )
    return decoded[0]


def _verifier(by: Path | Identity) -> Any:
    config = _model_signing().verifying.Config()
    if isinstance(by, Identity):
        with keyless.service():
            return config.use_sigstore_verifier(identity=by.name, oidc_issuer=by.issuer)
    advice = "Make it from the private one with 'openssl ec -pubout'."
    with _refusing(by, "verify", "an EC public key", advice):
        return config.use_elliptic_key_verifier(public_key=by)


@contextmanager
def _refusing(key: Path, use: str, expected: str, advice: str) -> Iterator[None]:
    """Turns what the key's loader raises into what the user is told."""
    try:
        yield
    except OSError as error:
        raise PublishError(
            f"Key '{key}' cannot be read: {reason(error)}. Check the path."
        ) from error
    except _BAD_KEY as error:  # whose texts might quote the key
        raise PublishError(
            f"Key '{key}' cannot {use}: expected {expected} in PEM, of curve {_CURVES}, found none."
            f" {advice}"
        ) from error


def _is_valid(config: Any, folder: Path, path: Path) -> bool:
    """Says whether a signature is who's it should be, whatever the files are now."""
    import sigstore.errors
    from cryptography.exceptions import InvalidSignature

    config.set_hashing_config(_hashing())
    try:
        config.verify(folder, path)
    except (InvalidSignature, sigstore.errors.Error, LookupError, TypeError, AttributeError):
        return False
    except RecursionError:  # of brackets in brackets
        return False
    except ValueError as error:
        # Only a valid signature comes as far as having its files compared.
        return str(error).startswith("Signature mismatch")
    return True


def _hashing() -> Any:
    hashing = _model_signing().hashing
    return hashing.Config().set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)


def _model_signing() -> Any:
    try:
        import model_signing
        import OpenSSL  # noqa: F401  (model-signing needs it and does not ask for it)
    except ImportError as error:
        raise PublishError(
            f"Releases cannot be signed or verified here: expected model-signing and pyOpenSSL,"
            f" found no module '{error.name}'. Run: {pip_install('sign')}."
        ) from error
    return model_signing
