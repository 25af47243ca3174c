"""Downloading from servers that misbehave, all of them on the loopback."""

import hashlib
import io

import pytest
import requests
from support.misbehaving_server import (
    CONTENT,
    SHA256,
    Server,
    drops_after,
    endless,
    good,
    ignores_ranges,
    redirects,
    says,
    says_length,
    says_range,
    sends_other,
    sends_wrong_part,
    stalls,
)
from urllib3 import HTTPResponse

from exporter.download import Patience, download
from exporter.errors import FetchError

HASTY = Patience(attempts=3, backoff=0.01, timeout=0.3)


def whole(path):
    if path.stat().st_size != len(CONTENT):
        raise FetchError("not whole")


def fetch(server, tmp_path, digest=SHA256, patience=HASTY):
    destination = tmp_path / "x.tgz"
    seen = []
    download(
        server.url,
        destination,
        digest=digest,
        check=whole,
        patience=patience,
        progress=lambda *said: seen.append(said),
    )
    assert destination.read_bytes() == CONTENT
    assert not (tmp_path / "x.tgz.part").exists()
    assert seen[-1] == ("download", len(CONTENT), len(CONTENT))


def test_download(tmp_path):
    with Server(good) as server:
        fetch(server, tmp_path)
        assert server.requests == [None]


def test_other_digests(tmp_path):
    """Of some archives only another than sha256 was published."""
    with Server(good, good) as server:
        fetch(server, tmp_path, digest=hashlib.sha384(CONTENT).hexdigest())
        with pytest.raises(FetchError, match=r"expected sha384 0000.*, found [0-9a-f]{96}"):
            fetch(server, tmp_path, digest="0" * 96)


def test_broken_connections_are_resumed_by_range(tmp_path):
    with Server(drops_after(300_000), drops_after(300_000), good) as server:
        fetch(server, tmp_path)
        assert server.requests == [None, "bytes=300000-", "bytes=600000-"]


def test_more_breaks_than_attempts_are_borne_while_bytes_come(tmp_path):
    with Server(drops_after(100_000)) as server:
        fetch(server, tmp_path)
        assert len(server.requests) == 11


def test_server_that_ignores_ranges_starts_anew(tmp_path):
    with Server(drops_after(300_000), ignores_ranges) as server:
        fetch(server, tmp_path)


def test_next_run_resumes_a_part_whose_end_can_be_checked(tmp_path):
    (tmp_path / "x.tgz.part").write_bytes(CONTENT[:1000])
    with Server(good) as server:
        fetch(server, tmp_path)
        assert server.requests == ["bytes=1000-"]


def test_part_of_another_file_is_given_up(tmp_path):
    (tmp_path / "x.tgz.part").write_bytes(b"wrong")
    with Server(good) as server:
        fetch(server, tmp_path)
        assert server.requests == ["bytes=5-", None]


def test_part_that_cannot_be_checked_is_not_resumed(tmp_path):
    (tmp_path / "x.tgz.part").write_bytes(b"wrong")
    with Server(good) as server:
        fetch(server, tmp_path, digest=None)
        assert server.requests == [None]


def test_part_longer_than_the_file(tmp_path):
    (tmp_path / "x.tgz.part").write_bytes(bytes(len(CONTENT) + 1))
    with Server(says(416), good) as server:
        fetch(server, tmp_path)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_passing_errors_are_borne(tmp_path, status):
    with Server(says(status), says(status), good) as server:
        fetch(server, tmp_path)


def test_stalled_connection_is_left(tmp_path):
    with Server(stalls, good) as server:
        fetch(server, tmp_path)


@pytest.mark.parametrize(
    ("behaviours", "requests", "message"),
    [
        ([says(404)], 1, "expected status 200, found 404. Check --mirror"),
        ([says(500)], 3, "could not be downloaded: status 500. Check the network"),
        ([stalls], 3, "could not be downloaded: .*timed out"),
        ([drops_after(0)], 3, "could not be downloaded: .*bytes"),
        ([drops_after(1000), sends_wrong_part], 2, "sent the wrong part: expected bytes from 1000"),
    ],
)
def test_given_up(tmp_path, behaviours, requests, message):
    with Server(*behaviours) as server:
        with pytest.raises(FetchError, match=message):
            fetch(server, tmp_path)
        assert len(server.requests) == requests
    assert not (tmp_path / "x.tgz").exists()


def test_wrong_sha256(tmp_path):
    with Server(sends_other) as server, pytest.raises(FetchError) as raised:
        fetch(server, tmp_path)
    other = hashlib.sha256(CONTENT[::-1]).hexdigest()
    assert f"expected sha256 {SHA256}, found {other}" in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_end_that_no_length_told_is_checked(tmp_path):
    with Server(says_length("")) as server, pytest.raises(FetchError, match="not whole"):
        fetch(server, tmp_path, digest=None)
    assert not (tmp_path / "x.tgz").exists()


def test_range_without_a_total(tmp_path):
    total = f"bytes 1000-{len(CONTENT) - 1}/*"
    (tmp_path / "x.tgz.part").write_bytes(CONTENT[:1000])
    with Server(says_range(total)) as server:
        download(server.url, tmp_path / "x.tgz", digest=SHA256, check=whole, patience=HASTY)
    assert (tmp_path / "x.tgz").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "behaviours",
    [
        [says_length("abc")],
        [says_length("5, 5")],
        [drops_after(1000), says_range("bytes a-b/*")],
        [drops_after(1000), says_range("junk/xyz")],
        [redirects("http://[bad/")],
        [redirects("/x.tgz")],
        [redirects("ftp://127.0.0.1/x")],
    ],
)
def test_headers_that_make_no_sense(tmp_path, behaviours):
    with Server(*behaviours) as server, pytest.raises(FetchError):
        fetch(server, tmp_path)
    assert not (tmp_path / "x.tgz").exists()


def test_nobody_listens(tmp_path):
    with Server(good) as server:
        pass
    with pytest.raises(FetchError, match=r"Connection refused.*--checkpoint=FILE.tgz"):
        fetch(server, tmp_path)


def test_no_such_host(tmp_path):
    with pytest.raises(FetchError, match=r"could not be downloaded: .*--mirror=URL"):
        download(
            "http://nowhere.invalid/x", tmp_path / "x", digest=None, check=whole, patience=HASTY
        )


@pytest.mark.parametrize("sha256", [SHA256, None])
def test_a_body_without_end(tmp_path, sha256):
    patience = Patience(most=1 << 20, attempts=1)
    with Server(endless) as server, pytest.raises(FetchError, match="at most 1048576 bytes, found"):
        fetch(server, tmp_path, sha256, patience)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("headers", [{}, {"Content-Length": str(1 << 40)}])
def test_a_redirect_with_a_body_without_end(tmp_path, headers):
    """Nobody reads it."""
    sent = []

    def chatty(handler):
        write = handler.wfile.write

        def counted(data):
            sent.append(len(data))
            if len(sent) > 1000:
                raise ConnectionError
            return write(data)

        handler.wfile.write = counted
        endless(handler, 302, Location="/there", **headers)

    with Server(chatty, good) as server:
        fetch(server, tmp_path)
    assert sum(sent) < 20 << 20  # what connections hold
    assert len(server.requests) == 2


def test_what_a_server_says_is_cut(tmp_path):
    (tmp_path / "x.tgz.part").write_bytes(CONTENT[:1000])
    with Server(says_range("x" * 50_000)) as server, pytest.raises(FetchError) as caught:
        fetch(server, tmp_path)
    assert len(str(caught.value)) < 500


def test_a_part_that_is_a_link_is_not_written_through(tmp_path):
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "x.tgz.part").symlink_to(tmp_path / "mine")
    with Server(good) as server:
        fetch(server, tmp_path)
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.fixture
def servers(monkeypatch):
    """Answers in place of servers, with or without encryption; what they are asked is listed."""
    asked, answers = [], {}

    def send(_, request, **options):
        asked.append(request.url)
        response = requests.Response()
        response.url, response.request = request.url, request
        body, response.status_code = CONTENT, 200
        if isinstance(answer := answers[request.url], str):
            body, response.status_code, response.headers["Location"] = b"", 302, answer
        response.raw = HTTPResponse(io.BytesIO(body), preload_content=False)
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)

    return answers, asked


def sent_to(url, tmp_path):
    download(url, tmp_path / "x.tgz", digest=SHA256, check=whole, patience=HASTY)


@pytest.mark.parametrize("to", ["http://b/x", "HTTP://b/x", "file:///etc/passwd", "ftp://b/x"])
@pytest.mark.parametrize("hops", [1, 2])
def test_a_redirect_that_gives_up_encryption(servers, tmp_path, to, hops):
    """Nothing is asked there, not even in passing."""
    answers, asked = servers
    answers |= {"https://a/x": to} if hops == 1 else {"https://a/x": "//c/x", "https://c/x": to}
    answers["http://b/x"] = "https://a/good"
    with pytest.raises(FetchError, match=f"expected https, found '(?i:{to})'"):
        sent_to("https://a/x", tmp_path)
    assert len(asked) == hops
    assert list(tmp_path.iterdir()) == []


def test_a_redirect_to_another_host(servers, tmp_path):
    """So do archives whose files lie on other hosts, and mirrors that have moved to https."""
    answers, asked = servers
    answers |= {"http://a/x": "https://a/x", "https://a/x": "https://b/y", "https://b/y": "/z"}
    answers["https://b/z"] = None
    sent_to("http://a/x", tmp_path)
    assert asked == ["http://a/x", "https://a/x", "https://b/y", "https://b/z"]
    assert (tmp_path / "x.tgz").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("/x", r"could not be downloaded: Exceeded 30 redirects\. Check the network"),
        ("file:///etc/passwd", "could not be downloaded: No connection adapters were found for"),
    ],
)
def test_a_redirect_that_leads_nowhere(servers, tmp_path, to, message):
    answers, asked = servers
    answers["http://a/x"] = to
    with pytest.raises(FetchError, match=message):
        sent_to("http://a/x", tmp_path)
    assert len(asked) <= 31
    assert list(tmp_path.iterdir()) == []
