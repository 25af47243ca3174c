"""`fetch`, and `--checkpoint=published`, from a mirror on the loopback."""

import hashlib
import json
import subprocess
import sys
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from exporter import quiet

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("mirror")]

VARIANT = "mobilenet_v3_small_minimalistic_100_224"  # nobody has published its sha256
ARCHIVE = "v3-small-minimalistic_224_1.0_float.tgz"


@pytest.fixture(scope="module")
def mirror(tmp_path_factory):
    """A server with an archive in the published layout, and the requests that it got."""
    quiet.import_tensorflow()
    from checkpoints import seeded
    from slim_nets.registry import variants

    folder = tmp_path_factory.mktemp("mirror")
    shape = variants()[VARIANT].shape("classification")
    weights = seeded.draw({v.name: v.shape for v in shape.variables}, 9)
    seeded.write(folder / "model-498000", weights)
    with tarfile.open(folder / ARCHIVE, "w:gz") as tar:
        for path in folder.glob("model-*"):
            tar.add(path, f"v3-small-minimalistic_224_1.0_float/ema/{path.name}")
    requests = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            requests.append(self.requestline)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder / ARCHIVE, requests
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(*flags):
    command = [sys.executable, "-m", "exporter", "fetch", f"--variant={VARIANT}", *flags]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_fetch_once_and_export(mirror, slim_export, export, tmp_path):
    url, archive, requests = mirror
    before = len(requests)
    flags = [f"--mirror={url}/", f"--cache_dir={tmp_path / 'cache'}", "--json"]
    for _ in range(2):
        result = slim_export("fetch", f"--variant={VARIANT}", *flags)
        assert (result.returncode, result.stderr) == (0, "")
        said = json.loads(result.stdout)
        assert said == {
            "archive": str(tmp_path / "cache" / ARCHIVE),
            "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
            "sha256_pinned": False,
        }
    assert len(requests) == before + 1
    listed = json.loads(slim_export("list", f"--cache_dir={tmp_path / 'cache'}", "--json").stdout)
    assert {row["variant"] for row in listed if row["cached"]} == {VARIANT}
    flags = [f"--cache_dir={tmp_path / 'cache'}", "--image_size=32", "--verify=false"]
    said = export(VARIANT, "classification", "published", tmp_path / "m", *flags)
    assert said["checkpoint"]["source"] == "published"
    assert said["variables"] == 174
    assert len(requests) == before + 1


def test_mirror_from_the_environment(mirror, slim_export, tmp_path):
    environment = {
        "SLIM_EXPORT_MIRROR": mirror[0],
        "SLIM_EXPORT_CACHE_DIR": str(tmp_path / "cache"),
    }
    result = slim_export("fetch", f"--variant={VARIANT}", env=environment)
    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "cache" / ARCHIVE).read_bytes() == mirror[1].read_bytes()
    assert "nobody has published it" in result.stdout


def test_many_at_once_download_once(mirror, tmp_path):
    url, archive, requests = mirror
    before = len(requests)
    flags = [f"--mirror={url}", f"--cache_dir={tmp_path / 'cache'}"]
    processes = [fetch(*flags) for _ in range(4)]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    assert len(requests) == before + 1
    assert (tmp_path / "cache" / ARCHIVE).read_bytes() == archive.read_bytes()


def test_not_there(mirror, slim_export, tmp_path):
    flags = [f"--mirror={mirror[0]}", f"--cache_dir={tmp_path}"]
    result = slim_export("fetch", "--variant=mobilenet_v3_large_100_224", *flags)
    assert (result.returncode, result.stdout) == (1, "")
    assert "v3-large_224_1.0_float.tgz' is not to be had" in result.stderr
    assert "found 404" in result.stderr


def test_archive_of_another_network_in_its_place(mirror, slim_export, tmp_path):
    """The pinned sha256 does not match, so nothing of it is unpacked or kept."""
    folder = tmp_path / "wrong"
    folder.mkdir()
    (folder / "v3-small_224_0.75_float.tgz").write_bytes(mirror[1].read_bytes())
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=folder)
    )
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        result = slim_export(
            "fetch",
            "--variant=mobilenet_v3_small_075_224",
            f"--mirror=http://127.0.0.1:{server.server_port}",
            f"--cache_dir={tmp_path / 'cache'}",
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert result.returncode == 1
    assert "expected sha256 fffd2e43" in result.stderr
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]
