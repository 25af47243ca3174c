"""Sigstore: who signs, what is said where it cannot be reached, and what comes back from it.

Its services are not there: model-signing's own steps run, with a key in their place.
"""

import io
import socket
import subprocess
import sys
import time

import jwt
import model_signing
import pytest
from model_signing._signing import sign_ec_key

from exporter.cli.parser import parse
from exporter.errors import InvalidArgumentError, PublishError
from exporter.releases import sign
from exporter.releases.keyless import Identity, service
from exporter.releases.verify_release import verify_release

ME, ISSUER = "me@example.org", "https://accounts.example.org"


@pytest.fixture
def token(tmp_path):
    """Makes a file with a token of an issuer that nobody asks."""

    def make(audience="sigstore", seconds=600):
        now = int(time.time())
        claims = {"aud": audience, "sub": ME, "iss": ISSUER, "iat": now, "exp": now + seconds}
        path = tmp_path / "token"
        path.write_text(jwt.encode(claims, "k" * 32, "HS256") + "\n")
        return path

    return make


@pytest.fixture
def sigstore(monkeypatch, tmp_path):
    """Signs with a key for everybody, and remembers what signers were asked for."""
    make = ["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out"]
    subprocess.run([*make, tmp_path / "key"], check=True, capture_output=True)
    public = ["openssl", "ec", "-in", tmp_path / "key", "-pubout", "-out", tmp_path / "public"]
    subprocess.run(public, check=True, capture_output=True)
    asked = []

    def use_signer(config, **given):
        asked.append(given)
        config._signer = sign_ec_key.Signer(tmp_path / "key")
        return config

    def use_verifier(config, *, identity, oidc_issuer):
        asked.append((identity, oidc_issuer))
        config._verifier = Verifier(identity, tmp_path / "public")
        return config

    monkeypatch.setattr(model_signing.signing.Config, "use_sigstore_signer", use_signer)
    monkeypatch.setattr(model_signing.verifying.Config, "use_sigstore_verifier", use_verifier)
    return asked


class Verifier(sign_ec_key.Verifier):
    """Refuses others as Sigstore's does."""

    def __init__(self, identity, key):
        super().__init__(key)
        self._identity = identity

    def verify(self, signature):
        from sigstore.errors import VerificationError

        if self._identity != ME:
            raise VerificationError(f"Certificate's SANs do not match {self._identity}")
        return super().verify(signature)


@pytest.fixture
def offline(monkeypatch, tmp_path):
    def fail(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))


def test_signed_and_verified(release, sigstore, token):
    file = token()
    sign.sign(release, sign.sigstore_signer(file))
    assert sigstore == [{"identity_token": file.read_text().strip()}]
    assert verify_release(release, Identity(ME, ISSUER)).signature == "valid"
    assert sigstore[1:] == [(ME, ISSUER)]
    with pytest.raises(
        PublishError, match=r"is not by identity 'you' of 'https://accounts\.example\.org': expect"
    ):
        verify_release(release, Identity("you", ISSUER))


def test_changed_after_it_was_signed(release, sigstore, token, renewed):
    sign.sign(release, sign.sigstore_signer(token()))
    renewed(release, "report.html", b"another")
    problems = verify_release(release, Identity(ME, ISSUER)).problems
    assert sorted(problem.what for problem in problems) == ["manifest.json", "report.html"]


@pytest.mark.parametrize("content", ["", "{}", '{"dsseEnvelope": 1}'])
def test_signature_that_is_none(release, sigstore, content):
    (release / "model.sig").write_text(content)
    with pytest.raises(PublishError, match=f"is not by identity '{ME}'"):
        verify_release(release, Identity(ME, ISSUER))


def test_services_that_cannot_be_reached(release, offline, token):
    start = time.monotonic()
    for use in (
        lambda: sign.sigstore_signer(token()),
        lambda: verify_release(release, Identity(ME, ISSUER)),
    ):
        with pytest.raises(PublishError, match=r"^Sigstore cannot be used: Name or service not kn"):
            use()
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "change", [{"audience": "other"}, {"seconds": -60}, {"seconds": -60, "audience": "other"}]
)
def test_tokens_of_no_use(sigstore, token, change):
    path = token(**change)
    with pytest.raises(PublishError, match=r"audience 'sigstore' that has not expired") as told:
        sign.sigstore_signer(path)
    assert path.read_text().strip() not in str(told.value)


def test_files_that_hold_no_token(sigstore, tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff")
    with pytest.raises(PublishError, match="Identity token cannot be used"):
        sign.sigstore_signer(tmp_path / "binary")
    with pytest.raises(PublishError, match="none' cannot be read: No such file"):
        sign.sigstore_signer(tmp_path / "none")


def test_nobody_waits_for_a_browser_where_there_is_no_terminal(sigstore, monkeypatch):
    monkeypatch.setattr("sigstore.oidc.detect_credential", lambda: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(PublishError, match=r"^Who signs is not known: expected --sigstore_token"):
        sign.sigstore_signer(None)
    assert sigstore == []


def test_what_a_service_answers_is_not_repeated():
    said = r"^Sigstore cannot be used: runtime\. Check the network"
    with pytest.raises(PublishError, match=said), service():
        raise RuntimeError("you sent secret")
    with pytest.raises(OSError, match="No space left"), service():
        raise OSError(28, "No space left")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["package", "--sigstore", "--sign_key=k"], "Two ways to sign are given"),
        (["package", "--sigstore_token_file=t"], "A token is given for nothing"),
        (["verify-release", f"--sigstore_identity={ME}"], "Who signed is not given clearly"),
        (["verify-release", f"--sigstore_issuer={ISSUER}"], "Who signed is not given clearly"),
        (
            ["verify-release", "--sigstore_identity=i", "--sigstore_issuer=i", "--verify_key=k"],
            "Who signed is not given clearly",
        ),
    ],
)
def test_flags_that_contradict_each_other(flags, expected):
    needed = {
        "package": ["--model_dir=m", "--handle=a/b/1", "--output_dir=o"],
        "verify-release": ["--release=r"],
    }
    arguments = parse(["slim-export", *flags, *needed[flags[0]]])
    with pytest.raises(InvalidArgumentError, match=expected):
        arguments.command(arguments)


def test_a_service_that_does_not_sign(release, sigstore, token, monkeypatch):
    signer = sign.sigstore_signer(token())

    def fail(*_):
        raise RuntimeError("you sent secret")

    monkeypatch.setattr(sign_ec_key.Signer, "sign", fail)
    with pytest.raises(PublishError, match=r"^Sigstore cannot be used: runtime"):
        sign.sign(release, signer)
    assert not (release / "model.sig").exists()
