"""Every kind of target, against a server on the loopback where it is a host."""

import json

import fsspec
import pytest
from support.loopback_hosts.places import PLACES, SECRET
from support.loopback_hosts.server import BREAK
from support.releases import HANDLE, contents

# Of huggingface_hub's own upload of large files.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")

# Which files of a release and of its model a kind of target holds, beside those it makes.
WITH_ARCHIVE = ("directory", "memory", "s3", "oci")


@pytest.fixture(params=PLACES)
def place(request, tmp_path):
    with PLACES[request.param](tmp_path) as opened:
        opened.kind = request.param
        yield opened


def expected(kind, release):
    """Returns what a place must hold of a release."""
    files = contents(release)
    model = contents(release.parent / f".{release.name}.model")
    if kind == "serving":
        return model
    if kind in WITH_ARCHIVE:
        return files
    del files["model.tar.gz"]
    return {**files, **model}


def found(place):
    files = place.read()
    return files and {name: content for name, content in files.items() if name != "README.md"}


def test_a_dry_run_sends_nothing(place, release, publish):
    said = publish(release, place.to, "--dry_run")
    assert "would be published" in said
    assert "to be sent" in said
    assert place.read() is None
    assert place.host is None or not place.host.sent("PUT")


def test_publishes_once(place, release, publish):
    first = json.loads(publish(release, place.to, "--json"))
    assert first["action"] == "published"
    assert all(file["sent"] for file in first["files"])
    assert found(place) == expected(place.kind, release)

    before = place.host and len(place.host.sent("PUT"))
    again = publish(release, place.to)
    assert "holds this release already; nothing to do." in again
    assert found(place) == expected(place.kind, release)
    assert place.host is None or len(place.host.sent("PUT")) == before


def test_other_bytes_are_refused_until_they_may_be_replaced(
    place, release, other_release, publish, refused
):
    publish(release, place.to)
    said = refused(other_release, place.to)
    assert "exists already: expected none or the same bytes, found others." in said
    assert found(place) == expected(place.kind, release)

    assert "replaced" in publish(other_release, place.to, "--overwrite")
    other = expected(place.kind, other_release)
    assert found(place) == other
    assert "nothing to do" in publish(other_release, place.to)


def test_what_is_no_releases_is_not_lost_in_a_store(
    tmp_path, release, other_release, publish, refused
):
    with PLACES["memory"](tmp_path) as place:
        publish(release, place.to)
        before = found(place)
        store, root = fsspec.core.url_to_fs(f"{place.to}/{HANDLE}")
        store.pipe_file(f"{root}/notes.txt", b"mine")
        said = refused(other_release, place.to, "--overwrite")
        assert "which would be lost: expected our files alone, found 'notes.txt'. Move that" in said
        assert found(place) == {**before, "notes.txt": b"mine"}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (401, "HTTP status 401: it asks for credentials"),
        (403, "credentials"),
        (500, "HTTP status 500: it failed"),
        (BREAK, "the connection was refused or broken"),
    ],
)
@pytest.mark.parametrize("kind", ["oci", "hugging_face", "kaggle"])
def test_a_host_that_fails(kind, fault, expected, tmp_path, release, refused):
    with PLACES[kind](tmp_path) as place:
        place.host.fault = lambda method, path: fault
        said = refused(release, place.to)
        assert said.startswith(f"Target '{place.to}")
        assert expected in said


@pytest.mark.parametrize("kind", ["oci", "hugging_face", "kaggle"])
def test_a_host_that_fails_in_the_middle(kind, tmp_path, release, publish, refused):
    with PLACES[kind](tmp_path) as place:
        place.host.fault = lambda method, path: fails(place.host, method)
        said = refused(release, place.to)
        assert "cannot be published to: HTTP status 413" in said
        assert place.read() is None

        place.host.fault = lambda method, path: None
        stored = set(place.host.large if kind == "hugging_face" else place.host.blobs)
        assert stored
        done = len(place.host.sent("PUT"))
        publish(release, place.to)
        assert found(place) == expected(kind, release)
        if kind != "kaggle":  # which forgets what it was sent
            again = " ".join(place.host.sent("PUT")[done:])
            assert not any(digest.removeprefix("sha256:") in again for digest in stored)


def fails(host, method):
    """Takes one upload and no second one."""
    return 413 if method == "PUT" and len(host.sent("PUT")) > 1 else None


def test_credentials_are_sent_and_not_printed(tmp_path, release, publish):
    for kind in ("hugging_face", "kaggle"):
        with PLACES[kind](tmp_path) as place:
            said = publish(release, place.to)
            assert any(SECRET in str(headers) for headers in place.host.headers)
            assert SECRET not in said
