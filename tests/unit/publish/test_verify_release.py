"""Releases that were tampered with are refused, and what was done to them is named."""

import json
import os
import re
import shutil
import subprocess

import pytest

from exporter.errors import PublishError
from exporter.installing import pip_install
from exporter.releases import sign
from exporter.releases.verify_release import verify_release

BRACKETS = b"[" * 100_000


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Two pairs of keys."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("mine", "other"):
        make = ["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out"]
        subprocess.run([*make, folder / f"{name}.pem"], check=True, capture_output=True)
        public = ["openssl", "ec", "-in", folder / f"{name}.pem", "-pubout", "-out"]
        subprocess.run([*public, folder / f"{name}.pub"], check=True, capture_output=True)
    return folder


@pytest.fixture
def signed(release, keys):
    sign.sign(release, sign.signer(keys / "mine.pem"))
    return release


def problems(folder, key=None):
    verified = verify_release(folder, key)
    if verified.problems:
        with pytest.raises(PublishError, match=r"is not what it says: .*\. Do not use it; get it"):
            verified.raise_if_failed()
    return [(problem.kind, problem.what) for problem in verified.problems]


def test_as_it_was_made(signed, keys):
    assert problems(signed) == []
    assert verify_release(signed).signature == "not checked"
    assert verify_release(signed, keys / "mine.pub").signature == "valid"
    assert problems(signed, keys / "mine.pub") == []


def test_elsewhere(signed, keys, tmp_path):
    shutil.copytree(signed, tmp_path / "copy")
    assert problems(tmp_path / "copy", keys / "mine.pub") == []


def changed(folder):
    with (folder / "report.html").open("a") as file:
        file.write(" ")


def added(folder):
    (folder / ".gitignore").write_text("")


def added_folder(folder):
    (folder / "more").mkdir()


def removed(folder):
    (folder / "report.html").unlink()


def renamed(folder):
    (folder / "5.md").rename(folder / "6.md")


def linked(folder):
    (folder / "report.html").rename(folder.parent / "report.html")
    (folder / "report.html").symlink_to(folder.parent / "report.html")


def flipped(folder):
    content = bytearray((folder / "model.tar.gz").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.tar.gz").write_bytes(content)


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (changed, ("changed", "report.html")),
        (added, ("added", ".gitignore")),
        (added_folder, ("added", "more")),
        (removed, ("missing", "report.html")),
        (renamed, ("renamed", "5.md")),
        (linked, ("changed", "report.html")),
        (flipped, ("changed", "model.tar.gz")),
    ],
)
@pytest.mark.parametrize("with_key", [False, True])
def test_tampered(signed, keys, tamper, expected, with_key):
    tamper(signed)
    assert expected in problems(signed, keys / "mine.pub" if with_key else None)


def test_flipped_byte_is_named_once(signed, keys):
    flipped(signed)
    found = problems(signed, keys / "mine.pub")
    assert found.count(("changed", "model.tar.gz")) == 1


def test_manifest_that_was_changed_too(signed, keys, renewed):
    """Without a key this cannot be seen; the signature sees it."""
    name = "report.html"
    renewed(signed, name, (signed / name).read_bytes() + b"\nmore\n")
    assert problems(signed) == []
    found = problems(signed, keys / "mine.pub")
    assert sorted(found) == sorted([("changed", name), ("changed", "manifest.json")])


def test_archive_of_another_model(signed, renewed, tmp_path):
    from exporter.releases import archive

    folder = tmp_path / "other"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"x")
    (folder / "variables" / "variables.index").write_bytes(b"x")
    with (tmp_path / "a").open("wb") as target:
        archive.write(folder, target)
    renewed(signed, "model.tar.gz", (tmp_path / "a").read_bytes())
    found = problems(signed)
    assert ("changed", "model.tar.gz/saved_model.pb") in found
    assert ("missing", "model.tar.gz/fingerprint.pb") in found
    assert ("changed", "manifest.json") in found


def test_archive_that_is_none(signed, renewed):
    renewed(signed, "model.tar.gz", b"no archive")
    assert problems(signed) == [("damaged", "model.tar.gz")]


def test_page_that_breaks_a_rule(signed, renewed):
    renewed(signed, "5.md", (signed / "5.md").read_bytes().replace(b"saved_model_2", b"hubble"))
    assert problems(signed) == [("changed", "5.md")]


def test_page_of_another_model(signed, renewed):
    page = (signed / "5.md").read_bytes().replace(b"# Module google", b"# Module goggle", 1)
    renewed(signed, "5.md", page)
    assert problems(signed) == [("changed", "5.md")]


def test_report_of_another_model(signed, renewed):
    told = json.loads((signed / "report.json").read_text())
    renewed(signed, "report.json", json.dumps(told | {"digest": "0" * 64}).encode())
    (problem,) = verify_release(signed).problems
    assert (problem.what, problem.detail) == ("report.json", "it is of another model")


def test_report_that_is_not_in_the_manifest(signed):
    told = json.loads((signed / "manifest.json").read_text())
    del told["files"]["report.json"]
    (signed / "manifest.json").write_text(json.dumps(told))
    assert ("added", "report.json") in problems(signed)


def test_a_key_that_stands_twice_in_the_manifest(signed):
    """One reader would take the first value, and another the last."""
    text = (signed / "manifest.json").read_text()
    (signed / "manifest.json").write_text(text.replace("{", '{"rebuild": "rm -rf /",', 1))
    with pytest.raises(PublishError, match=r"is malformed: .*the key 'rebuild' twice"):
        verify_release(signed)


def test_a_key_that_stands_twice_in_the_report(signed, renewed):
    text = (signed / "report.json").read_text()
    renewed(signed, "report.json", text.replace("{", '{"digest": "0",', 1).encode())
    (problem,) = verify_release(signed).problems
    assert problem.what == "report.json"
    assert "it is no report" in problem.detail


def test_a_release_that_changes_after_its_signature_was_checked(signed, keys, monkeypatch):
    def contradictions(statements):
        (statements.folder / "report.html").write_text("<p>other")
        return iter(())

    monkeypatch.setattr("exporter.releases.agreement.Statements.contradictions", contradictions)
    with pytest.raises(PublishError, match="changed while it was read"):
        verify_release(signed, keys / "mine.pub")


def test_wrong_key(signed, keys):
    with pytest.raises(
        PublishError, match=r"Signature '.*model\.sig' is not by the key '.*other\.pub': expected"
    ):
        verify_release(signed, keys / "other.pub")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"no signature", b"\xff", b'{"dsseEnvelope": 1}', BRACKETS]
)
def test_signature_that_is_none(signed, keys, content):
    (signed / "model.sig").write_bytes(content)
    with pytest.raises(PublishError, match="is not by the key"):
        verify_release(signed, keys / "mine.pub")


def appended(text):
    return text + "\n"


def twice(text):
    bundle = json.loads(text)
    bundle["dsseEnvelope"]["signatures"] *= 2
    return json.dumps(bundle, separators=(",", ":"))


def spaced(text):
    """Base64 may hold what says nothing."""
    bundle = json.loads(text)
    bundle["dsseEnvelope"]["payload"] += "\n"
    return json.dumps(bundle, separators=(",", ":"))


@pytest.mark.parametrize("change", [appended, twice, spaced])
def test_signature_in_other_bytes(signed, keys, change):
    path = signed / "model.sig"
    path.write_text(change(path.read_text()))
    with pytest.raises(PublishError, match=r"Signature '.*model\.sig' was changed: expected it as"):
        verify_release(signed, keys / "mine.pub")


def test_signature_with_another_payload(signed, keys):
    """The key is right, and what it signed was something else."""
    text = (signed / "model.sig").read_text()
    bundle = json.loads(text)
    bundle["dsseEnvelope"]["payload"] = bundle["dsseEnvelope"]["payload"][::-1]
    (signed / "model.sig").write_text(json.dumps(bundle))
    with pytest.raises(PublishError, match="is not by the key"):
        verify_release(signed, keys / "mine.pub")


def test_signature_of_another_model(signed, keys, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(signed, other)
    (other / "model.sig").unlink()
    (other / "report.html").write_text("another")
    sign.sign(other, sign.signer(keys / "mine.pem"))
    shutil.copyfile(other / "model.sig", signed / "model.sig")
    assert problems(signed, keys / "mine.pub") == [("changed", "report.html")]


def test_unsigned(release, keys):
    assert verify_release(release).signature == "none"
    with pytest.raises(PublishError, match=r"is not signed: expected 'model\.sig', found none"):
        verify_release(release, keys / "mine.pub")


def test_keys_that_cannot_be_used(release, keys, tmp_path):
    (tmp_path / "text").write_text("secret")
    rsa = ["openssl", "genrsa", "-out", tmp_path / "rsa", "2048"]
    subprocess.run(rsa, check=True, capture_output=True)
    locked = ["openssl", "ec", "-in", keys / "mine.pem", "-aes256", "-passout", "pass:secret"]
    subprocess.run([*locked, "-out", tmp_path / "locked"], check=True, capture_output=True)
    for name in ("text", "rsa", "locked"):
        with pytest.raises(PublishError, match="cannot sign: expected an unencrypted EC private"):
            sign.signer(tmp_path / name)
    with pytest.raises(PublishError, match="cannot be read: No such file"):
        sign.signer(tmp_path / "none")
    for name in ("text", "locked"):
        with pytest.raises(PublishError, match="cannot verify: expected an EC public key"):
            sign.verify(release, tmp_path / name)
    with pytest.raises(PublishError, match="cannot be read: No such file"):
        sign.verify(release, tmp_path / "none")


def test_without_the_extra(release, keys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "model_signing", None)
    for use in (lambda: sign.signer(keys / "mine.pem"), lambda: sign.verify(release, keys / "x")):
        with pytest.raises(PublishError, match=re.escape(f"Run: {pip_install('sign')}.")):
            use()


def test_folder_without_a_manifest(tmp_path):
    with pytest.raises(PublishError, match=r"is not a release: expected 'manifest\.json' in it"):
        verify_release(tmp_path)
    (tmp_path / "manifest.json").write_text('{"schema_version": 2}')
    with pytest.raises(PublishError, match=r"is malformed: expected .*, found in schema_version: "):
        verify_release(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_file_that_cannot_be_read(release):
    (release / "report.html").chmod(0)
    with pytest.raises(PublishError, match=r"report\.html' cannot be read: Permission denied"):
        verify_release(release)
