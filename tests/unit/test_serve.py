"""The host for TensorFlow Hub's protocol, asked byte by byte."""

import gzip
import hashlib
import http.client
import os
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from support.releases import HANDLE, make_release

from exporter.releases.serve.host import serving

PAGE = """# Module {handle}

Text <script>alert(1)</script> [a](javascript:alert(1)) ![b](http://elsewhere/i.png)

<img src=x onerror=alert(1)>

```html
</code><script>alert(2)</script>
```
"""
# As `package` writes it where no host is known.
OPEN = """# Module {handle}

Text

```python
network = hub.load("https://HOST/{handle}")
```
"""
ARCHIVE = f"/{HANDLE}?tf-hub-format=compressed"


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder with a good release, a hostile one, and others that must not be served."""
    root = tmp_path_factory.mktemp("hub")
    secret = root.parent / "secret"
    secret.mkdir(exist_ok=True)
    make_release(secret / "outside", handle="google/outside/1")
    make_release(root / HANDLE, model=200_000)
    make_release(root / "anywhere/hostile", handle="google/hostile/1", page=PAGE)
    make_release(root / "open", handle="google/open/1", page=OPEN)
    for name in ("changed", "linked"):
        make_release(root / name, handle=f"google/{name}/1")
    (root / "changed/report.html").write_text("<p>other")
    (root / "linked/contract.json").unlink()
    (root / "linked/contract.json").symlink_to(secret / "outside/contract.json")
    (root / "folder_link").symlink_to(secret / "outside")
    make_release(root / ".hidden.part", handle="google/hidden/1")
    return root


@pytest.fixture(scope="module")
def url(root):
    with serving(root) as url:
        yield url


@pytest.fixture(scope="module")
def ask(url):
    def run(path, method="GET", **headers):
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
        try:
            own = {"skip_host": "Host" in headers, "skip_accept_encoding": True}
            connection.putrequest(method, path, **own)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, headers, answer.read())
        finally:
            connection.close()

    return run


@pytest.fixture(scope="module")
def archive(root):
    return (root / HANDLE / "model.tar.gz").read_bytes()


def test_the_archive_whole(ask, archive):
    answer = ask(ARCHIVE)
    assert (answer.status, answer.body) == (200, archive)
    assert answer.headers["content-type"] == "application/gzip"
    assert "content-encoding" not in answer.headers
    assert answer.headers["etag"] == f'"{hashlib.sha256(archive).hexdigest()}"'
    gzip.decompress(answer.body)

    head = ask(ARCHIVE, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(archive))


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_what_the_asker_has_is_not_sent_again(ask, archive, form):
    etag = ask(ARCHIVE, "HEAD").headers["etag"]
    answer = ask(ARCHIVE, If_None_Match=form.format(etag), Range="bytes=0-9")
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == etag
    assert ask(ARCHIVE, If_None_Match='"other"').body == archive


@pytest.mark.parametrize(("asked", "part"), [("0-99", (0, 100)), ("-7", (-7, None))])
def test_a_range(ask, archive, asked, part):
    answer = ask(ARCHIVE, Range=f"bytes={asked}")
    assert (answer.status, answer.body) == (206, archive[slice(*part)])
    size = len(archive)
    first = part[0] % size
    last = (part[1] or size) - 1
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{size}"
    assert ask(ARCHIVE, Range=f"bytes={asked}", If_Range='"other"').status == 200


def test_a_range_resumes(ask, archive):
    etag = ask(ARCHIVE, "HEAD").headers["etag"]
    start = len(archive) // 2
    rest = ask(ARCHIVE, Range=f"bytes={start}-", If_Range=etag)
    assert archive[:start] + rest.body == archive


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("bytes=9999999999-", 416),
        ("bytes=-0", 416),
        ("bytes=9-3", 400),
        ("bytes=abc", 400),
        ("bytes=" + "9" * 5000 + "-", 400),
        ("furlongs=1-2", 400),
        ("bytes", 400),
        ("bytes=" + ",".join(["0-"] * 17), 416),
        ("bytes=" + ",".join(["0-1"] * 5000), 416),
    ],
)
def test_absurd_ranges(ask, asked, status):
    answer = ask(ARCHIVE, Range=asked)
    assert answer.status == status
    assert len(answer.body) < 100


def test_several_ranges_are_never_more_than_the_file(ask, archive):
    answer = ask(ARCHIVE, Range="bytes=" + ",".join(["0-"] * 16))
    assert (answer.status, answer.body.count(archive)) == (206, 1)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/../secret/outside/manifest.json", 400),
        (f"/{HANDLE}/../5/manifest.json", 400),
        (f"/{HANDLE}/..%2f5/manifest.json", 400),
        ("/%2e%2e/%2e%2e/etc/passwd", 400),
        (f"/{HANDLE.replace('/', '%2f')}", 400),
        (f"/{HANDLE}/manifest.json%00", 400),
        (f"/{HANDLE}\\manifest.json", 400),
        (f"/{HANDLE}/manifest.json/", 400),
        (f"//{HANDLE}", 400),
        ("http://elsewhere/x", 400),
        ("/" + "a" * 5000, 414),
        (f"/{HANDLE}/variables", 404),
        (f"/{HANDLE}/nosuch.json", 404),
        ("/google/outside/1", 404),
        ("/folder_link/manifest.json", 404),
        ("/google/hidden/1", 404),
        ("/google", 404),
        (f"/{HANDLE}?tf-hub-format=uncompressed", 406),
        (f"/{HANDLE}?tf-hub-format=other", 400),
        (f"{ARCHIVE}&tf-hub-format=compressed", 400),
        ("/google/changed/1?tf-hub-format=compressed", 503),
        ("/google/changed/1/report.html", 503),
        ("/google/linked/1/contract.json", 503),
    ],
)
def test_what_is_not_served(ask, path, status):
    answer = ask(path)
    assert answer.status == status
    assert answer.headers["content-type"].startswith("text/plain")
    assert len(answer.body) < 200


def test_bytes_that_are_no_ascii(url):
    host, port = urlsplit(url).netloc.split(":")
    for line in (b"GET /caf\xc3\xa9 HTTP/1.1", b"GET /\x00 HTTP/1.1", b"\xff\xfe", b"GET"):
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert connection.recv(100).split(b" ", 2)[1].startswith(b"4")


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]
)
def test_other_methods(ask, method):
    answer = ask(ARCHIVE, method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_the_listing(ask):
    answer = ask("/")
    body = answer.body.decode()
    assert f'<a href="/{HANDLE}">' in body
    assert f'<a href="/{HANDLE}/report.html">' in body
    assert "google/outside" not in body
    assert "&#39;report.html&#39; expected sha256" in body
    assert "&#39;contract.json&#39; expected a regular file, found a link" in body
    assert ask("/", If_None_Match=answer.headers["etag"]).status == 304


def test_a_page_and_what_it_links_to(ask, root):
    answer = ask(f"/{HANDLE}")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    body = answer.body.decode()
    assert f"<h1>Module {HANDLE}</h1>" in body
    assert "asset-path" not in body
    for name in ("report.html", "manifest.json", "contract.json", "model.tar.gz", "5.md"):
        assert f'href="/{HANDLE}/{name}"' in body
        assert ask(f"/{HANDLE}/{name}").body == (root / HANDLE / name).read_bytes()


@pytest.mark.parametrize("host", ["localhost:8500", "[::1]:8500", "127.0.0.1"])
def test_pages_say_what_they_were_asked_by(ask, host):
    page = ask("/google/open/1", Host=host).body.decode()
    assert f"hub.load(&quot;http://{host}/google/open/1&quot;)" in page
    assert "HOST" not in page
    assert f'hub.load("http://{host}/HANDLE")' in ask("/", Host=host).body.decode()


def test_a_host_that_is_no_name_is_not_repeated(ask):
    for path in ("/", "/google/open/1"):
        answer = ask(path, Host="localhost:1&<b>")
        assert b"<b>" not in answer.body
        assert answer.status == 421 or b"https://HOST/" in answer.body


@pytest.mark.parametrize("path", ["/", "/google/hostile/1", "/google/hostile/1/report.html"])
def test_nothing_runs_in_a_browser(ask, path):
    answer = ask(path)
    body = answer.body.decode().lower()
    assert "<script" not in body
    assert "<img" not in body
    assert 'href="javascript' not in body
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "script-src" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_file_that_changes_after_it_was_checked(tmp_path):
    release = make_release(tmp_path / "release")
    with serving(tmp_path) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
        with (release / "model.tar.gz").open("r+b") as file:
            file.write(b"other")
        connection.request("GET", f"/{HANDLE}/model.tar.gz")
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("retry-after")) == (503, "1")
        assert len(answer.read()) < 200
        connection.close()


@pytest.mark.parametrize("put", [os.mkfifo, lambda page: page.symlink_to("away.md")])
def test_a_page_that_is_no_file_any_more(tmp_path, put):
    """A pipe would keep a thread for ever, and a link could lead to a file without end."""
    page = make_release(tmp_path / "release") / "5.md"
    with serving(tmp_path) as url:
        page.rename(page.with_name("away.md"))
        put(page)
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
        connection.request("GET", f"/{HANDLE}")
        assert connection.getresponse().status == 503
        connection.close()
